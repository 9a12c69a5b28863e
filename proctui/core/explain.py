"""What there is to say about any process: zombie, orphan, helper, what it does to its children.

Pure.  Names in the sentences are untrusted; ages are not in them, because they
change by themselves, but the time of day is.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from proctui.core import cures
from proctui.core.classify import ALIVE_STATES, Facts, Parent
from proctui.core.exitcodes import exitcode_text
from proctui.model import Cure, Finding, State

_HELPERS = {
    "fork server": "It forks the workers whose start method is forkserver.",
    "resource tracker": "It cleans up semaphores and shared memory after its program.",
}


def alive(facts: Facts, said: str) -> Finding:
    """`said`, and what keeps a living process from going on."""
    state = facts.state
    kind = facts.worker is not None and facts.worker.alive is None
    if state is State.STOPPED:
        said = f"{said} It is stopped, and does nothing until it is continued."
    elif state is State.WAITING:
        said = f"{said} It waits inside the kernel: no signal reaches it, not even SIGKILL."
    ways = (cures.CONTINUE,) if state is State.STOPPED else ()
    return Finding("unknown" if kind else "note", said, ways)


def descendant(facts: Facts) -> Finding:
    """A process with nothing amiss that is no worker."""
    parent = "" if facts.parent is None else f", a child of {facts.parent.who}"
    if facts.state not in ALIVE_STATES:
        return Finding("unknown", f"Its state is not known{parent}.")
    return alive(facts, f"It is alive{parent}.")


def can_be_joined(facts: Facts) -> bool:
    """A worker whose parent is there to be asked for a join."""
    if facts.worker is None or facts.orphan or facts.lost_at is not None:
        return False
    return facts.parent is None or facts.parent.role == "supervisor"


def zombie(facts: Facts) -> Finding:
    """Since when it is dead, with what, who has not joined it, and what helps."""
    if can_be_joined(facts):
        ways: tuple[Cure, ...] = (cures.join(facts.parent),)
    else:
        ways = cures.zombie(
            facts.parent,
            orphan=facts.orphan,
            not_reaping=facts.not_reaping,
            helper=bool(facts.helper),
        )
    return Finding("zombie", f"{_end(facts)}{_who_has_not(facts)}", ways)


def _end(facts: Facts) -> str:
    code = f"with {code_text(facts)}"
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
    if facts.orphan:
        return _adopter_has_not(parent, not_reaping=facts.not_reaping)
    if parent.role == "init":
        who = _as_init(parent)
        if not facts.not_reaping:
            return f"; its parent, {who}, has not reaped it yet."
        return f". It is a child of {who}, which is not reaping."
    stopped = ": it is stopped" if parent.stopped else ""
    return f"; {parent.who} has not joined it{stopped}."


def _adopter_has_not(adopter: Parent, *, not_reaping: bool) -> str:
    if adopter.role == "supervisor":
        return f"; {adopter.who}, which adopted it, has not joined it."
    if not not_reaping:
        return f"; {adopter.who}, which adopted it, has not reaped it yet."
    who = _as_init(adopter) if adopter.role == "init" else adopter.who
    return f". It was adopted by {who}, which is not reaping."


def _as_init(parent: Parent) -> str:
    return parent.who if parent.container else f"PID {parent.pid}"


def orphan(facts: Facts) -> Finding:
    """Why it is one, who has it now, and how certain it is whose it was."""
    lineage = facts.lineage
    adopter = "something else" if facts.parent is None else facts.parent.who
    text = f"An orphan: {lineage.why}; {adopter} has adopted it."
    if lineage.certainty == "session":
        text += f" Not all its parents were seen: only the session is certain, {lineage.worker}'s."
    elif lineage.certainty == "group":
        text += f" Not all its parents were seen: only the group is certain, {lineage.worker}'s."
    elif lineage.certainty == "tag":
        what = "worker" if lineage.worker else "session"
        text += f" Not all its parents were seen: only the tag in its environment tells its {what}."
    if facts.sample is None or facts.sample.is_zombie:
        return Finding("orphan", text)
    if facts.worker is None and facts.sample.sid == facts.sample.pid:
        text += " It leads a session of its own, as daemons do: perhaps it is meant to be one."
    return Finding("orphan", text, (cures.LET_GO, *cures.END_ORPHAN))


def helper(facts: Facts) -> Finding:
    """What a process is that only serves others."""
    what = _HELPERS.get(facts.helper)
    if what is None:
        return Finding("helper", "A process of proctui's own that ends what a session left.")
    return Finding("helper", f"The {facts.helper} of multiprocessing, no leak. {what}")


def leader_exited(facts: Facts) -> Iterator[Finding]:
    """That a Z is no death, where the threads live on."""
    sample = facts.sample
    if sample is not None and sample.leader_exited:
        yield Finding(
            "leader-exited",
            f"Its first thread has exited, so the kernel shows Z, but {sample.threads - 1} more "
            "live on: it is not dead, and nobody can join it yet.",
        )


def blame(facts: Facts) -> Iterator[Finding]:
    """What a process does to its children."""
    if facts.neglected and facts.sample is not None:
        many = "child that has" if facts.neglected == 1 else "children that have"
        text = f"It has not joined {facts.neglected} {many} ended."
        stopped = facts.state is State.STOPPED
        me = Parent(facts.sample.pid, facts.name, stopped=stopped)
        yield Finding("note", text, cures.neglect(me))
    if facts.left_behind:
        many = "a process" if facts.left_behind == 1 else f"{facts.left_behind} processes"
        end = Cure("end-left", "End what it left behind, if nobody needs it any more.")
        yield Finding("note", f"It left {many} behind, orphaned.", (end,))


def code_text(facts: Facts) -> str:
    """``exit code -9 SIGKILL``."""
    return f"exit code {exitcode_text(facts.exitcode)}"


def clock(when: float) -> str:
    """Time of day where the program runs: ``12:03:07``."""
    return time.strftime("%H:%M:%S", time.localtime(when))
