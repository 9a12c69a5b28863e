"""Which of the machine's processes belong to what is watched.

Reading every process costs ten times as much as listing the pids, so each
process is read once when it is new, and again only where its pid may have been
given anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from proctui.linux.grip import Source

FULL_INTERVAL = 60.0
"""Seconds between two passes that read every process again."""
FEW = 200
"""Pids that may have been given since the pass before the last one for each to be asked for."""


class Newcomers:
    """Tells which pids are worth a look."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._foreign: set[int] = set()
        self._marks: tuple[int | None, int | None] = (None, None)
        self._full_at = 0.0

    def read_all_next(self) -> None:
        """Makes the next pass read every process: something older than its pass came to watch."""
        self._full_at = 0.0

    def is_foreign(self, pid: int) -> bool:
        """True where the pid was looked at and belonged to nobody watched."""
        return pid in self._foreign

    def candidates(self, watched: Collection[int], clock: float) -> list[int]:
        """Pids to be read in this pass, none of them in `watched`.

        A pid is given before its process shows in /proc, so the pids given
        since the pass before the last one count as new, and a second listing
        follows each change.  Where few pids were given only these are asked for: listing all
        costs what the whole machine runs.
        """
        older, last = self._marks
        now = self._source.last_pid()
        full = clock >= self._full_at
        if not full and older == last == now and now is not None:
            return []
        self._marks = (last, now)
        if not full and older is not None and now is not None and 0 <= now - older <= FEW:
            self._foreign.difference_update(range(older + 1, now + 1))
            return [pid for pid in self._source.given(older, now) if pid not in watched]
        listed = self._source.pids()
        if full:
            self._full_at = clock + FULL_INTERVAL
            self._foreign.clear()
        else:
            self._foreign.intersection_update(listed)
        return [
            pid
            for pid in listed
            if pid not in watched and (pid not in self._foreign or _given(pid, older, now))
        ]

    def dismiss(self, pids: Iterable[int]) -> None:
        """These were read and belong to nobody watched."""
        self._foreign.update(pids)


def _given(pid: int, after: int | None, last: int | None) -> bool:
    """Whether `pid` was given since `after` was; where nothing tells, the full pass will see."""
    if after is None or last is None:
        return False
    if after <= last:
        return after < pid <= last
    return pid > after or pid <= last
