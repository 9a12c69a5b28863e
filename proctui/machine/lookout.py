"""Looks again at single rows of the Machine view: at those whose process has ended, at once.

A process that ends is gone, or a zombie; its children have another parent from that moment on,
and are orphans (PR_SET_CHILD_SUBREAPER(2const)).
"""

from __future__ import annotations

from collections.abc import Callable

from proctui.linux.clock import since_boot
from proctui.linux.grip import Source
from proctui.linux.procfs import Stat
from proctui.machine.board import Board
from proctui.machine.rows import (
    Seen,
    Times,
    ended,
    left_alone,
    moved,
    orphan_row,
    parent_of,
    zombie_key,
    zombie_row,
)
from proctui.machine.scan import Orphan, exitcode_of
from proctui.model import Row


class Lookout:
    """Keeps single rows of a board true."""

    def __init__(self, board: Board, source: Source, clock: Callable[[], float]) -> None:
        self._board = board
        self._source = source
        self._clock = clock

    def times(self) -> Times:
        """What turns ticks into seconds now."""
        now = self._clock()
        return Times(now - since_boot(), now)

    def look_at(self, key: str) -> bool:
        """True where something about this row is otherwise than before, or it has gone."""
        row = self._board.rows.get(key)
        if row is None or row.sample is None:
            return False
        news = self._dead(row) if row.token is None else self._living(row, row.token)
        if news:
            self._board.touch(key)
        return news

    def name(self, pid: int) -> str:
        """Of a process as the rows call it; "" where it is gone.  Untrusted."""
        key = self._board.listed(pid)
        if key is not None:
            return self._board.rows[key].name
        try:
            return self._source.name(pid)
        except OSError:
            return ""

    def _is_init(self, pid: int) -> bool:
        try:
            return self._source.is_namespace_init(pid)
        except OSError:
            return False  # it has ended meanwhile

    def still_orphaned(self, token: int) -> Orphan | None:
        """Whose parent was seen to end, with whom it has now; None once it has ended itself."""
        seen, orphan = self._board.holds.again(token), self._board.orphaned[token]
        if seen is None or seen.stat.is_zombie:
            return None
        if seen.stat.ppid != orphan.ppid:
            now = seen.stat.ppid
            orphan = orphan._replace(ppid=now, adopter=self.name(now), init=self._is_init(now))
            self._board.orphaned[token] = orphan
        return orphan

    # ------------------------------------------------------------ zombies

    def _dead(self, row: Row) -> bool:
        stat = self._stat_of(row)
        if stat is None or row.sample is None:
            self._board.remove(row)
            return True
        if stat.ppid == row.sample.ppid:
            return False
        parent = self._board.listed(stat.ppid)
        moved(row, stat.ppid, self.name(stat.ppid), parent, self._clock())
        return True

    def _stat_of(self, row: Row) -> Stat | None:
        """Of a zombie that is there still."""
        if row.sample is None:
            return None
        try:
            stat = self._source.read_stat(row.sample.pid)
        except OSError:
            return None
        return stat if stat.is_zombie and stat.start_ticks == row.sample.start_ticks else None

    # ------------------------------------------------------------ the living

    def _living(self, row: Row, token: int) -> bool:
        holds = self._board.holds
        seen = holds.again(token)
        if seen is None or seen.stat.is_zombie or holds.has_ended(token):
            self._end(row, seen)
            return True
        if row.sample is None or seen.stat.ppid == row.sample.ppid:
            return False
        now = seen.stat.ppid
        orphan = left_alone(row, seen, self.name(now), self.times(), init=self._is_init(now))
        self._board.orphaned[token] = orphan
        new = orphan_row(seen, orphan, self.times())
        new.parent = self._board.listed(seen.stat.ppid)
        return self._board.become(row, new)

    def _end(self, row: Row, seen: Seen | None) -> None:
        """It is gone, or a zombie from now on, whose row takes the place of its own."""
        board = self._board
        board.remove(row)
        if seen is None or not seen.stat.is_zombie:
            return
        times, stat = self.times(), seen.stat
        parent = stat.ppid
        zombie = ended(
            seen,
            exitcode_of(stat),
            self.name(parent),
            times,
            init=self._is_init(parent),
            adopted=row.orphan,
        )
        home = board.listed(stat.ppid)
        dead = zombie_row(zombie, stat, parent_of(zombie), home, times, times.now, times.now)
        dead.since_exact = True
        if row.orphan:
            dead.orphan, dead.lineage = True, row.lineage
        key = zombie_key(zombie)
        board.rows[key] = dead
        board.first[key] = times.now
        board.entomb(zombie)
        board.touch(key)
