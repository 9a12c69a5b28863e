"""Ending a whole tree of processes, escapees included, until nothing of it is left.

Standard library alone.  A kill reaches one process; its descendants stay.  So
they are looked for by every trail there is, held by pidfd, signalled, and
looked for again, because a process may fork while it is being ended, and its
child move on faster than everything can be read (`proctui.linux.chase`).
"""

from __future__ import annotations

import pwd
import signal
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from proctui.linux import procfs
from proctui.linux.chase import Chase
from proctui.linux.grip import Grip, Source, default_source, hold
from proctui.linux.procfs import Stat
from proctui.linux.protect import all_stats
from proctui.linux.standing import why_left
from proctui.linux.trails import belonging, orphaned_members, tagged

PAUSE = 0.02
"""Seconds between two questions whether they have ended."""
LOOK_INTERVAL = 0.25
"""Seconds between two looks for what was forked meanwhile."""
PATIENCE = 3.0
"""Seconds that SIGKILL may take, which includes those for which the kernel has to wait."""
_FREEZE_ROUNDS = 20
_ESCAPING = "something of it keeps escaping: this one was gone before it could be held"


def _everybodys(worker: str | None) -> bool:
    return True


class Trail(NamedTuple):
    """What leads to the processes of a tree, besides its roots."""

    sessions: Collection[int] = ()
    """Ids of sessions that belong to it as a whole, leader included, at the first look."""
    parents: Collection[int] = ()
    """Their children are of the tree, they are not."""
    tag: str | None = None
    """PROCTUI_SESSION in the environment."""
    counts: Callable[[str | None], bool] = _everybodys
    """Whether what carries the tag and this PROCTUI_WORKER is of the tree; asked when it has been
    found, so that the answer is not older than the process."""


_NO_TRAIL = Trail()


class Ended(NamedTuple):
    """A process that is dead now, and the signal it got last (0: it went by itself)."""

    pid: int
    name: str
    signum: int


class Left(NamedTuple):
    """A process that is not, and why, the rest of a sentence."""

    pid: int
    name: str
    why: str


class Report(NamedTuple):
    """What came of it.  Names are untrusted text."""

    ended: tuple[Ended, ...]
    left: tuple[Left, ...]


class _Member:
    """One process of the tree."""

    def __init__(self, grip: Grip, stat: Stat) -> None:
        self.grip = grip
        self.name = stat.comm
        self.stopped = stat.state == "T"
        self.frozen = False
        self.sent = 0
        self.refused = ""

    def send(self, signum: int) -> bool:
        """False where it is gone or may not be signalled."""
        try:
            self.grip.send(signum)
        except ProcessLookupError:
            return False
        except PermissionError:
            self.refused = f"it belongs to {owner_name(self.grip.pid)}: not permitted to signal it"
            return False
        return True

    def end(self, signum: int) -> None:
        """Sends it once; a stopped process would keep it for later."""
        if self.sent != signum and not self.refused and self.send(signum):
            self.sent = signum
            if self.stopped:
                self.send(signal.SIGCONT)

    def freeze(self) -> None:
        """Stops it: who stands still can't fork between the look and the kill."""
        if not self.frozen and not self.refused:
            self.frozen = self.send(signal.SIGSTOP)


