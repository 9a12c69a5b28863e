"""The views of the screen: which one is shown, and what they have in common.

Each view is one widget above the buttons and panes, made when it is first opened.  The
cursor is on the same process in all of them: a view tells where its own went, and hears where
it is when it is opened.  To add a view: an action ``view_NAME`` in the table of
actions, and an entry in `Views._makers`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Protocol

from proctui.model import Row
from proctui.tui.widgets.details import NOTHING
from proctui.tui.widgets.view_bar import ViewBar

if TYPE_CHECKING:
    from textual.widget import Widget

    from proctui.tui.feed import Feed
    from proctui.tui.screens.workers import WorkersScreen

WORKERS = "view_workers"
TIMELINE = "view_timeline"
MACHINE = "view_machine"


class View(Protocol):
    """What every view but the workers' own table is asked for."""

    @property
    def widget(self) -> Widget:
        """What is shown."""

    @property
    def cursor_row(self) -> Row | None:
        """The row that actions mean; None where the cursor is on nothing that exists."""

    @property
    def nothing(self) -> str:
        """What is to be said where `cursor_row` is None."""

    @property
    def rows(self) -> int:
        """How many it lists, and lines that it needs besides as no list does."""

    def opened(self, key: str | None) -> None:
        """It has just been shown; the cursor is on this process."""

    def move_to(self, key: str | None) -> None:
        """The cursor of the list was moved to another process."""

    def changed(self) -> None:
        """Rows changed, came or went."""

    def listed(self) -> None:
        """The list is sorted, filtered or folded otherwise."""

    def freeze(self, when: float | None) -> None:
        """The display was paused at `when`, or goes on."""

    def escape(self) -> bool:
        """Leaves what is open in it; False where nothing is."""


class Views:
    """Switches between the views; by default the workers' table is shown."""

    def __init__(self, screen: WorkersScreen) -> None:
        self.screen = screen
        self.current = WORKERS
        """Id of the action that shows it."""
        self._frozen: float | None = None
        self._made: dict[str, View] = {}
        self._makers: Mapping[str, Callable[[WorkersScreen], View]] = {TIMELINE: _timeline}

    def table(self) -> Mapping[str, Callable[[], None]]:
        """What does each action."""
        views = (WORKERS, *self._makers, MACHINE)
        return {"users": self.toggle_users, **{name: partial(self.open, name) for name in views}}

    @property
    def shown(self) -> View | None:
        """The view that is shown; None while that is the workers' table."""
        return self._made.get(self.current)

    @property
    def widget(self) -> Widget:
        """What takes the keyboard."""
        return self.screen.table if self.shown is None else self.shown.widget

    @property
    def row(self) -> Row | None:
        """The row under the cursor, whichever view is shown."""
        shown = self.shown
        return self.screen.table.cursor_row if shown is None else shown.cursor_row

    @property
    def rows(self) -> int:
        """For how many rows there should be room."""
        shown, listed = self.shown, len(self.screen.table.rows)
        return listed if shown is None else max(listed, shown.rows)

    @property
    def nothing(self) -> str:
        """What the details say where there is no row to show."""
        return NOTHING if self.shown is None else self.shown.nothing

    def open(self, name: str) -> None:
        """Shows a view; the key of the one that is shown leads back into it from a pane."""
        if name == MACHINE:
            self._open_machine()
            return
        if name != self.current:
            key = self._leave()
            self.current = name
            if name in self._makers and name not in self._made:
                view = self._made[name] = self._makers[name](self.screen)
                self.screen.mount(view.widget, after=self.screen.table)
                view.freeze(self._frozen)
            self.widget.display = True
            self.screen.query_one(ViewBar).show(name)
            if (shown := self.shown) is not None:
                shown.opened(key)
            self.screen.show_row()
            self.screen.call_after_refresh(self.screen.looks.share_room)
        self.widget.focus()

    def _open_machine(self) -> None:
        """The machine has a screen of its own: other rows, on which all actions act."""
        from proctui.tui.screens.machine import MachineScreen

        app, name = self.screen.app, machine_name(self.screen.feed)
        if not app.is_screen_installed(name):
            app.install_screen(MachineScreen(self.screen), name)
        app.push_screen(name)

    def toggle_users(self) -> None:
        """Here all processes are those of the session."""

    def _leave(self) -> str | None:
        """Hides what is shown; the key of the row its cursor is on."""
        row = self.row
        self.widget.display = False
        return self.screen.table.cursor_key if row is None else row.key

    def follow(self, key: str | None) -> None:
        """The table's cursor went to another process; one that is on a gone one stays there."""
        shown = self.shown
        if shown is not None and shown.cursor_row is not None:
            shown.move_to(key)

    def changed(self) -> None:
        """Rows changed, came or went."""
        if (shown := self.shown) is not None:
            shown.changed()

    def listed(self) -> None:
        """The list is sorted, filtered or folded otherwise."""
        for view in self._made.values():
            view.listed()

    def freeze(self, when: float | None) -> None:
        """Holds every view still as it was at `when`, or lets them go on."""
        self._frozen = when
        for view in self._made.values():
            view.freeze(when)

    def escape(self) -> bool:
        """Leaves what is open in the view; False where nothing is."""
        shown = self.shown
        return shown is not None and shown.escape()


def machine_name(feed: Feed) -> str:
    """What the machine's screen is called that leads back to the session of `feed`."""
    return f"{MACHINE} {feed.hello.tag}"


def _timeline(screen: WorkersScreen) -> View:
    from proctui.tui.timeline_view import TimelineView

    return TimelineView(screen)
