"""Notices when process groups whose leaders have ended are empty.

The kernel sends no event for that, so it is looked at again and again: one look for all groups.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from proctui.linux.groups import living
from proctui.supervisor.loop import Loop, Timer

INTERVAL = 0.05
"""Seconds between two looks."""
SHARE = 10
"""A look that took long is followed by a pause that many times as long."""

Looked = Callable[[bool], None]
"""Told after every look whether anybody of the group is left; not again once nobody is."""


class Watch:
    """One group that is watched."""

    def __init__(self, forget: Callable[[], None]) -> None:
        self._forget = forget

    def cancel(self) -> None:
        """Ends it; harmless once it is over."""
        self._forget()


class GroupWatch:
    """Looks only while there is a group to look for."""

    def __init__(self, loop: Loop, living: Callable[[Collection[int]], set[int]] = living) -> None:
        self._loop = loop
        self._living = living
        self._watched: dict[int, Looked] = {}
        self._timer: Timer | None = None
        self._not_before = 0.0
        """By the monotonic clock: when the next look may be."""

    def watch(self, group: int, looked: Looked) -> Watch:
        """Has a look at a group soon, and then until nobody is left in it.

        The id must stay the group's own meanwhile: its leader may not be reaped.
        """
        self._watched[group] = looked
        if self._timer is None:
            self._schedule(max(0.0, self._not_before - time.monotonic()))
        return Watch(lambda: self._forget(group, looked))

    def _forget(self, group: int, looked: Looked) -> None:
        if self._watched.get(group) is looked:
            del self._watched[group]

    def _schedule(self, delay: float) -> None:
        self._timer = self._loop.call_later(delay, self._look)

    def _look(self) -> None:
        self._timer = None
        if not self._watched:
            return
        began = time.monotonic()
        alive = self._living(self._watched.keys())
        now = time.monotonic()
        pause = max(INTERVAL, (now - began) * SHARE)
        self._not_before = now + pause
        self._schedule(pause)
        for group, looked in list(self._watched.items()):
            if self._watched.get(group) is not looked:
                continue  # what another one did has ended this watch
            if group not in alive:
                del self._watched[group]
            looked(group in alive)
