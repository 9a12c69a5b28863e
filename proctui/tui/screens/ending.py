"""Shows the end of a session while it happens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Button, ProgressBar, Static

from proctui.tui.operate import Said
from proctui.tui.plan import Target
from proctui.tui.screens.confirm import tabulated
from proctui.tui.screens.dialog import Dialog, Keyed, button_row

_PERIOD = 0.1
_SHOWN = 50


class Ending(Dialog[Said]):
    """Answers what was said at the end; None where the person did not want to wait."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "leave", "Leave", show=False),
    ]
    foot = "d: leave now, it ends by itself"

    def __init__(
        self,
        work: Coroutine[object, object, Said],
        alive: Callable[[], Sequence[Target]],
        clock: Callable[[], float],
        heading: str = "Stopping",
    ) -> None:
        super().__init__()
        self.heading = heading
        self._work = work
        self._alive = alive
        self._clock = clock
        self._total = max(len(alive()), 1)
        self._waiting: asyncio.Task[None] | None = None

    def body(self) -> Iterable[Widget]:
        """How far it is, and who still runs."""
        yield ProgressBar(total=self._total, show_eta=False, show_percentage=False, id="progress")
        yield Static(id="remaining")
        yield VerticalScroll(Static(id="members"), id="members-scroll", can_focus=False)
        yield button_row(Keyed("Leave now", "d", id="leave"))

    def on_mount(self) -> None:
        """Begins."""
        self._show()
        self.set_interval(_PERIOD, self._show)
        self._waiting = asyncio.create_task(self._run())

    def on_unmount(self) -> None:
        """What was asked for is done, whoever looks; only the waiting ends."""
        if self._waiting is not None:
            self._waiting.cancel()

    async def _run(self) -> None:
        said = await self._work
        if self.is_current:
            self.dismiss(said)

    def _show(self) -> None:
        alive = self._alive()
        self.query_one(ProgressBar).update(progress=self._total - min(len(alive), self._total))
        count = len(alive)
        words = "Nothing runs any more." if not count else f"{count} of {self._total} still run:"
        self.query_one("#remaining", Static).update(words)
        members = self.query_one("#members", Static)
        members.update(tabulated(alive[:_SHOWN], self._clock()))

    @on(Button.Pressed)
    def _leave(self) -> None:
        self.dismiss(None)
