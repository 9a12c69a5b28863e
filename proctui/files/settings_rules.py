"""What a file of settings may say: checks of its values, and of keys that contradict others."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, get_args

from proctui.files import checks, tomlfile
from proctui.files.checks import Check
from proctui.files.mistakes import Mistakes, Wrong, described, dotted, hint, listed
from proctui.files.settings import CONFIRMED, NARROWEST, WIDEST, OnQuit, Settings
from proctui.tui import keymap, keynames
from proctui.tui.keymap import Keys, Preset
from proctui.tui.keys import keymap_in_full, usual_keys
from proctui.views.view import COLUMNS


def loads(text: str, file: Path) -> Settings:
    """What a file's text says.  Raises `ConfigError` with all that is wrong in it."""
    mistakes = Mistakes(file)
    values: dict[str, Any] = {}
    for key, value in tomlfile.parse(text, file).items():
        if key not in CHECKS:
            near = hint(key, CHECKS) or f"; known here are {', '.join(sorted(CHECKS))}"
            mistakes.add(dotted(key), f"is not a known setting{near}")
            continue
        for part in _parts(value):
            try:
                checked = CHECKS[key](part)
            except Wrong as wrong:
                mistakes.add(key + wrong.at, str(wrong))
            else:
                values[key] = {**values.get(key, {}), **checked} if part is not value else checked
    if "sort" in values:
        values["sort"], values["reverse"] = values["sort"]
    settings = Settings(**values)
    for sentence in clashes(settings):
        mistakes.add("keys", sentence)
    mistakes.tell()
    return settings


def _parts(value: object) -> list[object]:
    """The entries of a table one by one, so that each tells its own mistake; else the value."""
    if isinstance(value, Mapping) and value:
        return [{name: entry} for name, entry in value.items()]
    return [value]


def clashes(settings: Settings) -> list[str]:
    """One clause for each key that would do two things, or something it can't be given to."""
    full = keymap_in_full(settings)
    said = [
        f'gives "{keynames.key_name(key)}" to {name}, but that key always {keymap.RESERVED[key]}'
        for name, keys in settings.keys.items()
        for key in keys
        if key in keymap.RESERVED
    ]
    for key, one, other in keymap.conflicts(full):
        first, second = (one, other) if one in settings.keys else (other, one)
        shown = keynames.key_name(key)
        said.append(
            f'gives "{shown}" to {first}, and {second} has that key too; '
            f"give {second} another one as well"
        )
    return said


# ------------------------------------------------------------------------- checks


def _theme(value: object) -> str:
    from proctui.tui.themes import names  # Textual is loaded for the names of its themes only

    return str(checks.choice(*names())(value))


def _keys(value: object) -> Keys:
    if not isinstance(value, Mapping):
        raise Wrong(f'must be a table such as [keys] with kill = "K", not {described(value)}')
    made: dict[str, tuple[str, ...]] = {}
    known = usual_keys()
    for name, written in value.items():
        at = "." + dotted(name)
        if name not in known:
            near = hint(name, known) or f"; known are {', '.join(known)}"
            raise Wrong(f"is not an action{near}", at)
        try:
            made[name] = keynames.keys(written)
        except Wrong as wrong:
            raise Wrong(str(wrong), at) from None
    return made


def _words(kind: str, options: tuple[str, ...], *, needed: tuple[str, ...] = ()) -> Check:
    def check(value: object) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise Wrong(
                f'must be an array of {kind} such as ["{options[0]}"], not {described(value)}'
            )
        made: list[str] = []
        for index, word in enumerate(value):
            if word not in options:
                near = hint(word, options)
                raise Wrong(f"must be {listed(options)}, not {described(word)}{near}", f"[{index}]")
            if word in made:
                raise Wrong(f"names {described(word)} a second time", f"[{index}]")
            made.append(word)
        if not all(word in made for word in needed):
            raise Wrong(f"must have {listed(needed)} among them")
        return tuple(made)

    return check


def _widths(value: object) -> dict[str, int]:
    if not isinstance(value, Mapping):
        raise Wrong(f"must be a table such as [widths] with name = 30, not {described(value)}")
    made: dict[str, int] = {}
    for column, cells in value.items():
        at = "." + dotted(column)
        if column not in COLUMNS:
            raise Wrong(
                f"is not a column{hint(column, COLUMNS)}; columns are {', '.join(COLUMNS)}", at
            )
        try:
            made[column] = checks.integer(NARROWEST, WIDEST)(cells)
        except Wrong as wrong:
            raise Wrong(str(wrong), at) from None
    return made


def _sort(value: object) -> tuple[str | None, bool]:
    """A column; with a minus the other way round; ``none`` for the order of the file."""
    written = value if isinstance(value, str) else ""
    column = written.removeprefix("-")
    if written == "none":
        return None, False
    if column not in COLUMNS:
        raise Wrong(
            f'must be "none" or a column ({", ".join(COLUMNS)}), with "-" before it for the other '
            f"way round, not {described(value)}{hint(column, COLUMNS)}"
        )
    return column, column != written


CHECKS: Final[dict[str, Check]] = {
    "theme": _theme,
    "keymap": checks.choice(*get_args(Preset)),
    "keys": _keys,
    "columns": _words("columns", COLUMNS, needed=("name",)),
    "widths": _widths,
    "tree": checks.boolean,
    "sort": _sort,
    "refresh": checks.seconds(0.1, 3600, above=False),
    "confirm": _words("actions", CONFIRMED),
    "on_quit": checks.choice(*get_args(OnQuit)),
}
"""Every key of the file."""
