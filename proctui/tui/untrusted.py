"""Untrusted text becomes display text here and nowhere else.

Process names, command lines, log lines, error texts and configuration values all
pass through `safe` before they are drawn (take it from `proctui.tui.text`).  What
comes out holds no control character, no escape sequence, nothing invisible and
nothing that turns the reading direction; what could not be seen stands there as its
code (``^[``, ``\\x9b``, ``\\u202e``).  Widths are counted in terminal cells.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache

from rich.cells import chop_cells, get_character_cell_size
from textual.content import Content

MAX_LENGTH = 16_384
"""Characters that are looked at where no width is asked for; what is longer is cut."""

_MARKS_PER_CELL = 2
"""Combining marks kept on one character; a taller pile would spill over its neighbours."""

_TABLE_LIMIT = 16_384
"""Code points remembered; hostile text could bring a million."""

_INVISIBLE = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}
    | set(range(0x180B, 0x1810))
    | set(range(0xFE00, 0xFE10))
    | set(range(0xE0100, 0xE01F0))
)
"""Printable by their category and yet drawn as nothing: fillers, joiners, variation selectors."""

_FUSING = frozenset(set(range(0x1F1E6, 0x1F200)) | set(range(0x1F3FB, 0x1F400)))
"""Regional indicators and skin tones: terminals disagree about their width beside one another."""


def wants_ascii(environ: Mapping[str, str]) -> bool:
    """Whether the terminal should get ASCII only.

    ``PROCTUI_ASCII`` decides where it is set (``0`` or empty: no).  Otherwise the locale
    does, by the first of LC_ALL, LC_CTYPE and LANG that is set (locale(7)), and the bare
    Linux console counts as ASCII, because its fonts lack the glyphs.  Python itself writes
    LC_CTYPE=C.UTF-8 where the locale is C (PEP 538), so that value says nothing then.
    """
    forced = environ.get("PROCTUI_ASCII")
    if forced is not None:
        return forced not in ("", "0")
    if environ.get("TERM") == "linux":
        return True
    named = {name: environ.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG")}
    if named["LANG"] in ("C", "POSIX") and named["LC_CTYPE"] == "C.UTF-8":
        named["LC_CTYPE"] = ""
    value = next(filter(None, named.values()), "UTF-8")
    codeset = value.rpartition(".")[2].partition("@")[0]
    return codeset.lower().replace("-", "") != "utf8"


@lru_cache(maxsize=1)
def ascii_only() -> bool:
    """`wants_ascii` of this process's environment, decided once."""
    return wants_ascii(os.environ)


def safe(text: str, width: int | None = None) -> str:
    """`text` fit for the screen; exactly `width` cells where one is asked for.

    Too long a text is cut with an ellipsis, too short a one filled with spaces.  Without
    a width it is cut after `MAX_LENGTH` characters only.  The result is no markup: hand it
    to a `Segment`, a `rich.text.Text` or `content`, never to something that parses it.
    """
    if width is None:
        cut = text[: MAX_LENGTH + 1]
        shown = _visible(cut[:MAX_LENGTH])
        return shown + ellipsis() if len(cut) > MAX_LENGTH else shown
    if width <= 0:
        return ""
    # Every cell takes at most one character and its marks, so more can't be seen anyway.
    return _fit(text[: (1 + _MARKS_PER_CELL) * width + 1], width)


def fit(text: str, width: int, *, right: bool = False) -> str:
    """`safe(text, width)`, filled on the left instead where `right` is set."""
    fitted = safe(text, width)
    if not right or not fitted.endswith(" "):
        return fitted
    shown = fitted.rstrip(" ")
    return fitted[len(shown) :] + shown


def content(text: str) -> Content:
    """`safe(text)` for a widget, with no markup in it."""
    return Content(safe(text))


def cells(text: str) -> int:
    """Width of text that came out of `safe`."""
    return len(text) if text.isascii() else sum(map(_cell_size, text))


