"""Taking in what the proc connector tells: forks at once, and lives shorter than a look."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from proctui.kernel.flock import Flock
from proctui.kernel.watched import Watched, new_token
from proctui.linux.procconn import Happening
from proctui.linux.procfs import CLOCK_TICKS
from proctui.model import Departure, Observation, ProcessSample

MOST = 500
"""Short lives told in one pass; a shell script can start thousands in a second."""
_TICKS_APART = 2
"""Clock ticks between two accounts of one start that are still of the same."""
_LOST_AFTER = 5.0
"""Seconds after which the exit of one that is gone will not be told any more."""


class BriefLives:
    """Enters the newly forked into the flock, and keeps record of those it came too late for."""

    def __init__(
        self, flock: Flock, boot_time: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._flock = flock
        self._boot_time = boot_time
        self._clock = clock
        self._unended: dict[int, Observation] = {}
        self._over: list[tuple[Observation, Departure]] = []

    def hear(self, happenings: Iterable[Happening]) -> bool:
        """Takes them in, in order; True where one was about somebody of the flock."""
        mine = [self._hear(happening) for happening in happenings]
        return any(mine)

    def told(self) -> list[tuple[Observation, Departure]]:
        """Those whose whole life fell between two looks, once."""
        oldest = self._clock() - _LOST_AFTER
        for pid, seen in list(self._unended.items()):
            if seen.started_at < oldest:
                self._end(pid, None, seen.started_at)
        over, self._over = self._over[:MOST], []
        return over

    def _hear(self, happening: Happening) -> bool:
        if happening.kind == "fork":
            return self._forked(happening)
        if happening.kind == "exit" and happening.pid in self._unended:
            self._end(happening.pid, happening.status, self._when(happening))
            return True
        watched = self._known(happening.pid, happening)
        if watched is None:
            return False
        if happening.kind == "exit" and watched.sample.threads <= 1:
            watched.told_status = happening.status
        self._flock.look(watched, time.monotonic(), figures=False)
        return True

    def _forked(self, happening: Happening) -> bool:
        parent = self._parent(happening)
        if parent is None or happening.pid in self._flock.watched:
            return False
        watched = self._flock.enter(happening.pid)
        if watched is not None:
            if abs((watched.start_ticks or 0) - happening.ticks) <= _TICKS_APART:
                watched.forked_by = happening.parent
                return True
            self._flock.undo(watched)  # it is gone, and its pid a stranger's
        self._unended[happening.pid] = self._as_forked(happening, parent)
        return True

    def _parent(self, happening: Happening) -> ProcessSample | None:
        if happening.parent in self._unended:
            return self._unended[happening.parent].sample
        watched = self._known(happening.parent, happening)
        if watched is None:
            return None
        # it may have changed session since it was looked at; gone, its last sample stands
        self._flock.look(watched, time.monotonic(), figures=False)
        return watched.sample

    def _known(self, pid: int, happening: Happening) -> Watched | None:
        """The watched process that is meant, not a later one under the same pid."""
        watched = self._flock.watched.get(pid)
        if watched is None or (watched.start_ticks or 0) > happening.ticks + _TICKS_APART:
            return None
        return watched

    def _as_forked(self, happening: Happening, parent: ProcessSample) -> Observation:
        """A process just after fork(2): it has everything of its parent."""
        return Observation(
            token=new_token(),
            sample=ProcessSample(
                pid=happening.pid,
                ppid=happening.parent,
                pgid=parent.pgid,
                sid=parent.sid,
                state="X",
                start_ticks=int(happening.ticks),
                comm=parent.comm,
                uid=parent.uid,
            ),
            started_at=self._when(happening),
            forked_by=happening.parent,
        )

    def _end(self, pid: int, status: int | None, when: float) -> None:
        seen = self._unended.pop(pid)
        gone = Departure(
            token=seen.token, ended_at=when, exact=status is not None, wait_status=status
        )
        self._over.append((seen, gone))

    def _when(self, happening: Happening) -> float:
        return self._boot_time + happening.ticks / CLOCK_TICKS
