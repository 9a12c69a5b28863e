"""Key → frame and held key, while 30 % of the rows change each second, beside a DataTable.

Both run in a real terminal; a frame counts when the cursor stands on another row.
"""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Iterator
from typing import NamedTuple

from tests.benchmarks import crowd
from tests.benchmarks.figures import Figure, Figures, Scale, distribution
from tests.benchmarks.terminals import LINES, Pty, drain, pty

SCALES = {
    "full": Scale((100, 1000, 10_000), seconds=6.0, rounds=30),
    "quick": Scale((1000,), seconds=1.5, rounds=6),
    "tiny": Scale((30,), seconds=0.4, rounds=1),
}
SHARE = 0.3
"""Of the rows that change each second."""
PER_SECOND = 100
"""Keys sent while one is held: more than frames are drawn."""
COLUMN = 6
"""Where the cursor's colour is looked at: no glyph, no border."""
NAME = slice(0, 30)
"""Where a row's name stands."""
UP, DOWN = b"\x1b[A", b"\x1b[B"


class Measured(NamedTuple):
    """Of one program."""

    keys: list[float]
    """Seconds from each key to its frame."""
    cpu: float
    """Per cent of a core, nothing pressed."""
    fast: float
    """Frames per second while a key is held."""
    gap: float
    """The longest time without one meanwhile, seconds."""


def figures(scale: Scale) -> Figures:
    """Both programs, one after the other, at each number of rows."""
    for count in scale.counts:
        rows, name = f"{count:,} rows", "DataTable"
        ours = _measured("ours", count, scale)
        theirs = _measured("datatable", count, scale)
        yield from distribution(f"key → frame, {rows}", ours.keys, name, theirs.keys)
        yield Figure(f"held key, {rows}", ours.fast, "frames/s", name, theirs.fast, True)
        longest = f"held key, worst gap, {rows}"
        yield Figure(longest, 1000 * ours.gap, "ms", name, 1000 * theirs.gap)
        yield Figure(f"CPU, 30 % of {rows} change", ours.cpu, "% of core", name, theirs.cpu)


def _measured(which: str, count: int, scale: Scale) -> Measured:
    with screen(which, count) as term:
        cursor = Cursor(term)
        keys = [took for _ in range(scale.rounds) for took in cursor.there_and_back()]
        drain([term], 0.3)
        before = term.cpu()
        drain([term], scale.seconds)
        cpu = 100 * (term.cpu() - before) / scale.seconds
        fast, gap = cursor.held(scale.seconds, count)
        return Measured(keys, cpu, fast, gap)


@contextlib.contextmanager
def screen(which: str, count: int) -> Iterator[Pty]:
    """One of the programs of `tests.benchmarks.screens`, of which all rows are there."""
    argv = [sys.executable, "-m", "tests.benchmarks.screens", which, str(count), str(SHARE)]
    with pty(argv) as term:
        term.when(term.shows(crowd.name_of(1), crowd.name_of(2)), 0.3)
        drain([term], 1.5)  # the first refresh brings everything, and is no frame of interest
        yield term


class Cursor:
    """The row that is painted otherwise than the next."""

    def __init__(self, term: Pty) -> None:
        self.term = term
        name = crowd.name_of(1)
        self._top = next(y for y in range(LINES) if name in term.line(y))
        """The line of the first row; nothing scrolls before a key is held."""
        if self._paint(0) == self._paint(1):
            raise RuntimeError(f"there is no cursor to be seen:\n{term.text}")
        self._is = self._paint(0)

    def there_and_back(self) -> tuple[float, float]:
        """Seconds from a key to the frame that shows it, down and up again."""
        return self._press(DOWN, 1), self._press(UP, 0)

    def _press(self, key: bytes, row: int) -> float:
        drain([self.term], random.uniform(0.02, 0.2))
        self.term.draw()
        began = self.term.type(key)
        return self.term.when(lambda: self._paint(row) == self._is, 0.03) - began

    def held(self, seconds: float, count: int) -> tuple[float, float]:
        """Frames per second while a key is held, and the longest time without one."""
        term, step = self.term, 1 / PER_SECOND
        began = term.now()
        for number in range(int(seconds * PER_SECOND)):
            term.type(DOWN if number // (count - 1) % 2 == 0 else UP)
            while (left := began + (number + 1) * step - term.now()) > 0:
                term.take(left)
        ended = term.now()
        moments = [moment for moment in self._frames() if began <= moment <= ended]
        gaps = [b - a for a, b in zip([began, *moments], [*moments, ended], strict=True)]
        return len(moments) / (ended - began), max(gaps)

    def _frames(self) -> Iterator[float]:
        """When the cursor was seen on another row."""
        last = self._row()
        for moment in self.term.drawn():
            row = self._row()
            if row is not None and row != last:
                last = row
                yield moment

    def _row(self) -> str | None:
        """The text of the cursor's row."""
        for y in range(self._top, LINES):
            if self.term.paint(y, COLUMN) == self._is:
                return self.term.line(y)[NAME]
        return None

    def _paint(self, row: int) -> object:
        return self.term.paint(self._top + row, COLUMN)
