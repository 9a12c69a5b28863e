"""Tells of orphans as they come to a supervisor that adopts (PR_SET_CHILD_SUBREAPER(2const)).

The kernel tells nobody that it gave a process another parent.  But the supervisor's children are
its workers and what it adopted, so it looks at the list of them now and then.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from proctui.linux import procfs
from proctui.supervisor import host
from proctui.supervisor.loop import Loop
from proctui.supervisor.workers import Workers
from proctui.supervisor.world import SUPERVISOR, Say

LOOK = 0.5
"""Seconds between two looks, which cost as much as reading one small file."""


class Adoptions:
    """Makes one event of each adoption.  Looks only while the session adopts."""

    def __init__(self, loop: Loop, workers: Workers, adopts: Callable[[], bool], say: Say) -> None:
        self._loop = loop
        self._workers = workers
        self._adopts = adopts
        self._say = say
        self._known: set[int] = set()
        """Children that were there at the last look."""

    def begin(self) -> None:
        """From now on, until the session ends."""
        self._loop.call_later(LOOK, self._look_again)

    def _look_again(self) -> None:
        if self._workers.ending:
            return  # what is left is ended now, and each end is told
        self._loop.call_later(LOOK, self._look_again)
        if self._adopts():
            self.look()

    def look(self) -> None:
        """Tells of those that have come since the last look."""
        try:
            children = set(procfs.children(os.getpid()))
        except OSError:
            return  # a kernel without the list of children: the kernel view of clients tells
        news, self._known = children - self._known, children
        if news:
            self._tell(sorted(news - self._own()))

    def _own(self) -> set[int]:
        pids = {machine.unreaped for machine in self._workers.all()}
        return {pid for pid in pids if pid is not None} | set(host.multiprocessing_helpers())

    def _tell(self, adopted: list[int]) -> None:
        for pid in adopted:
            try:
                stat = procfs.read_stat(pid)
                worker = self._worker_of(stat)
            except OSError:
                continue  # joined meanwhile
            who = f"{stat.comm} ({pid})"
            if worker is None:
                text = f"{who} lost its parent and was adopted by the supervisor"
            else:
                text = f"left {who} behind, which the supervisor has adopted"
            self._say("adopted", text, by=SUPERVISOR, worker=worker, pid=pid)

    def _worker_of(self, stat: procfs.Stat) -> str | None:
        """By the session that a worker leads, else by the tag; None where neither tells."""
        for machine in self._workers.all():
            if machine.worker.pid == stat.sid:
                return machine.id
        tagged = None if stat.is_zombie else procfs.tags(stat.pid)[1]
        return tagged if tagged is not None and self._workers.get(tagged) is not None else None
