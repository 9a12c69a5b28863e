"""Opening the program with a fake session, and reading what stands on its screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

from textual.pilot import Pilot

from proctui.tui.app import ProctuiApp
from proctui.tui.feed import Feed
from proctui.tui.preferences import Kept
from proctui.tui.screens.workers import WorkersScreen
from tests.tui.fakes import Clock, FakeClient, FakeKernel, lessons

PATIENCE = 10.0


class Stage(NamedTuple):
    """The program as it runs in a test."""

    app: ProctuiApp
    pilot: Pilot[int]
    client: FakeClient
    kernel: FakeKernel
    clock: Clock

    @property
    def workers(self) -> WorkersScreen:
        """The workers view, whatever lies over it."""
        screen = self.app.screen_stack[0]
        assert isinstance(screen, WorkersScreen)
        return screen

    def text(self) -> str:
        """What can be read on the screen, dialogs and toasts included."""
        strips = self.app.screen._compositor.render_strips(self.app.size)
        return "\n".join("".join(segment.text for segment in strip) for strip in strips)

    def line(self, part: str) -> str:
        """The first line that holds `part`."""
        return next((line for line in self.text().splitlines() if part in line), "")

    async def until(self, condition: Callable[[], bool], what: str = "") -> None:
        """Waits for something to become true, and says what stood there if it doesn't."""
        end = asyncio.get_running_loop().time() + PATIENCE
        while not condition():
            if asyncio.get_running_loop().time() > end:
                raise AssertionError(f"never came true: {what}\n{self.text()}")
            await self.pilot.pause(0.01)

    async def sees(self, *parts: str) -> None:
        """Waits until all of this can be read."""
        await self.until(lambda: all(part in self.text() for part in parts), repr(parts))

    async def told(self, *parts: str) -> None:
        """Waits until a message (a toast) holds all of this."""

        def there() -> bool:
            messages = [each.message for each in self.app._notifications]
            return any(all(part in message for part in parts) for message in messages)

        await self.until(there, f"a message with {parts!r}")

    async def go_to(self, key: str) -> None:
        """Puts the cursor on a row."""
        assert self.workers.table.move_to(key)
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        """Presses keys, one after the other."""
        await self.pilot.press(*keys)


@asynccontextmanager
async def opened(
    size: tuple[int, int] = (120, 40),
    session: tuple[FakeClient, FakeKernel] | None = None,
    kept: Kept | None = None,
) -> AsyncIterator[Stage]:
    """The program with the lessons' session, or another, as soon as its rows are listed."""
    clock = Clock()
    client, kernel = session or lessons(clock)
    feed = Feed(client, kernel, clock=clock, totals=lambda: (12.0, 3 << 30, 8 << 30))
    app = ProctuiApp(feed, kept=kept)
    async with app.run_test(size=size, notifications=True) as pilot:
        stage = Stage(app, pilot, client, kernel, clock)
        await stage.until(lambda: len(feed.store.rows) >= len(client.workers), "rows")
        await stage.until(lambda: not kernel.waiting, "passes")
        await pilot.pause()
        yield stage