class TreeKill:
    """The tree that hangs on some processes, and whatever else a trail leads to.

    `spare` gives the reason why a process is to be left alone, or None; nothing
    below a spared process is reached through it.  Nothing is waited for in the
    sense of wait(2): who ended stays a zombie until its parent joins it.
    """

    def __init__(
        self,
        spare: Callable[[int], str | None],
        roots: Iterable[Grip] = (),
        trail: Trail = _NO_TRAIL,
        source: Source | None = None,
    ) -> None:
        """Owns the grips on the roots from now on."""
        self._roots = {grip.pid: grip for grip in roots}
        self._trail = trail
        self._spare = spare
        self._source = default_source() if source is None else source
        self._sessions = set(trail.sessions)
        self._groups: set[int] = set()
        self._first_look = True
        self._members: dict[int, _Member] = {}
        self._ended: list[Ended] = []
        self._spared: dict[int, Left] = {}
        self._at_once: Callable[[_Member], None] | None = None
        """What is done to each as soon as it is held: many do not wait for the next look."""
        tag = self._trail.tag
        self._chase = None if tag is None else Chase(self._source, tag, self._caught)
        self._came = 0
        self._missed: Stat | None = None
        """The last that was found and gone before it could be held."""

    # ------------------------------------------------------------ looking

    def look(self) -> int:
        """Takes hold of everything of the tree not held yet; answers how many that were.

        Those count too that were gone before they could be held: they may have forked.
        """
        self._sort_out()
        self._came, self._missed = 0, None
        if self._chase is not None:
            self._chase.run()
        stats = all_stats(self._source)
        found = self._find(stats)
        self._groups.update(stat.pid for stat in found if stat.pid == stat.pgid)
        self._sessions.update(stat.pid for stat in found if stat.pid == stat.sid)
        for stat in found:
            self._hold(stat)
        self._drop_roots()
        self._first_look = False
        self._forget_numbers(stats)
        return self._came

    def _caught(self, stat: Stat, worker: str | None) -> None:
        if self._spare(stat.pid) is None:
            self._hold(stat, lambda: self._trail.counts(worker))

    def _find(self, everything: Mapping[int, Stat]) -> list[Stat]:
        trail, stats = self._trail, dict(everything)
        spared = {pid: reason for pid in everything if (reason := self._spare(pid)) is not None}
        for pid in spared:
            del stats[pid]
        found = [stats.pop(pid) for pid, grip in self._roots.items() if _is_in(stats, grip)]
        if self._first_look:
            found += [stats.pop(pid) for pid in trail.sessions if pid in stats]
        parents = {*self._members, *trail.parents, *(stat.pid for stat in found)}
        found += [stat for stat, _ in belonging(stats, parents, self._own_sessions(stats, found))]
        groups = self._groups | {stat.pid for stat in found if stat.pid == stat.pgid}
        found += [stats.pop(m.pid) for m in orphaned_members(everything, groups) if m.pid in stats]
        if trail.tag is not None:
            there = tagged(stats.values(), trail.tag, self._source.tags)
            found += [
                stat
                for stat, worker in there
                if stat.pid not in self._members and trail.counts(worker)
            ]
        for pid, reason in spared.items():
            self._note_spared(everything[pid], reason, parents | {stat.pid for stat in found})
        return found

    def _own_sessions(self, stats: Mapping[int, Stat], found: list[Stat]) -> set[int]:
        """Sessions known, without those whose number a stranger leads by now."""
        own = {*self._members, *(stat.pid for stat in found)}
        led = {stat.pid for stat in found if stat.pid == stat.sid}
        return led | {sid for sid in self._sessions if sid in own or sid not in stats}

    def _hold(self, stat: Stat, counts: Callable[[], bool] = lambda: True) -> None:
        """Takes hold of one that is no member yet, if it `counts` then."""
        if stat.pid in self._members or stat.is_zombie:
            return
        try:
            grip = self._roots.pop(stat.pid, None) or hold(stat.pid, self._source)
        except ProcessLookupError:
            self._miss(stat)
            return
        except OSError:
            return
        if grip.start_ticks != stat.start_ticks:  # a newcomer under the same pid
            grip.close()
            self._miss(stat)
        elif counts():
            self._came += 1
            member = self._members[stat.pid] = _Member(grip, stat)
            if self._at_once is not None:
                self._at_once(member)
        else:
            grip.close()

    def _miss(self, stat: Stat) -> None:
        self._came += 1
        self._missed = stat

    def _note_spared(self, stat: Stat, reason: str, parents: Collection[int]) -> None:
        """Only those that would have been ended are worth a word."""
        if not stat.is_zombie and (stat.pid in self._roots or stat.ppid in parents):
            self._spared[stat.pid] = Left(stat.pid, stat.comm, reason)

    def _drop_roots(self) -> None:
        """Those that became no member: dead or spared.  From now on their pid means nothing."""
        for grip in self._roots.values():
            grip.close()
        self._roots = {}

    def _forget_numbers(self, stats: Mapping[int, Stat]) -> None:
        """Sessions and groups nobody lives in any more: their number may go to a stranger."""
        self._sessions &= {stats[pid].sid for pid in self._members if pid in stats}
        self._groups &= {stats[pid].pgid for pid in self._members if pid in stats}

    def _sort_out(self) -> None:
        """Puts those that are dead now among the ended."""
        for pid, member in list(self._members.items()):
            if member.grip.has_ended():
                self._ended.append(Ended(pid, member.name, member.sent))
                member.grip.close()
                del self._members[pid]

    def _waited_for(self) -> bool:
        self._sort_out()
        return any(not member.refused for member in self._members.values())

    # ------------------------------------------------------------ ending

    def steps(
        self, signum: int = signal.SIGTERM, grace: float = 5.0, patience: float = PATIENCE
    ) -> Iterator[float]:
        """Ends the tree; gives the seconds to let pass before going on.

        `signum` to everything, `grace` seconds, then SIGKILL to what is left,
        for which `patience` seconds are waited.
        """
        self._at_once = _Member.freeze if signum == signal.SIGKILL else lambda one: one.end(signum)
        self.look()
        if signum != signal.SIGKILL:
            self._signal(signum)
            yield from self._grace(signum, grace)
        if self._waited_for() or self._came:
            yield from self._kill(patience)

    def _grace(self, signum: int, seconds: float) -> Iterator[float]:
        clock = time.monotonic
        deadline, look_at = clock() + seconds, clock() + LOOK_INTERVAL
        while clock() < deadline:
            over = not self._waited_for()
            if over or clock() >= look_at:
                came = self.look()
                if over and not came:
                    return
                self._signal(signum)
                look_at = clock() + LOOK_INTERVAL
            yield PAUSE

    def _kill(self, patience: float) -> Iterator[float]:
        deadline = time.monotonic() + patience
        self._at_once = _Member.freeze
        while True:
            self._freeze()
            self._signal(signal.SIGKILL)
            while self._waited_for():
                if time.monotonic() >= deadline:
                    return
                yield PAUSE
            if not self.look():
                return
            if time.monotonic() >= deadline:
                self._signal(signal.SIGKILL)  # nobody stays stopped
                return

    def _freeze(self) -> None:
        """Stops everything first, also what comes meanwhile."""
        for _ in range(_FREEZE_ROUNDS):
            for member in self._members.values():
                member.freeze()
            if not self.look():
                return

    def _signal(self, signum: int) -> None:
        for member in self._members.values():
            member.end(signum)

    # ------------------------------------------------------------ telling

    def report(self) -> Report:
        """What became of everything that was found."""
        self._sort_out()
        left = [
            Left(pid, member.name, member.refused or why_left(member.grip, member.sent))
            for pid, member in self._members.items()
        ]
        if self._missed is not None:
            left.append(Left(self._missed.pid, self._missed.comm, _ESCAPING))
        return Report(tuple(self._ended), (*left, *self._spared.values()))

    def close(self) -> None:
        """Lets go of what is left."""
        self._drop_roots()
        for member in self._members.values():
            member.grip.close()
        self._members = {}


