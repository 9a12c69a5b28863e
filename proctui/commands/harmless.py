"""Untrusted text for a plain terminal: names in tables and sentences, and whole logs.

The screen has its own way (`proctui.tui.untrusted`); this one is for the command line and needs
the standard library alone.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

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
    """`text` on one line with everything that isn't printable as its code (``^[``, ``\\x9b``)."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _code(ord(c)) for c in text)


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
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in text
    )


def _replacement(match: re.Match[str]) -> str:
    if match["colour"]:
        return match["colour"]
    if match["line"]:
        return "\n"
    if match["strange"]:
        return _code(ord(match["strange"]))
    return ""


def _code(point: int) -> str:
    if point < 0x20 or point == 0x7F:
        return "^" + chr(point ^ 0x40)
    if 0xDC80 <= point <= 0xDCFF:  # a byte that was no UTF-8, kept by surrogateescape
        return f"\\x{point - 0xDC00:02x}"
    if point <= 0xFF:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"
