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
from typing import TYPE_CHECKING

from proctui.core.visible import MARKS_PER_CELL, VisibleTable, code, sign, thin_marks

if TYPE_CHECKING:
    from textual.content import Content

MAX_LENGTH = 16_384
"""Characters that are looked at where no width is asked for; what is longer is cut."""


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
    return _fit(text[: (1 + MARKS_PER_CELL) * width + 1], width)


def fit(text: str, width: int, *, right: bool = False) -> str:
    """`safe(text, width)`, filled on the left instead where `right` is set."""
    fitted = safe(text, width)
    if not right or not fitted.endswith(" "):
        return fitted
    shown = fitted.rstrip(" ")
    return fitted[len(shown) :] + shown


def content(text: str) -> Content:
    """`safe(text)` for a widget, with no markup in it."""
    from textual.content import Content  # the first picture is drawn before Textual is there

    return Content(safe(text))


def signs(text: str) -> str:
    """`text` fit for the screen with one character for each of its own, for a field to edit."""
    if text.isascii() and text.isprintable():
        return text
    shown = text.translate(_ascii_signs if ascii_only() else _signs)
    return shown if shown.isascii() else thin_marks(shown, _cell_size, sign)


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
    from rich.cells import chop_cells

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
        "–": "-", "—": "-", "−": "-", "…": "~", "→": ">", "←": "<", "►": ">", "·": ".", "×": "x",
        "│": "|", "├": "|", "└": "`", "─": "-", "▲": "^", "▼": "v", "▸": "+", "▾": "-",
        "●": "*", "○": "o", "◌": ".", "✓": "+", "✗": "x", "▌": "|", "▐": "|", "▒": "#",
        "░": ":", "≠": "!", "⏸": "=", "█": "#", "◆": "*", "’": "'", "≈": "~",
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
    return shown if shown.isascii() else thin_marks(shown, _cell_size)


@lru_cache(maxsize=4096)
def _cell_size(character: str) -> int:
    if ord(character) in _SIGNS or character.isascii():
        return 1 if character.isprintable() else 0
    from rich.cells import get_character_cell_size  # seldom needed for the first picture

    return get_character_cell_size(character)


class _Table(VisibleTable):
    """What has no width and is no mark has nothing to be seen of either."""

    def decide(self, point: int) -> str:
        shown = super().decide(point)
        if shown == chr(point) and _cell_size(shown) == 0:
            return shown if unicodedata.category(shown).startswith("M") else code(point)
        return shown


class _AsciiTable(_Table):
    """The same for a terminal that can show nothing but ASCII."""

    def decide(self, point: int) -> str:
        shown = super().decide(point)
        return shown if shown.isascii() else code(point)


_table = _Table()
_ascii_table = _AsciiTable()


class _Signs(_Table):
    """The same with one character for each."""

    def decide(self, point: int) -> str:
        shown = super().decide(point)
        return shown if len(shown) == 1 else sign(point)


class _AsciiSigns(_Signs):
    """The same for a terminal that can show nothing but ASCII."""

    def decide(self, point: int) -> str:
        shown = super().decide(point)
        return shown if shown.isascii() else "?"


_signs = _Signs()
_ascii_signs = _AsciiSigns()
