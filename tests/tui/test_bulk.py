"""Acting on many: one question, one line of progress, and giving it up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import count

import pytest

from proctui.protocol import CancelJoin, Command, Join, Outcome, Reply, Signal, Start, Stop
from proctui.tui import bulk
from proctui.tui.widgets.progress import Progress
from tests.tui.fakes import SUPERVISOR, Clock, FakeClient, FakeKernel, worker
from tests.tui.screens import Stage, opened

MANY = 600
NAMES = tuple(f"w-{number}" for number in range(MANY))


def _session(phase: str, *, autostart: bool = False) -> tuple[FakeClient, FakeKernel]:
    kernel = FakeKernel(Clock())
    kernel.put(SUPERVISOR, 1, "proctui", sid=SUPERVISOR)
    made = []
    for pid, name in enumerate(NAMES, 50_001):
        running = phase == "alive"
        made.append(worker(name, pid if running else None, "m:f", phase=phase, autostart=autostart))
        if running:
            kernel.put(pid)
    return FakeClient(made), kernel


def _tag_all(stage: Stage) -> None:
    stage.workers.table.tag([f"w:{name}" for name in NAMES])


def _asked(client: FakeClient, kind: type[Command]) -> Iterator[str]:
    for command in client.sent:
        if isinstance(command, kind):
            yield from command.workers  # type: ignore[attr-defined]


async def test_what_is_over_at_once_shows_no_line() -> None:
    async with opened(session=_session("idle")) as stage:
        progress = stage.app.screen.query_one(Progress)
        shown: list[bool] = []
        stage.client.answers.append(lambda _: shown.append(bool(progress.display)))
        _tag_all(stage)
        await stage.press("s")
        await stage.told(f"{MANY} of {MANY} started.")
        assert sorted(_asked(stage.client, Start)) == sorted(NAMES)
        assert shown
        assert not any(shown)


async def test_a_start_of_many_shows_how_far_it_is_and_can_be_given_up() -> None:
    async with opened((80, 24), session=_session("idle")) as stage:
        answered = count()
        stage.client.answers.append(lambda command: _done(command) if next(answered) < 8 else None)
        stage.client.holding = True
        _tag_all(stage)
        await stage.press("s")
        done = 8 * 18  # as many commands as are under way at a time, of a 32nd each
        await stage.sees(f"Starting {done} of {MANY}", "Esc: give up", "━")
        await stage.press("escape")
        held = len(tuple(_asked(stage.client, Start))) - done
        assert 0 < held <= done
        await stage.told(
            f"{done} of {MANY} started. Given up: {held} under way still, "
            f"{MANY - done - held} left as they are."
        )
        assert len(tuple(_asked(stage.client, Start))) == done + held
        await stage.until(lambda: "Starting" not in stage.text())


async def test_stopping_a_dozen_can_be_given_up_too() -> None:
    client, kernel = _session("alive")
    async with opened(session=(client, kernel)) as stage:
        answered = count()
        client.answers.append(lambda command: _done(command) if next(answered) < 1 else None)
        client.holding = True
        stage.workers.table.tag([f"w:{name}" for name in NAMES[:12]])
        await stage.press("x")
        await stage.sees("Stop 12 processes?")
        await stage.press("y")
        await stage.sees("Stopping 1 of 12", "Esc: give up")
        await stage.press("escape")
        await stage.told("1 of 12 stopped. Given up: 8 under way still, 3 left as they are.")
        await stage.until(lambda: "Stopping" not in stage.text())
        assert len(tuple(_asked(client, Stop))) == 9, "what has not begun is dropped"


def _done(command: Command) -> Reply:
    names = getattr(command, "workers", ())
    return Reply(id=0, outcomes=tuple(Outcome(worker=name, ok=True) for name in names))


async def test_one_question_for_all_that_are_tagged_and_a_line_until_they_are_gone() -> None:
    client, kernel = _session("alive")
    async with opened(session=(client, kernel)) as stage:

        def end_half(command: Command) -> Reply | None:
            if isinstance(command, Signal):
                for pid in range(50_001, 50_001 + MANY // 2):
                    kernel.end(pid, 9)
            return None

        client.answers.append(end_half)
        _tag_all(stage)
        await stage.press("k")
        await stage.sees(f"Kill {MANY} processes?")
        await stage.press("y")
        await stage.sees(f"SIGKILL: ended {MANY // 2} of {MANY}")
        assert {type(command) for command in client.sent} == {Signal}
        assert sorted(_asked(client, Signal)) == sorted(NAMES), "each of them once"
        await stage.press("escape")
        await stage.told(f"{MANY // 2} of {MANY} ended. Still running:")


async def test_killing_many_can_be_given_up_half_way() -> None:
    client, kernel = _session("alive")
    async with opened(session=(client, kernel)) as stage:
        client.holding = True
        _tag_all(stage)
        await stage.press("k")
        await stage.sees(f"Kill {MANY} processes?")
        await stage.press("y")
        await stage.sees(f"SIGKILL: sent 0 of {MANY}", "Esc: give up")
        hit = tuple(_asked(client, Signal))
        assert 0 < len(hit) < MANY
        await stage.press("escape")
        for name in hit:
            kernel.end(50_001 + NAMES.index(name), 9)
        client.release(_done(client.sent[-1]))
        await stage.told(f"{len(hit)} of {len(hit)} ended.", "given up, nothing was sent.")
        assert tuple(_asked(client, Signal)) == hit


async def test_stopping_many_a_few_at_a_time() -> None:
    client, kernel = _session("alive")
    async with opened(session=(client, kernel)) as stage:
        client.holding = True
        _tag_all(stage)
        await stage.press("x")
        await stage.sees(f"Stop {MANY} processes?")
        await stage.press("y")
        await stage.sees(f"Stopping 0 of {MANY}")
        begun = len(tuple(_asked(client, Stop)))
        assert 0 < begun < MANY
        await stage.press("escape")
        await stage.told(f"0 of {MANY} stopped. Given up: {begun} under way still")
        assert len(tuple(_asked(client, Stop))) == begun


async def test_a_join_of_several_that_run_is_given_up_with_escape() -> None:
    client, kernel = _session("alive")
    async with opened(session=(client, kernel)) as stage:
        client.holding = True
        stage.workers.table.tag(["w:w-0", "w:w-1", "w:w-2"])
        await stage.press("j")
        names = ("w-0", "w-1", "w-2")
        await stage.until(lambda: client.sent == [Join(workers=names)])
        for name in names[:2]:
            client.change(name, "join-waiting", "a join waits for it", joining=1)
        await stage.sees("Joining 1 of 3")
        client.holding = False
        await stage.press("escape")
        await stage.until(lambda: client.sent[1:] == [CancelJoin(workers=names)])
        gave_up = tuple(Outcome(worker=name, ok=False, text="join cancelled") for name in names)
        client.release(Reply(id=0, outcomes=gave_up))
        await stage.told("0 of 3 joined.")


async def test_the_start_of_a_large_session_is_shown_and_can_be_called_off() -> None:
    client, kernel = _session("idle", autostart=True)
    async with opened(session=(client, kernel)) as stage:
        for pid, name in enumerate(NAMES[:100], 50_001):
            client.change(name, "started", "started", phase="alive", pid=pid, alive=True)
        await stage.sees(f"Starting 100 of {MANY}")
        await stage.press("escape")
        await stage.told(f"{MANY - 100} workers are not started.")
        assert sorted(_asked(client, Stop)) == sorted(NAMES[100:])


async def test_a_start_that_stands_still_is_no_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "_STANDSTILL", 3.0)
    client, kernel = _session("idle", autostart=True)
    async with opened(session=(client, kernel)) as stage:
        await stage.sees(f"Starting 0 of {MANY}")
        async with asyncio.timeout(10):
            await stage.until(lambda: "Starting" not in stage.text())
        assert client.sent == []
