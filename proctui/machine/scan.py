"""All zombies and all orphans of the machine, in one pass over /proc.

The pass itself costs hardly more than reading every ``/proc/PID/stat``: four
fields of each are looked at, and only what is conspicuous is read further, in
a live view once (`Memory`).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from proctui.core.naming import INIT, called, container_init
from proctui.linux import procfs
from proctui.linux.procfs import Stat
from proctui.linux.trails import KTHREADD, is_kthreadd
from proctui.linux.treekill import user_name
from proctui.machine.adoption import doubts, judge
from proctui.machine.memory import Answer, Memory
from proctui.machine.reading import Line, read_in_slices
from proctui.machine.surroundings import tag_of
from proctui.machine.witness import KnownSession, Witness
from proctui.model import Certainty

REAPING = 3.0
"""Seconds within which an init that reaps has reaped; some take two."""
FEW = 64
"""Conspicuous ones that are looked at between two turns: each costs more."""
PAUSE = 0.001
"""Seconds that the loop gets; nothing at all would let nobody else in."""


class Zombie(NamedTuple):
    """A process that has ended and whose parent has not joined it.  Names are untrusted."""

    pid: int
    name: str
    ppid: int
    parent: str
    """Name of the parent that neglects it; ``proctui supervisor`` where it is one."""
    exitcode: int | None
    """-N where signal N ended it; None where the kernel does not show it."""
    age_seconds: float
    """Since it started: when it ended, the kernel does not tell afterwards."""
    user: str
    start_ticks: int = 0
    """Since boot: with the pid, which process this is."""
    init: bool = False
    """Its parent is PID 1, here or of a container: `in_container`."""
    adopted: bool = False
    """Its parent is not who forked it."""

    @property
    def in_container(self) -> bool:
        """Its parent is PID 1 of a container that is looked at from outside."""
        return self.init and self.ppid != INIT

    @property
    def reaped_soon(self) -> bool:
        """Whether its parent is one that reaps as a rule, and may only not have done so yet."""
        return self.init or self.adopted


class Orphan(NamedTuple):
    """A process whose first parent is gone and something else has it.  Names are untrusted."""

    pid: int
    name: str
    ppid: int
    adopter: str
    """Name of the parent it has now."""
    first_parent: int | None
    """Pid of the parent it had; None where nothing tells."""
    session: str | None
    """Session of proctui that it was started in."""
    worker: str | None
    """Id of the worker that it descends from, or is."""
    age_seconds: float
    user: str
    why: str
    start_ticks: int = 0
    certainty: Certainty = "seen"
    """How it is known whose worker's it was."""
    parent_name: str = ""
    """Name of the parent it had, where that was seen."""
    init: bool = False
    """Its adopter is PID 1, here or of a container: `in_container`."""
    doubtful: bool = False
    """That it is one is a guess: nothing may be made of it but a hint."""

    @property
    def in_container(self) -> bool:
        """Its adopter is PID 1 of a container that is looked at from outside."""
        return self.init and self.ppid != INIT


_NOT_DOCUMENTED = ("start_ticks", "certainty", "parent_name", "init", "adopted", "doubtful")


class Found(NamedTuple):
    """What a scan found."""

    zombies: tuple[Zombie, ...]
    orphans: tuple[Orphan, ...]

    @property
    def certain(self) -> bool:
        """Whether there is anything that is no guess."""
        return bool(self.zombies) or not all(orphan.doubtful for orphan in self.orphans)

    def as_json(self) -> dict[str, list[dict[str, object]]]:
        """The object that ``proctui scan --json`` prints."""
        return {
            "zombies": [_documented(zombie, "parent") for zombie in self.zombies],
            "orphans": [_documented(orphan, "adopter") for orphan in self.orphans],
        }


