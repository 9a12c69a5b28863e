"""What someone who has never read a manual should be told first.  Pure."""

from __future__ import annotations

from typing import Final

from proctui.tui.actions import ACTIONS, Scene

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
            return f"Z: ended, not joined. {_key('zombie')} goes there, {_key('join')} joins it."
        if scene.orphans and not self._used.intersection(_KNOWN_BY["orphans"]):
            end = _key("terminate")
            return f"O: its parent is gone. {_key('orphan')} goes there, {end} terminates it."
        return ""


def _key(action: str) -> str:
    return ACTIONS[action].key
