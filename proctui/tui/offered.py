"""Which actions have a button and which a place in the footer, room permitting.  Pure."""

from __future__ import annotations

from collections.abc import Iterator

from proctui.tui.actions import ACTIONS, Action, Scene


def buttons() -> Iterator[Action]:
    """The actions that have a button, in order."""
    return (action for action in ACTIONS.values() if action.button)


_FOOTER = (
    "palette", "help", "filter", "tag", "zombie", "orphan", "tree", "sort", "signal", "pause",
    "quit",
)  # fmt: skip
_NEEDED = (
    "quit", "help", "filter", "tag", "palette", "tree", "sort", "signal", "zombie", "orphan",
    "pause",
)  # fmt: skip
"""The same, the most needed first."""


def footer(room: int) -> list[Action]:
    """The actions that stand in a footer of so many cells, as many as fit, in order."""
    fit: set[str] = set()
    for name in _NEEDED:
        room -= len(footer_text(ACTIONS[name])) + FOOTER_GAP
        if room + FOOTER_GAP < 0:
            break
        fit.add(name)
    return [ACTIONS[name] for name in _FOOTER if name in fit]


def in_footer(action: Action, scene: Scene) -> Action:
    """What stands in the place of `action` with this row: no signal reaches a zombie, a join or a
    cure does."""
    join = ACTIONS["join"]
    dead = action.id == "signal" and action.why_not(scene) is not None
    return join.shown(scene) if dead and join.why_not(scene) is None else action


FOOTER_GAP = 2
"""Cells between two keys of the footer."""


def footer_text(action: Action) -> str:
    """Key and label."""
    return f"{action.key} {action.footer}"
