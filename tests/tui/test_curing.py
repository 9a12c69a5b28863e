"""Somebody else's zombies and what workers left behind: the cures as a person goes through them."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from textual.widgets import Input

from proctui.linux import protect
from proctui.protocol import Command, Reply, Signal
from proctui.tui import curing
from tests.tui.fakes import SUPERVISOR, Clock, FakeClient, FakeKernel, worker
from tests.tui.screens import Stage, opened

FACTORY, OTHER = 40_500, 40_600


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is waited for long, and fake pids are asked of no kernel."""
    monkeypatch.setattr(curing, "_PATIENCE", {"SIGCHLD": 0.1, "SIGCONT": 0.1})
    monkeypatch.setattr(curing, "_PATIENCE_OF_INIT", 0.3)
    monkeypatch.setattr(curing, "living_children", lambda pid: ["busy (77)", "web (78)"][: pid % 3])


def neglecting(clock: Clock, *parents: int, zombies: int = 3) -> tuple[FakeClient, FakeKernel]:
    """Descendants of one worker that do not join what ended."""
    client, kernel = FakeClient([worker("boss", 40_490, "m:f")]), FakeKernel(clock)
    kernel.put(SUPERVISOR, 1, "proctui", sid=SUPERVISOR)
    kernel.put(40_490)
    for parent in parents:
        kernel.put(parent, 40_490, f"mill-{parent % 1000}", sid=40_490)
        for number in range(1, zombies + 1):
            kernel.put(parent + number, parent, f"chaff-{number}", sid=40_490)
    kernel.cut()
    for parent in parents:
        for number in range(1, zombies + 1):
            kernel.end(parent + number, number << 8)
    kernel.cut()
    return client, kernel


async def choose(stage: Stage, *keys: str) -> None:
    """Goes to the first zombie and opens its cures."""
    await stage.sees("Z chaff-1")
    await stage.press("z", "j")
    await stage.sees("In the order of harm.")
    await stage.press(*keys, "enter")


def reap(kernel: FakeKernel, parent: int, count: int = 3) -> None:
    for number in range(1, count + 1):
        kernel.reap(parent + number)


def on_signal(kernel: FakeKernel, pid: int, wanted: int, do: object) -> None:
    """The process with this pid does something when it gets that signal, and obeys no other."""
    kernel.obeys = False
    inner = kernel.send_signal

    def send(token: int, signum: int) -> None:
        inner(token, signum)
        if kernel.signals[-1] == (pid, wanted):
            assert callable(do)
            do()

    kernel.send_signal = send  # type: ignore[method-assign]


async def test_many_zombies_of_one_parent_are_one_cure() -> None:
    clock = Clock()
    client, kernel = neglecting(clock, FACTORY)
    on_signal(kernel, FACTORY, 17, lambda: reap(kernel, FACTORY))
    async with opened(session=(client, kernel)) as stage:
        await stage.sees("Z chaff-1", "Z chaff-3")
        await stage.press("z", "space", "space", "space", "j")
        await stage.sees("3 zombies", "chaff-1 (40501) with 1", "mill-500 (40500) has not joined")
        await stage.press("enter")
        await stage.told("3 zombies gone: mill-500 (40500) has joined them.")
        assert kernel.signals == [(FACTORY, 17)]


async def test_nudge_then_terminate_then_kill_each_only_after_a_question() -> None:
    clock = Clock()
    client, kernel = neglecting(clock, FACTORY + 1)
    mill = FACTORY + 1

    def dies() -> None:
        kernel.reap(mill)
        asyncio.get_running_loop().call_later(0.05, reap, kernel, mill)

    on_signal(kernel, mill, 9, dies)
    async with opened(session=(client, kernel)) as stage:
        await choose(stage)
        await stage.sees("mill-501 (40501) ignored SIGCHLD: terminate it?")
        await stage.sees("would be orphaned: busy (77)")
        assert kernel.signals == [(mill, 17)]
        await stage.press("y")
        await stage.sees("mill-501 (40501) did not obey SIGTERM: kill it?")
        assert kernel.signals == [(mill, 17), (mill, 15)]
        await stage.press("y")
        await stage.told("3 zombies gone; init (1) has reaped them. mill-501 (40501) has ended.")
        assert kernel.signals == [(mill, 17), (mill, 15), (mill, 9)]


async def test_no_stops_the_conversation() -> None:
    clock = Clock()
    client, kernel = neglecting(clock, FACTORY)
    kernel.obeys = False
    async with opened(session=(client, kernel)) as stage:
        await choose(stage)
        await stage.sees("ignored SIGCHLD: terminate it?")
        await stage.press("n")
        await stage.until(lambda: "terminate it?" not in stage.text())
        assert kernel.signals == [(FACTORY, 17)]


