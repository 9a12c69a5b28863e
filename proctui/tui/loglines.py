"""A worker's output as lines that can be drawn: bounded, decoded, colours kept, all else harmless.

Pure: bytes in, lines out; nothing is rendered before it is asked for, so that a
worker that prints without end costs no more than splitting its bytes.
"""

from __future__ import annotations

import codecs
import re
from collections import deque
from itertools import islice
from typing import NamedTuple

from rich.ansi import SGR_STYLE_MAP
from rich.color import Color
from rich.style import Style

LONGEST = 4096
"""Characters of one line that are kept; a longer one ends in an ellipsis."""

_SEQUENCE = re.compile(
    r"\x1b\[(?P<sgr>[0-9;:]*)m"  # colours and emphasis
    r"|\x1b\[[0-?]*[ -/]*[@-~]"  # other control sequences (ECMA-48 5.4): no text in them
    r"|\x1b[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)?"  # operating system commands and other strings
    r"|\x1b[ -/]*[0-~]"
)
_PLAIN = Style.null()
_UNWANTED = frozenset({5, 6, 8})
"""Blinking disturbs, concealed text would hide what the worker said."""


class Line(NamedTuple):
    """One line as it came, and the style in force where it begins."""

    text: str
    style: Style


Span = tuple[str, Style]


def _extended(codes: list[int], background: bool) -> Style:
    """``38;5;N`` and ``38;2;R;G;B``: takes its numbers off the front of `codes`."""
    kind = codes.pop(0) if codes else 0
    color: Color | None = None
    if kind == 5 and codes:
        color = Color.from_ansi(min(codes.pop(0), 255))
    elif kind == 2 and len(codes) >= 3:
        red, green, blue = (min(codes.pop(0), 255) for _ in range(3))
        color = Color.from_rgb(red, green, blue)
    if color is None:
        return _PLAIN
    return Style.from_color(bgcolor=color) if background else Style.from_color(color)


def _restyle(style: Style, parameters: str) -> Style:
    """Style after a select graphic rendition with these parameters (ECMA-48 8.3.117)."""
    codes = [min(int(code or 0), 999) for code in re.split("[;:]", parameters)]
    while codes:
        code = codes.pop(0)
        if code == 0:
            style = _PLAIN
        elif code in (38, 48):
            style += _extended(codes, code == 48)
        elif code in SGR_STYLE_MAP and code not in _UNWANTED:
            style += Style.parse(SGR_STYLE_MAP[code])
    return style


def spans(line: Line) -> list[Span]:
    """The line's text in pieces of one style each, without control sequences.

    What control characters are left are still raw: whoever draws makes them visible.
    """
    if "\x1b" not in line.text:
        return [(line.text, line.style)] if line.text else []
    found: list[Span] = []
    style, position = line.style, 0
    for match in _SEQUENCE.finditer(line.text):
        if match.start() > position:
            found.append((line.text[position : match.start()], style))
        position = match.end()
        if match["sgr"] is not None:
            style = _restyle(style, match["sgr"])
    if position < len(line.text):
        found.append((line.text[position:], style))
    return found


def plain(line: Line) -> str:
    """The line's text without control sequences."""
    return _SEQUENCE.sub("", line.text) if "\x1b" in line.text else line.text


class LogLines:
    """The last `limit` lines of a log, fed with its bytes as they come."""

    def __init__(self, limit: int = 5000) -> None:
        self.lines: deque[Line] = deque(maxlen=limit)
        self.dropped = 0
        """Lines that were given up for newer ones: line 0 is number `dropped` of the log."""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._open = ""
        self._style = _PLAIN

    def __len__(self) -> int:
        return len(self.lines) + bool(self._open)

    def __getitem__(self, index: int) -> Line:
        if index == len(self.lines) and self._open:
            return self._finished(self._open)
        return self.lines[index]

    def feed(self, data: bytes) -> None:
        """Takes what was read next from the file."""
        text = self._open + self._decoder.decode(data)
        *whole, self._open = text.split("\n")
        if len(self._open) > 2 * LONGEST:  # a line without end
            self._open = _newest_state(self._open)
        for piece in whole:
            line = self._finished(piece)
            self._style = self._after(line)
            self.dropped += len(self.lines) == self.lines.maxlen
            self.lines.append(line)

    def clear(self) -> None:
        """Forgets all lines; what comes next is shown."""
        self.dropped += len(self.lines)
        self.lines.clear()
        self._open = ""

    def find(self, needle: str, start: int, *, backwards: bool = False) -> int | None:
        """Index of the next line from `start` on that contains `needle`, round the end."""
        count = len(self)
        if not needle or not count:
            return None
        wanted = needle.casefold()
        step = -1 if backwards else 1
        for offset in islice(range(0, count * step, step), count):
            index = (start + offset) % count
            if wanted in plain(self[index]).casefold():
                return index
        return None

    def _finished(self, text: str) -> Line:
        """A line as a terminal would leave it: only what stands after the last return."""
        text = text.rstrip("\r")
        if "\r" in text:
            text = text.rpartition("\r")[2]
        if len(text) > LONGEST:
            text = text[:LONGEST] + "…"
        return Line(text, self._style)

    def _after(self, line: Line) -> Style:
        if "\x1b" not in line.text:
            return line.style
        style = line.style
        for match in _SEQUENCE.finditer(line.text):
            if match["sgr"] is not None:
                style = _restyle(style, match["sgr"])
        return style


def _newest_state(text: str) -> str:
    """What counts of a line that is too long: what stands after its last return, cut."""
    shown = text.rstrip("\r")
    rewinds = "\r" if len(shown) < len(text) else ""
    return shown.rpartition("\r")[2][: LONGEST + 1] + rewinds
