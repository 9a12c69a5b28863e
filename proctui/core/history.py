"""What each row went through: marks for the timeline, series for the sparklines.

Bounded in every direction: marks and points of one process, and the histories
of processes that are gone.  Pure; times are seconds since the epoch.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Iterator
from typing import Literal, NamedTuple

MAX_MARKS = 256
"""Kept of one process, the latest."""
FEWEST_MARKS = 24
"""Kept of each also where there are very many."""
ALL_MARKS = 40_000
"""Kept of all processes together, as long as nobody gets fewer than the fewest."""
MAX_POINTS = 300
"""CPU and memory figures kept of one process, the latest."""
FEWEST_POINTS = 30
"""Kept of each also where there are very many."""
ALL_POINTS = 300_000
"""Kept of all processes together, as long as nobody gets fewer than the fewest."""
MAX_GONE = 2000
"""Histories kept of processes that are gone, the latest."""

MarkKind = Literal[
    "started", "signal", "stop", "zombie", "orphaned", "ended", "join", "joined", "restart",
    "failed", "stopped", "continued", "found-dead",
]  # fmt: skip
"""``found-dead`` is the first look at what was a zombie by then, ``join`` a join that waits, gives
up or is cancelled, ``joined`` one that succeeded."""


class Mark(NamedTuple):
    """One moment on a lifeline."""

    time: float
    kind: MarkKind
    text: str = ""
    """What exactly, for example ``SIGTERM``, ``exit code 3``, ``init (1)``; untrusted."""
    seq: int | None = None
    """Number of the event that tells the same; None where only the kernel told."""


class Point(NamedTuple):
    """Figures at one moment.  A process whose figures stand still brings none."""

    time: float
    cpu_percent: float
    """Of one core."""
    rss_bytes: int


class History:
    """One row's past.  `name` and `worker` stay true after the row has gone."""

    __slots__ = ("_begin", "_points", "ended_at", "key", "marks", "name", "parent", "worker")

    def __init__(self, key: str) -> None:
        self.key = key
        self.name = ""
        """Last name of the process; untrusted."""
        self.parent: str | None = None
        """Key of the row that it hung under last."""
        self.worker: str | None = None
        """Id of the worker that it is or descends from."""
        self.ended_at: float | None = None
        """Set once the row has gone."""
        self.marks: list[Mark] = []
        """In order of time."""
        self._begin = 0.0
        self._points: array[float] | None = None
        """Flat: seconds since the first point, CPU per cent, KiB of memory, each 4 bytes."""

    def mark(self, mark: Mark, keep: int = MAX_MARKS) -> None:
        """Adds a mark in order of time, which late news need not come in; none twice.

        The oldest go where there are more than `keep`.
        """
        marks = self.marks
        place = len(marks)
        while place and marks[place - 1].time > mark.time:
            place -= 1
        same = place
        while same and marks[same - 1].time == mark.time:
            same -= 1
            if marks[same].kind == mark.kind:
                return
        marks.insert(place, mark)
        if len(marks) > keep:
            del marks[: len(marks) - keep]

    def point(self, time: float, cpu_percent: float, rss_bytes: int, keep: int) -> None:
        """Adds the figures of one moment and lets the oldest go if there are more than `keep`."""
        if self._points is None:
            self._points = array("f")
            self._begin = time
        points = self._points
        points.extend((time - self._begin, cpu_percent, rss_bytes / 1024))
        if len(points) > 4 * keep:  # cut now and then, not each time
            del points[: len(points) - 3 * keep]

    def points(self) -> list[Point]:
        """Figures in order of time, at most `MAX_POINTS`."""
        flat = self._points or array("f")
        begin = self._begin
        return [
            Point(begin + flat[i], flat[i + 1], int(1024 * flat[i + 2]))
            for i in range(max(0, len(flat) - 3 * MAX_POINTS), len(flat), 3)
        ]


class Histories:
    """The histories of all rows, those of gone ones in the order in which they went."""

    def __init__(self, *, max_gone: int = MAX_GONE) -> None:
        self._all: dict[str, History] = {}
        self._gone: OrderedDict[str, None] = OrderedDict()
        self._max_gone = max_gone

    def __iter__(self) -> Iterator[History]:
        return iter(self._all.values())

    def get(self, key: str) -> History | None:
        """None for a key never seen, or gone too long ago."""
        return self._all.get(key)

    def of(self, key: str) -> History:
        """Its history, begun if there is none."""
        history = self._all.get(key)
        if history is None:
            history = self._all[key] = History(key)
        return history

    def mark(self, key: str, mark: Mark) -> None:
        """Adds a mark to its history; each has so many that all together stay bounded."""
        history = self.of(key)
        share = ALL_MARKS // len(self._all)
        history.mark(mark, max(FEWEST_MARKS, min(MAX_MARKS, share)))

    @property
    def keep(self) -> int:
        """How many points each may have, so that all together stay bounded."""
        return max(FEWEST_POINTS, min(MAX_POINTS, ALL_POINTS // (len(self._all) or 1)))

    def left(self, key: str, when: float) -> None:
        """The row has gone; its history may be dropped once too many others followed."""
        history = self._all.get(key)
        if history is None:
            return
        history.ended_at = when
        self._gone[key] = None
        while len(self._gone) > self._max_gone:
            oldest, _ = self._gone.popitem(last=False)
            self._all.pop(oldest, None)

    def came_back(self, key: str) -> None:
        """A row of this key exists again (a worker that was removed and added)."""
        if self._gone.pop(key, 1) is None:
            self._all[key].ended_at = None
