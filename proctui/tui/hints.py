"""What someone who has never read a manual should be told first.  Pure."""

from __future__ import annotations

from typing import Final

from proctui.tui.actions import ACTIONS, Scene
from proctui.tui.applying import is_curable

_KNOWN_BY: Final = {
    "zombies": ("zombie", "join", "join_all"),
    "orphans": ("orphan", "end_left"),
}
"""Actions that show that a person has understood what the hint says."""


class Hints:
    """One sentence about the loudest rows, until its keys have been used once."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def used(self, action: str) -> None:
        """An action was asked for."""
        self._used.add(action)

    def sentence(self, scene: Scene) -> str:
        """What the coloured rows are and which key cures them; empty where that is known."""
        if scene.zombies and not scene.lost and not self._used.intersection(_KNOWN_BY["zombies"]):
            return _of_zombies(scene)
        if scene.orphans and not self._used.intersection(_KNOWN_BY["orphans"]):
            there = scene.row is not None and scene.row.orphan
            way = "" if there else f"{_key('orphan')} goes there, "
            return f"O: its parent is gone. {way}{_key('terminate')} ends it."
        return ""


def _of_zombies(scene: Scene) -> str:
    """What helps the one under the cursor, else how to get to one."""
    row, join = scene.row, ACTIONS["join"]
    if row is None or not row.zombie:
        helps = "joins it" if scene.joinable else "cures it"
        return f"Z: ended, not joined. {_key('zombie')} goes there, {join.key} {helps}."
    if is_curable(row):
        return f"Z: its parent does not join it. {join.key} shows cures."
    said = "Z: ended, not joined."
    return f"{said} {join.key} joins it." if join.why_not(scene) is None else said


def _key(action: str) -> str:
    return ACTIONS[action].key
