"""Which characters of untrusted text may be seen as they are, and what stands for the others.

Decided here once for the screen (`proctui.tui.untrusted`) and for the command line
(`proctui.commands.harmless`).  Pure; standard library only.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Final

MARKS_PER_CELL: Final = 2
"""Combining marks kept on one character; a taller pile would spill over its neighbours."""

INVISIBLE: Final = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}
    | set(range(0x180B, 0x1810))
    | set(range(0xFE00, 0xFE10))
    | set(range(0xE0100, 0xE01F0))
)
"""Printable by their category and yet drawn as nothing: fillers, joiners, variation selectors."""

DISPUTED: Final = frozenset(
    {point for first, last in (
        (0x1F1E6, 0x1F1FF),  # regional indicators, and skin tones: two may fuse into one
        (0x1F3FB, 0x1F3FF),
        (0x2630, 0x2637),  # what Unicode 16 has made wide
        (0x268A, 0x268F),
        (0x4DC0, 0x4DFF),
        (0x1D300, 0x1D356),
        (0x1D360, 0x1D376),
    ) for point in range(first, last + 1)}
)  # fmt: skip
"""Code points about whose width terminals disagree: drawn as they are, columns would shift."""

_TABLE_LIMIT: Final = 16_384
"""Code points remembered; hostile text could bring a million."""


class VisibleTable(dict[int, str]):
    """For `str.translate`: decides about a code point when it is first met."""

    def __missing__(self, point: int) -> str:
        if len(self) >= _TABLE_LIMIT:
            self.clear()
        shown = self.decide(point)
        self[point] = shown
        return shown

    def decide(self, point: int) -> str:
        """The character itself, a blank for any space, or its code."""
        character = chr(point)
        if point in INVISIBLE or point in DISPUTED:
            return code(point)
        if unicodedata.category(character) == "Zs":
            return " "
        return character if character.isprintable() else code(point)


def code(point: int) -> str:
    """A visible name for a character: ``^[``, ``\\x9b``, ``\\u202e``."""
    if point < 0x20 or point == 0x7F:
        return "^" + chr(point ^ 0x40)
    if 0xDC80 <= point <= 0xDCFF:  # a byte that was no UTF-8, kept by surrogateescape
        return f"\\x{point - 0xDC00:02x}"
    if point <= 0xFF:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"


def sign(point: int) -> str:
    """One character of one cell that stands for another: ``␛``, ``\ufffd``."""
    if point < 0x20:
        return chr(0x2400 + point)
    return "␡" if point == 0x7F else "\ufffd"


def thin_marks(
    text: str, width: Callable[[str], int], stand_in: Callable[[int], str] = code
) -> str:
    """Shows marks that have nothing to stand on, or too many below them, as their codes."""
    pile = MARKS_PER_CELL
    pieces: list[str] = []
    for character in text:
        if width(character):
            pile = 0
        elif (pile := pile + 1) > MARKS_PER_CELL:
            character = stand_in(ord(character))
        pieces.append(character)
    return "".join(pieces)
