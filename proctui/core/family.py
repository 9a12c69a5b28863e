"""Workers among the processes: what it means for the lineage that one is a worker's.  Pure."""

from __future__ import annotations

import msgspec

from proctui.core.kin import Kin, process_name
from proctui.core.lineage import Ancestry
from proctui.core.naming import SUPERVISOR, person
from proctui.core.reasons import why_found
from proctui.core.runs import START_SLACK
from proctui.model import Lineage, Worker

_replace = msgspec.structs.replace


class Family(Ancestry):
    """All processes, how they are related, and which of them are workers.

    A worker is a root: it descends from nobody's worker, and everything that
    descends from it is its own.
    """

    @property
    def heir(self) -> str:
        """Name and pid of who adopts what loses its parent below the supervisor, "" if unknown."""
        if self._adopt and self.is_supervisor(self.supervisor_pid):
            return person(SUPERVISOR, self.supervisor_pid)
        if self.supervisor is None or self.supervisor_ended:
            return ""
        above = self.supervisor.sample.ppid
        return person(self.name(above), above)

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
        if worker.start_method == "forkserver":
            self.helpers.forked(worker.id, kin.command)
            self._child_of_fork_server(kin, worker, lineage)
            return
        if worker.ppid is None:
            kin.lineage = lineage
            return
        first = SUPERVISOR if worker.ppid == self.supervisor_pid else self.name(worker.ppid)
        lineage = _replace(lineage, first_ppid=worker.ppid, first_parent=first)
        if ppid == worker.ppid:
            kin.orphan = False
            lineage = _replace(lineage, adopter_pid=None, adopter="", adopted_at=None, why="")
            kin.lineage = self._alike.setdefault(lineage, lineage)
            return
        kin.lineage = lineage
        why = f"its first parent {person(first, worker.ppid)} has ended"
        self._adopted(kin, kin.last_seen, why)

    def _child_of_fork_server(self, kin: Kin, worker: Worker, lineage: Lineage) -> None:
        """Nothing tells the fork server's pid but that it is the parent; who else is, adopted."""
        kin.lineage = lineage
        seen = lineage.first_ppid
        if seen is None or (seen != worker.ppid and (kin.orphan or not self._adopts(seen))):
            return
        kin.lineage = _replace(lineage, first_ppid=None, first_parent="")
        self._adopted(kin, kin.last_seen, "its parent, the fork server, is gone")

    def rename(self, kin: Kin, name: str) -> set[int]:
        """The worker goes by another name; tokens of its children, who name it."""
        kin.name = name
        touched = set(self.under(kin.pid))
        for token in touched:
            self._name_parents(self.kin[token])
        return touched

    def release(self, kin: Kin) -> None:
        """The process is no longer its worker's present run, but it was its run."""
        kin.lineage = _replace(kin.lineage, worker=kin.bound)
        self._unbind(kin)

    def disown(self, kin: Kin, time: float) -> set[int]:
        """The process turned out not to be that worker's; tokens of all that this tells about."""
        touched: set[int] = set(self.under(kin.pid))
        self._unbind(kin)
        stack = [kin]
        while stack:
            one = stack.pop()
            touched.add(one.token)
            one.worker, one.lineage = None, _replace(one.lineage, worker=None)
            born = (self.kin[token] for token in self._kindred.born_of(one.token))
            stack += [child for child in born if child.bound is None]
        parent = None if kin.via is None else self.kin.get(kin.via)
        if parent is not None and parent.worker is not None:
            self._attribute(kin, parent.worker, parent.certainty, touched)
        for token in sorted(touched):
            self._settle(self.kin[token], time, touched)
            self._name_parents(self.kin[token])
        return touched

    def taken_in(self, kin: Kin, worker: str | None, when: float) -> set[int]:
        """The supervisor says that it adopted this process, which it did not start.

        `worker` is whose descendant it takes it for.  Tokens of all that this tells about.
        """
        if kin.bound is not None or kin is self.supervisor or kin.started_at > when + START_SLACK:
            return set()
        touched = {kin.token}
        if worker is not None and kin.worker is None:
            run = self.leaders.run(kin.sample.sid)
            by_session = run is not None and run.worker == worker
            self._attribute(kin, worker, "session" if by_session else "tag", touched)
        ours = self.is_supervisor(kin.sample.ppid) and self._is_stranger(kin, no_worker=True)
        if ours and not kin.orphan:
            kin.held, kin.helper = False, ""
            kin.lineage = _replace(kin.lineage, first_ppid=None, first_parent="")
            self._adopted(kin, when, why_found(kin, None, None, watched=False))
        return touched

    def _unbind(self, kin: Kin) -> None:
        kin.bound = kin.retired_at = None
        kin.name = process_name(kin.sample.comm, kin.command)
