"""What the supervisor does with workers: start, stop and restart, with as much as is chosen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Literal

from proctui.model import Row
from proctui.protocol import Command, Restart, Start, Stop
from proctui.tui.asking import Asking
from proctui.tui.bulk import Bulk
from proctui.tui.host import Host
from proctui.tui.operate import Operator, worker_ids
from proctui.tui.plan import Plan, listed, running
from proctui.tui.stopping import Stopping, described


class Managing:
    """Starts, stops and restarts workers."""

    def __init__(self, operator: Operator, bulk: Bulk, asking: Asking, host: Host) -> None:
        self._bulk = bulk
        self._asking = asking
        self._host = host
        self._stopping = Stopping(operator)

    def table(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """What does each action."""
        return {"start": self.start, "restart": self.restart, "stop": self.stop}

    async def start(self) -> None:
        """Starts what does not run."""
        fit = self._asking.applicable("start")
        if fit:
            self._host.untag()
            await self._each(fit, lambda ids: Start(workers=ids), "Starting", "started")

    async def stop(self) -> None:
        """Stops and joins, after a question."""
        rows = self._asking.applicable("stop")
        alive = [row for row in rows if running(row)]
        alone = [row for row in rows if not running(row)]  # what only waits for its restart
        if alive:
            chosen = await self._chosen("stop", alive, "joined after that")
            if chosen is None:
                return
            if _is_the_supervisors(chosen):
                alone += _meant(alive, chosen)
            else:
                self._host.untag()
                self._host.say(await self._stopping.stop(chosen))
        if alone:
            self._host.untag()
            await self._each(alone, lambda ids: Stop(workers=ids), "Stopping", "stopped")

    async def restart(self) -> None:
        """Starts anew; asks where something runs that would be stopped for it."""
        rows = self._asking.applicable("restart")
        alive = [row for row in rows if running(row)]
        if alive:
            rows = [row for row in rows if not running(row)]
            chosen = await self._chosen("restart", alive, "joined and started after that")
            if chosen is None:
                return
            meant = _meant(alive, chosen)
            if not _is_the_supervisors(chosen):
                self._host.untag()
                self._host.say(await self._stopping.stop(chosen))
                meant = [row for row in meant if not running(row)]  # else it was given up
            rows += meant
        if rows:
            self._host.untag()
            await self._each(rows, lambda ids: Restart(workers=ids), "Restarting", "restarted")

    async def _chosen(
        self, action: Literal["stop", "restart"], alive: Sequence[Row], then: str
    ) -> Plan | None:
        """Asks how far it shall go; None where that is refused."""
        from proctui.tui.screens.confirm import Question

        plans = dict(self._asking.plans(alive))
        if not plans:
            return None
        does = f"{described(alive)}; {then}."
        lines = [row.name for row in alive if row.worker is not None and row.worker.is_shell_line]
        if lines:
            does += f" {listed(lines)}: a shell line, stopped with its process group."
        if len(lines) == len(alive):
            del plans["process"]
        return await self._asking.confirm(action, Question(action.capitalize(), does, plans))

    async def _each(
        self, rows: Sequence[Row], make: Callable[[tuple[str, ...]], Command], title: str, done: str
    ) -> None:
        """Has the supervisor do something to workers, however many."""
        self._host.say(await self._bulk.each(make, worker_ids(rows), title, done))


def _is_the_supervisors(chosen: Plan) -> bool:
    """Whether nobody is meant but workers, each by itself."""
    alone = chosen.reach == "process"  # so is a group of which somebody is spared
    return alone and all(member.worker is not None for member in chosen.members)


def _meant(alive: Sequence[Row], chosen: Plan) -> list[Row]:
    """The rows without those that are spared."""
    members = {member.key for member in chosen.members}
    return [row for row in alive if row.key in members]