def wrap(text: str, width: int) -> list[str]:
    """`text` made safe and broken into lines of at most `width` cells, at spaces where it can."""
    lines: list[str] = []
    line, used = "", 0
    for word in _words(safe(text), max(1, width)):
        size = cells(word)
        if line and used + 1 + size > width:
            lines.append(line)
            line, used = word, size
        else:
            line = f"{line} {word}" if line else word
            used = cells(line)
    return [*lines, line] if line else lines


def _words(shown: str, width: int) -> Iterator[str]:
    """Words, those wider than a line in pieces."""
    for word in shown.split():
        yield from chop_cells(word, width) if cells(word) > width else (word,)


def ellipsis() -> str:
    """One cell that says that something was cut."""
    return "~" if ascii_only() else "…"


def plain(text: str) -> str:
    """The program's own text, with its few signs replaced on an ASCII terminal."""
    return text.translate(_SIGNS) if ascii_only() and not text.isascii() else text


_SIGNS = str.maketrans(
    {
        "–": "-", "—": "-", "−": "-", "…": "~", "→": ">", "►": ">", "·": ".", "×": "x",
        "│": "|", "├": "|", "└": "`", "─": "-", "▲": "^", "▼": "v", "▸": "+", "▾": "-",
        "●": "*", "○": "o", "◌": ".", "✓": "+", "✗": "x", "▌": "|", "▐": "|", "▒": "#",
        "░": ":", "≠": "!", "⏸": "=", "█": "#", "◆": "*", "’": "'",
    }
)  # fmt: skip


@lru_cache(maxsize=4096)
def _fit(text: str, width: int) -> str:
    shown = _visible(text)
    size = cells(shown)
    if size <= width:
        return shown + " " * (width - size)
    if shown.isascii():
        return shown[: width - 1] + ellipsis()
    return _cut(shown, width - 1) + ellipsis()


def _cut(text: str, width: int) -> str:
    """At most `width` cells of safe text, filled up where a wide character did not fit."""
    taken = 0
    for index, character in enumerate(text):
        size = _cell_size(character)
        if taken + size > width:
            return text[:index] + " " * (width - taken)
        taken += size
    return text + " " * (width - taken)


def _visible(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    shown = text.translate(_ascii_table if ascii_only() else _table)
    return shown if shown.isascii() else _thin_marks(shown)


def _thin_marks(text: str) -> str:
    """Shows marks that have nothing to stand on, or too many below them, as their codes."""
    pile = _MARKS_PER_CELL
    pieces: list[str] = []
    for character in text:
        if _cell_size(character):
            pile = 0
        elif (pile := pile + 1) > _MARKS_PER_CELL:
            character = _code(ord(character))
        pieces.append(character)
    return "".join(pieces)


def _cell_size(character: str) -> int:
    return get_character_cell_size(character)


def _code(point: int) -> str:
    if point < 0x20 or point == 0x7F:
        return "^" + chr(point ^ 0x40)
    if 0xDC80 <= point <= 0xDCFF:  # a byte that was no UTF-8, kept by surrogateescape
        return f"\\x{point - 0xDC00:02x}"
    if point <= 0xFF:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"


class _Table(dict[int, str]):
    """For `str.translate`: decides about a code point when it is first met."""

    def __missing__(self, point: int) -> str:
        if len(self) >= _TABLE_LIMIT:
            self.clear()
        shown = self.decide(point)
        self[point] = shown
        return shown

    def decide(self, point: int) -> str:
        character = chr(point)
        if point in _INVISIBLE or point in _FUSING:
            return _code(point)
        category = unicodedata.category(character)
        if category == "Zs":
            return " "
        if not character.isprintable():
            return _code(point)
        if _cell_size(character) == 0 and not category.startswith("M"):
            return _code(point)
        return character


class _AsciiTable(_Table):
    """The same for a terminal that can show nothing but ASCII."""

    def decide(self, point: int) -> str:
        shown = super().decide(point)
        return shown if shown.isascii() else _code(point)


_table = _Table()
_ascii_table = _AsciiTable()
