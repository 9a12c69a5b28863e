"""The watched processes: who they are, whose children, in which sessions, and what is new.

Bookkeeping without a loop; `proctui.kernel` decides when to look at whom.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Mapping

from proctui.kernel.watched import Budget, Watched, watch
from proctui.linux.grip import Source
from proctui.linux.pidfd import EndWatcher
from proctui.linux.procfs import Stat
from proctui.linux.trails import belonging, orphaned_members
from proctui.model import Departure


class Flock:
    """All watched processes by pid, by token and by pidfd."""

    def __init__(
        self,
        source: Source,
        budget: Budget,
        ends: EndWatcher | None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._source = source
        self._clock = clock
        self._budget = budget
        self._ends = ends
        self.watched: dict[int, Watched] = {}
        self.tokens: dict[int, Watched] = {}
        self.changed: dict[int, Watched] = {}
        """By token: what has something to tell."""
        self.departures: list[Departure] = []
        self._pidfds: dict[int, Watched] = {}
        self._children: dict[int, set[int]] = {}
        self._sessions: set[int] = set()
        self._groups: set[int] = set()

    # ------------------------------------------------------------ coming

    def enter(self, pid: int, *, by_parent: bool = True) -> Watched | None:
        """Takes hold of a process; None where it is gone or may not be seen."""
        try:
            watched = watch(pid, self._source, self._budget)
        except OSError:
            return None
        watched.adopted = not by_parent
        self.watched[pid] = self.tokens[watched.token] = watched
        self._children.setdefault(watched.sample.ppid, set()).add(pid)
        self.changed[watched.token] = watched
        self._note_session(watched)
        self._attend(watched)
        return watched

    def enter_as(self, stat: Stat, *, by_parent: bool) -> None:
        """Takes hold of a process that was just read, unless its pid has gone to another."""
        if stat.pid in self.watched:
            return
        watched = self.enter(stat.pid, by_parent=by_parent)
        if watched is not None and watched.start_ticks != stat.start_ticks:
            self.undo(watched)

    def relatives(self, stats: dict[int, Stat]) -> list[tuple[Stat, bool]]:
        """Takes those out of `stats` that descend from what is watched (`trails.belonging`)."""
        found = belonging(stats, self.watched, self._sessions)
        for stat in self._orphaned_members(stats):
            if stats.pop(stat.pid, None) is not None:
                found += [(stat, False), *belonging(stats, (stat.pid,), ())]
        return found

    def _orphaned_members(self, stats: Mapping[int, Stat]) -> list[Stat]:
        """Those of the groups that belong here whose parent is an adopter (`trails`)."""
        there = {pid: stat for pid, stat in stats.items() if stat.pgid in self._groups}
        for parent in {stat.ppid for stat in there.values()} - there.keys():
            with contextlib.suppress(OSError):
                there[parent] = self._source.read_stat(parent)
        return [stat for stat in orphaned_members(there, self._groups) if stat.pid in stats]

    def claim_session(self, sid: int) -> None:
        """Who lives in this session belongs here."""
        self._sessions.add(sid)

    def claim_group(self, pid: int) -> None:
        """Who was orphaned in this process group belongs here, if the process leads it."""
        watched = self.watched.get(pid)
        if watched is not None and watched.sample.pgid == pid:
            self._groups.add(pid)

    def forget_sessions(self) -> None:
        """Drops sessions and groups nobody is in any more: their number may go to another."""
        if self._groups:
            self._groups &= {watched.sample.pgid for watched in self.watched.values()}
        leaderless = self._sessions.difference(self.watched)
        if leaderless:
            inhabited = {watched.sample.sid for watched in self.watched.values()}
            self._sessions -= leaderless - inhabited

    def _attend(self, watched: Watched) -> None:
        """Has the end of a process told, where that can be."""
        if watched.pidfd is not None and self._ends is not None:
            self._pidfds[watched.pidfd] = watched
            self._ends.watch(watched.pidfd, ended=watched.sample.is_zombie)

    def _note_session(self, watched: Watched) -> None:
        if watched.sample.sid == watched.pid:
            self._sessions.add(watched.pid)

    # ------------------------------------------------------------ being looked at

    def look_at(self, some: Iterable[Watched], clock: float) -> None:
        """Reads these, quickly past those with whom nothing has happened."""
        for watched in some:
            try:
                if watched.rests(clock, parent_told=self._hears_of(watched.sample.ppid)):
                    continue
            except ProcessLookupError:
                pass  # found gone again, and noted, by the look
            self.look(watched, clock)

    def _hears_of(self, pid: int) -> bool:
        """Whether the end of this process is an event here."""
        watched = self.watched.get(pid)
        return watched is not None and watched.pidfd is not None and self._ends is not None

    def look(self, watched: Watched, clock: float, *, figures: bool = True) -> None:
        """Reads a process again and notes what became of it; harmless where it has departed."""
        if self.tokens.get(watched.token) is not watched:
            return
        parent = watched.sample.ppid
        try:
            if watched.look(clock, figures=figures):
                self.changed[watched.token] = watched
        except ProcessLookupError:
            self._depart(watched)
            return
        if watched.sample.ppid != parent:
            self._unlink(parent, watched.pid)
            self._children.setdefault(watched.sample.ppid, set()).add(watched.pid)
        self._note_session(watched)
        if watched.stat_fd is None and watched.hold_late(self._budget):
            self._attend(watched)

    def ended(self) -> list[Watched]:
        """Whose pidfd has told something since the last call."""
        if self._ends is None:
            return []
        now = self._clock()
        told = [self._pidfds[descriptor] for descriptor in self._ends.fired()]
        for watched in told:
            if watched.ended_at is None and not watched.sample.is_zombie:
                watched.ended_at = now
        return told

    def look_at_end(self, ended: Iterable[Watched]) -> None:
        """Reads who ended and their children, which have another parent by now."""
        clock = time.monotonic()
        for watched in ended:
            orphaned = tuple(self._children.get(watched.pid, ()))
            self.look(watched, clock, figures=False)
            for pid in orphaned:
                if pid in self.watched:
                    self.look(self.watched[pid], clock, figures=False)

    # ------------------------------------------------------------ going

    def _depart(self, watched: Watched) -> None:
        self.departures.append(watched.departure(self._clock()))
        self._remove(watched)

    def undo(self, watched: Watched) -> None:
        """It was another process than the one meant: nobody hears of it."""
        del self.changed[watched.token]
        self._remove(watched)

    def _remove(self, watched: Watched) -> None:
        self._release(watched)
        del self.tokens[watched.token]
        del self.watched[watched.pid]
        self._unlink(watched.sample.ppid, watched.pid)

    def _unlink(self, parent: int, pid: int) -> None:
        siblings = self._children[parent]
        siblings.discard(pid)
        if not siblings:
            del self._children[parent]

    def _release(self, watched: Watched) -> None:
        if watched.pidfd is not None and self._ends is not None:
            self._ends.forget(watched.pidfd)
            del self._pidfds[watched.pidfd]
        watched.release(self._budget)

    def close(self) -> None:
        """Lets go of everything."""
        for watched in tuple(self.watched.values()):
            self._remove(watched)
