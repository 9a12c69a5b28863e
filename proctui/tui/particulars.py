"""What is read of the process under the cursor alone, no more often than it can have changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from proctui.core.history import Point
from proctui.model import ProcessDetails, Row

if TYPE_CHECKING:
    from proctui.tui.feed import Feed
    from proctui.tui.widgets.panes import Panes

KEPT: Final = 3.0
"""Seconds after which they are read again of a process whose row has not changed."""


class Particulars:
    """The details of one process at a time; reading them walks through all its mappings."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._read: ProcessDetails | None = None
        self._of: tuple[int, int] = (0, 0)
        self._at = float("-inf")

    def of(self, row: Row | None) -> ProcessDetails | None:
        """None where there is no process, and where it ended meanwhile."""
        if row is None or row.token is None:
            return None
        now, wanted = self._feed.clock(), (row.token, row.version)
        if wanted != self._of or not 0 <= now - self._at < KEPT:
            self._of, self._at = wanted, now
            try:
                self._read = self._feed.kernel.details(row.token)
            except OSError:
                self._read = None
        return self._read

    def show(self, panes: Panes, row: Row | None, worker: Row | None) -> None:
        """Tells the panes of a row, and of the worker it is or descends from, what they show."""
        details = panes.shows("details")
        more = self.of(row if details else None)
        points = self.points(row if details or panes.shows("chart") else None)
        panes.show_row(row, worker, self._feed.clock(), more, points)

    def points(self, row: Row | None) -> Sequence[Point]:
        """Its figures over the last minutes."""
        history = None if row is None else self._feed.store.history(row.key)
        return () if history is None else history.points()
