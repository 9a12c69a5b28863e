"""What is known of the processes of one pass: read where it is asked for, and kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import NamedTuple

from proctui.core.naming import INIT, SUPERVISOR
from proctui.linux import procfs
from proctui.linux.procfs import Stat
from proctui.machine.adoption import Known
from proctui.machine.reading import Line
from proctui.machine.surroundings import (
    folder_of,
    hears,
    members_of_unit,
    numbers_of,
    standard_of,
    tag_of,
    unit_of,
)

_SUPERVISOR_MODULE = "proctui.supervisor"


class KnownSession(NamedTuple):
    """A session of proctui that left its facts behind."""

    name: str
    supervisor: int
    running: bool
    workers: Callable[[], Mapping[int, str]]
    """Worker ids by the pids their runs had; asked only where an orphan of it was found."""


class _Giver(NamedTuple):
    """What a parent gives to those it starts, as far as that may be read."""

    given: tuple[str, ...] | None
    hears: frozenset[str]


class Witness:
    """Of one pass: `lines` must be complete when the first question is asked."""

    def __init__(self, lines: Mapping[int, Line], sessions: Mapping[str, KnownSession]) -> None:
        self._lines = lines
        self._sessions = sessions
        self._tags: dict[int, str | None] = {}
        self._titles: dict[int, str] = {}
        self._numbers: dict[int, tuple[int, ...]] = {}
        self._inits: dict[int, bool] = {}
        self._adopts: dict[int, bool] = {}
        self._givers: dict[int, _Giver] = {}
        self._units: dict[int, str] = {}
        self._below: dict[int, list[int]] = {}

    # ------------------------------------------------------------ names

    def title(self, pid: int) -> str:
        """Name of a parent or adopter; a supervisor of proctui is called that."""
        if pid not in self._lines:
            return ""
        if pid not in self._titles:
            supervises = self._supervises(pid)
            self._titles[pid] = SUPERVISOR if supervises else self._lines[pid].name
        return self._titles[pid]

    def _supervises(self, pid: int) -> bool:
        """What a supervisor forked shows the same command line as it."""
        if any(known.supervisor == pid for known in self._sessions.values()):
            return True
        return _is_supervisor(pid) and not _is_supervisor(self._lines[pid].ppid)

    def name(self, pid: int) -> str:
        """Of one that was read in this pass."""
        return self._lines[pid].name

    def has_terminal(self, pid: int) -> bool:
        """Whether it has a controlling terminal."""
        return self._lines[pid].has_terminal

    # ------------------------------------------------------------ adopters

    def is_init(self, pid: int) -> bool:
        """PID 1, here or of a container below."""
        if pid not in self._inits:
            self._inits[pid] = pid == INIT or self._inside(pid)[-1] == INIT
        return self._inits[pid]

    def adopts(self, pid: int) -> bool:
        """Whether it is an init of any kind: PID 1, or what runs a user's services (systemd)."""
        if pid not in self._adopts:
            self._adopts[pid] = self.is_init(pid) or self.unit(pid).endswith("/init.scope")
        return self._adopts[pid]

    def was_adopted(self, pid: int) -> bool:
        """Whether it surely is no child of its parent's: it lives in a session of another's."""
        line = self._lines[pid]
        parent = self._lines.get(line.ppid)
        return parent is not None and line.sid not in (pid, parent.sid)

    def _inside(self, pid: int) -> tuple[int, ...]:
        """Its pids in each pid namespace, from here down to its own."""
        if pid not in self._numbers:
            self._numbers[pid] = numbers_of(pid)
        return self._numbers[pid]

    def unit(self, pid: int) -> str:
        """Path of the control group of a parent; many may have the same."""
        if pid not in self._units:
            self._units[pid] = unit_of(pid)[0]
        return self._units[pid]

    # ------------------------------------------------------------ circumstances

    def circumstances(self, stat: Stat, tag: str | None, session: KnownSession | None) -> Known:
        """All that `proctui.machine.adoption.judge` asks for, read when it asks."""
        if tag is not None and session is None and stat.pid == stat.sid:
            same = self.tag(stat.ppid) == tag
            if not same and _is_supervisor(stat.pid):
                tag = None  # of a session whose facts are another user's
        return _Asked(self, stat, tag, session)

    def lives(self, pid: int) -> bool:
        """Whether there is one that has not ended."""
        return pid in self._lines and not self._lines[pid].is_dead

    def tag(self, pid: int) -> str | None:
        """Session tag of a parent; many may have the same."""
        if pid not in self._tags:
            self._tags[pid] = tag_of(pid)[0]
        return self._tags[pid]

    def giver(self, pid: int) -> _Giver:
        """A parent; many may have the same."""
        if pid not in self._givers:
            self._givers[pid] = _Giver(_standard(pid, folder_of(pid)), hears(pid))
        return self._givers[pid]

    def was_placed(self, stat: Stat) -> bool:
        """Put into its pid namespace, keeper of one, or forked by PID 1 before anybody else was.

        Whoever enters a namespace, or begins one, has its parent outside (pid_namespaces(7));
        the second process of one can only have been forked by the first.
        """
        numbers, above = self._inside(stat.pid), self._inside(stat.ppid)
        if len(numbers) > len(above):
            return True
        if numbers[-1] == INIT + 1 and above[-1] == INIT:
            return True
        return any(len(self._inside(child)) > len(numbers) for child in self._children(stat.pid))

    def _children(self, pid: int) -> list[int]:
        if not self._below:
            for child, line in self._lines.items():
                self._below.setdefault(line.ppid, []).append(child)
        return self._below.get(pid, [])

    def has_main(self, path: str, stat: Stat) -> bool:
        """Whether somebody else of the unit is what its parent started for it: the oldest."""
        if not path.endswith(".service"):
            return False
        age = stat.start_ticks if stat.sid == stat.pid else None
        return any(
            age is None or procfs.parse_stat(self._lines[pid].raw).start_ticks < age
            for pid in members_of_unit(path)
            if pid != stat.pid and self._leads_beside(pid, stat.ppid)
        )

    def _leads_beside(self, pid: int, ppid: int) -> bool:
        line = self._lines.get(pid)
        return line is not None and line.ppid == ppid and line.sid == pid


