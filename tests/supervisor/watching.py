"""A kernel view whose passes a test can ask about."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from proctui.kernel import KernelView
from proctui.kernel.watched import Budget
from proctui.linux.grip import Source
from proctui.linux.procconn import ProcConnector
from proctui.model import Departure, Observation, Pass

DEADLINE = 20.0


def no_connector() -> ProcConnector | None:
    return None


class Watching:
    """Collects what a view tells; the last word on each process counts."""

    def __init__(
        self,
        tag: str,
        connector: Callable[[], ProcConnector | None],
        budget: Budget | None,
        source: Source | None,
    ) -> None:
        self.told = asyncio.Event()
        self.view = KernelView(
            tag, self.told.set, connector=connector, budget=budget, source=source
        )
        self.seen: dict[int, Observation] = {}
        self.gone: dict[int, Departure] = {}
        self.texts: dict[int, str] = {}
        self.names: dict[int, str] = {}
        self.subreapers: set[int] = set()
        self.inits: set[int] = set()

    def take(self, brought: Pass) -> Pass:
        for departure in brought.departures:
            assert departure.token in self.seen, "departed without having been told before"
            assert departure.token not in self.gone, "departed twice"
        for seen in brought.observations:
            self.seen[seen.token] = seen
            if seen.command is not None:
                self.texts[seen.token] = seen.command
        for departure in brought.departures:
            self.gone[departure.token] = departure
        self.names |= brought.names
        self.subreapers |= brought.subreapers
        self.inits |= brought.inits
        return brought

    async def refresh(self) -> Pass:
        return self.take(await self.view.refresh())

    def urgent(self) -> Pass:
        self.told.clear()
        return self.take(self.view.urgent())

    def pids(self) -> set[int]:
        return {seen.sample.pid for token, seen in self.seen.items() if token not in self.gone}

    def of(self, pid: int) -> Observation:
        """The last observation of this pid, of the newest process that had it."""
        return max((seen for seen in self.seen.values() if seen.sample.pid == pid), key=_token)

    def departure_of(self, pid: int) -> Departure | None:
        return self.gone.get(self.of(pid).token)

    async def until(self, condition: Callable[[], bool], *, refresh: bool = False) -> None:
        """Waits for the view to tell of an end (or asks it again and again) until it holds."""
        async with asyncio.timeout(DEADLINE):
            while not condition():
                if refresh:
                    await self.refresh()
                    await asyncio.sleep(0.01)
                else:
                    await self.told.wait()
                    self.urgent()


def _token(seen: Observation) -> int:
    return seen.token


@contextlib.asynccontextmanager
async def watching(
    *roots: int,
    tag: str = "",
    connector: Callable[[], ProcConnector | None] = no_connector,
    budget: Budget | None = None,
    source: Source | None = None,
) -> AsyncIterator[Watching]:
    """Follows the roots, with one refresh behind it."""
    seen = Watching(tag, connector, budget, source)
    try:
        seen.view.follow(roots)
        await seen.refresh()
        yield seen
    finally:
        seen.view.close()
