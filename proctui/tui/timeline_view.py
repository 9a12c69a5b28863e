"""The timeline as a view of the screen: its list and its cursor are those of the table."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from textual.widget import Widget

from proctui.model import Row
from proctui.sessions import journal
from proctui.tui.chronology import Chronology
from proctui.tui.widgets.details import GONE, NOTHING
from proctui.tui.widgets.timeline import Timeline

if TYPE_CHECKING:
    from proctui.tui.screens.workers import WorkersScreen

_EVENTS = 20_000
"""Events that are read of the journal at most, the latest."""
_NOTHING = "Nothing has run yet."


class TimelineView:
    """Implements `proctui.tui.views.View`."""

    def __init__(self, screen: WorkersScreen) -> None:
        table = screen.table
        self._screen = screen
        self.chronology = Chronology(screen.feed.store, screen.listing, lambda: table.folded)
        self.timeline = Timeline(self.chronology, clock=screen.feed.clock, id="timeline")
        self.timeline.placeholder = _NOTHING
        self._recalled = False

    @property
    def widget(self) -> Widget:
        """The timeline."""
        return self.timeline

    @property
    def cursor_row(self) -> Row | None:
        """The row under the cursor; None where the process is gone and nobody can act on it."""
        if not self.timeline.listed:
            return self._screen.table.cursor_row
        row = self.timeline.cursor_row
        return None if row is None else self._screen.feed.store.rows.get(row.key)

    @property
    def nothing(self) -> str:
        """The details of a process that is gone."""
        return NOTHING if self.timeline.cursor_row is None else GONE

    @property
    def rows(self) -> int:
        """With the gone, and the line of the legend that a list has no need of."""
        return self.timeline.view.count + 1

    def opened(self, key: str | None) -> None:
        """Goes to the process that the table's cursor is on."""
        self.timeline.update()
        self.timeline.move_to(key)
        if not self._recalled and self._screen.feed.hello.journal:
            self._recalled = True
            self._screen.run_worker(self._recall(Path(self._screen.feed.hello.journal)))

    async def _recall(self, file: Path) -> None:
        """Reads of the journal what the supervisor did not send; without it the past is shorter."""
        with suppress(OSError):
            self.chronology.recall(await asyncio.to_thread(journal.read, file, _EVENTS))
            self.timeline.update()

    def move_to(self, key: str | None) -> None:
        """Goes where the table's cursor went."""
        self.timeline.move_to(key)

    def changed(self) -> None:
        """Shows what is new."""
        self.timeline.update()

    def listed(self) -> None:
        """Makes its list anew."""
        self.chronology.stale()
        self.timeline.update()

    def freeze(self, when: float | None) -> None:
        """Time stands still in it too."""
        self.timeline.freeze(when)

    def escape(self) -> bool:
        """Leaves the mark that is selected."""
        return self.timeline.unchoose()
