"""Lessons about the Process object: how a process is made, and what belongs to it."""

from __future__ import annotations

from proctui.core.store import Store
from proctui.lessons.lesson import Lesson, Step, Topic
from proctui.lessons.seen import (
    both,
    ended_otherwise,
    ended_with,
    every,
    happened,
    in_phase,
    lives,
    looks_at_worker,
    of_worker,
    over,
    past,
    seen_alive,
    went_through,
    with_exitcode,
    worker,
    zombie_with,
)
from proctui.model import Row

FUNCTION_TARGET = Lesson(
    id="function-target",
    columns=("pid", "target", "exitcode"),
    title="A function becomes a process",
    explanation="target is a function, args and kwargs are what it is called with, in a process "
    "of its own. Four workers run the same function with different arguments; each has its own "
    "pid, name and log.",
    steps=(
        Step(
            "ada, ben and cleo are alive for 2, 3 and 4 seconds, each with a PID of its own. "
            "TARGET shows one function, each time with other arguments; {log} shows what the one "
            "under the cursor prints.",
            "start() makes a child process, which calls the target. One function can be the "
            "target of any number of processes.",
            seen_alive("[abc]*", at_least=3),
            over("[abc]*"),
        ),
        Step(
            "dora is idle: she has no pid yet. Put the cursor on her and press {start}.",
            "A Process object is only a plan until start() is called; is_alive() and pid come "
            "with the process.",
            happened("started", "dora"),
        ),
        Step(
            "Wait until all four have ended with exit code 0.",
            "A target that returns ends its process with exit code 0. is_alive() is False at "
            "once: the kernel tells of the end.",
            every("*", ended_with(0)),
            ended_otherwise("*", 0),
        ),
        Step(
            "Ended workers are zombies until they are joined. {join_all} joins all that ended.",
            "The kernel keeps the exit code until the parent takes it. join() is how it does.",
            every("*", in_phase("joined")),
        ),
    ),
)

PROCESS_SUBCLASS = Lesson(
    id="process-subclass",
    columns=("target", "exitcode"),
    title="A class becomes a process",
    explanation="The other way to say what runs: a subclass of Process whose run() is called in "
    "the child. The four workers do the same as in function-target; TARGET names the class.",
    steps=(
        Step(
            "The four workers are alive for 2 to 5 seconds, and TARGET says Work(…): a class.",
            "start() makes the child, and the child calls run(). What __init__ was given travels "
            "along as attributes of the object.",
            both(
                seen_alive("*", at_least=4),
                every("*", of_worker(lambda one: ":Work(" in one.label)),
            ),
            over("*"),
        ),
        Step(
            "Wait until all four have ended with exit code 0.",
            "When run() returns, the process ends; an exception in it would mean exit code 1.",
            every("*", ended_with(0)),
            ended_otherwise("*", 0),
        ),
        Step(
            "{join_all} joins all of them.",
            "For the parent it makes no difference in which way a process was defined.",
            every("*", in_phase("joined")),
        ),
    ),
)

NAMES = Lesson(
    id="names",
    columns=("target",),
    title="A name given too early is lost",
    explanation="Every Process has a name. Process.__init__ sets it to Class-N, so a subclass "
    "that sets self.name before it calls super().__init__() loses its own name.",
    steps=(
        Step(
            "The worker whose TARGET is TooEarly has the NAME TooEarly-N, with some number.",
            "It had set its name, then super().__init__() came and set another one.",
            worker("too-early", lambda row: lives(row) and row.name.startswith("TooEarly-")),
            over("too-early"),
        ),
        Step(
            "The worker whose TARGET is InTime is called what it calls itself.",
            "It calls super().__init__() first. That is always the safe order.",
            worker("in-time", lambda row: lives(row) and row.name == "my own name"),
            over("in-time"),
        ),
    ),
)


RUN_DIRECTLY = Lesson(
    id="run-directly",
    title="run() is not start()",
    explanation="start() makes a process and has it call run(). Whoever calls run() itself gets "
    "no process: the work is done right there, the object has no pid, and there is nothing to "
    "join.",
    steps=(
        Step(
            "calls-start has a child, which hangs under it in the tree; both have pids.",
            "start() has made a process. The parent waits for it in join().",
            went_through("calls-start", "started"),
            over("calls-start"),
        ),
        Step(
            "calls-run never has a child. It ends with exit code 1, and its log ({log}) says "
            "why: can only join a started process.",
            "run() is an ordinary method. The object's pid stays None, so join() refuses.",
            lambda store: _ended_childless(store, "calls-run"),
            over("calls-run"),
        ),
        Step(
            "calls-start ends with exit code 0, and its child is gone.",
            "It joined its child, so nothing of that is left, not even a zombie.",
            both(worker("calls-start", ended_with(0)), went_through("calls-start", gone=True)),
            over("calls-start"),
        ),
    ),
)


