"""From supervisor and kernel to the listener: at once, but never more often than it can draw."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from proctui.core import table
from proctui.core.rowmaking import worker_row
from proctui.model import Row, State, Worker
from proctui.tui.feed import BATCH, Feed
from tests.tui.fakes import SUPERVISOR, Clock, FakeClient, FakeKernel, lessons, worker


@asynccontextmanager
async def fed(
    client: FakeClient, kernel: FakeKernel, clock: Clock
) -> AsyncIterator[tuple[Feed, list[frozenset[str]]]]:
    told: list[frozenset[str]] = []
    feed = Feed(client, kernel, clock=clock, totals=lambda: (50.0, 1, 2))
    feed.listener = told.append
    tasks = [asyncio.create_task(feed.listen()), asyncio.create_task(feed.watch())]
    assert await feed.until(lambda: len(feed.store.rows) >= len(client.workers), 5)
    while kernel.waiting:
        await asyncio.sleep(0)
    await asyncio.sleep(0.05)
    yield feed, told
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await feed.close()


async def test_supervisor_and_workers_are_followed() -> None:
    clock = Clock()
    client, kernel = lessons(clock)
    async with fed(client, kernel, clock) as (feed, _):
        assert {SUPERVISOR, 40321, 40322, 40323} <= kernel.roots
        client.tell("started", worker("new", 40390, "m:f"), "started")
        assert await feed.until(lambda: 40390 in kernel.roots, 5)


async def test_an_end_is_told_before_any_refresh() -> None:
    clock = Clock()
    client, kernel = lessons(clock)
    async with fed(client, kernel, clock) as (feed, told):
        told.clear()
        kernel.end(40321, 9)
        row = feed.store.rows["w:piao-1"]
        assert await feed.until(lambda: row.state is State.ZOMBIE, 5)
        await asyncio.sleep(0.05)
        assert any("w:piao-1" in keys for keys in told)


async def test_a_burst_is_told_in_few_words() -> None:
    clock = Clock()
    workers = [worker(f"w-{n}", 50_000 + n, "m:f") for n in range(500)]
    client, kernel = FakeClient(workers), FakeKernel(clock)
    for each in workers:
        assert each.pid is not None
        kernel.put(each.pid)
    async with fed(client, kernel, clock) as (feed, told):
        told.clear()
        for each in workers:
            client.change(each.id, "ended", "ended", phase="ended", alive=False, exitcode=0)
        last = feed.store.rows["w:w-499"]
        assert await feed.until(lambda: last.exitcode == 0, 5)
        await asyncio.sleep(0.1)
        assert len(told) < 50
        assert frozenset[str]().union(*told) >= {each.id.join(("w:", "")) for each in workers}


async def test_what_comes_together_makes_each_row_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    workers = [worker(f"w-{n}", 50_000 + n, "m:f") for n in range(500)]
    client, kernel = FakeClient(workers), FakeKernel(clock)
    made: list[str] = []

    def counted(one: Worker, *known: Any, **more: Any) -> Row:
        made.append(one.id)
        return worker_row(one, *known, **more)

    async with fed(client, kernel, clock) as (feed, _):
        monkeypatch.setattr(table, "worker_row", counted)
        for each in workers:
            ended = {"alive": False, "exitcode": 0}
            client.change(each.id, "ended", "ended", phase="ended", **ended)
            client.change(each.id, "joined", "joined", phase="joined", joined_at=clock())
        last = feed.store.rows["w:w-499"]
        assert await feed.until(lambda: bool(last.worker and last.worker.joined_at), 5)
        assert set(made) == {each.id for each in workers}
        assert len(made) <= len(workers) + 2 * len(workers) // BATCH  # a batch may part the two
        assert len(feed.store.events) >= 2 * len(workers)


async def test_an_end_that_is_told_and_seen_together_makes_its_row_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock()
    client, kernel = lessons(clock)
    made: list[str] = []

    def counted(one: Worker, *known: Any, **more: Any) -> Row:
        made.append(one.id)
        return worker_row(one, *known, **more)

    async with fed(client, kernel, clock) as (feed, _):
        monkeypatch.setattr(table, "worker_row", counted)
        client.change("piao-1", "ended", "ended", phase="ended", alive=False, exitcode=-9)
        kernel.end(40321, 9)
        row = feed.store.rows["w:piao-1"]
        assert await feed.until(lambda: row.state is State.ZOMBIE and row.exitcode == -9, 5)
        assert made.count("piao-1") == 1


async def test_a_slow_listener_is_told_less_often() -> None:
    clock = Clock()
    client, kernel = lessons(clock)
    async with fed(client, kernel, clock) as (feed, _):
        times: list[float] = []
        loop = asyncio.get_running_loop()

        def slow(keys: frozenset[str]) -> None:
            times.append(loop.time())
            end = loop.time() + 0.03
            while loop.time() < end:
                pass

        feed.listener = slow
        for number in range(200):
            client.change("piao-1", "changed", "changed", restarts=number)
            await asyncio.sleep(0.001)
        gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
        assert gaps
        assert min(gaps) >= 0.085  # its own 30 ms and twice as long for everything else


async def test_a_dropped_connection_is_made_again_and_nothing_is_lost() -> None:
    clock = Clock()
    client, kernel = lessons(clock)
    second = FakeClient(client.workers.values())
    feed = Feed(
        client, kernel, clock=clock, totals=lambda: (0.0, 0, 0), reconnect=lambda: _answer(second)
    )
    listening = asyncio.create_task(feed.listen())
    assert await feed.until(lambda: len(feed.store.rows) >= len(client.workers), 5)
    client.lose("the supervisor dropped the connection: too slow")
    second.seq = 50
    second.change("piao-1", "ended", "ended", phase="ended", alive=False, exitcode=4)
    row = feed.store.rows["w:piao-1"]
    assert await feed.until(lambda: row.exitcode == 4, 5)
    assert feed.lost is None
    assert feed.client is second
    assert client.closed
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await feed.close()


async def test_another_supervisor_is_not_taken_for_the_same() -> None:
    clock = Clock()
    client, kernel = lessons(clock)
    other = FakeClient(session="another")
    feed = Feed(
        client, kernel, clock=clock, totals=lambda: (0.0, 0, 0), reconnect=lambda: _answer(other)
    )
    client.lose()
    await asyncio.wait_for(feed.listen(), 5)
    assert feed.lost is not None
    assert other.closed
    await feed.close()


async def _answer(client: FakeClient) -> FakeClient:
    return client


async def test_a_lost_supervisor_is_told() -> None:
    clock = Clock()
    client, kernel = lessons(clock)
    async with fed(client, kernel, clock) as (feed, told):
        told.clear()
        client.lose("the supervisor was killed")
        assert await feed.until(lambda: feed.lost is not None, 5)
        await asyncio.sleep(0.05)
        assert feed.lost == "the supervisor was killed"
        assert told


async def test_the_end_of_the_session_is_remembered() -> None:
    clock = Clock()
    client, kernel = lessons(clock)
    async with fed(client, kernel, clock) as (feed, _):
        client.tell("session-ended", None, "ended", by="command line 99")
        assert await feed.until(lambda: feed.ended is not None, 5)
        assert feed.ended is not None
        assert feed.ended.by == "command line 99"


async def test_waiting_gives_up() -> None:
    clock = Clock()
    client, kernel = lessons(clock)
    async with fed(client, kernel, clock) as (feed, _):
        assert not await feed.until(lambda: False, 0.05)


async def test_closing_lets_go_of_everything() -> None:
    clock = Clock()
    client, kernel = lessons(clock)
    async with fed(client, kernel, clock):
        pass
    assert client.closed
    assert kernel.closed
