"""Who descends from whom: first parents, adopters, and whose worker a process comes from.

Three trails lead from a process to its worker: the parent links seen while they
stood, the session that each worker leads, the tag in the environment.  A parent
changes only when it dies (the kernel gives its children to the nearest living
subreaper, else to init: PR_SET_CHILD_SUBREAPER(2const)), so every change of
parent that is seen makes an orphan.  Pure: passes of the kernel view go in, what
changed comes out.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import msgspec

from proctui.kin import Kin, helper_kind, process_name
from proctui.model import Certainty, Departure, Lineage, Observation, Pass, Worker
from proctui.runs import Leaders, Run

SUPERVISOR = "proctui supervisor"
INIT = 1
_TICK = 0.02
"""Seconds: starts are told in clock ticks of 10 ms."""
_REMEMBERED = 4096

_replace = msgspec.structs.replace


class Changes(NamedTuple):
    """What one pass brought."""

    fresh: list[Kin]
    """Processes seen for the first time, in the order of their starts."""
    touched: set[int]
    """Tokens of all about whom something may have changed."""
    departed: list[tuple[Kin, Departure]]
    """Those that are gone, and forgotten already."""


class Family:
    """All processes that the kernel view tells of, and how they are related."""

    def __init__(self, supervisor_pid: int, tag: str = "", *, adopt: bool = False) -> None:
        self.supervisor_pid = supervisor_pid
        self.supervisor: Kin | None = None
        """The supervisor's own process once it was seen; kept when it is gone."""
        self.kin: dict[int, Kin] = {}
        self.leaders = Leaders()
        self._tag = tag
        self._adopt = adopt
        self._by_pid: dict[int, int] = {}
        self._under: dict[int, set[int]] = {}
        self._in_session: dict[int, set[int]] = {}
        self._born: dict[int, set[int]] = {}
        self._names: dict[int, str] = {}
        self._subreapers: set[int] = set()
        self._departed: dict[int, None] = {}

    # ------------------------------------------------------------ asking

    def living(self, pid: int) -> Kin | None:
        """The process that has `pid` as far as is known."""
        token = self._by_pid.get(pid)
        return None if token is None else self.kin[token]

    def under(self, pid: int) -> Collection[int]:
        """Tokens of those whose parent has `pid`."""
        return self._under.get(pid, ())

    def name(self, pid: int) -> str:
        """Best name of a process, "" where nothing tells it; init is called that."""
        if self.is_supervisor(pid):
            return SUPERVISOR
        return "init" if pid == INIT else self.own_name(pid)

    def own_name(self, pid: int) -> str:
        """What a process is really called, also init."""
        kin = self.living(pid)
        return self._names.get(pid, "") if kin is None else kin.name

    def is_supervisor(self, pid: int) -> bool:
        """Whether `pid` is the living supervisor's."""
        if pid != self.supervisor_pid:
            return False
        return self.supervisor is None or self.supervisor.token in self.kin

    def is_own_child(self, kin: Kin) -> bool:
        """A child of the supervisor or of its fork server: perhaps a worker."""
        ppid = kin.sample.ppid
        if self.is_supervisor(ppid):
            return True
        parent = self.living(ppid)
        return (
            parent is not None
            and parent.helper == "fork server"
            and parent.lineage.first_ppid == self.supervisor_pid
        )

    # ------------------------------------------------------------ a pass

    def observe(self, seen: Pass) -> Changes:
        """Takes in what the kernel told."""
        touched = self._learn(seen)
        ends = {d.token: d for d in seen.departures if d.token in self.kin}
        fresh: list[Kin] = []
        moved: list[Kin] = []
        for observation in seen.observations:
            kin = self.kin.get(observation.token)
            if kin is not None:
                touched.add(kin.token)
                if self._update(kin, observation, seen.time, touched):
                    moved.append(kin)
            elif observation.token not in self._departed:
                fresh.append(self._enter(observation, seen.time, ends))
        for kin in moved:
            self._moved(kin, seen.time, ends, touched)
        fresh.sort(key=lambda kin: (kin.started_at, kin.token))
        for kin in fresh:
            self._origin(kin, seen.time, touched)
        departed = [self._forget(departure, touched) for departure in ends.values()]
        for token in touched:
            self._name_parents(self.kin[token])
        return Changes(fresh, touched, departed)

    def _learn(self, seen: Pass) -> set[int]:
        """Names of those who aren't watched; tokens of their children where one is news."""
        self._subreapers |= seen.subreapers
        touched: set[int] = set()
        for pid, name in seen.names.items():
            if self._names.get(pid) != name:
                self._names[pid] = name
                touched.update(self.under(pid))
        return touched

    def _update(self, kin: Kin, seen: Observation, time: float, touched: set[int]) -> bool:
        name = kin.name
        command = kin.command
        moved = kin.update(seen, time)
        if kin is self.supervisor:
            kin.name = SUPERVISOR
        if kin.name != name:
            touched.update(self.under(kin.pid))
        if kin.command != command:
            self._label(kin)
        return moved

    def _enter(self, seen: Observation, time: float, ends: dict[int, Departure]) -> Kin:
        kin = Kin.first(seen, time)
        former = self._by_pid.get(kin.pid)
        if former is not None and former not in ends:  # its pid was given again: it is gone
            ends[former] = Departure(token=former, ended_at=time, exact=False)
        self.kin[kin.token] = kin
        self._by_pid[kin.pid] = kin.token
        if kin.pid == self.supervisor_pid and self.supervisor is None:
            self.supervisor = kin
            kin.name = SUPERVISOR
        self.leaders.recycled(kin)
        self._link(kin)
        return kin

    def _forget(self, departure: Departure, touched: set[int]) -> tuple[Kin, Departure]:
        kin = self.kin.pop(departure.token)
        touched.discard(kin.token)
        self._departed[kin.token] = None
        if len(self._departed) > _REMEMBERED:
            del self._departed[next(iter(self._departed))]
        if self._by_pid.get(kin.pid) == kin.token:
            del self._by_pid[kin.pid]
        self._unlink(kin)
        for token in self.under(kin.pid):
            touched.add(token)
            child = self.kin[token]
            if child.parent == kin.token:
                child.parent_ended_at = kin.zombie_since or departure.ended_at
        self._hand_on(kin)
        return kin, departure

    def _hand_on(self, kin: Kin) -> None:
        """Children of one that goes are linked to its own ancestor from now on."""
        if kin.via is not None and kin.via in self._born:
            self._born[kin.via].discard(kin.token)
        for token in self._born.pop(kin.token, ()):
            child = self.kin.get(token)
            if child is not None:
                child.via = kin.via
                if kin.via in self.kin:
                    self._born.setdefault(kin.via, set()).add(token)

    # ------------------------------------------------------------ indexes

    def _link(self, kin: Kin) -> None:
        kin.linked = (kin.sample.ppid, kin.sample.sid)
        self._under.setdefault(kin.sample.ppid, set()).add(kin.token)
        self._in_session.setdefault(kin.sample.sid, set()).add(kin.token)

    def _unlink(self, kin: Kin) -> None:
        ppid, sid = kin.linked
        _discard(self._under, ppid, kin.token)
        _discard(self._in_session, sid, kin.token)

    # ------------------------------------------------------------ where it comes from

    def _origin(self, kin: Kin, time: float, touched: set[int]) -> None:
        """First sight of a process."""
        touched.add(kin.token)
        if kin is self.supervisor:
            return
        ppid = kin.sample.ppid
        kin.lineage = Lineage(first_ppid=ppid, first_parent=self.name(ppid))
        parent = self.living(ppid)
        if parent is not None and parent is not kin:
            self._descend(kin, parent, touched)
        self._settle(kin, time, touched)
        self._label(kin)
        for token in tuple(self.under(kin.pid)):  # children that were seen before it
            child = self.kin[token]
            older = kin.started_at <= child.started_at + _TICK
            if older and child.parent is None and not child.orphan and child is not kin:
                self._descend(child, kin, touched)
                self._label(child)

    def _descend(self, kin: Kin, parent: Kin, touched: set[int]) -> None:
        kin.parent = kin.via = parent.token
        self._born.setdefault(parent.token, set()).add(kin.token)
        if parent.worker is not None and kin.bound is None:
            self._attribute(kin, parent.worker, parent.certainty, touched)

    def _label(self, kin: Kin) -> None:
        """Tells helpers by what they run; what a fork server forks runs the same."""
        if kin.bound is not None or kin.helper or kin.orphan:
            return
        kind = helper_kind(kin.command)
        if not kind:
            return
        parent = None if kin.parent is None else self.kin.get(kin.parent)
        known = parent is not None or kin.lineage.first_ppid == self.supervisor_pid
        if known and (parent is None or helper_kind(parent.command) != kind):
            kin.helper = kind

    def settle(self, kin: Kin, time: float) -> set[int]:
        """Follows session and tag of a process that turned out to be nobody's worker."""
        touched: set[int] = set()
        self._settle(kin, time, touched, own=False)
        return touched

    def _settle(self, kin: Kin, time: float, touched: set[int], *, own: bool = True) -> None:
        """Attributes by session or tag what no parent link did; finds it adopted or not.

        A child of the supervisor carries its own worker's tag, so as long as it
        may be a worker (`own`) only a foreign session counts.
        """
        if kin.worker is not None or kin.bound is not None or kin.helper:
            return
        ppid = kin.sample.ppid
        members = self._in_session.get(kin.sample.sid, ())
        inhabited = any(self.kin[t].worker for t in members if t != kin.token)
        run = self.leaders.claim(kin, inhabited=inhabited)
        is_child = self.is_supervisor(ppid)
        if run is not None:
            self._attribute(kin, run.worker, "session", touched)
        elif kin.tag_session == self._tag and kin.tag_worker and not (own and is_child):
            self._attribute(kin, kin.tag_worker, "tag", touched)
        else:
            return
        if not kin.orphan and (self._adopt if is_child else self._adopts(ppid)):
            kin.lineage = _replace(kin.lineage, first_ppid=None, first_parent="")
            self._adopted(kin, time, self._why_found(kin, run))

    def _adopts(self, pid: int) -> bool:
        """Whether a process that is found under `pid` at first sight was adopted by it.

        What is watched is a parent like any other.  What is not, and still is
        the parent of a worker's descendant, is so only by adoption.
        """
        if self.living(pid) is not None:
            return False
        return pid == INIT or pid in self._subreapers or pid in self._names

    def _why_found(self, kin: Kin, run: Run | None) -> str:
        sid = kin.sample.sid
        if run is not None:
            leader = self.living(sid)
            if leader is None or leader.bound != run.worker:
                return f"its session leader {run.worker} ({sid}) is gone"
            return f"it is in the session that {run.worker} ({sid}) leads, but under an adopter"
        if sid == kin.pid:
            return f"it carries the tag of {kin.worker} and leads a session of its own"
        return f"it carries the tag of {kin.worker}"

    def _attribute(self, kin: Kin, worker: str, certainty: Certainty, touched: set[int]) -> None:
        """Says whose descendant it is, and with it everything that it brought forth."""
        stack = [kin]
        while stack:
            one = stack.pop()
            one.worker, one.certainty = worker, certainty
            one.lineage = _replace(one.lineage, worker=worker, certainty=certainty)
            touched.add(one.token)
            for token in self._born.get(one.token, ()):
                child = self.kin[token]
                if child.bound is None and (child.worker is None or child.certainty != "seen"):
                    stack.append(child)

    # ------------------------------------------------------------ adoption

    def _moved(self, kin: Kin, time: float, ends: dict[int, Departure], touched: set[int]) -> None:
        former = kin.linked[0]
        self._unlink(kin)
        self._link(kin)
        if kin.sample.ppid == former:
            self._settle(kin, time, touched)
            return
        parent = None if kin.parent is None else self.kin.get(kin.parent)
        if parent is not None and not kin.orphan:
            end = ends.get(parent.token)
            kin.parent_ended_at = parent.zombie_since or (end.ended_at if end else None)
            kin.lineage = _replace(kin.lineage, first_parent=parent.name)
        lineage = kin.lineage
        first = person(lineage.first_parent, lineage.first_ppid or former)
        why = lineage.why or f"its first parent {first} has ended"
        self._adopted(kin, kin.parent_ended_at or time, why)
        self._settle(kin, time, touched)

    def _adopted(self, kin: Kin, when: float, why: str) -> None:
        kin.orphan = True
        ppid = kin.sample.ppid
        since = kin.lineage.adopted_at
        kin.lineage = _replace(
            kin.lineage,
            adopter_pid=ppid,
            adopter=self.name(ppid),
            adopted_at=when if since is None else since,
            why=why,
        )

    def _name_parents(self, kin: Kin) -> None:
        """Names change, and some are told late."""
        lineage = kin.lineage
        name = self.name(kin.sample.ppid)
        if not name:
            return
        if kin.orphan:
            if lineage.adopter != name and lineage.adopter_pid == kin.sample.ppid:
                kin.lineage = _replace(lineage, adopter=name)
        elif lineage.first_parent != name and lineage.first_ppid == kin.sample.ppid:
            kin.lineage = _replace(lineage, first_parent=name)

    # ------------------------------------------------------------ workers

    def lead(self, run: Run, time: float) -> set[int]:
        """A worker's run leads the session of its pid; tokens of those found by that."""
        touched: set[int] = set()
        self.leaders.lead(run, self._in_session.__contains__)
        for token in tuple(self._in_session.get(run.pid, ())):
            self._settle(self.kin[token], time, touched)
        return touched

    def bind(self, kin: Kin, worker: Worker) -> set[int]:
        """This process is that worker's present run; tokens of all that this tells about."""
        kin.bound = worker.id
        kin.helper = ""
        kin.held = False
        kin.name = worker.name
        touched = set(self.under(kin.pid))
        self._attribute(kin, worker.id, "seen", touched)
        self._parent_of_worker(kin, worker)
        for token in touched:
            self._name_parents(self.kin[token])
        return touched

    def _parent_of_worker(self, kin: Kin, worker: Worker) -> None:
        """Where Python says who started it, that is its first parent, seen or not."""
        ppid = kin.sample.ppid
        lineage = _replace(kin.lineage, worker=None, certainty="seen")
        if worker.start_method == "forkserver" or worker.ppid is None:
            kin.lineage = lineage
            if not kin.orphan and self._adopts(ppid) and ppid != worker.ppid:
                kin.lineage = _replace(lineage, first_ppid=None, first_parent="")
                self._adopted(kin, kin.last_seen, "its parent, the fork server, is gone")
            return
        first = SUPERVISOR if worker.ppid == self.supervisor_pid else self.name(worker.ppid)
        lineage = _replace(lineage, first_ppid=worker.ppid, first_parent=first)
        if ppid == worker.ppid:
            kin.orphan = False
            kin.lineage = _replace(lineage, adopter_pid=None, adopter="", adopted_at=None, why="")
            return
        kin.lineage = lineage
        self._adopted(
            kin, kin.last_seen, f"its first parent {person(first, worker.ppid)} has ended"
        )

    def rename(self, kin: Kin, name: str) -> set[int]:
        """The worker goes by another name; tokens of its children, who name it."""
        kin.name = name
        touched = set(self.under(kin.pid))
        for token in touched:
            self._name_parents(self.kin[token])
        return touched

    def release(self, kin: Kin) -> None:
        """The process is no longer its worker's present run."""
        kin.lineage = _replace(kin.lineage, worker=kin.bound)
        kin.bound = kin.retired_at = None
        kin.name = process_name(kin.sample.comm, kin.command)


def person(name: str, pid: int) -> str:
    """How sentences name a process: ``factory (40330)``, ``process 40330``."""
    return f"{name} ({pid})" if name else f"process {pid}"


def _discard(index: dict[int, set[int]], number: int, token: int) -> None:
    members = index[number]
    members.discard(token)
    if not members:
        del index[number]
