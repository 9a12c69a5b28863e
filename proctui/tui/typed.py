"""Keys in the order in which they were typed, each obeyed to its end before the next.

Textual sends a key on a round: to the queue of the widget that has the focus, from there to its
parents', at last to the app's, behind all keys that have come meanwhile; and what it does (a focus
that moves, a dialog that opens, a field that says what was entered) goes other rounds.  Keys typed
ahead, as they come over a slow line or are pasted, would then go where the focus was before.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from textual import events
from textual.app import App
from textual.message_pump import MessagePump
from textual.widgets import Input

Typed = events.Key | events.Paste

_PATIENCE = 10.0
"""Seconds after which the next key is obeyed although something goes on that has no end."""
_PATIENCE_AT_END = 2.0
"""Likewise, where the screen is told to end."""
_TURNS = 100
"""Turns of the event loop after which it is looked at less often."""
_REST = 0.002
"""Seconds between two looks from then on."""


class Keys:
    """What was typed and has not been obeyed yet."""

    def __init__(
        self,
        app: App[int],
        obey: Callable[[Typed], Awaitable[None]],
        is_early: Callable[[], bool],
    ) -> None:
        """`obey` gives one key to whom it is for; none is given while it `is_early`."""
        self._app = app
        self._obey = obey
        self._is_early = is_early
        self._waiting: asyncio.Queue[Typed] = asyncio.Queue()
        self._closed = False
        self._obeying = False

    def put(self, typed: Typed) -> None:
        """Takes the next one."""
        self._waiting.put_nowait(typed)

    async def close(self) -> None:
        """Obeys no more, and returns once the last one has been obeyed to its end.

        What has none within two seconds is not waited for.
        """
        self._closed = True
        end = time.monotonic() + _PATIENCE_AT_END
        await _while(lambda: self._obeying, _PATIENCE_AT_END)
        await self._settle(end - time.monotonic())

    async def serve(self) -> None:
        """Obeys all that come, until it is closed."""
        unsettled = False
        while True:
            typed = await self._waiting.get()
            await _while(self._is_early, float("inf"))
            is_text = self._is_text(typed)
            if unsettled and not is_text:
                await self._settle()
            if self._closed or not self._app.screen_stack:
                return  # it is over
            self._obeying = True
            try:
                await self._obey(typed)
            finally:
                self._obeying = False
            unsettled = is_text  # text moves no focus: the field's own queue keeps its order
            if not is_text:
                await self._settle()

    def _is_text(self, typed: Typed) -> bool:
        """Whether a field takes it as text and nothing else."""
        if not (self._app.screen_stack and isinstance(self._app.focused, Input)):
            return False
        return typed.is_printable if isinstance(typed, events.Key) else True

    async def _settle(self, patience: float = _PATIENCE) -> None:
        """Waits until all has been done that what was obeyed has set off."""
        await _while(lambda: any(map(_is_busy, self._on_the_way())), patience)

    def _on_the_way(self) -> Iterator[MessagePump]:
        """Who may have something to do with a key: the focus, what it stands in, the app."""
        app = self._app
        yield app
        if app.screen_stack:
            yield from (app.focused or app.screen).ancestors_with_self


async def _while(holds: Callable[[], bool], patience: float) -> None:
    """Waits as long as something holds, but no more than so many seconds."""
    end = time.monotonic() + patience
    turns = 0
    while holds() and time.monotonic() < end:
        turns += 1
        await asyncio.sleep(0 if turns < _TURNS else _REST)


def _is_busy(pump: MessagePump) -> bool:
    """Whether it has messages before it, or one in hand; those that are closed deal with none.

    Textual does not tell: it waits for its next message where it has nothing else to do.
    """
    if pump._closing or pump._closed:
        return False
    queue: Any = pump._message_queue
    return not (queue.empty() and queue.ready_event._waiters)
