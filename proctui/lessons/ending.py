"""Lessons about how processes end."""

from __future__ import annotations

from proctui.core.store import Store
from proctui.lessons.lesson import Lesson, Step, Topic
from proctui.lessons.seen import (
    both,
    descendant,
    happened,
    of_worker,
    past,
    rows,
    went_through,
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
                happened("ended", "program", with_exitcode(0)), went_through("program", gone=True)
            ),
        ),
        Step(
            "Terminate victim with {terminate}, and look at the events ({events}): when SIGTERM "
            "was sent, it was alive.",
            "The signal is on its way; the process has not ended yet.",
            happened("signalled", "victim", _alive_after),
        ),
        Step(
            "The next event tells its end, with exit code -15.",
            "exitcode is -N for a process that was ended by signal N.",
            happened("ended", "victim", with_exitcode(-15)),
        ),
    ),
)

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
            happened("stopping", "stubborn", lambda event: event.signal == "SIGTERM"),
        ),
        Step(
            "After 3 seconds comes SIGKILL: watch the events ({events}) or the timeline.",
            "The grace period (stop_timeout) is over. SIGKILL is for the kernel: the process is "
            "not asked any more.",
            happened("stopping", "stubborn", lambda event: event.signal == "SIGKILL"),
        ),
        Step(
            "It has ended with exit code -9, and is joined.",
            "-9 is SIGKILL. A process that ends so has cleaned up nothing.",
            both(
                happened("ended", "stubborn", with_exitcode(-9)),
                happened("joined", "stubborn"),
            ),
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
        ),
        Step(
            "exit-3 ended with 3.",
            "sys.exit() chooses the exit code; 0 means that all is well.",
            happened("ended", "exit-3", with_exitcode(3)),
        ),
        Step(
            "segfault ended with -11 SIGSEGV. Its log is empty.",
            "It touched memory that is not there. The kernel ended it on the spot: no "
            "traceback, no clean-up.",
            happened("ended", "segfault", with_exitcode(-11)),
        ),
        Step(
            "{join_all} joins all four; the exit codes stay in the table.",
            "What was a zombie is gone now: the exit codes were taken.",
            happened("joined", "*", at_least=4),
        ),
    ),
)


def _asleep(row: Row) -> bool:
    return row.sample is not None and row.sample.state == "S"


DEADLOCK = Lesson(
    id="deadlock",
    title="The lock that died with its holder",
    explanation="A child takes a lock, another waits for it. Then the first is terminated: it "
    "ends where it stands and never gives the lock back. The second waits for ever, alive and "
    "asleep.",
    steps=(
        Step(
            "Two children hang under program: holder has the lock, waiter wants it.",
            "A lock of multiprocessing is a semaphore: it does not know who holds it.",
            both(
                went_through("program", "started", name="holder"),
                went_through("program", "started", name="waiter"),
            ),
        ),
        Step(
            "program has terminated holder. waiter is still there, in state S, and stays.",
            "SIGTERM ended the holder inside its with block: the end of the block was never "
            "reached. S means that the kernel will wake it when the lock is free, and it never is.",
            both(
                went_through("program", name="holder", gone=True),
                descendant("program", _asleep, name="waiter"),
            ),
        ),
        Step(
            "Put the cursor on waiter and kill it with {kill}.",
            "It would wait for ever. Its program could release the lock for it, at the risk of "
            "what the lock protected: better is not to terminate whoever uses locks, but to ask.",
            went_through("program", name="waiter", gone=True),
        ),
        Step(
            "program could join it, and has ended.",
            "It was waiting for waiter, just as waiter was waiting for the lock.",
            happened("ended", "program", with_exitcode(0)),
        ),
    ),
)


DAEMON = Lesson(
    id="daemon",
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
        ),
        Step(
            "has-daemonic-child ends after 4 seconds, and its daemonic child with it.",
            "On its way out the parent terminates and joins its daemonic children.",
            lambda store: _ended_after_child(store, "has-daemonic-child"),
        ),
        Step(
            "has-ordinary-child is done as early, but ends only when its child has ended.",
            "For children that are not daemonic, multiprocessing joins at the end. That is why "
            "some programs never seem to finish.",
            lambda store: _ended_after_child(store, "has-ordinary-child"),
        ),
        Step(
            "daemonic shows True under DAEMON. It ends when its parent, the supervisor, does.",
            "If a parent is killed, it has no time to terminate anybody. proctui has the kernel "
            "do it then; plain multiprocessing leaves an orphan.",
            worker("daemonic", of_worker(lambda one: one.daemon and one.alive is True)),
        ),
    ),
)


def _ended_after_child(store: Store, pattern: str) -> bool:
    """The worker has ended, and its child not later."""
    ends = [row.worker.ended_at for row in rows(store, pattern) if row.worker is not None]
    ends += [history.ended_at for history in past(store, pattern)]
    return len(ends) == 2 and None not in ends


TOPIC = Topic("Ending", (TERMINATE_IS_ALIVE, STUBBORN, CRASH, DEADLOCK, DAEMON))
