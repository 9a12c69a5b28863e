"""Stopping workers from the screen: how far it goes, what the question says, what came of it."""

from __future__ import annotations

from typing import Any

from textual import events

from proctui.protocol import Command, Note, Outcome, Reply, Restart, Stop
from tests.tui.fakes import SUPERVISOR, Clock, FakeClient, FakeKernel, worker
from tests.tui.screens import Stage, opened


def mill(**more: Any) -> tuple[FakeClient, FakeKernel]:
    """A worker with two children in its group; one of them has a child in a group of its own."""
    client = FakeClient([worker("mill", 50_001, "m:f", **more)])
    kernel = FakeKernel(Clock())
    kernel.put(SUPERVISOR, 1, "proctui", sid=SUPERVISOR)
    kernel.put(50_001)
    for pid in (50_002, 50_003):
        kernel.put(pid, 50_001, f"saw-{pid}", sid=50_001)
    kernel.put(50_004, 50_002, "escaped", sid=50_004)
    return client, kernel


def supervised(stage: Stage, *, forks: int | None = None) -> None:
    """The supervisor does what it is told; the worker may fork once more before it ends."""

    def answer(command: Command) -> Reply | None:
        if isinstance(command, Stop):
            if forks is not None:
                stage.kernel.put(forks, 50_001, "late", sid=50_001)
                stage.kernel.cut()
            stage.kernel.reap(50_001, 15)
            stage.client.change(
                "mill", "joined", "joined", phase="joined", alive=False, exitcode=-15
            )
            ok = Outcome(worker="mill", ok=True, text="stopped: ended by SIGTERM", exitcode=-15)
            return Reply(id=0, outcomes=(ok,))
        return None

    stage.client.answers.append(answer)


def commands(stage: Stage) -> list[Command]:
    return [command for command in stage.client.sent if not isinstance(command, Note)]


async def test_stop_offers_the_process_its_group_and_its_tree() -> None:
    async with opened(session=mill()) as stage:
        await stage.sees("escaped")
        await stage.press("x")
        await stage.sees(
            "Stop mill (50001)?",
            "SIGTERM, 5 s, then SIGKILL; joined after that.",
            "1 this process",
            "2 its process group  3 processes",
            "3 its whole tree  4 processes",
            "2 processes would be orphaned: saw-50002 (50002)",
        )
        await stage.press("y")
        await stage.until(lambda: stage.client.sent == [Stop(workers=("mill",))])
        assert stage.kernel.signals == []


async def test_a_whole_tree_is_stopped_and_what_came_of_it_is_said() -> None:
    async with opened(session=mill(stop_signal="SIGINT", stop_timeout=0.3)) as stage:
        await stage.sees("escaped")
        supervised(stage, forks=50_005)
        await stage.press("x")
        await stage.sees("SIGINT, 0.3 s, then SIGKILL; joined after that.")
        await stage.press("3", "y")
        await stage.told("5 of 5 gone.")
        assert commands(stage) == [Stop(workers=("mill",))]
        asked = {pid for pid, signum in stage.kernel.signals if signum == 2}
        assert {50_002, 50_003, 50_004} <= asked
        # SIGINT is not obeyed here: the grace period is over, and SIGKILL ends them
        assert {pid for pid, signum in stage.kernel.signals if signum == 9} == asked | {50_005}


async def test_a_group_is_stopped_without_what_left_it() -> None:
    async with opened(session=mill()) as stage:
        await stage.sees("escaped")
        supervised(stage)
        await stage.press("x", "2", "y")
        await stage.told("3 of 3 gone.")
        assert sorted(stage.kernel.signals) == [(50_002, 15), (50_003, 15)]


async def test_what_does_not_go_is_named() -> None:
    async with opened(session=mill(stop_timeout=0.05)) as stage:
        await stage.sees("escaped")
        supervised(stage)
        stage.kernel.refused[50_004] = PermissionError(1, "it belongs to root")
        await stage.press("x", "3", "y")
        await stage.told("3 of 4 ended. Still running: escaped (50004): it belongs to root.")


async def test_restart_stops_the_whole_tree_before_it_starts_again() -> None:
    async with opened(session=mill()) as stage:
        await stage.sees("escaped")
        supervised(stage)
        await stage.press("r")
        await stage.sees("Restart mill (50001)?", "joined and started after that.")
        await stage.press("3", "y")
        await stage.told("mill: restarted.")
        assert commands(stage) == [Stop(workers=("mill",)), Restart(workers=("mill",))]
        assert len(stage.kernel.signals) == 3


async def test_a_shell_line_is_stopped_with_its_group() -> None:
    async with opened(session=mill(is_shell_line=True)) as stage:
        await stage.sees("escaped")
        await stage.press("x")
        await stage.sees(
            "mill: a shell line,", "stopped with its process group.", "1 its process group"
        )
        assert "this process" not in stage.text()


async def test_what_is_chosen_holds_for_the_very_next_key() -> None:
    async with opened(session=mill()) as stage:
        await stage.sees("escaped")
        supervised(stage)
        await stage.press("x")
        await stage.sees("its whole tree")
        for key in "23y":  # in one go, as a terminal hands on what was typed ahead
            stage.app.post_message(events.Key(key, key))
        await stage.told("4 of 4 gone.")
