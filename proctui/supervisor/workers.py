"""All workers of a session, in its order."""

from __future__ import annotations

from collections.abc import Iterable

from proctui.model import Worker
from proctui.protocol import Outcome
from proctui.spec import WorkerSpec
from proctui.supervisor.checking import fault
from proctui.supervisor.supervised import Supervised
from proctui.supervisor.world import Say, World


class Workers:
    """The state machines by worker id.  An event costs the same however many there are."""

    def __init__(self, world: World, say: Say) -> None:
        self.world = world
        self.say = say
        self.ending = False
        self.revision = 0
        """Grows with every change of what `specs` says."""
        self._machines: dict[str, Supervised] = {}
        self._leaving: set[str] = set()
        """Who will be removed as soon as they have been stopped."""
        self._for_sibling: dict[str, Supervised] = {}
        """Ended ones that the next start of any other joins."""

    def __len__(self) -> int:
        return len(self._machines)

    def all(self) -> list[Supervised]:
        """In the session's order."""
        return list(self._machines.values())

    def get(self, worker: str) -> Supervised | None:
        """The worker with this id."""
        return self._machines.get(worker)

    def snapshot(self) -> tuple[Worker, ...]:
        """The Python view of all of them at this moment."""
        return tuple(machine.worker for machine in self._machines.values())

    def specs(self) -> tuple[WorkerSpec, ...]:
        """What their next runs are made from; without those that are on their way out."""
        staying = (one for one in self._machines.values() if one.id not in self._leaving)
        return tuple(machine.wanted_spec for machine in staying)

    def changed(self) -> None:
        """What `specs` says is not what it was."""
        self.revision += 1

    def leaves(self, machine: Supervised) -> None:
        """It is being stopped so that it can be removed."""
        self._leaving.add(machine.id)
        self.changed()

    def stays(self, machine: Supervised) -> None:
        """It could not be stopped."""
        self._leaving.discard(machine.id)
        self.changed()

    def add(self, spec: WorkerSpec, by: str) -> Outcome:
        """Takes in one more, not started; refused where the specification can't be right."""
        refusal = "the session is ending" if self.ending else self.take(spec)
        if refusal is not None:
            return Outcome(worker=spec.id, ok=False, text=f"not added: {refusal}")
        self.announce(self._machines[spec.id], by)
        return Outcome(worker=spec.id, ok=True, text="added")

    def take(self, spec: WorkerSpec) -> str | None:
        """Takes in one more without a word; answers what is wrong with it instead."""
        refusal = fault(spec)
        if refusal is None and spec.id in self._machines:
            leaving = ", which is being removed" if spec.id in self._leaving else ""
            refusal = f"there is a worker of this name already{leaving}"
        if refusal is None:
            self._machines[spec.id] = Supervised(spec, self)
            self.changed()
        return refusal

    def announce(self, machine: Supervised, by: str) -> None:
        """Tells of one that was taken in."""
        self.say("added", "is part of the session", by=by, worker=machine.id, state=machine.worker)

    def remove(self, machine: Supervised, by: str) -> Outcome:
        """Forgets one that doesn't run; what is left of it is joined, its restart cancelled."""
        machine.settle()
        if machine.running:
            text = f"not removed: it runs (pid {machine.worker.pid}), stop it first"
            return Outcome(worker=machine.id, ok=False, text=text, pid=machine.worker.pid)
        machine.retire(by)
        self._for_sibling.pop(machine.id, None)
        self._leaving.discard(machine.id)
        if self._machines.pop(machine.id, None) is not None:
            self.changed()
            self.say("removed", "is no part of the session any more", by=by, worker=machine.id)
        return Outcome(worker=machine.id, ok=True, text="removed", exitcode=machine.worker.exitcode)

    def reorder(self, order: Iterable[str]) -> None:
        """Puts the named ones first, in this order."""
        known = {name: self._machines[name] for name in order if name in self._machines}
        self._machines = known | self._machines

    # ------------------------------------------------------------ supervised.Family

    def before_launch(self, starter: Supervised) -> None:
        """Joins those that wait for a sibling's start."""
        if self._for_sibling:
            waiting, self._for_sibling = self._for_sibling, {}
            for machine in waiting.values():
                machine.join_implicitly(starter.id)

    def left_for_sibling(self, ended: Supervised) -> None:
        """`ended` is to be joined by the next start of any worker."""
        self._for_sibling[ended.id] = ended
