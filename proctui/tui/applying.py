"""When the actions apply, and the sentences that say why they don't.  Pure.

What concerns a process is decided by `proctui.core.rules`; here is what depends on the screen.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from proctui.core import rules
from proctui.core.rules import why_not
from proctui.model import CureKind, Row


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules look at when they say whether an action applies."""

    row: Row | None = None
    """The row under the cursor."""
    lost: bool = False
    """The supervisor is gone: nobody is left to start or to join."""
    zombies: int = 0
    orphans: int = 0
    joinable: bool = False
    """Something has ended that only waits for being joined by the supervisor."""
    tagged: int = 0
    machine: bool = False
    """The rows are the whole machine's."""
    watching: bool = False
    """There is no supervisor at all: the processes are only watched."""
    leaf: bool = False
    """In the list nothing stands under the row."""
    left_behind: Callable[[str], bool] = lambda worker: True
    """Whether something that a worker left behind is alive; asked only where it matters."""


Rule = Callable[[Row | None, Scene], str | None]
"""Returns the sentence that says why it does not apply to that row, or None where it does."""


def always(row: Row | None, scene: Scene) -> str | None:
    """Applies to everything."""
    return None


_NO_ROW = "There is no process under the cursor."
_WATCHING = "These processes were only watched, not launched: nobody here can {verb}."
_GONE = "The supervisor is gone: nobody is left who could {verb}."


def who(row: Row) -> str:
    """Name and pid of a row, as sentences name it: ``factory (40330)``."""
    return f"{row.name} ({row.pid})" if row.pid is not None else row.name


def foreign_zombie(row: Row | None) -> bool:
    """A zombie that neither the person nor the supervisor can join, only its own parent."""
    if row is None or not row.zombie or (row.worker is not None and not row.orphan):
        return False
    return why_not(row, "join") is not None


PARENTS_CURES: frozenset[CureKind] = frozenset(
    ("continue", "nudge-parent", "terminate-parent", "kill-parent")
)
"""What can be tried with a parent that does not join its children."""


def is_neglectful(row: Row) -> bool:
    """A living parent of zombies that are no business of its supervisor's."""
    nudges = (
        cure.pid == row.pid
        for finding in row.findings
        for cure in finding.cures
        if cure.kind == "nudge-parent"
    )
    return row.worker is None and why_not(row, "signal") is None and any(nudges)


def is_curable(row: Row | None) -> bool:
    """Whether the key that joins offers cures for this row instead, and there are any."""
    if row is None:
        return False
    cures = {cure.kind for finding in row.findings for cure in finding.cures}
    return is_neglectful(row) or (foreign_zombie(row) and not cures.isdisjoint(PARENTS_CURES))


def asks(action: rules.Action) -> Rule:
    """The rule of `proctui.core.rules` for this action, as a whole sentence."""

    def rule(row: Row | None, scene: Scene) -> str | None:
        if row is None:
            return _NO_ROW
        reason = why_not(row, action, supervisor_lost=scene.lost)
        return None if reason is None else f"{who(row)}: {reason}."

    return rule


def join(row: Row | None, scene: Scene) -> str | None:
    """A second join is no second join: the key gives up the first.  A cure needs no supervisor."""
    if row is not None and row.worker is not None and row.worker.joining and not scene.lost:
        return None
    if is_curable(row):
        return None
    return asks("join")(row, scene)


def join_all(row: Row | None, scene: Scene) -> str | None:
    """Somebody must be left who can join, and something that can be joined."""
    if scene.watching:
        return _WATCHING.format(verb="join them")
    if scene.lost:
        return _GONE.format(verb="join anything")
    return None if scene.joinable else "No worker waits to be joined."


def new(row: Row | None, scene: Scene) -> str | None:
    """Somebody must be left who can start."""
    if scene.watching:
        return _WATCHING.format(verb="start a worker")
    return _GONE.format(verb="start a worker") if scene.lost else None


def users(row: Row | None, scene: Scene) -> str | None:
    """Only the machine has other users' processes."""
    return None if scene.machine else "Everyone's processes are in the Machine view."


def zombie(row: Row | None, scene: Scene) -> str | None:
    """There must be one."""
    return None if scene.zombies else "There is no zombie."


def orphan(row: Row | None, scene: Scene) -> str | None:
    """There must be one."""
    return None if scene.orphans else "There is no orphan."


def row_needed(row: Row | None, scene: Scene) -> str | None:
    """There must be a row under the cursor."""
    return _NO_ROW if row is None else None


def left_by(row: Row) -> str | None:
    """Id of the worker whose orphans are meant with this row: its own, or its descent's.

    Of processes that are only watched, what stands for the one it is or descends from.
    """
    return row.root or (row.lineage.worker if row.worker is None else row.worker.id)


def end_left(row: Row | None, scene: Scene) -> str | None:
    """It must be a worker that left something, or be an orphan of one."""
    if row is None:
        return _NO_ROW
    if not scene.orphans:
        return "There is no orphan."
    worker = left_by(row)
    if worker is None:
        return f"{who(row)}: nothing tells whose worker's it was."
    return None if scene.left_behind(worker) else f"{worker} left nothing behind that is alive."


def fold(row: Row | None, scene: Scene) -> str | None:
    """Something must stand under it that can be hidden."""
    if row is None:
        return _NO_ROW
    return f"{who(row)}: nothing stands under it in the list." if scene.leaf else None


def columns(row: Row | None, scene: Scene) -> str | None:
    """The machine's list has its own."""
    return "The Machine view has columns of its own." if scene.machine else None


def tagged(row: Row | None, scene: Scene) -> str | None:
    """Something must be tagged."""
    return None if scene.tagged else "Nothing is tagged: space tags the row under the cursor."
