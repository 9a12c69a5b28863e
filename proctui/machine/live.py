"""Every zombie and every orphan of the machine, kept up to date for a screen.

A pass is a scan in slices.  Whoever an action could mean, the parents and the orphans, is held
from the first sight on, so that a signal can't hit who has the pid later; zombies are held by
nobody, no signal does anything to them.  All on the event loop.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from proctui.core.classify import Parent
from proctui.core.kin import process_name
from proctui.core.naming import SUPERVISOR
from proctui.core.rowmaking import differences
from proctui.linux import procfs
from proctui.linux.clock import since_boot
from proctui.linux.grip import Grip, Source, default_source, hold
from proctui.linux.treekill import owner_name
from proctui.machine.rows import (
    Seen,
    Times,
    moved,
    orphan_row,
    parent_row,
    zombie_key,
    zombie_row,
)
from proctui.machine.scan import (
    FEW,
    PAUSE,
    Found,
    KnownSession,
    Orphan,
    Zombie,
    collect_in_turns,
    is_still_zombie,
)
from proctui.model import Counts, Row

SECOND_LOOK = 0.2
"""Seconds that a parent has to reap: every process is a zombie for a moment."""
MOST_HELD = 1024
"""Processes held by a descriptor; of more the kernel's unique number tells them apart."""