def _ended_childless(store: Store, pattern: str) -> bool:
    """It was seen from its life to its end, and never with a child."""
    ended = worker(pattern, ended_with(1))
    lived = seen_alive(pattern)
    return lived(store) and ended(store) and next(past(store, pattern), None) is None


def _child_of_starter(row: Row) -> bool:
    """Its parent for the kernel is the one that started it."""
    if row.worker is None or row.sample is None or not lives(row):
        return False
    return row.worker.phase == "alive" and row.sample.ppid == row.worker.ppid


def _child_of_another(row: Row) -> bool:
    if row.worker is None or row.sample is None or not lives(row):
        return False
    return row.worker.phase == "alive" and row.sample.ppid != row.worker.ppid


def _has_fork_server(store: Store) -> bool:
    return any(row.helper == "fork server" for row in store.rows.values())


START_METHODS = Lesson(
    id="start-methods",
    columns=("pid", "ppid", "mem", "exitcode"),
    title="Fork, spawn, fork server",
    explanation="There are three ways to make the process. fork copies the parent; spawn starts "
    "a fresh interpreter that imports the target; with forkserver a helper process forks, so the "
    "helper is the parent. The logs say how much each finds in memory.",
    steps=(
        Step(
            "forked is alive, a child of the supervisor.",
            "fork is the quickest way and shares memory with the parent until either writes. Its "
            "danger is what it copies besides: threads' locks, open files.",
            worker("forked", _child_of_starter),
            over("forked"),
        ),
        Step(
            "spawned is alive too, a little later. Compare MEM, and the modules in both logs.",
            "A fresh interpreter had to start and to import. It carries nothing that it did not "
            "ask for.",
            worker("spawned", _child_of_starter),
            over("spawned"),
        ),
        Step(
            "forkserved has another parent: compare PPID. NAME tells which process is the fork "
            "server, and which the resource tracker.",
            "The fork server is its parent, and reaps it: with forkserver an ended worker never "
            "stays a zombie of the program that wanted it.",
            both(worker("forkserved", _child_of_another), _has_fork_server),
            over("forkserved"),
        ),
        Step(
            "without-guard ends with exit code 1; its log shows the RuntimeError of its child.",
            "A spawned child imports the main module afresh. Where start() stands at its top "
            "level, the child comes to it as well.",
            happened("ended", "without-guard", with_exitcode(1)),
            ended_otherwise("without-guard", 1),
        ),
        Step(
            "with-guard ends with exit code 0.",
            'Under if __name__ == "__main__": nothing is started by whoever only imports.',
            happened("ended", "with-guard", with_exitcode(0)),
            ended_otherwise("with-guard", 0),
        ),
    ),
)

ISOLATED_MEMORY = Lesson(
    id="isolated-memory",
    title="Memory is not shared",
    explanation="The parent has value = 100. Its child sets value to 0, and ends with value as "
    "its exit code; the parent does the same afterwards. Exit codes tell what each had in its "
    "memory.",
    steps=(
        Step(
            "The child ends with exit code 0: in its memory, value is 0.",
            "After fork both have a copy. What one writes, the other never sees.",
            zombie_with("parent", 0),
            over("parent"),
        ),
        Step(
            "The parent joins it, and ends with exit code 100: its value is still 100. "
            "{log} shows what both have printed.",
            "To give something back, processes need a way to talk: a Queue, a Pipe, shared "
            "memory, or as here the exit code.",
            happened("ended", "parent", with_exitcode(100)),
            ended_otherwise("parent", 100),
        ),
    ),
)

AUTHKEY = Lesson(
    id="authkey",
    title="The key of the family",
    explanation="Every process has an authkey: random bytes that its children inherit. "
    "A listener that was given it, and every Manager, lets in only who knows it. Here a relative "
    "and a stranger knock at the same door.",
    steps=(
        Step(
            "Put the cursor on listener and open the details ({details}): they show the length of "
            "its key and a short fingerprint. The key itself is never shown.",
            "It has 32 random bytes, made when the first process of the family "
            "imports multiprocessing.",
            worker("listener", of_worker(lambda one: one.authkey_length == 32)),
            looked=looks_at_worker("listener"),
        ),
        Step(
            "The child relative ends with exit code 0: it was let in.",
            "It inherited the key, and could answer the listener's challenge.",
            zombie_with("listener", 0, name="relative"),
            over("listener"),
        ),
        Step(
            "The child stranger ends with exit code 1; the log shows AuthenticationError.",
            "It guessed a key. Who has the key may send pickled objects, that is, run code: so "
            "keep it secret.",
            zombie_with("listener", 1, name="stranger"),
            over("listener"),
        ),
    ),
)

TOPIC = Topic(
    "The Process object",
    (
        FUNCTION_TARGET,
        PROCESS_SUBCLASS,
        NAMES,
        RUN_DIRECTLY,
        START_METHODS,
        ISOLATED_MEMORY,
        AUTHKEY,
    ),
)
