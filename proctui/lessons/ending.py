"""Lessons about how processes end."""

from __future__ import annotations

from proctui.core.store import Store
from proctui.lessons.lesson import Lesson, Seen, Step, Topic
from proctui.lessons.seen import (
    any_of,
    both,
    descendant,
    ended_otherwise,
    ended_with,
    every,
    happened,
    in_phase,
    lives,
    of_worker,
    over,
    past,
    went_through,
    when,
    with_exitcode,
    worker,
)
from proctui.model import Row
from proctui.protocol import Event


def _alive_after(event: Event) -> bool:
    return event.signal == "SIGTERM" and event.state is not None and event.state.alive is True


TERMINATE_IS_ALIVE = Lesson(
    id="terminate-is-alive",
    title="Terminated, and alive?",
    explanation="terminate() sends a signal and does not wait. Who asks is_alive() right after "
    "it can still hear True; a moment later it is False, and the exit code is -15: ended by "
    "signal 15, SIGTERM.",
    steps=(
        Step(
            "program terminates its child and looks twice. {log} shows what it saw.",
            "Between the signal and the end the child must get the processor. Only join() makes "
            "sure that it has ended.",
            both(
                worker("program", ended_with(0)),
                went_through("program", gone=True, untouched=True),
            ),
            over("program"),
        ),
        Step(
            "Terminate victim with {terminate}, and look at the events ({events}): when SIGTERM "
            "was sent, it was alive.",
            "The signal is on its way; the process has not ended yet.",
            happened("signalled", "victim", _alive_after),
            over("victim"),
        ),
        Step(
            "The next event tells its end, with exit code -15.",
            "exitcode is -N for a process that was ended by signal N.",
            both(
                happened("signalled", "victim", _alive_after),
                happened("ended", "victim", with_exitcode(-15)),
            ),
            over("victim"),
        ),
    ),
)


def _asked_to_stop(event: Event) -> bool:
    return event.signal == "SIGTERM"


def _made_to_stop(event: Event) -> bool:
    return event.signal == "SIGKILL"


STUBBORN = Lesson(
    id="stubborn",
    title="Terminate, patience, kill",
    explanation="A process may catch SIGTERM and go on. Stop first asks by SIGTERM, waits for a "
    "grace period, and then sends SIGKILL, which nothing can catch. The worker here needs all of "
    "that.",
    steps=(
        Step(
            "Press {stop} on stubborn: SIGTERM is sent. {log} shows what it thinks of it.",
            "SIGTERM is a request. A good program uses it to clean up; this one only says no.",
            happened("stopping", "stubborn", _asked_to_stop),
            over("stubborn"),
        ),
        Step(
            "After 3 seconds comes SIGKILL: watch the events ({events}) or the timeline.",
            "The grace period (stop_timeout) is over. SIGKILL is for the kernel: the process is "
            "not asked any more.",
            happened("stopping", "stubborn", _made_to_stop),
            over("stubborn"),
        ),
        Step(
            "It has ended with exit code -9, and is joined.",
            "-9 is SIGKILL. A process that ends so has cleaned up nothing.",
            both(
                happened("stopping", "stubborn", _made_to_stop),
                happened("joined", "stubborn", with_exitcode(-9)),
            ),
            over("stubborn"),
        ),
    ),
)

CRASH = Lesson(
    id="crash",
    title="Exit codes tell how it ended",
    explanation="An uncaught exception means exit code 1, sys.exit(3) means 3, and a crash is "
    "the signal that the kernel ended it with, here -11 for SIGSEGV. The kernel keeps the exit "
    "code in the zombie until somebody joins it.",
    steps=(
        Step(
            "exception ended with 1. {log} shows its traceback.",
            "multiprocessing catches what the target raises, prints it, and ends with 1.",
            happened("ended", "exception", with_exitcode(1)),
            ended_otherwise("exception", 1),
        ),
        Step(
            "exit-3 ended with 3.",
            "sys.exit() chooses the exit code; 0 means that all is well.",
            happened("ended", "exit-3", with_exitcode(3)),
            ended_otherwise("exit-3", 3),
        ),
        Step(
            "segfault ended with -11 SIGSEGV. Its log is empty.",
            "It touched memory that is not there. The kernel ended it on the spot: no "
            "traceback, no clean-up.",
            happened("ended", "segfault", with_exitcode(-11)),
            ended_otherwise("segfault", -11),
        ),
        Step(
            "{join_all} joins all four; the exit codes stay in the table.",
            "What was a zombie is gone now: the exit codes were taken.",
            every("*", in_phase("joined")),
        ),
    ),
)


def _asleep(row: Row) -> bool:
    return row.sample is not None and row.sample.state == "S"


