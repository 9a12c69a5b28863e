"""Taking hold of what moves on in milliseconds: forks, leaves its session, ends.

By the time that every process has been read such a one is long gone.  But what
it forked has a pid that was not there before, so only new pids are read here,
the latest first, and each is handed over before the next one is read.
"""

from __future__ import annotations

from collections.abc import Callable

from proctui.linux.grip import Source
from proctui.linux.procfs import Stat

_ROUNDS = 10
"""Listings at most, one after the other: each follows one in which somebody was gone too soon."""


class Chase:
    """Knows which pids were there at the last listing."""

    def __init__(self, source: Source, tag: str, take: Callable[[Stat, str | None], None]) -> None:
        """`take` gets each process that carries the session's tag, with its worker's."""
        self._source = source
        self._tag = tag
        self._take = take
        self._seen: set[int] | None = None

    def run(self) -> None:
        """Looks at what has come since the last time; the first time only lists what is there."""
        for _ in range(_ROUNDS if self._seen is not None else 1):
            there = set(self._source.pids())
            new = [] if self._seen is None else sorted(there - self._seen, reverse=True)
            self._seen = there
            known = [self._look_at(pid) for pid in new]
            if all(known):
                return

    def _look_at(self, pid: int) -> bool:
        """False where it ended too soon to be known: then it may have forked another."""
        try:
            session, worker = self._source.tags(pid)
            stat = self._source.read_stat(pid)
        except ProcessLookupError:
            return False
        except OSError:
            return True  # not ours to read
        if session == self._tag:
            self._take(stat, worker)
        return not stat.is_zombie
