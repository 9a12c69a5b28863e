"""The workers view: table, buttons, panes.  Wires widgets to the feed and keys to deeds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import ClassVar, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from proctui.model import Row
from proctui.tui import emptiness, status, text
from proctui.tui.actions import Scene
from proctui.tui.deeds import Deeds
from proctui.tui.doing import Doing, bindings
from proctui.tui.feed import Feed
from proctui.tui.hints import Hints
from proctui.tui.listing import Listing, asked
from proctui.tui.looks import Looks
from proctui.tui.operate import Said
from proctui.tui.particulars import Particulars
from proctui.tui.preferences import Kept, Preferences
from proctui.tui.screens.arriving import Arriving
from proctui.tui.screens.dialog import Dialog
from proctui.tui.showing import Showing
from proctui.tui.teaching import Teaching
from proctui.tui.views import Views
from proctui.tui.widgets.banner import Banner
from proctui.tui.widgets.buttons import ActionButton, Buttons
from proctui.tui.widgets.footer import Footer
from proctui.tui.widgets.guide import Guide, WithGuide
from proctui.tui.widgets.log import Log
from proctui.tui.widgets.panes import Panes
from proctui.tui.widgets.process_table import ProcessTable
from proctui.tui.widgets.progress import Progress
from proctui.tui.widgets.prompt import Prompt
from proctui.tui.widgets.status_bar import Counted, StatusBar
from proctui.tui.widgets.table_header import ColumnsChanged, ColumnsWanted
from proctui.tui.widgets.view import ViewActivated, ViewListed, ViewMoved
from proctui.tui.widgets.view_bar import ViewBar
from proctui.views.view import Column

Result = TypeVar("Result")

_AGING = 0.9
"""Seconds after which ages, and the figures in the details, are shown anew with the next news."""
_OFTEN = 1.1
"""Seconds between two refreshes of the figures up to which these bring the ages on too."""
_SOON = 0.1
"""Seconds after an end in which all that depends on it is shown too: once for many ends."""
_SETTLE = 0.5
"""Seconds between two sortings of a list whose rows only changed their figures."""


class WorkersScreen(Arriving):
    """What a person looks at nearly all the time."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(),
        Binding("escape", "escape", "Back", show=False),
        Binding("ctrl+c", "copy_or_quit", "Copy, or quit", show=False),
    ]
    AUTO_FOCUS = "ProcessTable"
    columns: ClassVar[Sequence[Column]] = ()  # where they are not the person's choice
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-usual"), (100, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (12, "-short"), (20, "-low"), (36, "-tall")]  # noqa: RUF012

    def __init__(
        self, feed: Feed, leave: Callable[[int, str], None], kept: Kept | None = None
    ) -> None:
        """`leave` ends the program with an exit code and a sentence for the terminal."""
        super().__init__()
        self.feed = feed
        self.stands = False
        """Whether it is there with all its widgets: keys find what they act on."""
        self._leave = leave
        self.listing = Listing()
        self.deeds = Deeds(feed, self)
        self.table = ProcessTable(clock=feed.clock, id="processes")
        self.panes = Panes(id="panes")
        self.progress = Progress(self.deeds.operator.works)
        self.status_bar = StatusBar(clock=feed.clock)
        self._structure = -1
        self._stale = False
        self._aged = float("-inf")
        self._applicable: tuple[bool, ...] = ()
        self._states: tuple[int, ...] = ()
        self._soon: asyncio.TimerHandle | None = None
        self._particulars = Particulars(feed)
        self.guide = Guide(id="guide")
        self.teaching = Teaching(self)
        self.hints = Hints()
        self.looks = Looks(self)
        self.views = Views(self)
        self.preferences = Preferences(self, kept or Kept())
        tables = (
            self.deeds,
            self.looks,
            self.views,
            Showing(self),
            self.teaching,
            self.preferences,
        )
        self.doing = Doing(self, {name: does for t in tables for name, does in t.table().items()})

    def compose(self) -> ComposeResult:
        """From top to bottom; what is known already stands in the very first picture."""
        self.status_bar.show(status.first(self))
        self.table.say_beneath(self.nothing)
        yield self.status_bar
        yield ViewBar(self.views.current)
        yield Banner(id="banner")
        yield WithGuide(
            self.guide if self.teaching.lecture is not None else None,
            *(self.table, Prompt(id="prompt"), self.progress, Buttons(), self.panes),
        )
        yield Footer()

    def on_mount(self) -> None:
        """Listens to the feed from now on."""
        self.feed.listener = self.changed
        self.preferences.begin()
        self.set_interval(_SETTLE, self._settle)
        self.list_rows()
        self.changed(frozenset())
        self.teaching.begin()
        if self.counted == "workers":  # who is being started is the session's own business
            self.run_worker(self.deeds.show_start())
        self.stands = True

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Settings may have been changed on another screen."""
        if self.arrived:
            self.preferences.put_in_force()

    def changed(self, keys: frozenset[str]) -> None:
        """The feed's listener: these rows changed, or came, or went."""
        self.teaching.changed()
        self.query_one(Banner).tell(self.feed)
        if self.looks.paused_since is not None:
            return
        if self.feed.store.structure != self._structure:
            self.list_rows()
        else:
            self._stale |= self.listing.shifting and bool(keys)
            self.table.touch(keys)
        self.views.changed()
        self.show_status()
        self._news(keys)
        self.panes.show_events(self.feed.store.events)

    def _news(self, keys: frozenset[str]) -> None:
        """Brings ages, and what depends on the row under the cursor, up to what changed."""
        before, self._states = self._states, self.feed.store.counts.states
        row = self.views.row
        concerned = row is not None and (row.key in keys or row.worker_key in keys)
        if aged := self._grown_old(_AGING):
            self._age_rows()
        if not (aged or concerned or self._applicable != self._what_applies()):
            return
        if before == self._states:
            self.show_row()  # together with the figures, so that both make one frame
        elif self._soon is None:  # what has ended is drawn first
            later = asyncio.get_running_loop().call_later
            self._soon = later(_SOON, self.call_later, self._show_unpaused)

    def _settle(self) -> None:
        """Puts rows where their figures belong now; less often than figures change."""
        if self._stale and self.looks.paused_since is None:
            self.list_rows()
            self.show_status()
        # The next news is waited for where it comes in a moment.
        if self._grown_old(_AGING if self.feed.interval > _OFTEN else _AGING + _SETTLE):
            self._age()

    def _grown_old(self, seconds: float) -> bool:
        return not 0 <= self.feed.clock() - self._aged < seconds

    def _age(self) -> None:
        """Times go on although nothing happens."""
        self._age_rows()
        self._show_unpaused()

    def _show_unpaused(self) -> None:
        self._soon = None
        if self.looks.paused_since is None:
            self.show_row()

    def _age_rows(self) -> None:
        self._aged = self.feed.clock()
        self.table.tick()
        self.status_bar.tick()

    def list_rows(self) -> None:
        """Puts all rows where they belong."""
        store = self.feed.store
        self._structure, self._stale = store.structure, False
        self.table.retain_tags(store.rows.keys())
        self.table.show(self.listing.arrange(store, self.table.folded))
        self.looks.say_beneath()
        self.looks.share_room()
        self.views.listed()
        self.looks.follow()

    @property
    def nothing(self) -> str:
        """What is said where there are no rows."""
        return emptiness.no_workers() if self.known else ""

    @property
    def place(self) -> str:
        """What the rows are of: the name of the session."""
        return self.feed.hello.session

    @property
    def counted(self) -> Counted:
        """What the rows are, for the first line."""
        return "processes" if self.feed.watching else "workers"

    @property
    def known(self) -> bool:
        """Whether anything has been told yet that could be counted."""
        return self.feed.store.told

    def show_status(self) -> None:
        """Counts and signs in the first line."""
        self.looks.say_beneath()
        self.looks.count_found()
        self.status_bar.show(status.of(self))

    def scene(self) -> Scene:
        """What the rules look at."""
        counts = self.feed.store.counts
        return Scene(
            row=self.views.row,
            lost=self.feed.lost is not None,
            zombies=counts.zombies,
            orphans=counts.orphans,
            joinable=self.deeds.anything_to_join,
            tagged=len(self.table.tagged),
            watching=self.feed.watching,
            leaf=self.table.cursor_key not in self.table.arrangement.parents,
            left_behind=self.deeds.left_behind_by,
        )

    def _what_applies(self) -> tuple[bool, ...]:
        """What decides about actions besides the row itself."""
        counts, lost = self.feed.store.counts, self.feed.lost is not None
        return bool(counts.zombies), bool(counts.orphans), lost, self.deeds.anything_to_join

    def show_row(self) -> None:
        """What depends on the row under the cursor: buttons, footer, panes."""
        self._applicable = self._what_applies()
        row = self.views.row
        worker = None if row is None else self.feed.store.rows.get(row.worker_key)
        scene = self.scene()
        self.query_one(Buttons).show(scene)
        self.query_one(Footer).show(scene)
        self.panes.hint = self.hints.sentence(scene)
        self.panes.details.nothing = self.views.nothing
        self._particulars.show(self.panes, row, worker)

    @on(ProcessTable.Highlighted)
    def _cursor_moved(self) -> None:
        self.views.follow(self.table.cursor_key)
        self.show_row()

    @on(ViewMoved)
    def _view_moved(self, message: ViewMoved) -> None:
        with self.prevent(ProcessTable.Highlighted):
            self.table.move_to(None if message.row is None else message.row.key)
        self.show_row()

    @on(WithGuide.Resized)
    @on(ViewListed)
    def _resized(self) -> None:
        self.looks.share_room()
        self.unveil()  # what list and panes need is known: the first frame is like all others

    @on(ViewActivated)
    @on(ProcessTable.Activated)
    def _row_opened(self) -> None:
        self.panes.open("details")

    @on(ProcessTable.ContextMenu)
    def _menu_wanted(self, message: ProcessTable.ContextMenu) -> None:
        self.run_worker(self.looks.offer_actions(message.x, message.y))

    @on(ProcessTable.FoldToggled)
    def _folded(self) -> None:
        self.list_rows()

    @on(ProcessTable.SortRequested)
    def _sorted(self, message: ProcessTable.SortRequested) -> None:
        self.listing.sort_by(message.column)
        self.list_rows()

    @on(ColumnsChanged)
    def _columns_changed(self, message: ColumnsChanged) -> None:
        self.preferences.keep_columns(message.columns, message.widths)

    @on(ColumnsWanted)
    async def _columns_wanted(self) -> None:
        await self.action_act("columns")

    @on(ProcessTable.TagsChanged)
    def _tagged(self) -> None:
        self.show_status()
        self.show_row()

    @on(Prompt.Typed)
    def _prompt_typed(self, message: Prompt.Typed) -> None:
        self.looks.typed(message)

    @on(Prompt.Entered)
    def _prompt_entered(self, message: Prompt.Entered) -> None:
        self.looks.entered(message)

    # ------------------------------------------------------------------ actions

    @on(ActionButton.Wanted)
    @on(Footer.Wanted)
    @on(ViewBar.Wanted)
    async def _wanted(self, message: ActionButton.Wanted | Footer.Wanted | ViewBar.Wanted) -> None:
        await self.action_act(message.action.id)

    @on(Log.SaveWanted)
    def _save_wanted(self, message: Log.SaveWanted) -> None:
        self.run_worker(self.looks.save_log(message.path))

    @on(StatusBar.NextZombie)
    async def _zombie_wanted(self) -> None:
        await self.action_act("zombie")

    @on(StatusBar.NextOrphan)
    async def _orphan_wanted(self) -> None:
        await self.action_act("orphan")

    @on(StatusBar.Pressed)
    async def _sign_pressed(self, message: StatusBar.Pressed) -> None:
        actions = {"paused": "pause", "filter": "filter", "tags": "untag", "following": "follow"}
        if (action := actions.get(message.what)) is not None:
            await self.action_act(action)

    async def action_act(self, name: str) -> None:
        """Does an action of the table, or says why it does not apply."""
        await self.doing.act(name)

    async def action_copy_or_quit(self) -> None:
        """Copies what the mouse has marked; asks about leaving where nothing is marked."""
        if self.get_selected_text():
            self.action_copy_text()
        else:
            await self.action_act("quit")

    def action_escape(self) -> None:
        """Leaves what is open, one thing at a time; else gives up a join that waits."""
        row = self.views.row
        if self.looks.escape() or self.progress.works.give_up():
            return
        if row is not None and row.worker is not None and row.worker.joining:
            self.run_worker(self.deeds.cancel_joins())
        elif not (self.views.escape() or self.looks.clear_filter()):
            self.views.widget.focus()

    # ------------------------------------------------------------------ host of the deeds

    def asked(self) -> list[Row]:
        """The tagged rows, in the order of the screen, or the row under the cursor."""
        return asked(self.feed.store.rows, self.table, self.views.row)

    def say(self, said: Said) -> None:
        """Tells the person."""
        shown = text.safe(said.text)
        stands = any(each.message == shown for each in self.app._notifications)
        if said.severity == "warning" and stands:
            return  # a key that does not apply, pressed again
        self.notify(shown, severity=said.severity, markup=False)

    async def ask(self, dialog: Dialog[Result]) -> Result | None:
        """Shows a dialog and waits for its answer."""
        return await self.app.push_screen_wait(dialog)

    def leave(self, code: int, farewell: str = "") -> None:
        """Ends the program."""
        self._leave(code, farewell)

    def untag(self) -> None:
        """Takes all tags away."""
        self.table.clear_tags()
