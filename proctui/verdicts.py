"""What there is to say about a row, in sentences: the verdict first, then everything else.

Pure.  Names and commands in the sentences are untrusted; ages are not in them,
because they change by themselves, but the time of day is.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from proctui import cures
from proctui.classify import (
    ALIVE_STATES,
    Facts,
    Parent,
    contradicts,
    has_ended,
    stays_zombie,
)
from proctui.exitcodes import exitcode_text
from proctui.model import Cure, Finding, State, Worker
from proctui.runs import is_over


def findings(facts: Facts) -> tuple[Finding, ...]:
    """Everything worth saying; the first is the verdict that the details pane shows."""
    return (verdict(facts), *_further(facts))


def verdict(facts: Facts) -> Finding:
    """One sentence: do the two views agree, and if not, what does that mean."""
    if facts.worker is not None:
        return _of_worker(facts, facts.worker)
    if facts.sample is not None and facts.sample.is_zombie:
        return _zombie(facts)
    if facts.orphan:
        return _orphan(facts)
    if facts.helper:
        return _helper(facts)
    return _of_descendant(facts)


def _further(facts: Facts) -> Iterator[Finding]:
    state = facts.state
    dead = facts.sample is not None and facts.sample.is_zombie
    if facts.worker is not None and state is State.ZOMBIE:
        yield _zombie(facts)
    if facts.orphan and (facts.worker is not None or dead):
        yield _orphan(facts)
    if facts.helper and (facts.orphan or dead):
        yield _helper(facts)
    yield from _leader_exited(facts)
    if facts.worker is not None:
        yield from _circumstances(facts, facts.worker)
    yield from _blame(facts)


# ---------------------------------------------------------------- workers


def _of_worker(facts: Facts, worker: Worker) -> Finding:
    if worker.phase == "failed":
        return Finding("failed", _failure(worker), (cures.START_AGAIN,))
    if worker.phase == "idle":
        return Finding("note", "Both agree: it was not started yet.")
    if worker.phase == "backoff":
        return Finding("note", _backoff(facts, worker))
    if is_over(worker):
        return _joined(facts, worker)
    if facts.lost_at is not None:
        return _lost(facts, facts.lost_at)
    if has_ended(worker):
        return _ended(facts, worker)
    return _running(facts, worker)


def _failure(worker: Worker) -> str:
    reason = (worker.failure or "").strip().rstrip(".")
    return f"It failed: {reason}." if reason else "It failed, and nothing tells why."


def _backoff(facts: Facts, worker: Worker) -> str:
    when = "" if worker.backoff_until is None else f" at {clock(worker.backoff_until)}"
    return f"Both agree: it ended with {_code(facts)}. It is started again{when}."


def _joined(facts: Facts, worker: Worker) -> Finding:
    if facts.sample is not None and contradicts(worker, facts.sample):
        return _made_up(facts)
    if facts.state is State.UNKNOWN:
        return _unconfirmed(facts)
    if worker.exitcode_lost:
        return Finding("note", "Both agree: it has ended. Its exit status went to somebody else.")
    return Finding("note", f"Both agree: it ended with {_code(facts)} and was joined.")


def _unconfirmed(facts: Facts) -> Finding:
    return Finding(
        "unknown",
        f"multiprocessing says that it ended with {_code(facts)}, as it also does where it lost "
        "the fork server; the kernel has not confirmed it yet.",
    )


def _made_up(facts: Facts) -> Finding:
    return Finding(
        "disagree",
        f"They disagree: the process lives. Its fork server is gone, so multiprocessing made up "
        f"{_code(facts)} and can't know its end.",
        (Cure("terminate", "Terminate it: no join waits for it any more."),),
    )


def _lost(facts: Facts, when: float) -> Finding:
    known = f"last known at {clock(when)}: nobody can join it any more"
    if facts.departure is not None:
        return Finding("note", f"The supervisor is gone, and so is this process; {known}.")
    if facts.sample is None:
        return Finding("unknown", f"Its supervisor is gone; {known}, and it was not found alive.")
    if facts.sample.is_zombie:
        return Finding(
            "disagree",
            f"Its supervisor is gone; {known}; init will reap it.",
            (Cure("wait", "Wait a moment: what adopted it reaps it."),),
        )
    return Finding(
        "unknown",
        f"The process lives, its supervisor is gone; what multiprocessing said was {known}; "
        "init will reap it.",
        (cures.LET_GO, *cures.END_ORPHAN),
    )


def _ended(facts: Facts, worker: Worker) -> Finding:
    join = (cures.join(facts.parent),)
    if facts.state is State.UNKNOWN:
        return _unconfirmed(facts)
    if facts.sample is not None and contradicts(worker, facts.sample):
        return _made_up(facts)
    if worker.exitcode_lost:
        return Finding(
            "disagree",
            "They disagree: the process has ended, and somebody else took its exit status: "
            "its exit code can't be known.",
            (Cure("join", "Join it: that only tidies up what multiprocessing remembers."),),
        )
    if facts.state is State.ZOMBIE:
        text = "They disagree: the process has ended, its parent has not joined it."
        return Finding("disagree", text, join)
    if worker.start_method == "forkserver":
        return Finding(
            "note",
            f"It ended with {_code(facts)}. The fork server reaps it; "
            "only multiprocessing waits for a join.",
            (Cure("join", "Join it: multiprocessing takes note of its end."),),
        )
    if facts.departure is not None and stays_zombie(worker):
        return Finding(
            "disagree",
            "They disagree: multiprocessing waits for a join, but the process is gone already.",
            (Cure("join", "Join it: that only tidies up what multiprocessing remembers."),),
        )
    return Finding("note", f"Both agree: it ended with {_code(facts)}. It is joined at once.")


def _running(facts: Facts, worker: Worker) -> Finding:
    if facts.departure is not None:
        return Finding(
            "disagree",
            "They disagree: the process is gone, and multiprocessing has not noticed yet.",
        )
    if facts.sample is None:
        return Finding("unknown", "The kernel was not asked about it yet.")
    if facts.sample.is_zombie:
        return Finding(
            "disagree",
            "They disagree: the process has ended, and multiprocessing has not noticed yet.",
            (cures.join(facts.parent),),
        )
    if worker.phase == "starting":
        return Finding("note", "Both agree: it is starting, and has not reached its target yet.")
    state = facts.state
    if worker.alive is None:
        said = "The kernel says that it is alive; multiprocessing does not say."
        return Finding("unknown", _with_hint(said, state), _way_on(state))
    return Finding("note", _with_hint("Both agree: it is alive.", state), _way_on(state))


def _circumstances(facts: Facts, worker: Worker) -> Iterator[Finding]:
    if facts.sample is None:
        return
    if worker.start_method == "forkserver" and not facts.orphan and facts.parent is not None:
        yield Finding(
            "note",
            f"It is the child of {facts.parent.who}, which reaps it: it never stays a zombie "
            "of the process that started it.",
        )


# ---------------------------------------------------------------- any process


def _of_descendant(facts: Facts) -> Finding:
    state = facts.state
    parent = "" if facts.parent is None else f", a child of {facts.parent.who}"
    if state not in ALIVE_STATES:
        return Finding("unknown", f"Its state is not known{parent}.")
    return Finding("note", _with_hint(f"It is alive{parent}.", state), _way_on(state))


def _with_hint(said: str, state: State) -> str:
    if state is State.STOPPED:
        return f"{said} It is stopped, and does nothing until it is continued."
    if state is State.WAITING:
        return f"{said} It waits inside the kernel: no signal reaches it, not even SIGKILL."
    return said


def _way_on(state: State) -> tuple[Cure, ...]:
    return (cures.CONTINUE,) if state is State.STOPPED else ()


def _zombie(facts: Facts) -> Finding:
    parent = facts.parent
    if facts.worker is not None and not facts.orphan and facts.lost_at is None:
        ways: tuple[Cure, ...] = (cures.join(parent),)
    else:
        ways = cures.zombie(parent, orphan=facts.orphan, not_reaping=facts.not_reaping)
    return Finding("zombie", f"{_end(facts)}{_who_has_not(facts)}", ways)


def _end(facts: Facts) -> str:
    code = f"with {_code(facts)}"
    if facts.zombie_since is None:
        return f"It has ended {code}"
    when = clock(facts.zombie_since)
    return f"It ended at {when} {code}" if facts.since_exact else f"It had ended by {when} {code}"


def _who_has_not(facts: Facts) -> str:
    parent = facts.parent
    if parent is None:
        return "; its parent has not joined it."
    if parent.role == "fork server":
        return f"; {parent.who} reaps it in a moment."
    if parent.role == "init" and (facts.not_reaping or not facts.orphan):
        how = "It was adopted by" if facts.orphan else "It is a child of"
        return f". {how} PID {parent.pid}, which is not reaping."
    if facts.orphan and parent.role == "supervisor":
        return f"; {parent.who}, which adopted it, has not joined it."
    if facts.orphan and facts.not_reaping:
        return f". It was adopted by {parent.who}, which is not reaping."
    if facts.orphan:
        return f"; {parent.who}, which adopted it, has not reaped it yet."
    stopped = ": it is stopped" if parent.stopped else ""
    return f"; {parent.who} has not joined it{stopped}."


def _orphan(facts: Facts) -> Finding:
    lineage = facts.lineage
    adopter = "something else" if facts.parent is None else facts.parent.who
    text = f"An orphan: {lineage.why}; {adopter} has adopted it."
    if lineage.certainty == "session":
        text += f" Its parents were not all seen: only the session is certain, {lineage.worker}'s."
    elif lineage.certainty == "tag":
        text += " Its parents were not all seen: only the tag in its environment tells its worker."
    if facts.sample is None or facts.sample.is_zombie:
        return Finding("orphan", text)
    if facts.worker is None and facts.sample.sid == facts.sample.pid:
        text += " It leads a session of its own, as daemons do: perhaps it is meant to be one."
    return Finding("orphan", text, (cures.LET_GO, *cures.END_ORPHAN))


def _helper(facts: Facts) -> Finding:
    what = {
        "fork server": "It forks the workers whose start method is forkserver.",
        "resource tracker": "It cleans up semaphores and shared memory after its program.",
    }.get(facts.helper)
    if what is None:
        return Finding("helper", "A process of proctui's own that ends what a session left.")
    return Finding("helper", f"The {facts.helper} of multiprocessing, no leak. {what}")


def _leader_exited(facts: Facts) -> Iterator[Finding]:
    sample = facts.sample
    if sample is not None and sample.state == "Z" and not sample.is_zombie:
        yield Finding(
            "leader-exited",
            f"Its first thread has exited, so the kernel shows Z, but {sample.threads - 1} more "
            "live on: it is not dead, and nobody can join it yet.",
        )


def _blame(facts: Facts) -> Iterator[Finding]:
    """What a process does to its children."""
    if facts.neglected and facts.sample is not None:
        many = "child that has" if facts.neglected == 1 else "children that have"
        text = f"It has not joined {facts.neglected} {many} ended."
        stopped = facts.state is State.STOPPED
        yield Finding(
            "note", text, cures.neglect(Parent(facts.sample.pid, facts.name, stopped=stopped))
        )
    if facts.left_behind:
        many = "a process" if facts.left_behind == 1 else f"{facts.left_behind} processes"
        yield Finding(
            "note",
            f"It left {many} behind, orphaned.",
            (Cure("terminate", "End what it left behind, if nobody needs it any more."),),
        )


def _code(facts: Facts) -> str:
    return f"exit code {exitcode_text(facts.exitcode)}"


def clock(when: float) -> str:
    """Time of day where the program runs: ``12:03:07``."""
    return time.strftime("%H:%M:%S", time.localtime(when))