_WAITER_ALONE = both(
    went_through("program", name="holder", gone=True, untouched=True),
    descendant("program", _asleep, name="waiter"),
    worker("program", lives),
)
"""The program has terminated the holder, and whom that hurts is still there."""


def _holder_was_missed(store: Store) -> bool:
    """The waiter comes when the holder has the lock, so there has been one."""
    return next(past(store, "program", "waiter"), None) is not None and not went_through(
        "program", "started", name="holder"
    )(store)


def _waiter_outlived_holder(store: Store) -> bool:
    """Both are gone, the waiter last."""
    holder, waiter = (next(past(store, "program", name), None) for name in ("holder", "waiter"))
    if holder is None or waiter is None or holder.ended_at is None or waiter.ended_at is None:
        return False
    return holder.ended_at < waiter.ended_at and went_through(
        "program", name="holder", gone=True, untouched=True
    )(store)


_BROKEN_OFF = any_of(
    over("program"),
    when(_holder_was_missed, "program"),
    when(went_through("program", "signal", name="holder", gone=True), "program"),
    when(went_through("program", name="waiter", gone=True), "program"),
)


DEADLOCK = Lesson(
    id="deadlock",
    title="The lock that died with its holder",
    explanation="A child takes a lock, another waits for it. Then the first is terminated: it "
    "ends where it stands and never gives the lock back. The second waits for ever, alive and "
    "asleep.",
    steps=(
        Step(
            "program has two children: holder has the lock, waiter wants it.",
            "A lock of multiprocessing is a semaphore: it does not know who holds it.",
            both(
                went_through("program", "started", name="holder"),
                went_through("program", "started", name="waiter"),
            ),
            _BROKEN_OFF,
        ),
        Step(
            "program has terminated holder. waiter is still there, in state S, and stays.",
            "SIGTERM ended the holder inside its with block: the end of the block was never "
            "reached. S means that the kernel will wake it when the lock is free, and it never is.",
            _WAITER_ALONE,
            _BROKEN_OFF,
        ),
        Step(
            "Put the cursor on waiter and kill it with {kill}.",
            "It would wait for ever. Its program could release the lock for it, at the risk of "
            "what the lock protected: better is not to terminate whoever uses locks, but to ask.",
            _waiter_outlived_holder,
            _BROKEN_OFF,
        ),
        Step(
            "program could join it, and has ended.",
            "It was waiting for waiter, just as waiter was waiting for the lock.",
            both(_waiter_outlived_holder, worker("program", ended_with(0))),
            over("program"),
        ),
    ),
)


def _ended_after_child(parent: str) -> Seen:
    """It came to its end by itself, and its child did not outlive it.

    That is not told by times: the end of the child may be noticed later than it was, but a child
    that outlives its parent gets another one.
    """

    def seen(store: Store) -> bool:
        by_itself = worker(parent, ended_with(0))
        ended = went_through(parent, gone=True, untouched=True)
        adopted = went_through(parent, "orphaned")
        return by_itself(store) and ended(store) and not adopted(store)

    return seen


DAEMON = Lesson(
    id="daemon",
    columns=("daemon", "exitcode"),
    title="Daemonic: no children, no afterlife",
    explanation="daemon=True has two rules. A daemonic process may not start children, and it is "
    "terminated when its parent comes to its end; for any other child the parent waits. It has "
    "nothing to do with the daemons of Unix, which outlive everybody.",
    steps=(
        Step(
            "childless wanted to start a child: it ended with exit code 1, and {log} shows "
            "AssertionError.",
            "Its child would be left behind when it is terminated itself, so multiprocessing "
            "forbids it.",
            happened("ended", "childless", with_exitcode(1)),
            ended_otherwise("childless", 1),
        ),
        Step(
            "has-daemonic-child ends after 4 seconds, and its daemonic child with it.",
            "On its way out the parent terminates and joins its daemonic children.",
            _ended_after_child("has-daemonic-child"),
            over("has-daemonic-child"),
        ),
        Step(
            "has-ordinary-child is done as early, but ends only when its child has ended.",
            "For children that are not daemonic, multiprocessing joins at the end. That is why "
            "some programs never seem to finish.",
            _ended_after_child("has-ordinary-child"),
            over("has-ordinary-child"),
        ),
        Step(
            "daemonic shows True under DAEMON. It ends when its parent, the supervisor, does.",
            "If a parent is killed, it has no time to terminate anybody. proctui has the kernel "
            "do it then; plain multiprocessing leaves an orphan.",
            worker("daemonic", of_worker(lambda one: one.daemon and one.alive is True)),
            over("daemonic"),
        ),
    ),
)


TOPIC = Topic("Ending", (TERMINATE_IS_ALIVE, STUBBORN, CRASH, DEADLOCK, DAEMON))
