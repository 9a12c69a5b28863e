"""The person's settings on the screen: put in force, changed, kept for the next time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from proctui.files.mistakes import ConfigError
from proctui.files.settings import Settings
from proctui.tui import keymap
from proctui.tui.keys import keymap_in_full, usual_keys
from proctui.tui.operate import Said
from proctui.tui.themes import suited
from proctui.tui.widgets.buttons import Buttons
from proctui.tui.widgets.footer import Footer
from proctui.tui.widgets.view_bar import ViewBar
from proctui.views.view import Column

if TYPE_CHECKING:
    from textual.app import App

    from proctui.tui.screens.workers import WorkersScreen

Save = Callable[[Mapping[str, Any]], Settings]
"""Changes settings in the person's file and returns all of them; raises `ConfigError`."""


class Kept:
    """The settings that are in force, for all screens of the program."""

    def __init__(self, settings: Settings | None = None, save: Save | None = None) -> None:
        """Without `save` nothing is kept for the next time."""
        self.settings = settings or Settings()
        self.save = save

    def theme(self, app: App[int]) -> str:
        """The person's, unless none was chosen and the terminal has few colours."""
        colours = None if app.no_color else app.console.color_system
        return suited(self.settings.theme, Settings().theme, colours)


class Preferences:
    """What the workers view does with settings."""

    def __init__(self, screen: WorkersScreen, kept: Kept) -> None:
        self.screen = screen
        self._kept = kept

    @property
    def kept(self) -> Kept:
        """For the other screens of the program."""
        return self._kept

    @property
    def settings(self) -> Settings:
        """Those that are in force."""
        return self._kept.settings

    def table(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """What does each action."""
        return {"settings": self.edit, "columns": self.choose_columns}

    def begin(self) -> None:
        """Puts everything in force, once the screen is there."""
        listing, settings = self.screen.listing, self.settings
        listing.begin(settings.sort, reverse=settings.reverse, tree=settings.tree)
        self.screen.deeds.keep = self.keep
        self.put_in_force()

    def put_in_force(self) -> None:
        """Also on coming back from a screen on which they were changed."""
        screen, settings = self.screen, self.settings
        full = keymap_in_full(settings)
        usual = usual_keys()
        keymap.put_in_force(full)
        screen.app.set_keymap(
            keymap.bindings({name: keys for name, keys in full.items() if keys != usual[name]})
        )
        screen.app.theme = self._kept.theme(screen.app)
        screen.table.set_columns(screen.columns or settings.columns, settings.widths)
        screen.feed.interval = settings.refresh or screen.feed.hello.refresh
        screen.deeds.asking.settings = settings
        screen.query_one(Buttons).keys_changed()
        screen.query_one(Footer).refresh()
        screen.query_one(ViewBar).refresh()
        if screen.is_running:
            screen.show_row()

    # ------------------------------------------------------------------ changing

    async def edit(self) -> None:
        """Opens the form of all settings."""
        from proctui.tui.screens.settings import SettingsForm

        changes = await self.screen.ask(SettingsForm(self.settings, self.screen.feed.hello.refresh))
        self.choose(changes)

    async def choose_columns(self) -> None:
        """Opens the chooser of columns; the list follows while one chooses."""
        from proctui.tui.screens.columns import ColumnChooser

        table, settings = self.screen.table, self.settings
        dialog = ColumnChooser(settings.columns, settings.widths, table.set_columns)
        changes = await self.screen.ask(dialog)
        self.choose(changes)

    def choose(self, changes: Mapping[str, Any] | None) -> None:
        """Puts in force and keeps what was chosen, or goes back to what was before."""
        changed = {
            name: value
            for name, value in (changes or {}).items()
            if value != getattr(self.settings, name)
        }
        if changed:
            self.keep(changed)
        self.put_in_force()

    def keep_columns(self, columns: tuple[Column, ...], widths: Mapping[Column, int]) -> None:
        """As the mouse has sized and moved them; a screen with columns of its own keeps those."""
        changes: dict[str, Any] = {} if self.screen.columns else {"columns": columns}
        self.choose({**changes, "widths": dict(widths)})

    def keep(self, changes: Mapping[str, Any]) -> None:
        """Changes settings for now and, if that can be, for the next time."""
        from proctui.files.settings_rules import clashes  # not before something is changed

        made = msgspec.structs.replace(self.settings, **changes)
        if wrong := clashes(made):
            self.screen.say(Said(f"Not changed: keys {wrong[0]}.", "error"))
            return
        self._kept.settings = made
        if self._kept.save is None:
            return
        try:
            self._kept.save(changes)
        except ConfigError as error:
            self.screen.say(Said(f"Changed until you leave, not for good: {error}.", "warning"))
