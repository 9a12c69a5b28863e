"""Doing an action of the table on a screen: who does it, and why not where it doesn't apply."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final

from textual.binding import Binding, BindingType

from proctui.tui.actions import ACTIONS
from proctui.tui.operate import Said

if TYPE_CHECKING:
    from proctui.tui.screens.workers import WorkersScreen

Deed = Callable[[], Awaitable[None] | None]

_STEPS: Final = 10
"""Turns of the event loop in which a deed must have opened its dialog."""
_ASK_FIRST: Final = frozenset({"new", "new_like"})
"""Their dialog opens only once the supervisor has answered."""
_ANSWER: Final = 1.0
"""Seconds in which it must have."""


def bindings() -> list[BindingType]:
    """The keys of all actions, as a screen with `action_act` has them."""
    return [
        Binding(",".join(a.keys), f"act('{a.id}')", a.title, False, tooltip=a.tooltip, id=a.id)
        for a in ACTIONS.values()
    ]


class Doing:
    """What does each action, by its id."""

    def __init__(self, screen: WorkersScreen, doers: Mapping[str, Deed]) -> None:
        self.doers = dict(doers)
        self._screen = screen

    async def act(self, name: str) -> None:
        """Does an action, or says why it does not apply.

        Returns once its dialog is open, where it has one, so that keys typed ahead reach that.
        """
        action, screen = ACTIONS[name], self._screen
        screen.hints.used(name)
        if action.scope in ("row", "session", "screen"):
            why = action.why_not(screen.scene())
            if why is not None:
                screen.say(Said(why, "warning"))
                return
        deed = self.doers[name]()
        if deed is not None:
            worker = screen.run_worker(_finish(deed), name=name)
            end = time.monotonic() + (_ANSWER if name in _ASK_FIRST else 0)
            steps = 0
            while not worker.is_finished and screen.is_current:
                if steps >= _STEPS and time.monotonic() >= end:
                    break
                steps += 1
                await asyncio.sleep(0)


async def _finish(deed: Awaitable[None]) -> None:
    await deed
