"""Writing a person's settings back: the whole file, with what each setting means."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from proctui.files import settings, settings_rules
from proctui.files.mistakes import ConfigError
from proctui.files.settings import Settings
from proctui.files.textfile import reason
from proctui.tui.keynames import key_name

_HEAD: Final = """\
# Settings of proctui's screen.  proctui writes this file anew when they are changed from within,
# so comments of your own do not stay.  What begins with "#" is at its default.
"""
_MEANINGS: Final[Mapping[str, str]] = {
    "theme": "Colours: a theme of Textual's, or proctui-high-contrast or proctui-colour-blind.",
    "keymap": 'Which keys do what: "default", "vim" or "htop"; [keys] below changes single ones.',
    "columns": "The columns of the list in their order; [widths] below sets their width in cells.",
    "tree": "What descends from a worker stands under it.",
    "sort": 'A column, with "-" before it for the other way round; "none" is the worker file\'s.',
    "refresh": "Seconds between two refreshes of the figures; without it as the session says.",
    "confirm": "What asks before it does anything.",
    "on_quit": 'What becomes of workers that run on leaving: "ask", "stop", "wait" or "detach".',
}


def save(changes: Mapping[str, Any], file: Path | None = None) -> Settings:
    """Changes some settings (fields of `Settings`) and leaves the others as the file has them.

    Returns all of them.  The file is replaced in one step, the one that a link leads to where
    it is a link; a reader sees either the old or the new.  Raises `ConfigError`: what stands in
    the file now is wrong, the changes contradict the rest, or the file can't be written.
    """
    file = file or settings.path()
    made = msgspec.structs.replace(settings.load(file), **changes)
    text = dumps(made)
    settings_rules.loads(text, file)
    try:
        _replace(file.resolve(), text)
    except OSError as error:
        raise ConfigError(file, "", f"can't be written: {reason(error)}") from error
    return made


def dumps(chosen: Settings) -> str:
    """The text of a settings file that says all this."""
    usual = Settings()
    parts = [_HEAD]
    for key, meaning in _MEANINGS.items():
        value, default = _value(chosen, key), _value(usual, key)
        mark = "#" if value == default else ""
        parts.append(f"\n# {meaning}\n{mark}{key} = {_toml(value)}\n")
    parts += _table("keys", ((name, _keys(keys)) for name, keys in chosen.keys.items()))
    parts += _table("widths", chosen.widths.items())
    return "".join(parts)


def _value(chosen: Settings, key: str) -> object:
    if key == "sort":
        return f"{'-' if chosen.reverse else ''}{chosen.sort}" if chosen.sort else "none"
    if key == "refresh" and chosen.refresh is None:
        return 1.0
    return getattr(chosen, key)


def _keys(keys: tuple[str, ...]) -> str:
    """Keys as `proctui.tui.keynames.keys` reads them."""
    return ", ".join(key if "+" in key or key == "comma" else key_name(key) for key in keys)


def _table(name: str, items: Any) -> Iterator[str]:
    lines = [f"{key} = {_toml(value)}\n" for key, value in items]
    if lines:
        yield f"\n[{name}]\n"
        yield from lines


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value)


def _replace(file: Path, text: str) -> None:
    """Writes beside the file and moves that over it (rename(2) is atomic)."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    mode = file.stat().st_mode & 0o777 if file.exists() else 0o600
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as beside:
            beside.write(text)
            beside.flush()
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink()
        raise
