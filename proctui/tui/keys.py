"""The keys of every action and move: as usual, and as a person's settings have them.  Pure."""

from __future__ import annotations

from proctui.files.settings import Settings
from proctui.tui import keymap
from proctui.tui.actions import ACTIONS


def usual_keys() -> dict[str, tuple[str, ...]]:
    """Where nothing is chosen."""
    return {**{action.id: action.keys for action in ACTIONS.values()}, **keymap.MOVES}


def keymap_in_full(settings: Settings) -> dict[str, tuple[str, ...]]:
    """With what the person chose: a preset, and keys of single ones."""
    return keymap.resolved(usual_keys(), settings.keymap, settings.keys)
