"""The program: connects, shows the workers view, and gives the terminal back whatever happens."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.screen import Screen

from proctui.client import Client
from proctui.foreign import ForeignClient
from proctui.kernel import KernelView
from proctui.session import SessionPaths
from proctui.tui import text
from proctui.tui.ascii_filter import AsciiFilter
from proctui.tui.feed import Feed
from proctui.tui.screens.workers import WorkersScreen

if TYPE_CHECKING:
    from textual.command import Provider

_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
"""Each ends the screen and nothing else: exit code 128 + its number, as shells tell it."""


def _palette() -> type[Provider]:
    from proctui.tui.commands import ActionCommands

    return ActionCommands


def _system() -> type[Provider]:
    from textual.system_commands import SystemCommandsProvider

    return SystemCommandsProvider


class ProctuiApp(App[int], inherit_bindings=False):
    """Wires the feed to the screen; no logic."""

    CSS_PATH = "proctui.tcss"
    TITLE = "proctui"
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_palette, _system}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+p", "command_palette", "Palette", show=False, priority=True),
    ]

    def __init__(self, feed: Feed) -> None:
        super().__init__()
        self.feed = feed
        self.farewell = ""
        """Said on standard output once the terminal is given back."""

    def get_default_screen(self) -> Screen[None]:
        """The workers view."""
        return WorkersScreen(self.feed, self.leave)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What of Textual's own commands makes sense here."""
        for command in super().get_system_commands(screen):
            if command.title in ("Theme", "Screenshot", "Maximize", "Minimize"):
                yield command

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's own, and ASCII for terminals that have nothing else."""
        filters = super().get_line_filters()
        return [*filters, AsciiFilter()] if text.ascii_only() else filters

    def on_mount(self) -> None:
        """Lets the news in."""
        self.run_worker(self.feed.listen(), name="listen")
        self.run_worker(self.feed.watch(), name="watch")

    async def on_unmount(self) -> None:
        """Lets go of supervisor and kernel; the workers go on."""
        await self.feed.close()

    def leave(self, code: int, farewell: str = "") -> None:
        """Ends the screen with this exit code."""
        self.farewell = farewell
        self.exit(code)


def run(paths: SessionPaths) -> int:
    """Shows the session until the person leaves; returns the exit code of the program.

    Raises `proctui.client.ConnectionLost` where the supervisor can't be reached.
    """
    return asyncio.run(_run(paths))


def watch(pids: Sequence[int]) -> int:
    """Shows the trees of processes that proctui did not launch; returns the exit code.

    Raises `ProcessLookupError` with one sentence where one of them does not exist.
    """
    return asyncio.run(_watch(pids))


async def _run(paths: SessionPaths) -> int:
    async def connect() -> Client:
        return await Client.connect(paths.socket, "screen")

    return await _show(Feed(await connect(), KernelView, reconnect=connect))


async def _watch(pids: Sequence[int]) -> int:
    client = ForeignClient(pids)
    return await _show(Feed(client, client.make_kernel))


async def _show(feed: Feed) -> int:
    app = ProctuiApp(feed)
    loop = asyncio.get_running_loop()
    for signum in _SIGNALS:
        loop.add_signal_handler(signum, app.leave, 128 + signum)
    try:
        code = await app.run_async()
    finally:
        for signum in _SIGNALS:
            loop.remove_signal_handler(signum)
    if app.farewell:
        sys.stdout.write(app.farewell)
    return code if code is not None else app.return_code or 0
