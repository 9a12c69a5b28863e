"""What workers leave behind that are ended alone: processes that descend from them and run on."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import NamedTuple, Self

from proctui.linux import procfs
from proctui.linux.grip import Grip, hold
from proctui.linux.procfs import Stat
from proctui.linux.protect import all_stats
from proctui.linux.trails import belonging
from proctui.model import Worker

PATIENCE = 0.5
"""Seconds that those get who end by themselves once their parent is gone."""
PAUSE = 0.02
"""Seconds between two looks."""
NAMED = 10
"""As many are named."""


class _Held(NamedTuple):
    """One process that descends from a worker."""

    grip: Grip
    name: str
    worker: int
    """Pid of that."""


class LeftBehind:
    """The trees of workers as they stood before anything was done to the workers.

    Nothing where there is no /proc.
    """

    def __init__(self, workers: Sequence[Worker]) -> None:
        """Takes hold of those that run, and of what descends from them."""
        self._workers: dict[int, Grip] = {}
        self._held: list[_Held] = []
        if not procfs.available():
            return
        for worker in workers:
            if worker.alive and worker.pid is not None and (grip := _hold(worker.pid)):
                self._workers[worker.pid] = grip
        if self._workers:
            stats = all_stats()
            mine = self._workers.keys()
            others = {pid: stat for pid, stat in stats.items() if pid not in mine}
            for stat, _ in belonging(others, mine, mine):
                if not stat.is_zombie and (grip := _hold(stat.pid)):
                    whose = _worker_of(stat, stats, self._workers)
                    self._held.append(_Held(grip, stat.comm, whose))

    def told(self, hint: str) -> str | None:
        """A sentence with `hint` about those that run on although their worker has ended.

        Who ends by itself a moment later is not of them.  None where nobody is.
        """
        deadline = time.monotonic() + PATIENCE
        while self._held and not self._settled() and time.monotonic() < deadline:
            time.sleep(PAUSE)
        ended = {pid for pid, grip in self._workers.items() if grip.has_ended()}
        left = [one for one in self._held if one.worker in ended and not one.grip.has_ended()]
        if not left:
            return None
        names = [f"{one.name} ({one.grip.pid})" for one in sorted(left, key=lambda o: o.grip.pid)]
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        count = "1 process is" if len(names) == 1 else f"{len(names)} processes are"
        return f"{count} left behind: {', '.join(names[:NAMED])}{more}; {hint}"

    def _settled(self) -> bool:
        """Whether nothing is awaited any more: all descendants have ended."""
        return all(one.grip.has_ended() for one in self._held)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for grip in (*self._workers.values(), *(one.grip for one in self._held)):
            grip.close()


def _hold(pid: int) -> Grip | None:
    try:
        return hold(pid, procfs)
    except OSError:
        return None  # it has ended meanwhile


def _worker_of(stat: Stat, stats: Mapping[int, Stat], workers: Mapping[int, Grip]) -> int:
    """Pid of the worker that it descends from, or in whose session it lives; 0 for neither."""
    session, seen = stat.sid, set[int]()
    while stat.ppid not in workers:
        seen.add(stat.pid)
        parent = stats.get(stat.ppid)
        if parent is None or parent.pid in seen:
            return session if session in workers else 0
        stat = parent
    return stat.ppid