class Machine:
    """Rows of all zombies and orphans, each parent of zombies above them."""

    def __init__(
        self,
        sessions: Callable[[], Mapping[str, KnownSession]],
        *,
        clock: Callable[[], float] = time.time,
        source: Source | None = None,
        all_users: bool = False,
    ) -> None:
        self.rows: dict[str, Row] = {}
        self.roots: list[str] = []
        self.structure = 0
        """Grows when rows come, go or change their place."""
        self.counts = Counts()
        self.all_users = all_users
        self.looked = False
        """Whether there has been a pass."""
        self._sessions = sessions
        self._clock = clock
        self._source = default_source() if source is None else source
        self._below: dict[str, list[str]] = {}
        self._held: dict[int, tuple[int, Grip]] = {}
        """Tokens and grips by pid."""
        self._grips: dict[int, Grip] = {}
        self._names: dict[int, tuple[str, str, str]] = {}
        """Name, command line and owner by token."""
        self._first: dict[str, float] = {}
        """When each zombie was first seen."""
        self._zombies: dict[str, Zombie] = {}
        self._tokens = 0
        self._work = 0

    def children(self, key: str) -> list[str]:
        """Keys of the rows under `key`."""
        return self._below.get(key, [])

    # ------------------------------------------------------------ looking

    async def refresh(self) -> frozenset[str]:
        """One pass over the machine; keys of the rows that changed."""
        everyone = self.all_users
        found = await collect_in_turns(all_users=everyone, sessions=self._sessions())
        new = [zombie for zombie in found.zombies if zombie_key(zombie) not in self.rows]
        if new:
            await asyncio.sleep(SECOND_LOOK)
            gone = {zombie.pid for zombie in new if not is_still_zombie(zombie)}
            found = found._replace(zombies=tuple(z for z in found.zombies if z.pid not in gone))
        if everyone != self.all_users:
            return frozenset()  # the person wants to see others meanwhile
        return await self._take(found)

    async def _take(self, found: Found) -> frozenset[str]:
        times = Times(self._clock() - since_boot(), self._clock())
        orphans = {orphan.pid: orphan for orphan in found.orphans}
        families: dict[int, list[Zombie]] = {}
        for zombie in found.zombies:
            families.setdefault(zombie.ppid, []).append(zombie)
        made: dict[str, Row] = {}
        for ppid, zombies in families.items():
            await self._family(ppid, zombies, orphans.pop(ppid, None), times, made)
        for orphan in orphans.values():
            await self._rest()
            seen = self._see(orphan.pid, orphan.start_ticks)
            if seen is not None and seen.stat.ppid == orphan.ppid:
                row = orphan_row(seen, orphan, times)
                made[row.key] = row
        self.structure += not self.looked  # that there is nothing is news too
        self.looked = True
        return self._merge(made)

    async def _family(
        self,
        ppid: int,
        zombies: list[Zombie],
        orphan: Orphan | None,
        times: Times,
        made: dict[str, Row],
    ) -> None:
        seen = self._see(ppid)
        title = zombies[0].parent
        key = None
        if seen is not None:
            if title == SUPERVISOR:
                seen = seen._replace(name=SUPERVISOR)
            row = parent_row(seen, zombies, times, orphan)
            made[row.key] = row
            key = row.key
        stopped = seen is not None and seen.stat.state in "Tt"
        parent = Parent(ppid, title, "init" if ppid == 1 else "process", stopped)
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
        first = self._first.setdefault(own, times.now)
        since = times.now if own not in self.rows and self.looked else None
        old = self.rows.get(own)
        if old is not None:
            since = old.zombie_since
            timeless = zombie._replace(age_seconds=0.0)
            if self._zombies.get(own) == timeless and old.parent == key and parent.pid != 1:
                made[own] = old
                return
        try:
            stat = self._source.read_stat(zombie.pid)
        except OSError:
            return  # it was joined meanwhile
        self._zombies[own] = zombie._replace(age_seconds=0.0)
        made[own] = zombie_row(zombie, stat, parent, key, times, since, first)

    # ------------------------------------------------------------ holding

    def _see(self, pid: int, start_ticks: int | None = None) -> Seen | None:
        """The process with this pid, held from now on; None where it is gone."""
        token, grip = self._held.get(pid, (0, None))
        if grip is not None and not grip.exists():
            self._drop(pid)
            grip = None
        try:
            if grip is None:
                token, grip = self._hold(pid)
            stat = grip.present()
            if start_ticks not in (None, stat.start_ticks):
                return None
            if token not in self._names:
                self._names[token] = self._described(stat)
        except OSError:
            return None
        name, command, user = self._names[token]
        return Seen(token, stat, name, command, user)

    def _hold(self, pid: int) -> tuple[int, Grip]:
        room = len(self._held) < MOST_HELD
        grip = hold(pid, self._source) if room else Grip(pid, self._source)
        self._tokens += 1
        self._held[pid] = self._tokens, grip
        self._grips[self._tokens] = grip
        return self._tokens, grip

    def _described(self, stat: procfs.Stat) -> tuple[str, str, str]:
        try:
            command = self._source.command_line(stat.pid) or ""
        except OSError:
            command = ""
        return process_name(stat.comm, command), command, owner_name(stat.pid)

    def _drop(self, pid: int) -> None:
        token, grip = self._held.pop(pid)
        grip.close()
        self._grips.pop(token, None)
        self._names.pop(token, None)

    # ------------------------------------------------------------ keeping rows

    def _merge(self, made: Mapping[str, Row]) -> frozenset[str]:
        changed: set[str] = set()
        for key in [key for key in self.rows if key not in made]:
            self._remove(key)
        for key, new in made.items():
            old = self.rows.get(key)
            if old is None:
                self.rows[key] = new
            elif old is not new and (fields := differences(old, new)):
                new.first_seen = old.first_seen
                for name in fields:
                    setattr(old, name, getattr(new, name))
                old.version += 1
                changed.add(key)
        kept = {row.token for row in self.rows.values()}
        for pid in [pid for pid, (token, _) in self._held.items() if token not in kept]:
            self._drop(pid)
        self._arrange()
        return frozenset(changed | made.keys())

    def _remove(self, key: str) -> None:
        del self.rows[key]
        self._first.pop(key, None)
        self._zombies.pop(key, None)

    def _arrange(self) -> None:
        """Who stands under whom: the worst parents first, then the orphans, then the rest."""
        below: dict[str, list[str]] = {}
        roots: list[str] = []
        for key, row in self.rows.items():
            if row.parent in self.rows:
                below.setdefault(row.parent or "", []).append(key)
            else:
                roots.append(key)
        roots.sort(key=lambda key: (-len(below.get(key, ())), self.rows[key].pid or 0))
        if (roots, below) != (self.roots, self._below):
            self.roots, self._below = roots, below
            self.structure += 1
        rows = self.rows.values()
        self.counts = Counts(
            zombies=sum(row.zombie for row in rows), orphans=sum(row.orphan for row in rows)
        )

    # ------------------------------------------------------------ after an action

    async def look(self) -> frozenset[str]:
        """Looks again at those that are listed, and at nobody else; keys that changed."""
        changed: set[str] = set()
        for row in list(self.rows.values()):
            await self._rest()
            if not self._look_at(row):
                changed.add(row.key)
        if changed:
            self._arrange()
        return frozenset(changed)

    def _look_at(self, row: Row) -> bool:
        """False where something about it is otherwise than before."""
        if row.key not in self.rows or row.sample is None:
            return True
        if row.token is not None:
            grip = self._grips.get(row.token)
            if grip is not None and not grip.has_ended():
                return True
            self._remove(row.key)
            return False
        try:
            stat = self._source.read_stat(row.sample.pid)
        except OSError:
            stat = None
        if stat is None or not stat.is_zombie or stat.start_ticks != row.sample.start_ticks:
            self._remove(row.key)
            return False
        if stat.ppid == row.sample.ppid:
            return True
        adopter = self._see(stat.ppid)
        key = None if adopter is None else f"m:{adopter.token}"
        name = "" if adopter is None else adopter.name
        moved(row, stat.ppid, name, key, self._clock())
        return False

    def grip(self, token: int) -> Grip:
        """What holds a process; raises `ProcessLookupError` where it is gone."""
        grip = self._grips.get(token)
        if grip is None:
            raise ProcessLookupError("that process is gone")
        return grip

    def close(self) -> None:
        """Lets go of everything."""
        for pid in list(self._held):
            self._drop(pid)
