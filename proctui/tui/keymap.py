"""Which keys do what: presets, what the person chose, and what is in force.  Pure.

Keys in force are a fact of the whole program, as its terminal is: there is one keyboard.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

Keys: TypeAlias = Mapping[str, tuple[str, ...]]
"""Ids of actions and moves → Textual's names of their keys, the one that is shown first."""

Preset = Literal["default", "vim", "htop"]

RESERVED: Final = {
    "escape": "leaves what is open",
    "enter": "opens and confirms",
    "tab": "goes from pane to pane",
    "shift+tab": "goes from pane to pane",
    "ctrl+c": "copies, or leaves",
}
"""Keys that can't be given to anything else, and what they do."""

MOVES: Final[Keys] = {
    "move_up": ("up",),
    "move_down": ("down",),
    "move_left": ("left",),
    "move_right": ("right",),
    "move_page_up": ("pageup",),
    "move_page_down": ("pagedown",),
    "move_first": ("home", "g"),
    "move_last": ("end", "G"),
}
"""Moving about, which is not in the table of actions: widgets bind it under these ids."""

PRESETS: Final[Mapping[str, Keys]] = {
    "default": {},
    "vim": {
        "move_up": ("up", "k"),
        "move_down": ("down", "j"),
        "move_left": ("left", "h"),
        "move_right": ("right", "l"),
        "move_page_up": ("pageup", "ctrl+b", "ctrl+u"),
        "move_page_down": ("pagedown", "ctrl+f", "ctrl+d"),
        "join": ("J",),
        "kill": ("K",),
        "join_all": ("A",),
        "log": ("L",),
        "search": ("slash", "f3"),
        "filter": ("f", "f4"),
    },
    "htop": {
        "signal": ("f9", "k"),
        "kill": ("K",),
        "tree": ("f5", "t"),
        "terminate": ("T",),
        "search": ("f3", "slash"),
        "filter": ("f4", "backslash"),
        "sort": ("f6", "less_than_sign", "greater_than_sign"),
        "settings": ("f2", "S", "comma"),
        "help": ("f1", "h", "question_mark"),
        "quit": ("f10", "q", "ctrl+q"),
        "pause": ("Z", "p"),
    },
}
"""What a preset changes of the usual keys."""


class Conflict(NamedTuple):
    """One key that would do two things."""

    key: str
    one: str
    other: str


def resolved(usual: Keys, preset: str, own: Keys) -> dict[str, tuple[str, ...]]:
    """The keys of everything in `usual`: the person's `own`, else the preset's, else the usual."""
    return {**usual, **PRESETS[preset], **own}


def conflicts(keymap: Keys) -> Iterator[Conflict]:
    """Keys that would do two things, in the order of the keymap."""
    taken: dict[str, str] = {}
    for name, keys in keymap.items():
        for key in keys:
            if taken.setdefault(key, name) != name:
                yield Conflict(key, taken[key], name)


# ------------------------------------------------------------------------- in force

_in_force: dict[str, tuple[str, ...]] = {}


def put_in_force(keymap: Keys) -> None:
    """From now on every key that is shown or named is this one."""
    _in_force.clear()
    _in_force.update(keymap)


def in_force(name: str, usual: tuple[str, ...]) -> tuple[str, ...]:
    """The keys of an action or a move now."""
    return _in_force.get(name, usual)


def bindings(keymap: Keys) -> dict[str, str]:
    """`keymap` as `textual.app.App.set_keymap` takes it."""
    made = {name: ",".join(keys) for name, keys in keymap.items()}
    if "tag" in made:  # the list binds it too, so that it works while a prompt is open above
        made["table.tag"] = made["tag"]
    return made
