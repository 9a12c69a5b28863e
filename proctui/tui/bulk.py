"""Commands to many workers: a few at a time, shown while they are under way, to be given up."""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from proctui.model import Row
from proctui.protocol import CancelJoin, Command, Join, Outcome, Reply, Stop
from proctui.sessions.client import ConnectionLost
from proctui.tui.feed import Feed
from proctui.tui.operate import Said, told
from proctui.tui.work import Work, Works

Ids = tuple[str, ...]
Make = Callable[[Ids], Command]

_SLICE: Final = 32
"""Workers in one command at most: what giving up still lets through."""
_ABREAST: Final = 8
"""Commands under way at a time: a grace period of one slice does not hold up the others."""
_TURNS: Final = 4
"""Commands that each of these gives at least, where there are workers enough: a few dozen can be
given up half way too."""
_MANY: Final = 20
"""Workers whose start at the beginning of a session is worth showing."""
_LOOK: Final = 0.1
_FIRST_NEWS: Final = 10.0
"""Seconds for the first snapshot to come."""
_STANDSTILL: Final = 15.0
"""Seconds without progress after which a start is no more believed to go on.

Not few: with thousands of workers the machine is busy, and the supervisor one of many.
"""


class Bulk:
    """Has the supervisor do something to many workers."""

    def __init__(self, feed: Feed, works: Works) -> None:
        self.feed = feed
        self.works = works

    async def each(self, make: Make, workers: Ids, title: str, done: str) -> Said:
        """Gives the command `make` makes for them; `title` and `done`: ``Starting``, ``started``.

        Given up, the workers whose turn has not come are left as they are, and what was begun is
        not waited for.
        """
        size = max(1, min(_SLICE, len(workers) // (_ABREAST * _TURNS)))
        slices = (workers[at : at + size] for at in range(0, len(workers), size))
        outcomes: list[Outcome] = []
        errors: list[str] = []
        begun = 0

        async def serve() -> None:
            nonlocal begun
            for some in slices:  # all who serve take from the same
                if work.given_up or errors:
                    return
                begun += len(some)
                reply = await self._request(make(some))
                errors.extend([] if reply.error is None else [reply.error])
                outcomes.extend(reply.outcomes)

        with self.works.under_way(Work(title, len(workers), lambda: len(outcomes))) as work:
            serving = asyncio.gather(*(serve() for _ in range(_ABREAST)))
            await _first_of(serving, work.abandoned())
        if errors:
            return Said(errors[0], "error")
        if not work.given_up or len(outcomes) == len(workers):
            return told(outcomes, done)
        return _given_up(outcomes, done, begun, len(workers))

    async def join(self, workers: Ids) -> Said:
        """Joins them.  Given up, those that have not ended are not joined."""
        keys = [f"w:{worker}" for worker in workers]

        def joined() -> int:
            rows = (self.feed.store.rows.get(key) for key in keys)
            return sum(1 for row in rows if row is None or not row.worker or not row.worker.joining)

        if len(workers) == 1:  # its own row shows it, and gives it up
            return _said(await self._request(Join(workers=workers)), "joined")
        with self.works.under_way(Work("Joining", len(workers), joined)) as work:
            asked = asyncio.create_task(self._request(Join(workers=workers)))
            abandoned = asyncio.create_task(work.abandoned())
            await asyncio.wait({asked, abandoned}, return_when=asyncio.FIRST_COMPLETED)
            abandoned.cancel()
            if not asked.done():
                await self._request(CancelJoin(workers=workers))
            return _said(await asked, "joined")

    async def show_start(self) -> Said | None:
        """Shows how far the supervisor is with the start of a large session.

        Given up, those whose turn has not come are not started: says how many that are.
        """
        store = self.feed.store
        await self.feed.until(lambda: bool(store.counts.workers), _FIRST_NEWS)
        meant = [row.key for row in store.rows.values() if waits_for_its_turn(row)]
        total = sum(1 for row in store.rows.values() if row.worker and row.worker.autostart)

        def waiting() -> list[Row]:
            rows = (store.rows.get(key) for key in meant)
            return [row for row in rows if row is not None and waits_for_its_turn(row)]

        if len(meant) < _MANY:
            return None
        with self.works.under_way(Work("Starting", total, lambda: total - len(waiting()))) as work:
            await _until_it_stands(work)
        if not work.given_up:
            return None
        left = tuple(row.worker.id for row in waiting() if row.worker is not None)
        reply = await self._request(Stop(workers=left))  # calls off a start that has not come
        return _said(reply, "") if reply.error else Said(f"{len(left)} workers are not started.")

    async def _request(self, command: Command) -> Reply:
        try:
            return await self.feed.client.request(command)
        except ConnectionLost as error:
            return Reply(id=0, error=str(error))


async def _first_of(one: Future[Any], other: Coroutine[Any, Any, None]) -> None:
    """Waits until either is over; the other is not waited for."""
    abandoned = asyncio.ensure_future(other)
    try:
        await asyncio.wait({one, abandoned}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        abandoned.cancel()
        one.cancel()
    if not one.cancelled() and one.done():
        one.result()  # raises what went wrong


async def _until_it_stands(work: Work) -> None:
    """Waits until it is done or given up, or does not go on."""
    loop = asyncio.get_running_loop()
    done, since = work.done, loop.time()
    while work.done < work.total and not work.given_up:
        await asyncio.sleep(_LOOK)
        if work.done != done:
            done, since = work.done, loop.time()
        elif loop.time() - since > _STANDSTILL:
            return


def _given_up(outcomes: Sequence[Outcome], done: str, begun: int, total: int) -> Said:
    """What was done of what was wanted, what goes on, and what is left."""
    good = sum(1 for outcome in outcomes if outcome.ok)
    facts = {"refused": len(outcomes) - good, "under way still": begun - len(outcomes)}
    facts["left as they are"] = total - begun
    rest = ", ".join(f"{count} {what}" for what, count in facts.items() if count)
    return Said(f"{good} of {total} {done}. Given up: {rest}.", "warning")


def waits_for_its_turn(row: Row) -> bool:
    """Whether a worker is to be started with the session and was not yet."""
    return row.worker is not None and row.worker.autostart and row.worker.phase == "idle"


def _said(reply: Reply, done: str) -> Said:
    return Said(reply.error, "error") if reply.error is not None else told(reply.outcomes, done)