def _documented(one: Zombie | Orphan, parent: str) -> dict[str, object]:
    fields: dict[str, Any] = one._asdict()
    fields[parent] = called(fields[parent], one.ppid)
    if one.in_container:
        fields[parent] = container_init(fields[parent])
    return {name: value for name, value in fields.items() if name not in _NOT_DOCUMENTED}


def collect(
    *,
    all_users: bool = False,
    sessions: Mapping[str, KnownSession] | None = None,
    memory: Memory[Zombie | Orphan] | None = None,
) -> Found:
    """One pass.  Without `all_users` only what belongs to this user.

    `sessions` are the known ones by their tag; `memory` spares what passes before have asked.
    """
    scan = _Scan(all_users, sessions or {}, memory or Memory())
    for _ in scan.steps():
        pass
    return scan.found


async def collect_in_turns(
    *,
    all_users: bool = False,
    sessions: Mapping[str, KnownSession] | None = None,
    memory: Memory[Zombie | Orphan] | None = None,
) -> Found:
    """As `collect`, leaving the event loop its turns."""
    from asyncio import sleep  # the command line does without asyncio

    scan = _Scan(all_users, sessions or {}, memory or Memory())
    for _ in scan.steps():
        await sleep(PAUSE)
    return scan.found


def still_there(found: Found) -> Found:
    """Without the zombies that have been reaped since: a moment as one is no neglect."""
    return found._replace(zombies=tuple(filter(is_still_zombie, found.zombies)))


def is_still_zombie(zombie: Zombie) -> bool:
    """Whether its parent still has not joined it."""
    try:
        stat = procfs.read_stat(zombie.pid)
    except OSError:
        return False
    return stat.is_zombie and stat.ppid == zombie.ppid


