"""The actions that change what is shown alone: filter, search, tags, folds, sorting, panes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from proctui.model import Row
from proctui.tui import emptiness, text
from proctui.tui.actions import who
from proctui.tui.operate import Said
from proctui.tui.room import Room
from proctui.tui.widgets.buttons import Buttons
from proctui.tui.widgets.guide import WithGuide
from proctui.tui.widgets.panes import Pane
from proctui.tui.widgets.prompt import Prompt, Purpose
from proctui.views.filters import without_unfinished
from proctui.views.view import (
    Predicate,
    above,
    below,
    containing,
    is_orphan,
    is_zombie,
    next_matching,
)

if TYPE_CHECKING:
    from proctui.tui.screens.workers import WorkersScreen

Deed = Callable[[], Awaitable[None] | None]


class Looks:
    """What the workers view lets one change about itself."""

    def __init__(self, screen: WorkersScreen) -> None:
        self.screen = screen
        self.paused_since: float | None = None
        """When the display was paused, seconds since the epoch; None while it runs."""
        self.following = False
        """The cursor goes to each process that comes."""
        self._newest: str | None = None
        self._room = Room()

    def table(self) -> Mapping[str, Deed]:
        """What does each action."""
        table = self.screen.table
        return {
            "filter": lambda: self._prompt("filter", self.screen.listing.filter),
            "search": lambda: self._prompt("search", ""),
            "tag": table.action_tag,
            "tag_tree": self._tag_tree,
            "tag_shown": self._tag_shown,
            "follow": self._toggle_following,
            "untag": table.clear_tags,
            "zombie": lambda: self._go_to(is_zombie),
            "orphan": lambda: self._go_to(is_orphan),
            "tree": self._toggle_tree,
            "fold": table.toggle_fold,
            "sort": self._choose_sort,
            "pause": self._pause,
            "details": lambda: self._open("details"),
            "log": lambda: self._open("log"),
            "events": self._open_events,
            "chart": lambda: self._open("chart"),
            "pane": self.resize_panes,
            "help": self._help,
            "palette": self.screen.app.action_command_palette,
        }

    # ------------------------------------------------------------------ filter and search

    def _prompt(self, purpose: Purpose, value: str) -> None:
        self.screen.query_one(Prompt).open(purpose, value)

    def typed(self, message: Prompt.Typed) -> None:
        """Filters or searches with each letter."""
        if message.purpose == "filter":
            self._filter(without_unfinished(message.value))
        elif message.value:
            found = self._find(containing(message.value), inclusive=True)
            self.screen.query_one(Prompt).complain("" if found else "nothing has that")
            self.count_found()
        else:
            self.screen.query_one(Prompt).count("")

    def entered(self, message: Prompt.Entered) -> None:
        """Keeps the filter, or goes on to the next match."""
        if message.purpose == "search":
            self._find(containing(message.value))
            self.count_found()
        elif error := self._filter(message.value):
            self.screen.query_one(Prompt).complain(error, finished=True)
        else:
            self.screen.query_one(Prompt).close()
            self.screen.set_focus(self.screen.views.widget)

    def _filter(self, typed: str) -> str:
        error = self.screen.listing.filter_by(typed)
        prompt = self.screen.query_one(Prompt)
        prompt.count("")
        prompt.complain(error)
        if not error:
            self.screen.list_rows()
            self.screen.show_status()
        return error

    def clear_filter(self) -> bool:
        """Shows everything again; False where everything was shown."""
        if not self.screen.listing.filter:
            return False
        self._filter("")
        return True

    def escape(self) -> bool:
        """Leaves what is open, one thing at a time; False where nothing is."""
        prompt = self.screen.query_one(Prompt)
        panes = self.screen.panes
        if prompt.close():
            if prompt.purpose == "filter":
                self.clear_filter()
            self.screen.set_focus(self.screen.views.widget)
            return True
        if panes.end_search():
            return True
        if panes.has_class("-large"):
            self.resize_panes()
            return True
        return False

    # ------------------------------------------------------------------ moving

    def _find(self, wanted: Predicate, *, inclusive: bool = False) -> bool:
        """Goes to the next row that matches, unfolding what hides it."""
        screen = self.screen
        store = screen.feed.store
        row = next_matching(
            self._everything(), screen.table.cursor_key, wanted, inclusive=inclusive
        )
        if row is None:
            return False
        hiding = screen.table.folded.intersection(above(store.rows, row.key))
        if hiding:
            screen.table.folded.difference_update(hiding)
            screen.list_rows()
        return screen.table.move_to(row.key)

    def _everything(self) -> Sequence[Row]:
        """The rows of the list, with those that a fold hides."""
        screen = self.screen
        if not screen.table.folded:
            return screen.table.rows
        return screen.listing.arrange(screen.feed.store, ()).rows

    def count_found(self) -> None:
        """Says, while somebody filters, how many rows match; of a search also which one this is."""
        prompt, key = self.screen.query_one(Prompt), self.screen.table.cursor_key
        shown = self.screen.listing.matching(self.screen.table.arrangement)
        if shown is not None and prompt.is_filtering(self.screen.listing.filter):
            prompt.count(f"{shown} of {len(self.screen.feed.store.rows)} match")
        if not (prompt.display and prompt.purpose == "search" and prompt.value):
            return
        wanted = containing(prompt.value)
        found = [row.key for row in self._everything() if wanted(row)]
        at = f"{found.index(key) + 1} of " if key in found else ""
        prompt.count(f"{at}{len(found)}{'' if at else ' match'}")

    def _go_to(self, wanted: Predicate) -> None:
        if not self._find(wanted):
            self.screen.say(Said("The filter hides it: Esc shows everything again.", "warning"))

    def _tag_tree(self) -> None:
        table, store = self.screen.table, self.screen.feed.store
        if table.cursor_key is not None:
            table.tag([table.cursor_key, *below(store.children, table.cursor_key)])

    def _tag_shown(self) -> None:
        """All that the filter lets through, and not what only shows where that belongs."""
        table = self.screen.table
        table.tag([row.key for row in table.rows if row.key not in table.arrangement.context])

    def _toggle_following(self) -> None:
        self.following = not self.following
        self._newest = None
        self.follow()
        self.screen.show_status()

    def follow(self) -> None:
        """Goes to the newest process, once for each."""
        if not self.following:
            return
        started = [row for row in self.screen.table.rows if row.started_at is not None]
        newest = max(started, key=lambda row: row.started_at or 0.0, default=None)
        if newest is not None and newest.key != self._newest:
            self._newest = newest.key
            self.screen.table.move_to(newest.key)

    # ------------------------------------------------------------------ the list

    def say_beneath(self) -> None:
        """Says what can be done where no row is listed, or none that lives."""
        screen, feed = self.screen, self.screen.feed
        filter, rows = screen.listing.filter, len(feed.store.rows)
        if not screen.table.rows:
            said = emptiness.no_match(filter, rows) if filter else screen.nothing
        else:
            alone = feed.lost is not None or feed.ended is not None or feed.watching
            said = "" if alone else emptiness.nothing_runs(feed.store.counts)
        screen.table.say_beneath(said)

    def _toggle_tree(self) -> None:
        self.screen.listing.tree = not self.screen.listing.tree
        self.screen.list_rows()

    async def _choose_sort(self) -> None:
        from proctui.tui.screens.menu import SortMenu

        listing = self.screen.listing
        chosen = await self.screen.ask(SortMenu(listing.sort, reverse=listing.reverse))
        if chosen is not None:
            listing.sort_by(chosen[0])
            self.screen.list_rows()

    def _pause(self) -> None:
        """Holds the picture; what happens meanwhile is shown when it goes on."""
        screen = self.screen
        self.paused_since = None if self.paused_since is not None else screen.feed.clock()
        screen.table.freeze(self.paused_since)
        screen.views.freeze(self.paused_since)
        screen.show_status()
        if self.paused_since is None:
            screen.table.touch(None)
            screen.changed(frozenset(screen.feed.store.rows))

    # ------------------------------------------------------------------ panes

    def _open(self, pane: Pane) -> None:
        """Shows a pane; the key of the pane that is shown already goes into it, and back."""
        panes, table = self.screen.panes, self.screen.views.widget
        if panes.current != pane or not panes.has_class("-open"):
            panes.add_class("-open")
            panes.open(pane)
        elif table.has_focus:
            panes.focus_pane()
        else:
            self.screen.set_focus(table)

    def _open_events(self) -> None:
        panes = self.screen.panes
        if panes.current == "events" and panes.has_class("-open"):
            panes.toggle_events()
        else:
            self._open("events")

    async def save_log(self, log: Path) -> None:
        """Asks where to, and writes the whole log there."""
        from proctui.tui.log_taking import save
        from proctui.tui.screens.save_as import SaveAs

        place = await self.screen.ask(SaveAs("Save the log", log.name))
        if place is None:
            return
        try:
            count = await asyncio.to_thread(save, log, place.path, replace=place.exists)
        except OSError as error:
            why = error.strerror or str(error)
            self.screen.say(Said(f"{place.path} can't be written: {why}.", "error"))
        else:
            self.screen.say(Said(f"{text.size(count)} saved to {place.path}."))

    def share_room(self) -> None:
        """Gives the list the lines that it needs, and the panes the others."""
        screen, panes = self.screen, self.screen.panes
        both = screen.query_one(WithGuide).lines - screen.query_one(Buttons).size.height
        small = screen.has_class("-short") or screen.has_class("-tiny")
        if small or panes.has_class("-large") or not screen.known or both <= 0:
            panes.styles.height = None  # as the style sheet says
            return
        rows = screen.views.rows
        panes.styles.height = self._room.panes(both, rows, filtered=bool(screen.listing.filter))

    def resize_panes(self) -> None:
        """The panes take the whole height, or give it back."""
        large = not self.screen.panes.has_class("-large")
        self.screen.panes.set_class(large, "-large", "-open")
        self.screen.set_class(large, "-panes-large")
        self.share_room()
        if large:
            self.screen.panes.focus_pane()
        else:
            self.screen.set_focus(self.screen.views.widget)

    async def offer_actions(self, x: int, y: int) -> None:
        """The menu of what applies to the row under the cursor, at these coordinates."""
        from proctui.tui.screens.menu import ActionMenu

        row = self.screen.views.row
        if row is not None:
            chosen = await self.screen.ask(ActionMenu(who(row), self.screen.scene(), (x, y)))
            if chosen is not None:
                await self.screen.action_act(chosen)

    def _help(self) -> None:
        from proctui.tui.screens.help import Help

        self.screen.app.push_screen(Help(self.screen.focused))
