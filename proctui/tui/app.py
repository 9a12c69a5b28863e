"""The program: connects, shows the workers view, and gives the terminal back whatever happens."""

from __future__ import annotations

import asyncio
import functools
import gc
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, on
from textual.app import App
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.screen import Screen
from textual.widget import Widget

from proctui.files import settings
from proctui.kernel import KernelView
from proctui.linux.clock import Clock
from proctui.linux.procconn import ProcConnector
from proctui.sessions.client import Client, ConnectionLost
from proctui.sessions.session import Session, SessionPaths
from proctui.tui import text
from proctui.tui.ascii_filter import AsciiFilter
from proctui.tui.curtain import Curtain
from proctui.tui.driver import driver
from proctui.tui.feed import Feed
from proctui.tui.preferences import Kept
from proctui.tui.screens.workers import WorkersScreen
from proctui.tui.themes import OURS, legible_variables
from proctui.tui.typed import Keys, Typed
from proctui.tui.visiting import OpenFeed, Visit, VisitWanted

if TYPE_CHECKING:
    from textual.command import Provider

_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
"""Each ends the screen and nothing else: exit code 128 + its number, as shells tell it."""

_TURN = 0.0005
"""Seconds that a thread waits for the interpreter before it asks for its turn."""
_DIALOGS = Path(__file__).with_name("dialogs.tcss")
_SETTLED = 3.0
"""Seconds after which the screen stands, with all that it shows at first."""


def _palette() -> type[Provider]:
    from proctui.tui.commands import ActionCommands

    return ActionCommands


def _lessons() -> type[Provider]:
    from proctui.tui.commands import LessonCommands

    return LessonCommands


def _themes() -> type[Provider]:
    from proctui.tui.commands import ThemeCommands

    return ThemeCommands


class ProctuiApp(App[int], inherit_bindings=False):
    """Wires the feed to the screen; no logic."""

    CSS_PATH = "proctui.tcss"
    TITLE = "proctui"
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {
        _palette, _lessons, _themes,
    }  # fmt: skip
    """What the palette offers: our own actions alone, which have Textual's own within them."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+p", "command_palette", "Palette", show=False, priority=True, id="palette"),
    ]

    def __init__(
        self,
        feed: Feed,
        open_feed: OpenFeed | None = None,
        kept: Kept | None = None,
        curtain: Curtain | None = None,
    ) -> None:
        """`open_feed` connects to another session, or raises `ConnectionLost`.

        Where the first picture stands on `curtain`, the screen takes its place.
        """
        super().__init__(driver(curtain, self.hang_up))
        self.feed = feed
        self._open_feed = open_feed or _feed_of
        self._visits: list[Visit] = []
        self._kept = kept or Kept()
        for theme in OURS.values():
            self.register_theme(theme)
        self.theme = self._kept.theme(self)  # at once: a change restyles everything
        self._dressed = False
        self._keys = Keys(self, self._obey, self._is_early)
        self.farewell = ""
        """Said on standard output once the terminal is given back."""

    def get_default_screen(self) -> Screen[None]:
        """The workers view."""
        return self.make_screen(self.feed, self.leave)

    def make_screen(self, feed: Feed, leave: Callable[[int, str], None]) -> WorkersScreen:
        """The workers view of a session."""
        screen = WorkersScreen(feed, leave, self._kept)
        screen.fit(self.size)
        return screen

    def push_screen(self, *arguments: Any, **more: Any) -> Any:
        """As Textual's; how dialogs look is read with the first screen over the workers view."""
        if not self._dressed:
            self._dressed = True
            looks = _DIALOGS.read_text(encoding="utf-8")
            self.stylesheet.add_source(looks, (str(_DIALOGS), ""))
        return super().push_screen(*arguments, **more)

    def get_css_variables(self) -> dict[str, str]:
        """The theme's colours, with text that can be read."""
        self.theme_variables = legible_variables(super().get_css_variables())
        return self.theme_variables

    def action_command_palette(self) -> None:
        """Opens the palette, once."""
        from proctui.tui.screens.palette import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette"))

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's own, and ASCII for terminals that have nothing else."""
        filters = super().get_line_filters()
        return [*filters, AsciiFilter()] if text.ascii_only() else filters

    def on_mount(self) -> None:
        """Lets the news in."""
        self.run_worker(self._keys.serve(), name="keys")
        self.run_worker(self.feed.listen(), name="listen")
        self.run_worker(self.feed.watch(), name="watch")

    async def on_event(self, event: events.Event) -> None:
        """As Textual's, but what is typed is obeyed in its order, and not before the screen stands.

        The first picture is seen, and typed and clicked at, before there are widgets.
        """
        if isinstance(event, Typed) and not event.is_forwarded:
            self._keys.put(event)
        elif not (isinstance(event, events.InputEvent) and self._is_early()):
            await super().on_event(event)

    async def _obey(self, typed: Typed) -> None:
        """Gives a key to whom it is for; one that is no text needs no round to get there."""
        if isinstance(typed, events.Key) and self._is_command(typed):
            for first in (True, False):
                if await self._check_bindings(typed.key, priority=first):
                    return
        await super().on_event(typed)

    def _is_early(self) -> bool:
        """Whether the screen is still being made."""
        return any(isinstance(s, WorkersScreen) and not s.stands for s in self.screen_stack[-1:])

    def _is_command(self, event: events.Key) -> bool:
        """Whether nothing has the focus that makes text of keys."""
        focused = self.focused
        return event.key == "escape" or focused is None or type(focused)._on_key is Widget._on_key

    async def on_unmount(self) -> None:
        """Lets go of supervisor and kernel; the workers go on."""
        await self.feed.close()
        for visit in self._visits:
            await visit.close()

    @on(VisitWanted)
    async def _visit(self, message: VisitWanted) -> None:
        """Goes to another session; leaving its screen leads back."""
        try:
            feed = await self._open_feed(message.where)
        except ConnectionLost as error:
            self.notify(text.safe(str(error)), severity="error", markup=False)
        else:
            self._visits.append(Visit(self, feed, self.make_screen))

    def hang_up(self) -> None:
        """Ends the screen as SIGHUP does; its terminal is gone."""
        self.end(128 + signal.SIGHUP)

    def end(self, code: int) -> None:
        """Leaves with this exit code as soon as nothing is half done.

        Widgets that are still coming, as those of a dialog, would stumble over the end.
        """
        self.run_worker(self._end(code), name="end")

    async def _end(self, code: int) -> None:
        await self._keys.close()
        self.leave(code)

    def leave(self, code: int, farewell: str = "") -> None:
        """Ends the screen with this exit code; what is still told finds no widgets any more."""
        self.feed.unheard()
        for visit in self._visits:
            visit.feed.unheard()
        self.farewell = farewell
        self.exit(code)


