"""What happened in the session, newest first."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import ClassVar

from rich.style import Style
from rich.text import Text

from proctui.core.naming import cause_besides
from proctui.protocol import Event
from proctui.tui import text
from proctui.tui.widgets.line_view import LineView

_BAD = frozenset({"gave-up", "start-failed"})
_NOTABLE = frozenset({"refused", "signalled", "stopping", "join-timed-out"})
_NAME = 16
"""Cells for the worker's name."""


class Events(LineView):
    """The newest events on top; all, or those of one worker."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"events--bad", "events--notable", "events--quiet"}
    cut = True

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.only: str | None = None
        """Id of the worker whose events alone are shown; None shows all."""
        self._shown: list[Event] = []
        self._newest = -1

    def show_events(self, events: Iterable[Event], only: str | None) -> None:
        """Shows these events (oldest first), or of them those of the worker `only`."""
        wanted = [event for event in events if only is None or event.worker == only]
        wanted.reverse()
        newest = wanted[0].seq if wanted else -1
        if newest == self._newest and only == self.only and len(wanted) == len(self._shown):
            return
        came = sum(event.seq > self._newest for event in wanted) if only == self.only else 0
        self._shown, self._newest, self.only = wanted, newest, only
        place = self.scroll_y
        self.lines_changed()
        if place and came:  # what is being read stays where it is
            self.scroll_to(y=place + came, animate=False, immediate=True)

    def line_count(self) -> int:
        """Events, or the line that says that there are none."""
        return len(self._shown) or 1

    def line_text(self, index: int) -> Text:
        """One event: when, who, what, and by whom."""
        if not self._shown:
            return Text(text.safe(self._nothing()), self._quiet)
        event = self._shown[index]
        moment = time.strftime("%H:%M:%S", time.localtime(event.time))
        shown = Text.assemble(
            (f"{moment}  ", self._quiet), text.safe(event.worker or "session", _NAME)
        )
        shown.append("  ")
        style = self._style(event)
        room = max(8, self.scrollable_content_region.width - shown.cell_len - 1)
        said = text.safe(event.text or event.kind)
        cause = cause_besides(event.text, event.by)
        by = f"  by {text.safe(cause)}" if cause else ""
        if text.cells(said) + text.cells(by) > room:
            said = text.safe(said, max(8, room - text.cells(by)))
        shown.append(said, style)
        shown.append(by, self._quiet)
        return shown

    @property
    def _quiet(self) -> Style:
        return self.get_component_rich_style("events--quiet", partial=True)

    def _style(self, event: Event) -> Style:
        if event.kind in _BAD or (event.kind == "ended" and event.exitcode):
            return self.get_component_rich_style("events--bad", partial=True)
        if event.kind in _NOTABLE:
            return self.get_component_rich_style("events--notable", partial=True)
        return Style.null()

    def _nothing(self) -> str:
        return f"Nothing has happened to {self.only} yet." if self.only else "Nothing yet."
