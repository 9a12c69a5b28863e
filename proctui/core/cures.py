"""The ways out of each case, in the order of harm.  Pure; names in the texts are untrusted."""

from __future__ import annotations

from proctui.core.classify import Parent
from proctui.model import Cure

START_AGAIN = Cure("restart", "Start it again once the cause is mended.")
CONTINUE = Cure("continue", "Continue it with SIGCONT.")
LET_GO = Cure(
    "leave", "Leave it alone: an orphan does no harm, and its adopter reaps it when it ends."
)
END_ORPHAN = (
    Cure("terminate", "Terminate it, if nobody needs it any more."),
    Cure("kill", "Kill it, if it does not obey."),
)


def join(parent: Parent | None) -> Cure:
    """For a worker that has ended: its parent is ours to ask."""
    who = "its parent" if parent is None else parent.who
    return Cure("join", f"Join it: {who} takes its exit code, and it is gone.")


def zombie(
    parent: Parent | None, *, orphan: bool, not_reaping: bool, helper: bool
) -> tuple[Cure, ...]:
    """For a zombie that is no worker of ours."""
    if parent is None:
        return ()
    if parent.role == "supervisor":
        if orphan:
            return (Cure("join", f"Join it: {parent.who} adopted it and can take its exit code."),)
        if helper:
            return (Cure("leave", f"Leave it alone: {parent.who} reaps its own helpers in time."),)
        return (Cure("wait", f"Wait a moment: {parent.who} has not told yet what it is."),)
    reaps = orphan or parent.role == "init"
    if parent.role == "fork server" or (reaps and not not_reaping):
        return (wait_for(parent),)
    if parent.role == "init":
        return (real_init(parent),)
    return neglect(parent)


def wait_for(parent: Parent) -> Cure:
    """For zombies whose parent reaps as a rule, and has had little time."""
    return Cure("wait", f"Wait a moment: {parent.who} reaps what ends.")


def real_init(parent: Parent) -> Cure:
    """For zombies under a PID 1 that does not reap."""
    program = parent.name if parent.container else parent.program
    instead = f" instead of {program}" if program not in ("", "init") else ""
    return Cure(
        "real-init",
        f"No signal helps. Give the container a real init{instead}: tini, `docker run --init`, "
        "or `init: true` in the compose file.",
        parent.pid,
    )


def neglect(parent: Parent, lazy_heir: str = "") -> tuple[Cure, ...]:
    """For a parent that does not join its children: one cure for all of them.

    `lazy_heir` is the init that would adopt them, where that is known not to reap.
    """
    who, pid = parent.who, parent.pid
    nudge = Cure("nudge-parent", f"Nudge {who} with SIGCHLD: it may join its children then.", pid)
    then = "its zombies go to init or a subreaper, and are gone once that reaps them"
    if lazy_heir:
        then = f"its zombies go to {lazy_heir}, which is not reaping: they stay"
    harder = (
        Cure("terminate-parent", f"Terminate {who}: {then}.", pid),
        Cure("kill-parent", f"Kill {who}, if it does not obey.", pid),
    )
    if parent.stopped:
        first = Cure("continue", f"Continue {who}: while stopped it can't join anything.", pid)
        return (first, nudge, *harder)
    return (nudge, *harder)
