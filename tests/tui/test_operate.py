"""Acting on processes: who is reached by whom, and what is said afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from proctui.model import Row
from proctui.protocol import Join, Note, Outcome, Reply, Signal
from proctui.tui.feed import Feed
from proctui.tui.operate import Operator, Said, told
from proctui.tui.plan import Reach, newcomers, plan
from tests.tui.fakes import SUPERVISOR, Clock, FakeClient, FakeKernel, lessons


class Bench:
    """A feed that runs without a screen."""

    def __init__(self, feed: Feed, client: FakeClient, kernel: FakeKernel) -> None:
        self.feed = feed
        self.client = client
        self.kernel = kernel
        self.operator = Operator(feed)

    def row(self, key: str) -> Row:
        return self.feed.store.rows[key]

    def descendant(self, pid: int) -> Row:
        key = self.feed.store.key_of(pid)
        assert key is not None
        return self.row(key)

    async def send(self, row: Row, signal: str, reach: Reach = "process") -> Said:
        return await self.operator.send(plan(self.feed.store, [row], reach), signal)

    def obeys(self, pids: dict[str, int]) -> None:
        """Workers end when the supervisor signals them, and are zombies then."""

        def answer(command: object) -> Reply | None:
            if isinstance(command, Signal):
                for name in command.workers:
                    self.kernel.end(pids[name], 9)
            return None

        self.client.answers.append(answer)


@asynccontextmanager
async def bench(client: FakeClient, kernel: FakeKernel, clock: Clock) -> AsyncIterator[Bench]:
    feed = Feed(client, kernel, clock=clock, totals=lambda: (0.0, 0, 0))
    tasks = [asyncio.create_task(feed.listen()), asyncio.create_task(feed.watch())]
    assert await feed.until(lambda: len(feed.store.rows) >= len(client.workers), 5)
    while kernel.waiting:
        await asyncio.sleep(0)
    yield Bench(feed, client, kernel)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await feed.close()


@asynccontextmanager
async def lesson() -> AsyncIterator[Bench]:
    clock = Clock()
    client, kernel = lessons(clock)
    async with bench(client, kernel, clock) as made:
        yield made


async def test_a_worker_is_signalled_by_its_supervisor() -> None:
    async with lesson() as b:
        b.obeys({"piao-1": 40321})
        said = await b.send(b.row("w:piao-1"), "SIGTERM")
        assert b.client.sent == [Signal(workers=("piao-1",), signal="SIGTERM", pids=(40321,))]
        assert b.kernel.signals == []
        assert said.text == "piao-1 (40321) has ended. It is a zombie now: j joins it."


async def test_a_descendant_is_signalled_through_the_kernel_and_noted() -> None:
    async with lesson() as b:
        said = await b.send(b.descendant(40352), "SIGKILL")
        assert b.kernel.signals == [(40352, 9)]
        (note,) = b.client.sent
        assert isinstance(note, Note)
        assert (note.pid, note.worker, note.signal) == (40352, "parent", "SIGKILL")
        assert said.text == "sleep (40352) has ended."


async def test_a_whole_tree() -> None:
    async with lesson() as b:
        b.kernel.put(40345, 40330, "helper", sid=40330)
        await b.feed.until(lambda: b.feed.store.key_of(40345) is not None, 5)
        b.obeys({"factory": 40330})
        said = await b.send(b.row("w:factory"), "SIGKILL", "tree")
        assert b.kernel.signals == [(40345, 9)]
        assert said.text.startswith("2 of 2 gone.")
        assert "factory (40330) (J joins all)" in said.text


async def test_what_a_dying_tree_forks_is_killed_too() -> None:
    async with lesson() as b:

        def answer(command: object) -> Reply | None:
            if isinstance(command, Signal):
                b.kernel.put(40399, 40330, "late", sid=40330)
                b.kernel.cut()
                b.kernel.end(40330, 9)
            return None

        b.client.answers.append(answer)
        said = await b.send(b.row("w:factory"), "SIGKILL", "tree")
        assert (40399, 9) in b.kernel.signals
        assert said.text.startswith("2 of 2 gone.")


@pytest.mark.parametrize(("reach", "signal"), [("tree", 15), ("group", 15), ("group", 9)])
async def test_what_a_tree_or_a_group_forks_while_it_ends_gets_the_same_signal(
    reach: Reach, signal: int
) -> None:
    async with lesson() as b:
        b.kernel.put(40345, 40330, "helper", sid=40330, pgid=40345)
        await b.feed.until(lambda: b.feed.store.key_of(40345) is not None, 5)
        forks = iter([(40398, 40345), (40399, 40398)])
        inner = b.kernel.send_signal

        def send(token: int, signum: int) -> None:
            """Each forks another while it is asked to end."""
            if (fork := next(forks, None)) is not None:
                b.kernel.put(fork[0], fork[1], "late", sid=40330, pgid=40345)
                b.kernel.cut()
            inner(token, signum)

        b.kernel.send_signal = send  # type: ignore[method-assign]
        name = "SIGTERM" if signal == 15 else "SIGKILL"
        said = await b.send(b.descendant(40345), name, reach)
        assert b.kernel.signals == [(pid, signal) for pid in (40345, 40398, 40399)]
        assert said.text.startswith("3 of 3 gone.")


async def test_what_was_restarted_meanwhile_is_left_alone() -> None:
    async with lesson() as b:
        planned = plan(b.feed.store, [b.row("w:parent"), b.row("w:factory")], "tree")
        b.kernel.put(40399, 40330, "late", sid=40330)
        b.kernel.reap(40330)
        b.kernel.cut()
        b.kernel.put(40377)
        b.kernel.put(40378, 40377, "new", sid=40377)
        b.client.change("factory", "started", "started again", pid=40377)
        await b.feed.until(lambda: b.feed.store.key_of(40378) is not None, 5)
        await b.feed.until(lambda: b.row("w:factory").pid == 40377, 5)
        found = newcomers(b.feed.store, planned, planned.members)
        assert {row.pid for row in found} <= {40399}


async def test_a_group_goes_through_its_leader() -> None:
    async with lesson() as b:
        b.kernel.put(40345, 40330, "helper", sid=40330)
        await b.feed.until(lambda: b.feed.store.key_of(40345) is not None, 5)

        def answer(command: object) -> Reply | None:
            b.kernel.end(40330, 15)
            b.kernel.reap(40345, 15)
            return None

        b.client.answers.append(answer)
        said = await b.send(b.row("w:factory"), "SIGTERM", "group")
        assert b.client.sent == [
            Signal(workers=("factory",), signal="SIGTERM", group=True, pids=(40330,))
        ]
        assert b.kernel.signals == []
        assert said.text.startswith("2 of 2 gone.")


async def test_who_does_not_obey_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proctui.tui.operate._PATIENCE", {"SIGTERM": 0.05})
    async with lesson() as b:
        b.kernel.obeys = False
        said = await b.send(b.descendant(40352), "SIGTERM")
        assert said.severity == "warning"
        assert said.text == (
            "0 of 1 ended. Still running: sleep (40352): it ignores signal 15. k kills."
        )


async def test_a_refusal_is_told() -> None:
    async with lesson() as b:
        b.kernel.refused[40352] = PermissionError(1, "it belongs to root")
        b.kernel.obeys = False
        said = await b.send(b.descendant(40352), "SIGUSR1")
        assert said.text == "Nothing was sent. sleep (40352): it belongs to root."


async def test_a_signal_that_need_not_end_anything_is_only_sent() -> None:
    async with lesson() as b:
        said = await b.send(b.descendant(40352), "SIGSTOP")
        assert said.text == "SIGSTOP sent to sleep (40352)."


async def test_nobody_else_is_hit_when_the_target_is_gone() -> None:
    async with lesson() as b:
        planned = plan(b.feed.store, [b.row("w:piao-1")], "process")
        b.kernel.reap(40321)
        b.kernel.cut()
        b.kernel.put(40377)
        b.client.change("piao-1", "started", "started again", pid=40377)
        await b.feed.until(lambda: b.row("w:piao-1").pid == 40377, 5)
        said = await b.operator.send(planned, "SIGKILL")
        assert b.client.sent == []
        assert b.kernel.signals == []
        assert "nothing was sent" in said.text


async def test_without_a_supervisor_workers_are_reached_through_the_kernel() -> None:
    async with lesson() as b:
        b.client.lose()
        await b.feed.until(lambda: b.feed.lost is not None, 5)
        said = await b.send(b.row("w:piao-1"), "SIGKILL")
        assert b.kernel.signals == [(40321, 9)]
        assert b.client.sent == []
        assert said.text == "piao-1 (40321) has ended."


async def test_what_a_stopped_supervisor_was_asked_can_not_be_taken_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("proctui.tui.operate._ANSWER", 0.01)
    async with lesson() as b:
        b.client.holding = True
        b.kernel.put(SUPERVISOR, 1, "proctui", state="T", sid=SUPERVISOR)
        assert await b.feed.until(lambda: b.feed.store.supervisor_stopped, 5)
        sending = asyncio.create_task(b.send(b.row("w:piao-1"), "SIGKILL"))
        works = b.operator.works
        async with asyncio.timeout(5):
            while works.newest is None or "is stopped" not in works.newest.title:
                await asyncio.sleep(0)
        assert works.give_up()
        said = await asyncio.wait_for(sending, 2)
        assert said.severity == "warning"
        assert "piao-1 (40321): given up, but the supervisor was asked already" in said.text


async def test_outcomes_in_a_sentence() -> None:
    good = Outcome(worker="a", ok=True, text="ended with exitcode 0")
    bad = Outcome(worker="b", ok=False, text="join gave up after 5 s: still alive")
    assert told([good], "joined") == Said("a: ended with exitcode 0.")
    assert told([bad], "joined").severity == "warning"
    both = told([good, bad], "joined")
    assert both.text == "1 of 2 joined. b: join gave up after 5 s: still alive"


async def test_a_lost_connection_is_an_answer_too() -> None:
    async with lesson() as b:
        b.client.answers.append(lambda command: Reply(id=0, error="the session is ending"))
        said = await b.operator.ask(Join(workers=("piao-1",)), "joined")
        assert said == Said("the session is ending", "error")