def end_tree(
    kill: TreeKill,
    signum: int = signal.SIGTERM,
    grace: float = 5.0,
    patience: float = PATIENCE,
) -> Report:
    """Ends a tree, blocking for at most `grace` + `patience` seconds and a few looks."""
    try:
        for pause in kill.steps(signum, grace, patience):
            time.sleep(pause)
        return kill.report()
    finally:
        kill.close()


async def end_tree_async(
    kill: TreeKill,
    signum: int = signal.SIGTERM,
    grace: float = 5.0,
    patience: float = PATIENCE,
) -> Report:
    """As `end_tree`, leaving the loop its turns."""
    from asyncio import sleep  # not for the sweep, which is to start fast

    try:
        for pause in kill.steps(signum, grace, patience):
            await sleep(pause)
        return kill.report()
    finally:
        kill.close()


def _is_in(stats: Mapping[int, Stat], grip: Grip) -> bool:
    """Whether the entry under the grip's pid is the process it holds."""
    return grip.pid in stats and grip.exists()


def owner_name(pid: int) -> str:
    """Name of the user whose process it is, a number where it has none."""
    try:
        uid = procfs.owner(pid)
    except OSError:
        return "another user"
    return user_name(uid)


def user_name(uid: int) -> str:
    """Name of a user, the number as text where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
