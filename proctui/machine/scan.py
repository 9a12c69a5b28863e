"""All zombies and all orphans of the machine, in one pass over /proc.

The pass itself costs hardly more than reading every ``/proc/PID/stat``: four
fields of each are looked at, and only what is conspicuous is read further.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from proctui.core.naming import SUPERVISOR
from proctui.linux import procfs
from proctui.linux.procfs import Stat
from proctui.linux.trails import KTHREADD
from proctui.linux.treekill import user_name
from proctui.machine.adoption import (
    Circumstances,
    judge,
    members_of_unit,
    place_of,
    tag_of,
    unit_of,
)
from proctui.model import Certainty

INIT = 1
SLICE = 256
"""Processes that are read between two turns of an event loop; about 3 ms."""
FEW = 64
"""Conspicuous ones that are looked at between two turns: each costs more."""
PAUSE = 0.001
"""Seconds that the loop gets; nothing at all would let nobody else in."""
_SUPERVISOR_MODULE = "proctui.supervisor"


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


_NOT_DOCUMENTED = ("start_ticks", "certainty", "parent_name")


class Found(NamedTuple):
    """What a scan found."""

    zombies: tuple[Zombie, ...]
    orphans: tuple[Orphan, ...]

    def as_json(self) -> dict[str, list[dict[str, object]]]:
        """The object that ``proctui scan --json`` prints."""
        return {
            "zombies": [_documented(zombie._asdict()) for zombie in self.zombies],
            "orphans": [_documented(orphan._asdict()) for orphan in self.orphans],
        }


def _documented(fields: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if name not in _NOT_DOCUMENTED}


class KnownSession(NamedTuple):
    """A session of proctui that left its facts behind."""

    name: str
    supervisor: int
    running: bool
    workers: Callable[[], Mapping[int, str]]
    """Worker ids by the pids their runs had; asked only where an orphan of it was found."""


class _Line(NamedTuple):
    """What every process is looked at for."""

    state: bytes
    ppid: int
    sid: int
    raw: bytes


def collect(
    *, all_users: bool = False, sessions: Mapping[str, KnownSession] | None = None
) -> Found:
    """One pass.  Without `all_users` only what belongs to this user.

    `sessions` are the known ones by their tag.
    """
    scan = _Scan(all_users, sessions or {})
    for _ in scan.steps():
        pass
    return scan.found


async def collect_in_turns(
    *, all_users: bool = False, sessions: Mapping[str, KnownSession] | None = None
) -> Found:
    """As `collect`, leaving the event loop its turns."""
    from asyncio import sleep  # the command line does without asyncio

    scan = _Scan(all_users, sessions or {})
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


def read_lines() -> dict[int, _Line]:
    """Every process, read once and parsed no further than every one is looked at."""
    lines: dict[int, _Line] = {}
    for _ in _read_in_slices(lines):
        pass
    return lines


def _read_in_slices(lines: dict[int, _Line]) -> Iterator[None]:
    """Fills `lines`, with a rest after every `SLICE` of them."""
    names = [name for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 (5,000 names)
    for start in range(0, len(names), SLICE):
        if start:
            yield
        _read(names[start : start + SLICE], lines)


def _read(names: Sequence[str], lines: dict[int, _Line]) -> None:
    opened, read, close = os.open, os.read, os.close
    for name in names:
        try:
            descriptor = opened(f"/proc/{name}/stat", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            raw = read(descriptor, 1024)
        except OSError:
            continue
        finally:
            close(descriptor)
        state, ppid, _, sid, _ = raw[raw.rfind(b")") + 2 :].split(None, 4)
        lines[int(name)] = _Line(state, int(ppid), int(sid), raw)


class _Scan:
    def __init__(self, all_users: bool, sessions: Mapping[str, KnownSession]) -> None:
        self._user = None if all_users else os.geteuid()
        self._sessions = sessions
        self._lines: dict[int, _Line] = {}
        self._tags: dict[int, str | None] = {}
        self._titles: dict[int, str] = {}
        self._zombies: list[Zombie] = []
        self._orphans: list[Orphan] = []
        self._now = time.clock_gettime(time.CLOCK_BOOTTIME)

    @property
    def found(self) -> Found:
        """What there is, once all steps were taken."""
        return Found(tuple(sorted(self._zombies)), tuple(sorted(self._orphans)))

    def steps(self) -> Iterator[None]:
        """The whole pass, with a rest after each slice."""
        yield from _read_in_slices(self._lines)
        adopted: list[int] = []
        leaders: list[int] = []
        dead: list[int] = []
        lines = self._lines
        for pid, line in lines.items():
            parent = lines.get(line.ppid)
            if _is_dead(line):
                dead.append(pid)
            elif parent is None or line.ppid == KTHREADD:
                continue
            elif line.sid == pid:
                leaders.append(pid)
            elif line.sid != parent.sid:
                adopted.append(pid)
        yield from self._each(dead, self._bury)
        yield from self._each(adopted, self._judge)
        adopters = {INIT, *(lines[pid].ppid for pid in adopted)}
        supervisors = {known.supervisor for known in self._sessions.values() if known.running}

        def judge_leader(pid: int) -> None:
            # a leader's own session tells nothing: its tag may, and under an adopter its group
            if lines[pid].ppid not in supervisors:
                self._judge(pid, untagged_too=lines[pid].ppid in adopters)

        yield from self._each(leaders, judge_leader)

    def _each(self, pids: Sequence[int], look: Callable[[int], None]) -> Iterator[None]:
        for start in range(0, len(pids), FEW):
            if start:
                yield
            for pid in pids[start : start + FEW]:
                look(pid)

    def _bury(self, pid: int) -> None:
        self._zombies += self._zombie(pid)

    def _judge(self, pid: int, *, untagged_too: bool = True) -> None:
        self._orphans += self._orphan(pid, untagged_too=untagged_too)

    # ------------------------------------------------------------ zombies

    def _zombie(self, pid: int) -> Iterator[Zombie]:
        stat = procfs.parse_stat(self._lines[pid].raw)
        uid = self._uid(pid)
        if uid is None or not stat.is_zombie:
            return
        yield Zombie(
            pid=pid,
            name=stat.comm,
            ppid=stat.ppid,
            parent=self._title(stat.ppid),
            exitcode=exitcode_of(stat),
            age_seconds=self._age(stat),
            user=user_name(uid),
            start_ticks=stat.start_ticks,
        )

    # ------------------------------------------------------------ orphans

    def _orphan(self, pid: int, *, untagged_too: bool = True) -> Iterator[Orphan]:
        uid = self._uid(pid)
        if uid is None:
            return
        tag, worker = tag_of(pid)
        if tag is None and not untagged_too:
            return
        stat = procfs.parse_stat(self._lines[pid].raw)
        session = self._sessions.get(tag) if tag is not None else None
        if session is not None and session.running and session.supervisor == pid:
            return
        known = self._circumstances(stat, tag, session)
        why = judge(known)
        if why is None:
            return
        workers = {} if session is None or worker is not None else session.workers()
        by_session = pid not in workers and stat.sid in workers
        yield Orphan(
            pid=pid,
            name=stat.comm,
            ppid=stat.ppid,
            adopter=self._title(stat.ppid),
            first_parent=known.supervisor if pid in workers else None,
            session=known.session,
            worker=worker or workers.get(pid) or workers.get(stat.sid),
            age_seconds=self._age(stat),
            user=user_name(uid),
            why=why,
            start_ticks=stat.start_ticks,
            certainty="tag" if worker is not None else "session" if by_session else "seen",
        )

    def _circumstances(
        self, stat: Stat, tag: str | None, session: KnownSession | None
    ) -> Circumstances:
        leads = stat.pid == stat.sid
        same = tag is not None and self._tag(stat.ppid) == tag
        if leads and tag is not None and session is None and not same and _is_supervisor(stat.pid):
            tag = None  # of a session whose facts are another user's
        known = Circumstances(
            leads_session=leads,
            sid=stat.sid,
            leader=self._name(stat.sid) if self._lives(stat.sid) else None,
        )
        if tag is not None:
            return known._replace(
                session=tag if session is None else session.name,
                supervisor=session.supervisor if session and not session.running else None,
                same_session_as_parent=same,
            )
        path, unit = unit_of(stat.pid)
        known = known._replace(unit=unit, is_main_of_unit=not self._has_main(path, stat))
        if leads and not unit.endswith(".scope"):
            return known
        cwd, descriptors = place_of(stat.pid)
        return known._replace(cwd=cwd, descriptors=descriptors)

    def _tag(self, pid: int) -> str | None:
        """Session tag of a parent; many may have the same."""
        if pid not in self._tags:
            self._tags[pid] = tag_of(pid)[0]
        return self._tags[pid]

    def _has_main(self, path: str, stat: Stat) -> bool:
        """Whether somebody else of the unit is what its parent started for it."""
        if not path.endswith(".service"):
            return False
        lines = self._lines
        return any(
            pid != stat.pid and pid in lines and lines[pid].ppid == stat.ppid
            for pid in members_of_unit(path)
            if pid in lines and lines[pid].sid == pid
        )

    # ------------------------------------------------------------ both

    def _uid(self, pid: int) -> int | None:
        """Whose it is; None where that is nobody who was asked for, or it is gone."""
        try:
            uid = procfs.owner(pid)
        except OSError:
            return None
        return uid if self._user in (None, uid) else None

    def _lives(self, pid: int) -> bool:
        return pid in self._lines and not _is_dead(self._lines[pid])

    def _name(self, pid: int) -> str:
        line = self._lines.get(pid)
        return "" if line is None else procfs.parse_stat(line.raw).comm

    def _title(self, pid: int) -> str:
        """Name of a parent or adopter; a supervisor of proctui is called that."""
        if pid not in self._lines:
            return ""
        if pid not in self._titles:
            self._titles[pid] = SUPERVISOR if self._supervises(pid) else self._name(pid)
        return self._titles[pid]

    def _supervises(self, pid: int) -> bool:
        """What a supervisor forked shows the same command line as it."""
        if any(known.supervisor == pid for known in self._sessions.values()):
            return True
        return _is_supervisor(pid) and not _is_supervisor(self._lines[pid].ppid)

    def _age(self, stat: Stat) -> float:
        return round(max(0.0, self._now - stat.start_ticks / procfs.CLOCK_TICKS), 2)


def _is_dead(line: _Line) -> bool:
    """Not merely without its leader, while other threads live on."""
    return line.state == b"Z" and procfs.parse_stat(line.raw).is_zombie


def exitcode_of(stat: Stat) -> int | None:
    """Of a zombie, where the kernel shows it to this user."""
    try:
        if stat.exit_code or procfs.may_read_exit(stat.pid):
            return os.waitstatus_to_exitcode(stat.exit_code)
    except (OSError, ValueError):
        pass
    return None


def _is_supervisor(pid: int) -> bool:
    try:
        command = procfs.command_line(pid)
    except OSError:
        return False
    return command is not None and _SUPERVISOR_MODULE in command.split()