def run(
    paths: SessionPaths, curtain: Curtain | None = None, heard: ProcConnector | None = None
) -> int:
    """Shows the session until the person leaves; returns the exit code of the program.

    What is drawn on `curtain` stays until the screen is there.  `heard` has kept what happened
    since before the session was started.

    Raises `proctui.sessions.client.ConnectionLost` where the supervisor can't be reached, and
    `proctui.files.mistakes.ConfigError` for settings that are wrong.
    """
    return asyncio.run(_run(paths, curtain, heard))


def look_back(session: Session) -> int:
    """Shows what is known and left of a session without a supervisor; returns the exit code.

    Raises OSError where its journal can't be read, and `proctui.files.mistakes.ConfigError` for
    settings that are wrong.
    """
    return asyncio.run(_look_back(session))


def watch(pids: Sequence[int]) -> int:
    """Shows the trees of processes that proctui did not launch; returns the exit code.

    Raises `ProcessLookupError` with one sentence where one of them does not exist, and
    `proctui.files.mistakes.ConfigError` for settings that are wrong.
    """
    return asyncio.run(_watch(pids))


async def _run(paths: SessionPaths, curtain: Curtain | None, heard: ProcConnector | None) -> int:
    return await _show(await _feed_of(paths, heard), curtain)


async def _feed_of(paths: SessionPaths, heard: ProcConnector | None = None) -> Feed:
    """Raises `ConnectionLost`."""

    async def connect() -> Client:
        return await Client.connect(paths.socket, "screen")

    client = await connect()
    kernel = functools.partial(
        KernelView,
        clock=Clock(client.hello.boot_time),
        connector=lambda: heard or ProcConnector.open(),
    )
    return Feed(client, kernel, reconnect=connect)


async def _look_back(session: Session) -> int:
    from proctui.kernel.remaining import RemainingView
    from proctui.sessions.past import PastClient, present

    client = PastClient(session)
    left = present(session, client.snapshot.workers)
    return await _show(Feed(client, functools.partial(RemainingView, left=left)))


async def _watch(pids: Sequence[int]) -> int:
    from proctui.kernel.foreign import ForeignClient

    client = ForeignClient(pids)
    return await _show(Feed(client, client.make_kernel))


def _save(changes: Mapping[str, Any]) -> settings.Settings:
    from proctui.files import settings_file  # not before something is changed

    return settings_file.save(changes)


async def _show(feed: Feed, curtain: Curtain | None = None) -> int:
    app = ProctuiApp(feed, kept=Kept(settings.load(), _save), curtain=curtain)
    loop = asyncio.get_running_loop()
    for signum in _SIGNALS:
        loop.add_signal_handler(signum, app.call_after_refresh, app.end, 128 + signum)
    # A frame is written by a thread, which would wait for its turn longer than it takes to draw.
    sys.setswitchinterval(_TURN)
    loop.call_later(
        _SETTLED, gc.freeze
    )  # widgets and rows stay: looking at all of them takes 0.1 s
    try:
        code = await app.run_async()
    finally:
        for signum in _SIGNALS:
            loop.remove_signal_handler(signum)
    if app.farewell:
        sys.stdout.write(app.farewell)
    return code if code is not None else app.return_code or 0
