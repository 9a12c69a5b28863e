"""The palette: Textual's, with a sign for its search that every terminal has."""

from __future__ import annotations

from textual.command import CommandPalette, SearchIcon


class Palette(CommandPalette):
    """Everything that can be done now, by name."""

    def on_mount(self) -> None:
        """Textual's own sign is an emoji: two cells, and not in every font."""
        self.query_one(SearchIcon).icon = ">"
