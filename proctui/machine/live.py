"""Every zombie and every orphan of the machine, kept up to date for a screen.

A pass is a scan in slices; between two of them the ends of those that are listed are events, and
their rows and those of their children are looked at again at once.  Under the orphans and the
negligent parents stand those that live below them: who would die, or be orphaned, with them.  All
on the event loop.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping

from proctui.core.classify import Parent
from proctui.core.naming import INIT, SUPERVISOR
from proctui.linux.grip import Grip, Source, default_source
from proctui.machine.board import Board
from proctui.machine.holding import Holds
from proctui.machine.lookout import Lookout
from proctui.machine.memory import Memory
from proctui.machine.neglect import Neglect
from proctui.machine.rows import (
    Times,
    child_row,
    has_waited,
    neglect_of,
    orphan_row,
    parent_of,
    parent_row,
    zombie_key,
    zombie_row,
)
from proctui.machine.scan import (
    FEW,
    PAUSE,
    Found,
    Orphan,
    Zombie,
    collect_in_turns,
    is_still_zombie,
)
from proctui.machine.witness import KnownSession
from proctui.model import Counts, Row

SECOND_LOOK = 0.2
"""Seconds that a parent has to reap: every process is a zombie for a moment."""
BATCH = 256
"""Ends that are looked at between two turns of the loop."""


def _nobody() -> None:
    """Hears of ends until somebody else does."""


class Machine:
    """Rows of all zombies and orphans, each parent of zombies above them.

    `on_end` is called from the loop, without arguments, each time there is something that
    `urgent` would tell at once.
    """

    def __init__(
        self,
        sessions: Callable[[], Mapping[str, KnownSession]],
        *,
        clock: Callable[[], float] = time.time,
        source: Source | None = None,
        all_users: bool = False,
        on_end: Callable[[], None] = _nobody,
    ) -> None:
        self.all_users = all_users
        self.looked = False
        """Whether there has been a pass."""
        self.on_end = on_end
        self._sessions = sessions
        self._clock = clock
        self._source = default_source() if source is None else source
        self._board = Board(Holds(self._source, self._ends_told))
        self._lookout = Lookout(self._board, self._source, clock)
        self.rows = self._board.rows
        self._memory: Memory[Zombie | Orphan] = Memory()
        self._told: deque[str] = deque()
        self._work = 0

    @property
    def roots(self) -> list[str]:
        """Keys of the rows under nobody: the worst parents first."""
        return self._board.roots

    @property
    def structure(self) -> int:
        """Grows when rows come, go or change their place."""
        return self._board.structure

    @property
    def counts(self) -> Counts:
        """Zombies and orphans."""
        return self._board.counts

    def children(self, key: str) -> list[str]:
        """Keys of the rows under `key`."""
        return self._board.children(key)

    # ------------------------------------------------------------ looking

    async def refresh(self) -> frozenset[str]:
        """One pass over the machine; keys of the rows that changed."""
        self._board.touched = set()
        try:
            return await self._refresh(self.all_users)
        finally:
            self._board.touched = None

    async def _refresh(self, everyone: bool) -> frozenset[str]:
        self._board.holds.make_room()
        found = await collect_in_turns(
            all_users=everyone, sessions=self._sessions(), memory=self._memory
        )
        new = [zombie for zombie in found.zombies if zombie_key(zombie) not in self.rows]
        if new:
            await asyncio.sleep(SECOND_LOOK)
            gone = {zombie.pid for zombie in new if not is_still_zombie(zombie)}
            found = found._replace(zombies=tuple(z for z in found.zombies if z.pid not in gone))
        if everyone != self.all_users:
            return frozenset()  # the person wants to see others meanwhile
        return await self._take(found)

    async def _take(self, found: Found) -> frozenset[str]:
        times = self._lookout.times()
        orphans = {orphan.pid: orphan for orphan in found.orphans} | await self._still_orphans()
        families: dict[int, list[Zombie]] = {}
        for zombie in found.zombies:
            families.setdefault(zombie.ppid, []).append(zombie)
        made: dict[str, Row] = {}
        neglects: dict[str, Neglect] = {}
        for ppid, zombies in families.items():
            await self._family(ppid, zombies, orphans.pop(ppid, None), times, made, neglects)
        for orphan in orphans.values():
            await self._rest()
            seen = self._board.holds.see(orphan.pid, orphan.start_ticks)
            if seen is not None and seen.stat.ppid == orphan.ppid and not seen.stat.is_zombie:
                row = orphan_row(seen, orphan, times)
                made[row.key] = row
        await self._grow(made, times)
        self._board.structure += not self.looked  # that there is nothing is news too
        self.looked = True
        return self._board.merge(made, neglects)

    async def _still_orphans(self) -> dict[int, Orphan]:
        """By pid: whose parent was seen to end, and who has them now."""
        found: dict[int, Orphan] = {}
        for token in list(self._board.orphaned):
            await self._rest()
            if token in self._board.orphaned:
                orphan = self._lookout.still_orphaned(token)
                found |= {} if orphan is None else {orphan.pid: orphan}
        return found

    async def _family(
        self,
        ppid: int,
        zombies: list[Zombie],
        orphan: Orphan | None,
        times: Times,
        made: dict[str, Row],
        neglects: dict[str, Neglect],
    ) -> None:
        seen = self._board.holds.see(ppid)
        title = zombies[0].parent
        key = None
        if seen is not None:
            if title == SUPERVISOR:
                seen = seen._replace(name=SUPERVISOR)
            first = (self._board.first.get(zombie_key(z), times.now) for z in zombies)
            waited = any(has_waited(since, times.now) for since in first)
            row = parent_row(seen, zombies, times, orphan, waited=waited)
            made[row.key] = row
            key = row.key
            neglects[key] = neglect_of(seen, zombies, waited=waited)
        stopped = seen is not None and seen.stat.state in "Tt"
        parent = parent_of(zombies[0], stopped=stopped)
        for zombie in zombies:
            await self._rest()
            self._bury(zombie, parent, key, times, made)

    async def _rest(self) -> None:
        """Gives the loop a turn now and then."""
        self._work += 1
        if self._work % FEW == 0:
            await asyncio.sleep(PAUSE)

    def _bury(
        self, zombie: Zombie, parent: Parent, key: str | None, times: Times, made: dict[str, Row]
    ) -> None:
        own = zombie_key(zombie)
        first = self._board.first.setdefault(own, times.now)
        since = times.now if own not in self.rows and self.looked else None
        old = self.rows.get(own)
        if old is not None:
            since = old.zombie_since
            if self._board.is_known(zombie) and old.parent == key and not zombie.reaped_soon:
                made[own] = old
                return
        try:
            stat = self._source.read_stat(zombie.pid)
        except OSError:
            return  # it was joined meanwhile
        self._board.entomb(zombie)
        row = made[own] = zombie_row(zombie, stat, parent, key, times, since, first)
        if old is not None:
            row.orphan, row.since_exact = old.orphan, old.since_exact
            row.lineage = old.lineage if old.orphan else row.lineage

    # ------------------------------------------------------------ who lives below them

    async def _grow(self, made: dict[str, Row], times: Times) -> None:
        """Adds what lives below the rows there are.

        Not below init and the supervisors: what those keep alive is no business of a zombie's.
        """
        no_further = {INIT, *(s.supervisor for s in self._sessions().values() if s.running)}
        placed = {row.pid: row for row in made.values() if not row.zombie}
        waiting = deque(row for row in placed.values() if row.name != SUPERVISOR)
        while waiting:
            parent = waiting.popleft()
            if parent.pid in no_further:
                continue
            for pid in self._children(parent.pid or 0):
                await self._rest()
                row = placed.get(pid)
                if row is not None:
                    row.parent = parent.key
                elif (row := self._child(pid, parent, times)) is not None:
                    made[row.key] = placed[pid] = row
                    waiting.append(row)

    def _child(self, pid: int, parent: Row, times: Times) -> Row | None:
        seen = self._board.holds.see(pid)
        if seen is None or seen.stat.is_zombie or seen.stat.ppid != parent.pid:
            return None
        return child_row(seen, parent, times)

    def _children(self, pid: int) -> Iterable[int]:
        try:
            return self._source.children(pid)
        except OSError:
            return ()  # it has ended, or the kernel does not tell

    # ------------------------------------------------------------ at once

    def _ends_told(self) -> None:
        """The loop says that pidfds are readable."""
        self._told.extend(self._board.holds.told())
        if self._told:
            self.on_end()

    def urgent(self) -> frozenset[str]:
        """Looks at once at the rows whose process has ended, and at those under them.

        Keys of the rows that changed.
        """
        keys: dict[str, None] = {}
        for _ in range(min(BATCH, len(self._told))):
            key = self._told.popleft()
            keys |= dict.fromkeys((key, *self.children(key)))
        changed = {key for key in keys if self._lookout.look_at(key)}
        if changed:
            changed |= self._board.settle()
        if self._told:
            self.on_end()
        return frozenset(changed)

    async def look(self) -> frozenset[str]:
        """Looks again at those that are listed, and at nobody else; keys that changed."""
        changed: set[str] = set()
        for key in list(self.rows):
            await self._rest()
            if self._lookout.look_at(key):
                changed.add(key)
        if changed:
            changed |= self._board.settle()
        return frozenset(changed)

    def grip(self, token: int) -> Grip:
        """What holds a process; raises `ProcessLookupError` where it is gone."""
        return self._board.holds.grip(token)

    def close(self) -> None:
        """Lets go of everything."""
        self._board.holds.close()
