"""Stopping workers with as much of their group or tree as was chosen, and saying what came of it.

A worker's own process is stopped by the supervisor, which joins it.  The others of its group or
tree are nobody's but the kernel's: they get the same signal, the same grace period, and SIGKILL,
through the pidfds that are held since they were first seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from proctui.model import Row, State
from proctui.protocol import Stop
from proctui.tui.operate import Operator, Said
from proctui.tui.plan import Plan, Target


class Manner(NamedTuple):
    """How a worker is stopped."""

    signal: str
    grace: float
    """Seconds until SIGKILL."""

    def __str__(self) -> str:
        """``SIGTERM, 5 s, then SIGKILL``."""
        if self.signal == "SIGKILL" or self.grace <= 0:
            return "SIGKILL at once"
        return f"{self.signal}, {self.grace:.4g} s, then SIGKILL"


_USUAL = Manner("SIGTERM", 5.0)
_MANNERS = 3
"""Manners that are told one by one; of more only that they differ."""


def manner(row: Row) -> Manner:
    """As the worker's specification has it."""
    worker = row.worker
    return _USUAL if worker is None else Manner(worker.stop_signal, worker.stop_timeout)


def described(rows: Iterable[Row]) -> str:
    """How these are stopped: ``SIGTERM, 5 s, then SIGKILL``, a few where they differ."""
    manners = list(dict.fromkeys(map(manner, rows)))
    if len(manners) > _MANNERS:
        return "Each its own stop signal and grace period, then SIGKILL"
    return "; or ".join(map(str, manners))


class _Ended(NamedTuple):
    """What came of stopping some."""

    hit: Sequence[Target]
    failures: Mapping[str, str]
    """By name and pid."""
    last: str
    """The last signal that was sent."""


class Stopping:
    """Stops workers and what belongs to them."""

    def __init__(self, operator: Operator) -> None:
        self._operator = operator
        self._store = operator.store

    async def stop(self, plan: Plan) -> Said:
        """Stops the workers of the plan and ends its other members; returns once that is over."""
        parts = _by_manner(plan)
        all_ended = await asyncio.gather(*(self._stop(part, how) for how, part in parts.items()))
        hit = [member for ended in all_ended for member in ended.hit]
        failures = {who: why for ended in all_ended for who, why in ended.failures.items()}
        last = {ended.last for ended in all_ended}
        return self._operator.result(hit, last.pop() if len(last) == 1 else "SIGKILL", failures)

    async def _stop(self, part: Plan, how: Manner) -> _Ended:
        """Those that are stopped in the same manner."""
        hit = [member for member in part.members if member.runs(self._store)]
        signal = "SIGKILL" if how.grace <= 0 else how.signal
        asking = asyncio.create_task(self._ask([m for m in hit if m.worker is not None]))
        failures = await self._signal(hit, signal)
        patient = await self._operator.until_gone(part, hit, signal, failures, how.grace)
        left = [member for member in hit if member.runs(self._store)]
        if patient and left and signal != "SIGKILL":
            signal = "SIGKILL"
            failures |= await self._signal(left, signal)
            patient = await self._operator.until_gone(part, hit, signal, failures)
        if patient:
            failures |= await asking
        else:
            asking.cancel()  # given up: the supervisor goes on, nobody waits for it
        return _Ended(hit, failures, signal)

    async def _ask(self, workers: Sequence[Target]) -> dict[str, str]:
        """Has the supervisor stop its own; why it did not, by name and pid."""
        some = [workers[at : at + _AT_ONCE] for at in range(0, len(workers), _AT_ONCE)]
        answers = await asyncio.gather(
            *(self._operator.asked(Stop(workers=_ids(part)), part) for part in some)
        )
        return {who: why for answer in answers for who, why in answer.items()}

    async def _signal(self, members: Sequence[Target], signal: str) -> dict[str, str]:
        """Sends it to those that are not the supervisor's to stop, as that does to its own."""
        ours = [member for member in members if member.worker is None]
        failures = await self._operator.deliver(ours, signal, "process")
        stopped = [member for member in ours if member.row.state is State.STOPPED]
        if stopped and signal != "SIGKILL":  # which alone reaches the stopped (signal(7))
            failures |= await self._operator.deliver(stopped, "SIGCONT", "process")
        return failures


_AT_ONCE = 256
"""Workers in one command."""


def _ids(workers: Sequence[Target]) -> tuple[str, ...]:
    return tuple(member.worker for member in workers if member.worker is not None)


def _by_manner(plan: Plan) -> Mapping[Manner, Plan]:
    """The plan in parts, each with the workers that are stopped alike and what belongs to them."""
    of = {member.worker: manner(member.row) for member in plan.asked if member.worker is not None}
    usual = next(iter(of.values()))  # for who belongs to the group of a worker but not to its tree
    parts: dict[Manner, Plan] = {}
    for member in plan.members:
        how = of.get(member.owner or "", usual)
        part = parts.get(how) or plan._replace(asked=(), members=())
        parts[how] = part._replace(members=(*part.members, member))
    for how, part in parts.items():
        asked = tuple(m for m in plan.asked if of.get(m.worker or "") == how)
        parts[how] = part._replace(asked=asked)
    return parts
