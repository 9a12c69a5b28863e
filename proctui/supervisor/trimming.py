"""Keeps the workers' logs within their limit on disk, with little work at a time."""

from __future__ import annotations

import os
import time
from collections import deque

from proctui.supervisor.complaints import complain
from proctui.supervisor.logs import LogStore
from proctui.supervisor.loop import Loop
from proctui.supervisor.supervised import Supervised
from proctui.supervisor.workers import Workers
from proctui.supervisor.world import SUPERVISOR, Say

INTERVAL = 1.0
"""Seconds between two turns while no log is being trimmed."""
BEHIND_INTERVAL = 0.25
"""And while there are so many that one turn is not enough for all of them."""
HOT_INTERVAL = 0.1
"""And while some are being trimmed."""
BUDGET = 0.003
"""Seconds of looking in a turn, and of trimming between two looks at everything else."""
_BLOCK = 512
"""Bytes that st_blocks counts in (stat(2))."""


class Trimming:
    """Goes round all logs that were ever written; those that grow fast come every turn."""

    def __init__(self, loop: Loop, workers: Workers, logs: LogStore, say: Say) -> None:
        self._loop = loop
        self._workers = workers
        self._logs = logs
        self._say = say
        self._round: deque[Supervised] = deque()
        self._hot: dict[str, Supervised] = {}
        self._told: dict[str, float | None] = {}
        """By worker: the start of the run of which trimming has been told."""

    def begin(self) -> None:
        """From now on, for ever."""
        self._loop.call_later(INTERVAL, self._turn)

    def forget(self, worker: str) -> None:
        """The worker was removed."""
        self._hot.pop(worker, None)
        self._told.pop(worker, None)
        self._logs.forget(worker)

    def _turn(self) -> None:
        self._go_round()
        due, self._hot = deque(self._hot.values()), {}
        self._trim_all(due)

    def _go_round(self) -> None:
        """Finds those that are too large: a look costs little beside the trimming."""
        until = time.monotonic() + BUDGET
        if not self._round:
            self._round.extend(self._workers.all())
        while self._round:
            machine = self._round.popleft()
            if self._is_too_large(machine):
                self._hot[machine.id] = machine
            if time.monotonic() >= until:
                return

    def _trim_all(self, due: deque[Supervised]) -> None:
        """All of them, however many, and everybody else's turn in between."""
        until = time.monotonic() + BUDGET
        while due:
            machine = due.popleft()
            if self._is_too_large(machine):
                self._trim(machine)
            if time.monotonic() >= until:
                break
        if due:
            self._loop.call_later(0.0, lambda: self._trim_all(due))
            return
        behind = BEHIND_INTERVAL if self._round else INTERVAL
        self._loop.call_later(HOT_INTERVAL if self._hot else behind, self._turn)

    def _is_too_large(self, machine: Supervised) -> bool:
        worker = machine.worker
        if worker.started_at is None or worker.log is None:
            return False
        try:
            on_disk = os.stat(worker.log, follow_symlinks=False).st_blocks * _BLOCK
        except OSError:
            return False
        return on_disk > self._logs.limit

    def _trim(self, machine: Supervised) -> None:
        try:
            released = self._logs.trim(machine.id)
        except OSError as error:
            if self._first_of_run(machine):
                complain(f"the log of {machine.id} can't be trimmed: {error}")
            return
        if not released:
            return
        self._hot[machine.id] = machine
        if self._first_of_run(machine):
            limit = self._logs.limit
            text = f"its log has reached the limit of {limit} bytes: its oldest output is released"
            worker = machine.worker
            self._say(
                "log-trimmed", text, by=SUPERVISOR, worker=worker.id, pid=worker.pid, state=worker
            )

    def _first_of_run(self, machine: Supervised) -> bool:
        started_at = machine.worker.started_at
        if self._told.get(machine.id) == started_at:
            return False
        self._told[machine.id] = started_at
        return True
