"""The lower part of the screen: details, log, events and chart of what is under the cursor.

One of them where there is little room.  Where there is more the details stay in sight beside the
one that was chosen, or above it; where there is a lot the events stand under them besides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal, get_args

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical
from textual.content import Content
from textual.events import Click, DescendantFocus, Resize
from textual.style import Style
from textual.widget import Widget
from textual.widgets import Input, Static, Tab, Tabs

from proctui.core.history import Point
from proctui.model import ProcessDetails, Row
from proctui.protocol import Event
from proctui.tui import text
from proctui.tui.widgets.chart import Chart
from proctui.tui.widgets.details import Details
from proctui.tui.widgets.events import Events
from proctui.tui.widgets.field import Field
from proctui.tui.widgets.log import Log

Pane = Literal["details", "log", "events", "chart"]

_PANES: Mapping[str, Pane] = {name: name for name in get_args(Pane)}
_BESIDE = 160
"""Cells from which on two panes stand side by side."""
_BENEATH = 46
"""Lines from which on two stand one above the other."""

_ACTION = "pane_action"
"""Under this name words carry what a click on them does."""
_OTHER_EVENTS = "toggle_events"


class Panes(Vertical):
    """Tabs and, under them, the pane that was chosen."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.details = Details(id="details")
        self.log_view = Log(self._ask_search, id="log")
        self.events = Events(id="events")
        self.chart = Chart(id="chart")
        self.current: Pane = "details"
        """The pane that was chosen."""
        self._lower: Pane = "log"
        """What stands beside the details, or beneath them: what was chosen last but these."""
        self._aside: Pane = "log"
        """The same where the events have a place of their own."""
        self._split: Literal["", "beside", "beneath", "three"] = ""
        self.filtered = False
        """Whether the events are those of the row under the cursor alone."""
        self._row: Row | None = None
        self._worker: Row | None = None
        self._events: Iterable[Event] = ()
        self._now = 0.0
        self._more: ProcessDetails | None = None
        self._points: Sequence[Point] = ()
        self._said: tuple[str, list[tuple[str, str]], bool] = "", [], False
        self.hint = ""
        """What is said beside the tabs where the pane itself has nothing to say."""

    def compose(self) -> ComposeResult:
        """Tabs, what the pane says of itself, and the panes."""
        with Horizontal(id="pane-bar"):
            yield Tabs(
                Tab("Details", id="tab-details"),
                Tab("Log", id="tab-log"),
                Tab("Events", id="tab-events"),
                Tab("Chart", id="tab-chart"),
            )
            yield Static(id="pane-says")
        with Container(id="pane-stack"):  # the tall one before the one that is placed under it
            yield self.details
            yield self.log_view
            yield self.chart
            yield self.events
        yield Field(placeholder="search in the log", id="log-search")

    def on_mount(self) -> None:
        """The search line comes when it is asked for."""
        self.query_one("#log-search").display = False
        for pane in _PANES.values():
            self._widget(pane).border_title = pane.capitalize()  # seen where there are several
        self._place()

    # ------------------------------------------------------------------ which pane

    def open(self, pane: Pane) -> None:
        """Shows a pane."""
        self.query_one(Tabs).active = f"tab-{pane}"

    def focus_pane(self) -> None:
        """Puts the keyboard into the pane that was chosen."""
        self._widget(self.current).focus()

    def shows(self, pane: Pane) -> bool:
        """Whether a pane is in sight, chosen or not."""
        return pane in self._in_sight()

    @on(Tabs.TabActivated)
    def _tab_chosen(self, message: Tabs.TabActivated) -> None:
        self.current = _PANES[(message.tab.id or "tab-details")[4:]]
        if self.current != "details":
            self._lower = self.current
        if self.current not in ("details", "events"):
            self._aside = self.current
        self._place()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """The pane that has the keyboard is the one that was chosen."""
        if (pane := _PANES.get(event.widget.id or "")) is not None:
            self.open(pane)

    def on_resize(self, event: Resize) -> None:
        """More of them, or fewer, side by side or one above the other."""
        wide, high = event.size.width >= _BESIDE, event.size.height >= _BENEATH
        self._split = ("three" if wide and high else "beside" if wide
                       else "beneath" if high else "")  # fmt: skip
        self._place()

    def _in_sight(self) -> tuple[Pane, ...]:
        if not self._split:
            return (self.current,)
        if self._split == "three":
            return "details", self._aside, "events"
        return "details", self._lower

    def _place(self) -> None:
        """Shows those that have room, and fills them."""
        seen = self._in_sight()
        for pane in _PANES.values():
            widget = self._widget(pane)
            widget.display = pane in seen
            widget.set_class(pane in seen[1:2], "-second")
        for split in ("beside", "beneath", "three"):
            self.set_class(split == self._split, f"-{split}")
        self._fill()

    def _widget(self, pane: Pane) -> Widget:
        known: Mapping[Pane, Widget] = {
            "details": self.details, "log": self.log_view, "events": self.events,
            "chart": self.chart,
        }  # fmt: skip
        return known[pane]

    # ------------------------------------------------------------------ what is shown

    def show_row(
        self,
        row: Row | None,
        worker: Row | None,
        now: float,
        more: ProcessDetails | None,
        points: Sequence[Point] = (),
    ) -> None:
        """The row under the cursor, the worker that it is or descends from, and more about it.

        `points` are its figures over the last minutes.
        """
        self._row, self._worker = row, worker
        self._now, self._more, self._points = now, more, points
        self._fill()

    def show_events(self, events: Iterable[Event]) -> None:
        """Everything that happened, oldest first."""
        self._events = events
        if self.shows("events"):
            self._show_events()

    def _fill(self) -> None:
        seen = self._in_sight()
        if "details" in seen:
            self.details.show(self._row, self._now, self._more, self._points)
        if "events" in seen:
            self._show_events()
        if "log" in seen:
            self._show_log()
        if "chart" in seen:
            self.chart.show(self._row, self._points, self._now)
        self._say()

    def _show_events(self) -> None:
        worker = self._worker.worker if self._worker is not None else None
        only = worker.id if self.filtered and worker is not None else None
        self.events.show_events(self._events, only)

    def _show_log(self) -> None:
        worker = self._worker.worker if self._worker is not None else None
        if worker is not None and worker.log is not None:
            self.log_view.show_file(Path(worker.log))
        elif self._row is None:
            self.log_view.show_file(None)
        else:
            name = text.safe(self._row.name)
            lacks = "has no log." if worker else "belongs to no worker, so it has no log here."
            self.log_view.show_file(None, f"{name} {lacks}")

    def toggle_events(self) -> None:
        """All events, or only those of the row under the cursor."""
        self.filtered = not self.filtered
        self._fill()

    @on(Log.Changed)
    @on(Chart.Changed)
    def _say(self) -> None:
        worker = text.safe(self._worker.name) if self._worker is not None else ""
        offers: list[tuple[str, str]] = []
        match self.current:
            case "log":
                said = " · ".join(filter(None, [worker, self.log_view.summary()]))
                offers += self.log_view.offers()
            case "events":
                said = f"only {worker}" if self.filtered and worker else "all workers"
                other = "all" if self.filtered else "only the row under the cursor"
                offers.append((f"e: {other}", _OTHER_EVENTS))
            case "chart":
                name = "" if self._row is None else text.safe(self._row.name)
                said = " · ".join(filter(None, [name, self.chart.summary()]))
            case _:
                said = self.hint
        hint = bool(said) and said is self.hint
        if (said, offers, hint) == self._said:
            return  # Textual would lay out the whole screen anew
        self._said = said, offers, hint
        says = self.query_one("#pane-says", Static)
        says.set_class(hint, "-hint")
        says.update(Content("  ").join([Content(said), *(_link(*one) for one in offers)]))

    @on(Click, "#pane-says")
    def _offer_taken(self, click: Click) -> None:
        action = click.style.meta.get(_ACTION)
        if action == _OTHER_EVENTS:
            self.toggle_events()
        elif action is not None:
            self.run_worker(self.log_view.run_action(action))

    # ------------------------------------------------------------------ searching the log

    def _ask_search(self) -> None:
        search = self.query_one("#log-search", Input)
        search.display = True
        self.screen.set_focus(search)

    @on(Input.Changed, "#log-search")
    def _search(self, message: Input.Changed) -> None:
        self.log_view.search(message.value)

    @on(Input.Submitted, "#log-search")
    def _search_on(self) -> None:
        self.log_view.action_next_match()

    def end_search(self) -> bool:
        """Leaves the search line; False where it was not open."""
        search = self.query_one("#log-search", Input)
        if not search.display:
            return False
        search.display = False
        self.log_view.search("")
        self.screen.set_focus(self.log_view)
        return True


def _link(said: str, action: str) -> Content:
    """Words that can be clicked on."""
    return Content.styled(said, Style(underline=True) + Style.from_meta({_ACTION: action}))
