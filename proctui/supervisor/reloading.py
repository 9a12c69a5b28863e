"""Makes a running session follow a changed file."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import NamedTuple

from proctui.protocol import Outcome
from proctui.spec import WorkerSpec
from proctui.supervisor.checking import fault
from proctui.supervisor.collector import Collector
from proctui.supervisor.supervised import Supervised
from proctui.supervisor.workers import Workers
from proctui.supervisor.world import Done

Add = Callable[[WorkerSpec, str, Done], None]
Remove = Callable[[Supervised, str], Outcome]


class Difference(NamedTuple):
    """What a new list of workers means for a session."""

    gone: tuple[str, ...]
    new: tuple[WorkerSpec, ...]
    changed: tuple[WorkerSpec, ...]


def difference(old: Sequence[WorkerSpec], new: Sequence[WorkerSpec]) -> Difference:
    """Pure: by id, in order."""
    before = {spec.id: spec for spec in old}
    after = {spec.id for spec in new}
    return Difference(
        gone=tuple(name for name in before if name not in after),
        new=tuple(spec for spec in new if spec.id not in before),
        changed=tuple(spec for spec in new if spec.id in before and spec != before[spec.id]),
    )


def first_fault(specs: Sequence[WorkerSpec]) -> Generator[None, None, str | None]:
    """Why a list of workers can't be right, one sentence; nothing is changed by such a list.

    In steps, one per worker.
    """
    seen: set[str] = set()
    for spec in specs:
        wrong = fault(spec)
        if wrong is None and spec.id in seen:
            wrong = "there are two workers of this name"
        if wrong is not None:
            return f"{spec.id}: {wrong}"
        seen.add(spec.id)
        yield
    return None


class Reloading:
    """One reload: starts what is new, stops and removes what is gone, restarts what differs."""

    def __init__(self, workers: Workers, add: Add, remove: Remove, by: str) -> None:
        self._workers = workers
        self._add = add
        self._remove = remove
        self._by = by

    def steps(
        self, specs: Sequence[WorkerSpec], complete: Callable[[tuple[Outcome, ...]], None]
    ) -> Iterator[None]:
        """One step per worker; `complete` is called when it is known what became of each."""
        plan = difference(self._workers.specs(), specs)
        count = len(plan.gone) + len(plan.changed) + len(plan.new)
        slots = map(Collector(count, complete).slot, range(count))
        for name in plan.gone:
            self._let_go(name, next(slots))
            yield
        for spec in plan.changed:
            self._follow(spec, next(slots))
            yield
        for spec in plan.new:
            self._add(spec, self._by, next(slots))
            yield
        self._workers.reorder(spec.id for spec in specs)

    def _let_go(self, name: str, done: Done) -> None:
        machine = self._workers.get(name)
        if machine is None:
            done(Outcome(worker=name, ok=True, text="was removed meanwhile"))
            return
        going = machine
        self._workers.leaves(going)

        def stopped(outcome: Outcome) -> None:
            done(removed := self._remove(going, self._by) if outcome.ok else outcome)
            if not removed.ok:
                self._workers.stays(going)

        machine.stop(self._by, None, stopped)

    def _follow(self, spec: WorkerSpec, done: Done) -> None:
        machine = self._workers.get(spec.id)
        if machine is None:
            self._add(spec, self._by, done)
            return
        machine.follow_spec(spec, self._by)
        self._workers.changed()
        if machine.worker.phase != "idle" or spec.autostart:
            machine.restart(self._by, done)
        else:
            done(Outcome(worker=spec.id, ok=True, text="has a new specification, not started"))