class _Asked:
    """`adoption.Circumstances` of one process, each read when it is first asked for."""

    def __init__(
        self, witness: Witness, stat: Stat, tag: str | None, session: KnownSession | None
    ) -> None:
        self._witness = witness
        self._stat = stat
        self._tag = tag
        self._session = session
        self.leads_session = stat.pid == stat.sid
        self.sid = stat.sid

    @property
    def leader(self) -> str | None:
        return self._witness.name(self.sid) if self._witness.lives(self.sid) else None

    @property
    def session(self) -> str | None:
        return self._tag if self._session is None else self._session.name

    @property
    def supervisor(self) -> int | None:
        gone = self._session is not None and not self._session.running
        return self._session.supervisor if self._session is not None and gone else None

    @property
    def same_session_as_parent(self) -> bool:
        return self._tag is not None and self._witness.tag(self._stat.ppid) == self._tag

    @cached_property
    def _unit(self) -> tuple[str, str]:
        return ("", "") if self._tag is not None else unit_of(self._stat.pid)

    @property
    def unit(self) -> str:
        return self._unit[1]

    @property
    def is_main_of_unit(self) -> bool:
        return not self._witness.has_main(self._unit[0], self._stat)

    @property
    def shares_unit(self) -> bool:
        return self._witness.unit(self._stat.ppid) == self._unit[0]

    @cached_property
    def cwd(self) -> str | None:
        return folder_of(self._stat.pid)

    @cached_property
    def descriptors(self) -> tuple[str, ...] | None:
        return _standard(self._stat.pid, self.cwd)

    @property
    def under_init(self) -> bool:
        return self._witness.adopts(self._stat.ppid)

    @property
    def placed(self) -> bool:
        return self._witness.was_placed(self._stat)

    @property
    def terminal(self) -> bool:
        return self._witness.has_terminal(self._stat.pid)

    @property
    def given(self) -> tuple[str, ...] | None:
        return self._witness.giver(self._stat.ppid).given

    @property
    def heard(self) -> bool:
        heard = self._witness.giver(self._stat.ppid).hears
        return not heard.isdisjoint(self.descriptors or ())


def _standard(pid: int, folder: str | None) -> tuple[str, ...] | None:
    return None if folder is None else standard_of(pid)


def _is_supervisor(pid: int) -> bool:
    try:
        command = procfs.command_line(pid)
    except OSError:
        return False
    return command is not None and _SUPERVISOR_MODULE in command.split()