class _Scan:
    def __init__(
        self,
        all_users: bool,
        sessions: Mapping[str, KnownSession],
        memory: Memory[Zombie | Orphan],
    ) -> None:
        self._memory = memory
        self._user = None if all_users else os.geteuid()
        self._sessions = sessions
        self._lines: dict[int, Line] = {}
        self._witness = Witness(self._lines, self._sessions)
        self._users: dict[int, str] = {}
        self._zombies: list[Zombie] = []
        self._orphans: list[Orphan] = []
        self._now = time.clock_gettime(time.CLOCK_BOOTTIME)

    @property
    def found(self) -> Found:
        """What there is, once all steps were taken."""
        return Found(tuple(sorted(self._zombies)), tuple(sorted(self._orphans)))

    def steps(self) -> Iterator[None]:
        """The whole pass, with a rest after each slice."""
        self._memory.begin()
        yield from read_in_slices(self._lines)
        adopted: list[int] = []
        leaders: list[int] = []
        dead: list[int] = []
        lines = self._lines
        first = lines.get(KTHREADD)
        kernel = first is not None and is_kthreadd(KTHREADD, first.ppid, first.name)
        for pid, line in lines.items():
            parent = lines.get(line.ppid)
            if line.state == b"Z" and line.is_dead:
                dead.append(pid)
            elif parent is None or (kernel and parent is first):
                continue
            elif line.sid == pid:
                leaders.append(pid)
            elif line.sid != parent.sid:
                adopted.append(pid)
        yield from self._each(dead, self._bury)
        yield from self._each(adopted, self._judge)
        adopters = {lines[pid].ppid for pid in adopted}
        supervisors = {known.supervisor for known in self._sessions.values() if known.running}

        def judge_leader(pid: int) -> None:
            # a leader's own session tells nothing: its tag may, and under an adopter much else
            ppid = lines[pid].ppid
            if ppid not in supervisors:
                self._judge(pid, untagged_too=ppid in adopters or self._witness.adopts(ppid))

        yield from self._each(leaders, judge_leader)

    def _each(self, pids: Sequence[int], look: Callable[[int], None]) -> Iterator[None]:
        for start in range(0, len(pids), FEW):
            if start:
                yield
            for pid in pids[start : start + FEW]:
                look(pid)

    def _bury(self, pid: int) -> None:
        found = self._known(pid, self._zombie)
        if isinstance(found, Zombie):
            self._zombies.append(found)

    def _judge(self, pid: int, *, untagged_too: bool = True) -> None:
        found = self._known(pid, self._orphan if untagged_too else self._tagged)
        if isinstance(found, Orphan):
            self._orphans.append(found)

    def _known(
        self, pid: int, look: Callable[[Stat, int], Zombie | Orphan | None]
    ) -> Zombie | Orphan | None:
        """What `look` tells of it, or told in an earlier pass."""
        stat = procfs.parse_stat(self._lines[pid].raw)
        age = self._age(stat)
        answer = self._memory.recall(stat, look.__name__)
        if answer is None:
            uid = self._uid(pid)
            if uid is None:
                return None
            answer = Answer(uid, look(stat, uid))
            self._memory.keep(stat, age, answer, look.__name__)
        if answer.found is None or self._user not in (None, answer.uid):
            return None
        return answer.found._replace(age_seconds=age)

    # ------------------------------------------------------------ zombies

    def _zombie(self, stat: Stat, uid: int) -> Zombie | None:
        if not stat.is_zombie:
            return None
        return Zombie(
            pid=stat.pid,
            name=stat.comm,
            ppid=stat.ppid,
            parent=self._witness.title(stat.ppid),
            exitcode=exitcode_of(stat),
            age_seconds=0.0,
            user=self._user_name(uid),
            start_ticks=stat.start_ticks,
            init=self._witness.is_init(stat.ppid),
            adopted=self._witness.was_adopted(stat.pid),
        )

    # ------------------------------------------------------------ orphans

    def _tagged(self, stat: Stat, uid: int) -> Orphan | None:
        """One of which nothing but a tag can tell that it is an orphan."""
        return self._orphan(stat, uid, untagged_too=False)

    def _orphan(self, stat: Stat, uid: int, *, untagged_too: bool = True) -> Orphan | None:
        pid = stat.pid
        tag, worker = tag_of(pid)
        if tag is None and not untagged_too:
            return None
        session = self._sessions.get(tag) if tag is not None else None
        if session is not None and session.running and session.supervisor == pid:
            return None
        known = self._witness.circumstances(stat, tag, session)
        why = judge(known)
        if why is None:
            return None
        workers = {} if session is None or worker is not None else session.workers()
        by_session = pid not in workers and stat.sid in workers
        return Orphan(
            pid=pid,
            name=stat.comm,
            ppid=stat.ppid,
            adopter=self._witness.title(stat.ppid),
            first_parent=known.supervisor if pid in workers else None,
            session=known.session,
            worker=worker or workers.get(pid) or workers.get(stat.sid),
            age_seconds=0.0,
            user=self._user_name(uid),
            why=why,
            start_ticks=stat.start_ticks,
            certainty="tag" if worker is not None else "session" if by_session else "seen",
            init=self._witness.is_init(stat.ppid),
            doubtful=doubts(known),
        )

    # ------------------------------------------------------------ both

    def _uid(self, pid: int) -> int | None:
        """Whose it is; None where that is nobody who was asked for, or it is gone."""
        try:
            uid = procfs.owner(pid)
        except OSError:
            return None
        return uid if self._user in (None, uid) else None

    def _user_name(self, uid: int) -> str:
        if uid not in self._users:
            self._users[uid] = user_name(uid)
        return self._users[uid]

    def _age(self, stat: Stat) -> float:
        return round(max(0.0, self._now - stat.start_ticks / procfs.CLOCK_TICKS), 2)


def exitcode_of(stat: Stat) -> int | None:
    """Of a zombie, where the kernel shows it to this user."""
    try:
        if stat.exit_code or procfs.may_read_exit(stat.pid):
            return os.waitstatus_to_exitcode(stat.exit_code)
    except (OSError, ValueError):
        pass
    return None
