"""Untrusted text for a plain terminal: names in tables and sentences, and whole logs.

The screen has its own way (`proctui.tui.untrusted`); this one is for the command line and needs
the standard library alone.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from proctui.core.visible import VisibleTable, code, thin_marks

_SEQUENCES: Final = re.compile(
    r"""
      (?P<colour>\x1b\[[0-9;:]*m)                       # SGR: kept
    | \x1b\[[0-?]*[ -/]*[@-~]                           # other control sequences (ECMA-48 5.4)
    | \x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)         # OSC, DCS, SOS, PM, APC with their text
    | \x1b[ -/]*[0-Z\\`-~]                              # ESC and one more: charsets, resets
    | (?P<line>\r\n|\r)                                 # a bar that redraws itself: line by line
    | (?P<strange>[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069])
    """,
    re.VERBOSE,
)
RESET: Final = "\x1b[0m"


def plain(text: str) -> str:
    """`text` on one line; what can't be seen or draws wrongly stands there as its code (``^[``).

    The result takes `cells` cells.
    """
    if text.isascii() and text.isprintable():
        return text
    shown = text.translate(_table)
    return shown if shown.isascii() else thin_marks(shown, _width)


def log_text(data: bytes) -> str:
    """A log's bytes for a terminal: lines and colours kept, all else stripped or made visible.

    Where there is colour, the last character is followed by a reset.
    """
    text = data.decode("utf-8", "backslashreplace")
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return text
    shown = _SEQUENCES.sub(_replacement, text)
    return shown + RESET if "\x1b" in shown else shown


def cells(text: str) -> int:
    """Width of text that came out of `plain`, in terminal cells (Unicode annex 11)."""
    return len(text) if text.isascii() else sum(map(_width, text))


_table = VisibleTable()


def _width(character: str) -> int:
    """Cells of a character that is visible; marks and the later letters of a jamo syllable have
    none."""
    if unicodedata.category(character)[0] == "M":
        return 0
    if "\u1160" <= character <= "\u11ff" or "\ud7b0" <= character <= "\ud7ff":
        return 0
    return 1 + (unicodedata.east_asian_width(character) in "WF")


def _replacement(match: re.Match[str]) -> str:
    if match["colour"]:
        return "" if _conceals(match["colour"]) else match["colour"]
    if match["line"]:
        return "\n"
    if match["strange"]:
        return code(ord(match["strange"]))
    return ""


def _conceals(colour: str) -> bool:
    """Whether text after it would be there and not be seen (ECMA-48 8.3.117: 8)."""
    numbers = re.split("[;:]", colour[2:-1])
    while numbers:
        number = numbers.pop(0).lstrip("0")
        if number == "8":
            return True
        if number in ("38", "48", "58") and numbers:  # a colour follows, whose numbers may be 8
            del numbers[: 4 if numbers[0] == "2" else 2]
    return False
