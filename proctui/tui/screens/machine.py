"""The machine view: all zombies under their negligent parents, all orphans, with the same keys."""

from __future__ import annotations

import msgspec
from textual import events
from textual.worker import Worker

from proctui.tui.actions import ACTIONS, Scene
from proctui.tui.machine_feed import MachineFeed
from proctui.tui.screens.workers import WorkersScreen
from proctui.tui.views import MACHINE, Views
from proctui.tui.widgets.status_line import Counted
from proctui.views.view import Column

_COLUMNS: tuple[Column, ...] = ("name", "pid", "ppid", "exitcode", "state", "age", "target")
_FOLDED = 10
"""A parent with more zombies than this is folded at first."""
_OF_THE_SESSION = ("new", "join_all", "detach", "quit", "export")
"""Actions that mean the session wherever they are asked for."""


class MachineScreen(WorkersScreen):
    """The workers' screen with other rows: those of a pass over the whole machine."""

    columns = _COLUMNS

    def __init__(self, home: WorkersScreen) -> None:
        """`home` is the session's own screen, to which the other views lead back."""
        self.machine_feed = MachineFeed(home.feed)
        super().__init__(self.machine_feed, home.leave, home.preferences.kept)
        self.home = home
        key = ACTIONS["view_workers"].key
        self.panes.chart.unkept = (
            f"Figures over time are kept of the session alone: {key} shows it."
        )
        self.views = Away(self)
        self.doing.doers |= {name: home.doing.doers[name] for name in _OF_THE_SESSION}
        self.doing.doers |= self.views.table()
        self._watching: Worker[None] | None = None
        self._grouped: set[str] = set()

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Looks at the machine while this is shown; Textual calls what it overrides too."""
        if self.known:
            self.look()
        else:
            self.call_after_refresh(self.look)  # the first pass is long: what is done is said first

    def on_screen_suspend(self) -> None:
        """Nobody sees it: the machine is left in peace, unless a dialog lies over it."""
        if self._watching is not None and self not in self.app.screen_stack:
            self._watching.cancel()
            self._watching = None

    def look(self) -> None:
        """Begins a pass at once, and goes on with others."""
        if self._watching is not None:
            self._watching.cancel()
        self._watching = self.run_worker(self.machine_feed.watch(), name="machine")

    async def on_unmount(self) -> None:
        """Lets go of what is held."""
        await self.machine_feed.close()

    def list_rows(self) -> None:
        """Puts all rows where they belong; large groups are folded when they come."""
        store = self.feed.store
        for key in store.rows:  # a parent may itself stand under an orphan
            if key not in self._grouped and len(store.children(key)) > _FOLDED:
                self._grouped.add(key)
                self.table.folded.add(key)
        super().list_rows()

    @property
    def nothing(self) -> str:
        """What is said where there is no zombie and no orphan."""
        machine = self.machine_feed.machine
        if not machine.looked:
            return "Looking at every process of this machine…"
        if machine.all_users:
            return "No zombie, no orphan on this machine\n\nAll parents join their children."
        key = ACTIONS["users"].key
        return f"No zombie, no orphan of yours\n\n{key}  looks at everyone's processes"

    @property
    def place(self) -> str:
        """Whose processes are listed."""
        return "machine, everyone's" if self.machine_feed.machine.all_users else "machine, own"

    @property
    def counted(self) -> Counted:
        """Of the machine only zombies and orphans are counted: workers are the session's."""
        return "machine"

    @property
    def known(self) -> bool:
        """Whether there has been a pass."""
        return self.machine_feed.machine.looked

    def scene(self) -> Scene:
        """What the rules look at."""
        return msgspec.structs.replace(super().scene(), machine=True)


class Away(Views):
    """The views as the machine's screen has them: the others are at home."""

    def __init__(self, screen: MachineScreen) -> None:
        super().__init__(screen)
        self.current = MACHINE
        self._away = screen

    def open(self, name: str) -> None:
        """Goes home, to that view."""
        if name == MACHINE:
            self.widget.focus()
            return
        self._away.app.pop_screen()
        self._away.home.views.open(name)

    def toggle_users(self) -> None:
        """Own processes, or everyone's."""
        machine = self._away.machine_feed.machine
        machine.all_users = not machine.all_users
        self._away.list_rows()
        self._away.show_status()
        self._away.look()
