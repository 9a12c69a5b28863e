"""The lower part of the screen: details, log and events of what is under the cursor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Click
from textual.style import Style
from textual.widgets import ContentSwitcher, Input, Static, Tab, Tabs

from proctui.core.history import Point
from proctui.model import ProcessDetails, Row
from proctui.protocol import Event
from proctui.tui import text
from proctui.tui.widgets.details import Details
from proctui.tui.widgets.events import Events
from proctui.tui.widgets.field import Field
from proctui.tui.widgets.log import Log

Pane = Literal["details", "log", "events"]

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
            )
            yield Static(id="pane-says")
        with ContentSwitcher(initial="details"):
            yield self.details
            yield self.log_view
            yield self.events
        yield Field(placeholder="search in the log", id="log-search")

    def on_mount(self) -> None:
        """The search line comes when it is asked for."""
        self.query_one("#log-search").display = False

    # ------------------------------------------------------------------ which pane

    @property
    def current(self) -> Pane:
        """The pane that is shown."""
        match self.query_one(ContentSwitcher).current:
            case "log":
                return "log"
            case "events":
                return "events"
        return "details"

    def open(self, pane: Pane) -> None:
        """Shows a pane."""
        self.query_one(Tabs).active = f"tab-{pane}"

    def focus_pane(self) -> None:
        """Puts the keyboard into the pane that is shown."""
        self.query_one(f"#{self.current}").focus()

    @on(Tabs.TabActivated)
    def _tab_chosen(self, message: Tabs.TabActivated) -> None:
        self.query_one(ContentSwitcher).current = (message.tab.id or "tab-details")[4:]
        self._fill()

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
        if self.current == "events":
            self._fill()

    def _fill(self) -> None:
        if self.current == "details":
            self.details.show(self._row, self._now, self._more, self._points)
        elif self.current == "events":
            worker = self._worker.worker if self._worker is not None else None
            only = worker.id if self.filtered and worker is not None else None
            self.events.show_events(self._events, only)
        else:
            self._show_log()
        self._say()

    def _show_log(self) -> None:
        worker = self._worker.worker if self._worker is not None else None
        if worker is not None and worker.log is not None:
            self.log_view.show_file(Path(worker.log))
        elif self._row is None:
            self.log_view.show_file(None)
        else:
            name = text.safe(self._row.name)
            self.log_view.show_file(None, f"{name} belongs to no worker, so it has no log here.")

    def toggle_events(self) -> None:
        """All events, or only those of the row under the cursor."""
        self.filtered = not self.filtered
        self._fill()

    @on(Log.Changed)
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
