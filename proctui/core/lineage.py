"""Who descends from whom: first parents, adopters, and whose worker a process comes from.

Three trails lead from a process to its worker: the parent links seen while they
stood, the session that each worker leads, the tag in the environment.  A parent
changes only when it dies (the kernel gives its children to the nearest living
subreaper, else to init: PR_SET_CHILD_SUBREAPER(2const)), so every change of
parent that is seen makes an orphan.  Pure: passes of the kernel view go in, what
changed comes out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import partial

import msgspec

from proctui.core.adopters import Adopters
from proctui.core.helpers import Helpers
from proctui.core.kin import Kin
from proctui.core.kindred import Changes, Kindred
from proctui.core.naming import SUPERVISOR, called, person
from proctui.core.reasons import why_found
from proctui.core.roots import Roots
from proctui.core.runs import Leaders, Run
from proctui.model import Certainty, Departure, Lineage, Observation, Pass

_TICK = 0.02
"""Seconds: starts are told in clock ticks of 10 ms."""

_replace = msgspec.structs.replace


class Ancestry:
    """All processes that the kernel view tells of, and how they are related."""

    def __init__(
        self,
        supervisor_pid: int,
        tag: str = "",
        *,
        adopt: bool = False,
        roots: Collection[int] = (),
    ) -> None:
        """`roots` are pids that are watched although the supervisor did not launch them."""
        self.supervisor_pid = supervisor_pid
        self.supervisor: Kin | None = None
        """The supervisor's own process once it was seen; kept when it is gone."""
        self.leaders = Leaders()
        self._kindred = Kindred()
        self.kin = self._kindred.kin
        """All who are there, by token."""
        self.helpers = Helpers(self.kin)
        self.roots = Roots(roots)
        self._tag = tag
        self._adopt = adopt
        self._names: dict[int, str] = {}
        self.adopters = Adopters()
        self._alike: dict[Lineage, Lineage] = {}
        """Of workers: all that have the same starter share one."""
        self._ends: dict[int, Departure] = {}
        """Those who depart with the present pass."""

    # ------------------------------------------------------------ asking

    def living(self, pid: int) -> Kin | None:
        """The process that has `pid` as far as is known, dead or not as long as it has it."""
        return self._kindred.living(pid)

    def under(self, pid: int) -> Collection[int]:
        """Tokens of those whose parent has `pid`."""
        return self._kindred.under(pid)

    def name(self, pid: int) -> str:
        """Best name of a process, "" where nothing tells it; init is called that."""
        if self.is_supervisor(pid):
            return SUPERVISOR
        return called(self.own_name(pid), pid)

    def own_name(self, pid: int) -> str:
        """What a process is really called, also init."""
        kin = self.living(pid)
        return self._names.get(pid, "") if kin is None else kin.name

    def is_supervisor(self, pid: int) -> bool:
        """Whether `pid` is the living supervisor's."""
        return pid == self.supervisor_pid != 0 and not self.supervisor_ended

    @property
    def supervisor_ended(self) -> bool:
        """It was seen, and then seen to have ended."""
        kin = self.supervisor
        return kin is not None and (kin.token not in self.kin or kin.sample.is_zombie)

    # ------------------------------------------------------------ a pass

    def observe(self, seen: Pass) -> Changes:
        """Takes in what the kernel told."""
        touched = self._learn(seen)
        self._ends = {d.token: d for d in seen.departures if d.token in self.kin}
        fresh: list[Kin] = []
        moved: list[Kin] = []
        figures: list[Kin] = []
        looked_at: list[Kin] = []
        for observation in seen.observations:
            kin = self.kin.get(observation.token)
            if kin is not None:
                if kin.take_figures(observation, seen.time):
                    figures.append(kin)
                    continue
                looked_at.append(kin)
                if self._update(kin, observation, seen.time, touched):
                    moved.append(kin)
            elif not self._kindred.has_departed(observation.token):
                fresh.append(self._enter(observation, seen.time))
        for token, end in self._ends.items():
            self.leaders.member_ended(self.kin[token], self.kin[token].surely_there(end))
        for kin in moved:
            self._moved(kin, seen.time, touched)
        fresh.sort(key=lambda kin: (kin.started_at, kin.token))
        for kin in fresh:
            self._origin(kin, seen.time, touched)
        self._follow_leaders((*moved, *fresh), seen.time, touched)
        departed = [self._forget(departure, touched) for departure in self._ends.values()]
        self._ends = {}
        for token in touched:
            self._name_parents(self.kin[token])
        return Changes(fresh, touched, departed, looked_at + fresh, figures)

    def _learn(self, seen: Pass) -> set[int]:
        """Names of those who aren't watched; tokens of their children where one is news."""
        self.adopters.learn(seen)
        touched: set[int] = set()
        for pid, name in seen.names.items():
            if self._names.get(pid) != name:
                self._names[pid] = name
                touched.update(self.under(pid))
        return touched

    def _update(self, kin: Kin, seen: Observation, time: float, touched: set[int]) -> bool:
        touched.add(kin.token)
        name, command = kin.name, kin.command
        moved = kin.update(seen, time)
        if kin is self.supervisor:
            kin.name = SUPERVISOR
        if kin.name != name:
            touched.update(self.under(kin.pid))
        if kin.command != command:
            self.helpers.label(kin, self.supervisor)
        return moved

    def _enter(self, seen: Observation, time: float) -> Kin:
        kin = Kin.first(seen, time)
        former = self._kindred.enter(kin)
        if former is not None and former not in self._ends:
            end = min(time, seen.started_at)  # its pid was free by then
            self._ends[former] = Departure(token=former, ended_at=end, exact=False)
        if kin.pid == self.supervisor_pid and self.supervisor is None:
            self.supervisor = kin
            kin.name = SUPERVISOR
        return kin

    def _forget(self, departure: Departure, touched: set[int]) -> tuple[Kin, Departure]:
        kin = self._kindred.forget(departure.token)
        touched.discard(kin.token)
        self.adopters.forget(kin.pid)
        for token in self.under(kin.pid):
            touched.add(token)
            child = self.kin[token]
            if child.parent == kin.token:
                child.parent_ended_at = kin.zombie_since or departure.ended_at
        return kin, departure

    # ------------------------------------------------------------ where it comes from

    def _origin(self, kin: Kin, time: float, touched: set[int]) -> None:
        """First sight of a process."""
        touched.add(kin.token)
        if kin is self.supervisor:
            return
        ppid = kin.sample.ppid
        first = kin.forked_by or ppid
        parent = self._elder(kin, first)
        known = parent is not None or self.living(first) is None
        kin.lineage = Lineage(
            first_ppid=first,
            first_parent=self.name(first) if known else "",
            birth_told=kin.forked_by is not None,
        )
        if parent is not None:
            self._descend(kin, parent, touched)
        if first != ppid:
            first_parent = person(kin.lineage.first_parent, first)
            self._adopted(kin, time, f"its first parent {first_parent} has ended")
        self._root(kin, touched)
        self._lead(kin)
        self._settle(kin, time, touched)
        self.helpers.label(kin, self.supervisor)
        for token in tuple(self.under(kin.pid)):  # children that were seen before it
            child = self.kin[token]
            waits = child.parent is None and child.lineage.first_ppid == kin.pid
            if waits and self._elder(child, kin.pid) is kin:
                self._descend(child, kin, touched)
                self.helpers.label(child, self.supervisor)

    def _elder(self, kin: Kin, pid: int) -> Kin | None:
        """The process with that pid where it can be a parent: there when its child started."""
        parent = self.living(pid)
        if parent is None or parent is kin or parent.started_at > kin.started_at + _TICK:
            return None
        dead = parent.zombie_since
        if dead is not None and kin.started_at > dead + _TICK:
            return None
        end = self._ends.get(parent.token)
        if end is not None and kin.started_at > parent.surely_there(end) + _TICK:
            return None
        return parent

    def _descend(self, kin: Kin, parent: Kin, touched: set[int]) -> None:
        self._kindred.descend(kin, parent)
        if parent.worker is not None and kin.bound is None:
            self._attribute(kin, parent.worker, parent.certainty, touched)

    def settle(self, kin: Kin, time: float, *, no_worker: bool) -> set[int]:
        """Follows session and tag of a child of the supervisor that no event names.

        With `no_worker` it is certain that it is no worker itself.  Of a supervisor that adopts,
        whoever is neither that nor a helper was adopted.
        """
        touched: set[int] = set()
        self._settle(kin, time, touched, held=False, no_worker=no_worker)
        return touched

    def _settle(
        self,
        kin: Kin,
        time: float,
        touched: set[int],
        *,
        held: bool = True,
        no_worker: bool = False,
    ) -> None:
        """Attributes by session or tag what no parent link did; finds it adopted or not.

        A child of the supervisor that carries a tag is that worker itself, or
        was adopted; while it is held back for its name only its session counts.
        """
        if kin.worker is not None or kin.bound is not None or kin.helper:
            return
        ppid = kin.sample.ppid
        run = self.leaders.claim(kin, partial(self._inhabited, kin))
        group = self.roots.of_group(kin)
        is_child = self.is_supervisor(ppid)
        tagged = kin.tag_session == self._tag
        strange = is_child and self._adopt and self._is_stranger(kin, no_worker=no_worker)
        if run is not None:
            self._attribute(kin, run.worker, "session", touched)
        elif group:
            self._attribute(kin, group, "group", touched)
        elif is_child and held:
            return
        elif tagged and (owner := self.roots.tagged(kin) or kin.tag_worker):
            self._attribute(kin, owner, "tag", touched)
        elif tagged and (strange or not is_child):
            # forked by a worker that could not name itself there (`supervisor.marking`)
            kin.lineage = _replace(kin.lineage, certainty="tag")
        elif not strange:
            return
        foreign = run is not None or no_worker or kin.sample.sid != kin.pid
        if not kin.orphan and (self._adopt and foreign if is_child else self._adopts(ppid)):
            kin.lineage = _replace(kin.lineage, first_ppid=None, first_parent="")
            self._adopted(
                kin,
                time,
                why_found(kin, run, self.living(kin.sample.sid), watched=bool(self.roots)),
            )

    def _is_stranger(self, kin: Kin, *, no_worker: bool) -> bool:
        """Whether a child of the supervisor is surely none that it started.

        A worker leads a session of its own, a helper lives in the supervisor's.
        """
        sid = kin.sample.sid
        if self.supervisor is None or sid == self.supervisor.sample.sid:
            return False
        return no_worker or sid != kin.pid

    def _root(self, kin: Kin, touched: set[int]) -> None:
        """A process that is watched by itself is what its descendants are known by."""
        if self.roots.claim(kin):
            self._attribute(kin, kin.root, "seen", touched)
            kin.lineage = _replace(kin.lineage, worker=None)

    def _lead(self, kin: Kin) -> None:
        """Whoever of a watched tree leads a session: all who live in it are of that tree.

        What descends from a worker is known by the worker's own session.
        """
        if self.roots and kin.worker is not None and kin.sample.sid == kin.pid:
            run = Run(kin.worker, kin.pid, kin.started_at)
            self.leaders.lead(run, lambda sid: bool(self._kindred.in_session(sid)))

    def _follow_leaders(self, leading: Iterable[Kin], time: float, touched: set[int]) -> None:
        """Settles who was there before it was known whose session they live in."""
        for kin in leading if self.roots else ():
            for token in tuple(self._kindred.in_session(kin.pid)):
                self._settle(self.kin[token], time, touched)

    def lead(self, run: Run, time: float) -> set[int]:
        """A worker's run leads the session of its pid; tokens of those found by that."""
        touched: set[int] = set()
        self.leaders.lead(run, lambda sid: bool(self._kindred.in_session(sid)))
        for token in tuple(self._kindred.in_session(run.pid)):
            self._settle(self.kin[token], time, touched)
        return touched

    def _inhabited(self, kin: Kin, worker: str) -> bool:
        """Whether somebody of that worker's lived in the same session when `kin` started."""
        for token in self._kindred.in_session(kin.sample.sid):
            other = self.kin[token]
            if token == kin.token or other.worker != worker:
                continue
            end = self._ends.get(token)
            if end is None or other.surely_there(end) >= kin.started_at:
                return True
        return False

    def _adopts(self, pid: int) -> bool:
        """Whether a process that is found under `pid` at first sight was adopted by it.

        What is watched is a parent like any other.
        """
        return self.living(pid) is None and pid in self.adopters

    def _attribute(self, kin: Kin, worker: str, certainty: Certainty, touched: set[int]) -> None:
        """Says whose descendant it is, and with it everything that it brought forth."""
        stack = [kin]
        while stack:
            one = stack.pop()
            one.worker, one.certainty = worker, certainty
            one.lineage = _replace(one.lineage, worker=worker, certainty=certainty)
            touched.add(one.token)
            for token in self._kindred.born_of(one.token):
                child = self.kin[token]
                if child.bound is None and (child.worker is None or child.certainty != "seen"):
                    stack.append(child)

    # ------------------------------------------------------------ adoption

    def _moved(self, kin: Kin, time: float, touched: set[int]) -> None:
        former = kin.linked[0]
        self._kindred.relink(kin)
        self._lead(kin)
        if kin.sample.ppid == former:
            self._settle(kin, time, touched)
            return
        parent = None if kin.parent is None else self.kin.get(kin.parent)
        if parent is not None and not kin.orphan:
            end = self._ends.get(parent.token)
            kin.parent_ended_at = parent.zombie_since or (end.ended_at if end else None)
            kin.lineage = _replace(kin.lineage, first_parent=parent.name)
        lineage = kin.lineage
        first = person(lineage.first_parent, lineage.first_ppid or former)
        which = "first parent"
        if self._perhaps_adopted_before(kin):
            which = "parent"
            kin.lineage = _replace(lineage, first_ppid=None, first_parent="")
        why = lineage.why or f"its {which} {first} has ended"
        self._adopted(kin, kin.parent_ended_at or time, why)
        self._settle(kin, time, touched)

    def _perhaps_adopted_before(self, kin: Kin) -> bool:
        """First seen under a supervisor that adopts, and no event ever called it a worker."""
        first = kin.lineage.first_ppid
        if not self._adopt or first is None or first != self.supervisor_pid:
            return False
        return kin.bound is None and not kin.helper

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
        kin.call_parent(self.name(kin.sample.ppid))
