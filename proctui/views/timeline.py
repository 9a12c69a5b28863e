"""Lifelines as columns of cells: which stretch of time is seen, and what stands in each cell.

Pure; times are seconds since the epoch, local time only where it is shown.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import Literal, NamedTuple

import msgspec

from proctui.views.lifelines import Lifeline, Moment, SegmentKind, Sign

SCALES = (
    0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600,
    7200, 14400, 43200, 86400,
)  # fmt: skip
"""Seconds that one cell can stand for, as zooming goes through them."""

_BETWEEN = (
    0.015, 0.03, 0.04, 0.06, 0.08, 0.15, 0.25, 0.3, 0.4, 0.6, 0.8, 1.5, 2.5, 3, 4, 6, 8, 15, 40,
    90, 180, 240, 420, 900,
)  # fmt: skip
FINE = tuple(sorted((*SCALES, *_BETWEEN)))
"""The same as fitting takes them."""

_TICKS = (
    0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800,
    21600, 43200, 86400, 172800, 604800, 1209600,
)  # fmt: skip
_SLACK = 1e-3
"""Of a cell: seconds since the epoch as a float are exact to a quarter of a microsecond only."""
_LABEL = 12
"""Cells between two labels of the axis at least."""

Cell = SegmentKind | Sign | Literal["", "tick", "earlier", "later"]
"""What stands in one cell; "" for nothing, ``tick`` for the line below a label of the axis.
At the edges ``earlier`` and ``later`` say that something happened out of sight."""

_LOUDNESS: tuple[SegmentKind, ...] = ("unseen", "alive", "orphaned", "stopped", "zombie")
_SIGNS: tuple[Sign, ...] = (
    "start", "continued", "stopped", "join", "stop", "signal", "orphan", "zombie", "gone", "done",
    "crashed", "restart", "failed",
)  # fmt: skip
_RANK = {sign: rank for rank, sign in enumerate(_SIGNS)}
"""Where several marks fall into one cell the last of these is seen."""


class Window(msgspec.Struct, frozen=True):
    """The stretch of time that is seen.  `start` stands on a multiple of `scale`."""

    start: float
    scale: float
    """Seconds that one cell stands for."""
    width: int
    """Cells."""

    @property
    def end(self) -> float:
        """Where the cell right of the last one begins."""
        return self.start + self.scale * self.width

    def column(self, when: float) -> int:
        """In which cell a moment falls; negative or not below `width` where it isn't seen."""
        return math.floor((when - self.start) / self.scale + _SLACK)

    def at(self, column: int) -> float:
        """Where a cell begins."""
        return self.start + column * self.scale

    def shows(self, start: float, end: float | None) -> bool:
        """Whether any of that stretch is seen; `end` None lasts for ever."""
        return start < self.end and (end is None or end >= self.start)

    def panned(self, cells: int) -> Window:
        """The same so many cells later, or earlier."""
        return msgspec.structs.replace(
            self, start=_aligned(self.start + cells * self.scale, self.scale)
        )

    def zoomed(self, steps: int, keep: float) -> Window:
        """Closer (positive) or further; `keep` stays in its cell as far as it can."""
        index = min(range(len(SCALES)), key=lambda i: abs(SCALES[i] - self.scale))
        scale = SCALES[max(0, min(len(SCALES) - 1, index - steps))]
        place = (keep - self.start) / self.scale
        return msgspec.structs.replace(
            self, scale=scale, start=_aligned(keep - place * scale, scale)
        )

    def ending(self, now: float) -> Window:
        """The same, with `now` in the last cell."""
        start = _aligned(now, self.scale) - (self.width - 1) * self.scale
        return msgspec.structs.replace(self, start=start)

    def revealing(self, when: float) -> Window:
        """The same, moved as far as needed for a moment to be seen with a little around it."""
        column, margin = self.column(when), min(4, self.width // 4)
        if column < margin:
            return self.panned(column - margin)
        if column >= self.width - margin:
            return self.panned(column - (self.width - 1 - margin))
        return self


def _aligned(when: float, scale: float) -> float:
    return math.floor(when / scale + _SLACK) * scale


def fitting(began: float, now: float, width: int, *, widest: float = SCALES[-1]) -> Window:
    """The closest window that shows everything from `began` to `now`; `widest` seconds a cell."""
    span = max(0.0, now - began)
    room = max(1, width - 2)
    scale = next((s for s in FINE if s <= widest and span <= s * room), widest)
    return Window(0.0, scale, width).ending(now)


# ------------------------------------------------------------------------- the axis


class Tick(NamedTuple):
    """A label of the axis."""

    column: int
    label: str


def ticks(window: Window) -> list[Tick]:
    """Round times of the local clock, far enough apart for their labels."""
    least = _LABEL * window.scale
    step = next((one for one in _TICKS if one >= least), _TICKS[-1])
    offset = time.localtime(window.start).tm_gmtoff if step >= 3600 else 0
    first = math.ceil((window.start + offset) / step - 1e-9)
    last = math.floor((window.end + offset) / step + 1e-9)
    moments = (number * step - offset for number in range(first, last + 1))
    return [
        Tick(column, _label(when, step))
        for when in moments
        if 0 <= (column := window.column(when)) < window.width
    ]


def _label(when: float, step: float) -> str:
    rounded = round(when, 3)
    then = time.localtime(rounded)
    if step >= 86400:
        return time.strftime("%Y-%m-%d", then)
    if step >= 60:
        return time.strftime("%H:%M", then)
    label = time.strftime("%H:%M:%S", then)
    return f"{label}.{int(rounded * 10 + 0.01) % 10}" if step < 1 else label


def clock(when: float) -> str:
    """A moment to the millisecond, in local time."""
    milliseconds = round(when * 1000)
    whole, rest = divmod(milliseconds, 1000)
    return f"{time.strftime('%H:%M:%S', time.localtime(whole))}.{rest:03d}"


# ------------------------------------------------------------------------- the cells


def cells(line: Lifeline, window: Window, now: float, grid: tuple[int, ...] = ()) -> list[Cell]:
    """One cell for each column; nothing later than `now`.  `grid` says where the ticks are."""
    found: list[Cell] = [""] * window.width
    for column in grid:
        found[column] = "tick"
    for kind in _LOUDNESS:
        for segment in line.segments:
            if segment.kind == kind:
                end = now if segment.end is None else min(now, segment.end)
                if segment.start <= end and window.shows(segment.start, end):
                    first = max(0, window.column(segment.start))
                    last = min(window.width - 1, window.column(end))
                    found[first : last + 1] = [kind] * (last + 1 - first)
    ranks = [-1] * window.width
    for moment in line.moments:
        column = window.column(moment.time)
        seen = 0 <= column < window.width and moment.time <= now
        if seen and _RANK[moment.sign] >= ranks[column]:
            found[column], ranks[column] = moment.sign, _RANK[moment.sign]
    if ranks[0] < 0 and line.began is not None and line.began < window.start:
        found[0] = "earlier"
    if ranks[-1] < 0 and _goes_on(line, window.end, now):
        found[-1] = "later"
    return found


def _goes_on(line: Lifeline, when: float, now: float) -> bool:
    """Whether it was anything, or anything happened to it, between `when` and `now`."""
    marks = any(when <= one.time <= now for one in line.moments)
    return marks or any(
        one.start <= now and when < (now if one.end is None else min(one.end, now))
        for one in line.segments
    )


def moments_at(line: Lifeline, window: Window, column: int) -> Iterator[int]:
    """Indexes of the marks in one cell, the one that is seen first."""
    here = [i for i, one in enumerate(line.moments) if window.column(one.time) == column]
    return iter(sorted(here, key=lambda i: -_RANK[line.moments[i].sign]))


def moment_after(line: Lifeline, when: float) -> int | None:
    """Index of the first mark after a moment."""
    return next((i for i, one in enumerate(line.moments) if one.time > when), None)


def moment_before(line: Lifeline, when: float) -> int | None:
    """Index of the last mark before a moment."""
    found = [i for i, one in enumerate(line.moments) if one.time < when]
    return found[-1] if found else None


def spans(line: Lifeline, now: float) -> dict[SegmentKind, float]:
    """Seconds that a process was this and that, all runs together."""
    found: dict[SegmentKind, float] = {}
    for segment in line.segments:
        end = now if segment.end is None else segment.end
        found[segment.kind] = found.get(segment.kind, 0.0) + max(0.0, end - segment.start)
    return found


# ------------------------------------------------------------------------- in words

_SAID: dict[Sign, str] = {
    "start": "started", "signal": "got {}", "stop": "is being stopped", "restart": "restarts",
    "join": "a join waits for it", "orphan": "became an orphan", "zombie": "ended, not joined yet",
    "done": "was joined, exit code 0", "crashed": "was joined, exit code {}", "gone": "is gone",
    "failed": "could not start", "stopped": "was stopped", "continued": "goes on",
}  # fmt: skip


def sentence(moment: Moment) -> str:
    """What a mark tells, where no event tells it better; untrusted."""
    said = _SAID[moment.sign]
    if "{}" in said:
        return said.format(moment.text or "a signal")
    if moment.sign == "zombie" and moment.text:
        return f"ended with exit code {moment.text}, not joined yet"
    if moment.sign == "orphan" and moment.text:
        return f"became an orphan: {moment.text} adopted it"
    if moment.sign in ("failed", "join") and moment.text:
        return moment.text
    return said