async def test_terminate_names_who_dies_and_who_is_orphaned_before_it_is_done() -> None:
    clock = Clock()
    client, kernel = neglecting(clock, FACTORY + 2)
    async with opened(session=(client, kernel)) as stage:
        await choose(stage, "down")
        await stage.sees("Terminate mill-502 (40502)?", "pid 40502")
        await stage.sees("2 processes would be orphaned: busy (77) and web (78).")
        assert kernel.signals == []


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_everybody_who_would_be_orphaned_is_named(
    monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    many = [f"web-{number} ({50_000 + number})" for number in range(300)]
    monkeypatch.setattr(curing, "living_children", lambda pid: many)
    clock = Clock()
    client, kernel = neglecting(clock, FACTORY)
    async with opened(size, session=(client, kernel)) as stage:
        await choose(stage, "down")
        await stage.sees("Terminate mill-500 (40500)?", "300 processes would be orphaned")
        await stage.sees("These get the signal:", "web-0 (50000)", "PgUp PgDn: list", "y")
        assert many[-1] not in stage.text()

        def shown() -> set[str]:
            text = stage.text()  # drawn once: that takes longer than to look for all of them
            return {name for name in many if name in text}

        def others(before: frozenset[str]) -> bool:
            return bool(shown() - before)

        seen = shown()
        while len(seen) < len(many):
            before = frozenset(seen)
            await stage.press("pagedown")
            await stage.until(partial(others, before), "another page")
            seen |= shown()
        await stage.press("home")
        await stage.sees("These get the signal:", many[0])
        assert kernel.signals == []


async def test_an_init_that_does_not_reap_is_said() -> None:
    clock = Clock()
    client, kernel = neglecting(clock, FACTORY)
    on_signal(kernel, FACTORY, 15, lambda: kernel.reap(FACTORY))
    async with opened(session=(client, kernel)) as stage:
        await choose(stage, "down")
        await stage.press("y")
        await stage.told(
            "3 zombies are there still: init (1) has not joined them yet.",
            "No signal helps. Give the container a real init",
        )


async def test_where_init_is_known_not_to_reap_nothing_is_promised() -> None:
    clock = Clock()
    client, kernel = neglecting(clock, FACTORY)
    kernel.put(41_000, 40_490, "gone", sid=40_490)
    kernel.put(41_001, 41_000, "lost", sid=40_490)
    kernel.cut()
    kernel.end(41_001)
    kernel.reap(41_000)
    kernel.cut()
    async with opened(session=(client, kernel)) as stage:
        clock.now += 60.0
        kernel.put(40_490)  # another pass, a minute later
        key = stage.app.feed.store.key_of(41_001)
        assert key is not None
        row = stage.app.feed.store.rows[key]
        await stage.until(lambda: "not reaping" in row.findings[0].text, "that init does not reap")
        await stage.go_to(stage.app.feed.store.key_of(FACTORY + 1) or "")
        await stage.press("j")
        await stage.sees("its zombies go to PID 1,", "they stay.")
        await stage.press("down", "enter")
        await stage.sees("! PID 1 is not reaping: the zombies that it adopts stay")
        assert kernel.signals == []


async def test_what_became_of_the_zombies_is_said_however_their_parent_was_ended() -> None:
    clock = Clock()
    client, kernel = neglecting(clock, FACTORY)

    def dies() -> None:
        kernel.reap(FACTORY)
        asyncio.get_running_loop().call_later(0.05, reap, kernel, FACTORY)

    on_signal(kernel, FACTORY, 15, dies)
    async with opened(session=(client, kernel)) as stage:
        await stage.sees("Z chaff-1")
        await stage.go_to(stage.app.feed.store.key_of(FACTORY) or "")
        await stage.press("t")
        await stage.sees("Terminate mill-500 (40500)?")
        await stage.press("y")
        await stage.told("mill-500 (40500) has ended.")
        await stage.told("3 zombies gone; init (1) has reaped them.")


async def test_parents_are_treated_once_each() -> None:
    clock = Clock()
    client, kernel = neglecting(clock, FACTORY, OTHER, zombies=2)
    async with opened(session=(client, kernel)) as stage:
        await stage.sees("Z chaff-1")
        table = stage.workers.table
        table.tag([row.key for row in table.rows if row.zombie])
        await stage.press("j")
        await stage.sees("4 zombies", "Nudge all 2 parents", "Kill all 2 parents")
        kernel.obeys = False
        await stage.press("enter")
        await stage.sees("mill-500 (40500) and mill-600 (40600) ignored SIGCHLD: terminate them?")
        assert sorted(kernel.signals) == [(FACTORY, 17), (OTHER, 17)]


# ------------------------------------------------------------------------- protected processes


def protecting(monkeypatch: pytest.MonkeyPatch, *pids: int) -> None:
    def protected(pid: int, around: object) -> str | None:
        return f"proctui runs in bash ({pid}): it would end with it" if pid in pids else None

    monkeypatch.setattr(protect, "protected", protected)


async def test_a_protected_parent_takes_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    protecting(monkeypatch, FACTORY)
    clock = Clock()
    client, kernel = neglecting(clock, FACTORY)
    kernel.obeys = False
    async with opened(session=(client, kernel)) as stage:
        await choose(stage, "down")
        await stage.sees("Proctui runs in bash (40500): it would end with it.", "Type mill-500")
        await stage.press("y", "enter")
        assert kernel.signals == []
        stage.app.screen.query_one("#insist", Input).value = "mill-500"
        await stage.press("enter")
        await stage.until(lambda: kernel.signals == [(FACTORY, 15)])


async def test_protected_parents_are_never_treated_in_bulk(monkeypatch: pytest.MonkeyPatch) -> None:
    protecting(monkeypatch, FACTORY)
    clock = Clock()
    client, kernel = neglecting(clock, FACTORY, OTHER, zombies=1)
    kernel.obeys = False
    async with opened(session=(client, kernel)) as stage:
        await stage.sees("Z chaff-1")
        table = stage.workers.table
        table.tag([row.key for row in table.rows if row.zombie])
        await stage.press("j")
        await stage.told("mill-500 (40500) is left alone")
        await stage.press("enter")
        await stage.sees("mill-600 (40600) ignored SIGCHLD")
        assert kernel.signals == [(OTHER, 17)]


async def test_killing_a_protected_worker_takes_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    protecting(monkeypatch, 40321)
    async with opened() as stage:
        await stage.press("k")
        await stage.sees("Kill piao-1 (40321)?", "Type piao-1 to do it all the same:")
        # y goes into the name: no label may promise that it answers
        await stage.sees("Kill  enter", "Cancel  esc", "Enter: yes   Esc: no")
        await stage.press("y", "enter")
        assert stage.client.sent == []
        stage.app.screen.query_one("#insist", Input).value = "piao-1"
        await stage.press("enter")
        await stage.until(
            lambda: (
                stage.client.sent == [Signal(workers=("piao-1",), signal="SIGKILL", pids=(40321,))]
            )
        )


@pytest.mark.parametrize(("key", "kind"), [("k", "signal"), ("x", "stop"), ("r", "restart")])
async def test_no_bulk_action_hits_a_protected_one(
    key: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    protecting(monkeypatch, 40321)
    async with opened() as stage:
        await stage.press("space", "space", key)
        await stage.sees("piao-1 (40321) is left alone: proctui runs in bash")
        await stage.press("y")
        await stage.until(lambda: bool(stage.client.sent))
        (command,) = stage.client.sent
        assert _workers(command) == ("cleaner",)


def _workers(command: Command) -> tuple[str, ...]:
    found: tuple[str, ...] = getattr(command, "workers", ())
    return found


async def test_a_bulk_of_protected_ones_alone_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    protecting(monkeypatch, 40321, 40322)
    async with opened() as stage:
        await stage.press("space", "space", "k")
        await stage.told("piao-1 (40321) is left alone")
        assert len(stage.app.screen_stack) == 1
        assert stage.client.sent == []


# ------------------------------------------------------------------------- what was left behind


async def test_everything_that_a_worker_left_behind_ends_in_one_action() -> None:
    clock = Clock()
    boss = worker("boss", 50_001, "m:f")
    client, kernel = FakeClient([boss]), FakeKernel(clock)
    kernel.put(SUPERVISOR, 1, "proctui", sid=SUPERVISOR)
    kernel.put(50_001)
    for pid in (50_002, 50_003):
        kernel.put(pid, 50_001, f"left-{pid}", sid=50_001)
        kernel.put(pid + 10, pid, f"below-{pid}", sid=50_001)
    async with opened(session=(client, kernel)) as stage:
        await stage.sees("left-50002", "below-50003")
        kernel.reap(50_001)
        client.change("boss", "joined", "joined", phase="joined", alive=False, exitcode=0)
        await stage.sees("O left-50002", "O left-50003")
        await stage.go_to("w:boss")
        await stage.press("O")
        await stage.sees("End what boss left behind?", "below-50002")
        await stage.press("y")
        await stage.told("4 of 4 gone.")
        assert sorted(kernel.signals) == [
            (50_002, 15), (50_003, 15), (50_012, 15), (50_013, 15)
        ]  # fmt: skip


async def test_where_nothing_was_left_behind_it_says_so() -> None:
    async with opened() as stage:
        await stage.go_to("w:piao-1")
        await stage.press("O")
        await stage.told("Nothing that is alive was left behind there.")


async def test_a_refusal_ends_the_cure_with_the_reason() -> None:
    clock = Clock()
    client, kernel = neglecting(clock, FACTORY)
    kernel.refused[FACTORY] = PermissionError(1, "process 40500 belongs to egon")
    async with opened(session=(client, kernel)) as stage:
        await choose(stage)
        await stage.told("mill-500 (40500): process 40500 belongs to egon")


async def test_a_worker_that_neglects_is_cured_through_its_supervisor() -> None:
    async with opened() as stage:
        await stage.press("z", "z", "j")
        await stage.sees("python3 (40344) has ended, and factory (40330) has not joined it.")

        def answer(command: Command) -> Reply | None:
            if isinstance(command, Signal):
                stage.kernel.reap(40344)
            return None

        stage.client.answers.append(answer)
        await stage.press("enter")
        await stage.told("python3 (40344) is gone: factory (40330) has joined it.")
        assert stage.client.sent == [Signal(workers=("factory",), signal="SIGCHLD", pids=(40330,))]
