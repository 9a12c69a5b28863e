"""The runs of workers: which session is whose, and which process a run is.  Pure."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from proctui.core.kin import Kin
from proctui.model import Worker

START_SLACK = 2.0
"""Seconds by which parent and kernel may differ about a start: the kernel counts clock ticks
from boot, the parent reads the clock some time around the fork."""
END_SLACK = 0.1
"""Likewise about an end."""
MAX_ENDED = 4096
"""Ended runs remembered although nobody is known to live in their session."""


class Run(msgspec.Struct):
    """One process that a worker was: it led a session that has its pid for a number."""

    worker: str
    pid: int
    started_at: float | None
    ended_at: float | None = None
    """When the last of its session is known to have been there, once its own process is gone."""


class Leaders:
    """Session numbers and whose they are.

    A number is not given again while anybody lives in that session
    (kernel/pid.c: a pid is freed with its last use, also as session id).
    """

    def __init__(self) -> None:
        self._runs: dict[int, Run] = {}
        self._prune_at = 2 * MAX_ENDED

    def lead(self, run: Run, inhabited: Callable[[int], bool]) -> None:
        """From now on the session numbered `run.pid` is this run's."""
        self._runs.pop(run.pid, None)
        self._runs[run.pid] = run
        if len(self._runs) > self._prune_at:
            self._prune(inhabited)
            self._prune_at = 2 * max(MAX_ENDED, len(self._runs))

    def _prune(self, inhabited: Callable[[int], bool]) -> None:
        empty = [
            pid
            for pid, run in self._runs.items()
            if run.ended_at is not None and not inhabited(pid)
        ]
        for pid in empty[:-MAX_ENDED]:
            del self._runs[pid]

    def run(self, sid: int) -> Run | None:
        """Whose session that is or was."""
        return self._runs.get(sid)

    def member_ended(self, kin: Kin, when: float) -> None:
        """Somebody who lived in a session is gone; it lasted at least as long as that."""
        run = self._runs.get(kin.sample.sid)
        if run is not None and kin.worker == run.worker:
            leader = kin.pid == run.pid
            if run.ended_at is None and leader:
                run.ended_at = when
            elif run.ended_at is not None:
                run.ended_at = max(run.ended_at, when)

    def claim(self, kin: Kin, inhabited: Callable[[str], bool]) -> Run | None:
        """The run whose session `kin` lives in, where that is certain.

        A process that started after the run's end is of that session only if
        the session was `inhabited` by others of that worker meanwhile: else its
        number may have been given again.
        """
        run = self._runs.get(kin.sample.sid)
        if run is None or kin.pid == run.pid:
            return None
        if run.started_at is not None and kin.started_at < run.started_at - START_SLACK:
            return None
        late = run.ended_at is not None and started_after(kin, run.ended_at)
        return None if late and not inhabited(run.worker) else run


def started_after(kin: Kin, when: float) -> bool:
    """Whether its start is certainly later."""
    return kin.started_at > when + END_SLACK


def is_over(worker: Worker) -> bool:
    """The parent has joined it: no process has its pid on its behalf any more."""
    if worker.phase in ("alive", "ended"):
        return False
    if worker.phase in ("joined", "backoff"):
        return True
    return worker.phase == "idle" or worker.joined_at is not None


def is_run(worker: Worker, kin: Kin, *, own: bool, strange: bool) -> bool:
    """Whether this process is the present run of that worker, whose pid it has.

    `own` says that its parent is one that starts workers, `strange` that its
    parent is nobody watched.  A pid belongs to the run from its start until it
    is joined, so what was seen with that pid in between is the run.  Where the
    starts don't fit (the clock was set), the parent tells, or of an orphan the
    session that each worker leads.
    """
    if worker.pid != kin.pid:
        return False
    if worker.started_at is None or kin.started_at == 0.0:
        return True
    if abs(kin.started_at - worker.started_at) <= START_SLACK:
        return True
    if kin.last_seen < worker.started_at + START_SLACK:
        return False
    return own or (strange and kin.sample.sid == kin.pid)
