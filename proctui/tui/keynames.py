"""How keys are written: by people (``?``, ``F9``, ``^q``), and by Textual (``question_mark``).

Pure, and without Textual, so that settings can be checked before it is loaded.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from proctui.files.checks import text
from proctui.files.mistakes import Wrong, hint, quoted

NAMED: Final = (
    "up", "down", "left", "right", "home", "end", "pageup", "pagedown", "insert", "delete",
    "backspace", "tab", "enter", "escape", "space",
)  # fmt: skip
"""Keys that have a name in place of a sign."""

_FUNCTION: Final = re.compile(r"f([1-9]|1[0-9]|2[0-4])")
_SHORT: Final = {
    "esc": "escape", "return": "enter", "del": "delete", "ins": "insert", "pgup": "pageup",
    "pgdn": "pagedown", "page-up": "pageup", "page-down": "pagedown", "spacebar": "space",
}  # fmt: skip
_SHORTER: Final = {
    "solidus": "slash", "reverse_solidus": "backslash", "commercial_at": "at",
    "hyphen_minus": "minus", "plus_sign": "plus", "low_line": "underscore",
}  # fmt: skip
"""Where Textual's name of a sign is not Unicode's (textual.keys.KEY_NAME_REPLACEMENTS)."""
_MODIFIERS: Final = ("ctrl", "alt", "shift")


def _sign_name(sign: str) -> str:
    """Textual's name of a key that writes `sign`."""
    if sign.isalnum():
        return sign
    name = unicodedata.name(sign, "").lower().replace("-", "_").replace(" ", "_")
    return _SHORTER.get(name, name)


_SIGNS: Final = {_sign_name(chr(code)): chr(code) for code in range(0x21, 0x7F)}
_WRITTEN: Final = {"escape": "esc", "pageup": "PgUp", "pagedown": "PgDn", "delete": "del"}


def key(written: str) -> str:
    """Textual's name of a key as people write it.  Raises `Wrong`.

    ``j``, ``J``, ``/``, ``comma``, ``F9``, ``space``, ``ctrl+q`` and ``^q`` are all keys.
    """
    rest = text(written).strip()
    if len(rest) > 1 and rest[0] == "^":
        rest = f"ctrl+{rest[1:]}"
    *modifiers, last = rest.split("+") if len(rest) > 1 and not rest.endswith("+") else [rest]
    modifiers = [modifier.strip().lower() for modifier in modifiers]
    name = _single(last.strip())
    if name is None or len(set(modifiers)) < len(modifiers):
        raise _wrong(written)
    if not all(modifier in _MODIFIERS for modifier in modifiers):
        raise _wrong(written)
    if modifiers == ["shift"] and len(name) == 1:
        return name.upper()
    if "ctrl" in modifiers:
        name = name.lower()
    return "+".join([*(m for m in _MODIFIERS if m in modifiers), name])


def _single(word: str) -> str | None:
    if len(word) == 1:
        return _sign_name(word) if word.isprintable() and not word.isspace() else None
    lower = word.lower()
    lower = _SHORT.get(lower, lower)
    known = lower in NAMED or lower in _SIGNS or _FUNCTION.fullmatch(lower)
    return lower if known else None


def _wrong(written: str) -> Wrong:
    near = hint(written, (*NAMED, *(name for name in _SIGNS if len(name) > 1)))
    return Wrong(
        f"has no such key as {quoted(written)}; keys are written as "
        f'"j", "J", "F5", "space", "ctrl+x" or "comma"{near}'
    )


def keys(written: object) -> tuple[str, ...]:
    """Textual's names of keys written with commas between them: ``j, F2``.  Raises `Wrong`."""
    found = [key(part) for part in text(written).split(",") if part.strip()]
    if not found:
        raise Wrong('must name a key; the comma itself is written "comma"')
    return tuple(dict.fromkeys(found))


def key_name(name: str) -> str:
    """How a key stands on the screen: ``/``, ``F9``, ``^q``, ``space``."""
    *modifiers, last = name.split("+")
    shown = _WRITTEN.get(last) or _SIGNS.get(last, last)
    if _FUNCTION.fullmatch(last):
        shown = last.upper()
    if modifiers == ["ctrl"]:
        return f"^{shown}"
    return "+".join([*modifiers, shown])
