"""What is known of the processes of one pass: read where it is asked for, and kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from proctui.core.naming import INIT, SUPERVISOR
from proctui.linux import procfs
from proctui.linux.procfs import Stat
from proctui.machine.adoption import Circumstances
from proctui.machine.reading import Line
from proctui.machine.surroundings import (
    members_of_unit,
    numbers_of,
    pipes_of,
    place_of,
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
    pipes: frozenset[str]


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

    # ------------------------------------------------------------ adopters

    def is_init(self, pid: int) -> bool:
        """PID 1, here or of a container below."""
        if pid not in self._inits:
            self._inits[pid] = pid == INIT or self._inside(pid)[-1] == INIT
        return self._inits[pid]

    def adopts(self, pid: int) -> bool:
        """Whether it is an init of any kind: PID 1, or what runs a user's services (systemd)."""
        if pid not in self._adopts:
            self._adopts[pid] = self.is_init(pid) or unit_of(pid)[1] == "init.scope"
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

    # ------------------------------------------------------------ circumstances

    def circumstances(
        self, stat: Stat, tag: str | None, session: KnownSession | None
    ) -> Circumstances:
        """All that `proctui.machine.adoption.judge` asks for."""
        leads = stat.pid == stat.sid
        same = tag is not None and self._tag(stat.ppid) == tag
        if leads and tag is not None and session is None and not same and _is_supervisor(stat.pid):
            tag = None  # of a session whose facts are another user's
        known = Circumstances(
            leads_session=leads,
            sid=stat.sid,
            leader=self._lines[stat.sid].name if self._lives(stat.sid) else None,
        )
        if tag is not None:
            return known._replace(
                session=tag if session is None else session.name,
                supervisor=session.supervisor if session and not session.running else None,
                same_session_as_parent=same,
            )
        path, unit = unit_of(stat.pid)
        cwd, descriptors = place_of(stat.pid)
        known = known._replace(
            unit=unit,
            is_main_of_unit=not self._has_main(path, stat),
            cwd=cwd,
            descriptors=descriptors,
        )
        return self._of_leader(known, stat) if leads else known

    def _of_leader(self, known: Circumstances, stat: Stat) -> Circumstances:
        giver = self._giver(stat.ppid)
        return known._replace(
            under_init=self.adopts(stat.ppid),
            placed=self._was_placed(stat),
            terminal=self._lines[stat.pid].has_terminal,
            given=giver.given,
            heard=not giver.pipes.isdisjoint(known.descriptors or ()),
        )

    def _lives(self, pid: int) -> bool:
        return pid in self._lines and not self._lines[pid].is_dead

    def _tag(self, pid: int) -> str | None:
        """Session tag of a parent; many may have the same."""
        if pid not in self._tags:
            self._tags[pid] = tag_of(pid)[0]
        return self._tags[pid]

    def _giver(self, pid: int) -> _Giver:
        if pid not in self._givers:
            self._givers[pid] = _Giver(place_of(pid)[1], pipes_of(pid))
        return self._givers[pid]

    def _was_placed(self, stat: Stat) -> bool:
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

    def _has_main(self, path: str, stat: Stat) -> bool:
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


def _is_supervisor(pid: int) -> bool:
    try:
        command = procfs.command_line(pid)
    except OSError:
        return False
    return command is not None and _SUPERVISOR_MODULE in command.split()
