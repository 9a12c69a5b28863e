"""Those who wait for a worker to have started."""

from __future__ import annotations

from collections.abc import Iterable

from proctui.supervisor.record import Record
from proctui.supervisor.world import Done, Timer, World

PATIENCE = 5.0
"""Seconds after which a start is answered although user code has not been reached."""


class Starts:
    """Answered together: when user code runs, when it won't, or when that takes too long."""

    def __init__(self, record: Record, world: World) -> None:
        self._record = record
        self._world = world
        self._waiting: list[Done] = []
        self._timer: Timer | None = None

    def add(self, waiting: Iterable[Done]) -> None:
        """Before the launch."""
        self._waiting += waiting

    def launched(self) -> None:
        """There is a process; from here on patience counts."""
        if self._waiting:
            self._timer = self._world.call_later(PATIENCE, self._takes_long)

    def answer(self, ok: bool, text: str) -> None:
        """Tells all who wait, and none again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, []
        self._record.answer(waiting, ok, text)

    def _takes_long(self) -> None:
        pid = self._record.worker.pid
        self.answer(True, f"started as pid {pid}, which has not reached user code yet")
