"""Leaving in the first moment of a session, when the screen does not know yet what runs."""

from __future__ import annotations

import pytest

from proctui.files.settings import Settings
from proctui.model import Worker
from proctui.tui.preferences import Kept
from proctui.tui.screens.quit import Quit
from tests.tui.fakes import NOW, SUPERVISOR, Clock, FakeClient, FakeKernel, worker
from tests.tui.screens import opened


def beginning() -> tuple[FakeClient, FakeKernel]:
    """A session whose one worker is still to be started."""
    return FakeClient([Worker(id="w", name="w", autostart=True)]), FakeKernel(Clock())


def starts(client: FakeClient) -> None:
    client.change("w", "started", "runs", phase="alive", alive=True, pid=40321, started_at=NOW)


async def test_leaving_before_the_workers_are_started_asks_all_the_same() -> None:
    client, kernel = beginning()
    async with opened(session=(client, kernel)) as stage:
        await stage.press("q")
        starts(client)
        await stage.until(lambda: isinstance(stage.app.screen, Quit))
        assert client.sent == []


async def test_leaving_before_the_workers_are_started_detaches_where_that_is_wanted() -> None:
    client, kernel = beginning()
    kept = Kept(Settings(on_quit="detach"))
    async with opened(session=(client, kernel), kept=kept) as stage:
        await stage.press("q")
        starts(client)
        await stage.until(lambda: stage.app.farewell != "", "the farewell")
        assert client.sent == []


TRACKER = "python3 -c from multiprocessing.resource_tracker import main;main(5)"


async def test_what_a_dead_supervisor_left_over_is_counted_with_its_helpers() -> None:
    client, kernel = FakeClient([worker("w", 40321, "m:f")]), FakeKernel(Clock())
    kernel.put(SUPERVISOR, 1, "proctui", sid=SUPERVISOR)
    kernel.put(40321)
    kernel.put(40322, SUPERVISOR, sid=SUPERVISOR, command=TRACKER)
    async with opened(session=(client, kernel)) as stage:
        await stage.sees("resource tracker")
        await stage.press("q")
        await stage.sees("1 process runs still:")
        await stage.press("escape")
        kernel.reap(SUPERVISOR)
        client.lose()
        await stage.sees("SUPERVISOR GONE")
        await stage.press("q")
        await stage.sees("2 processes run still:", "40322")


@pytest.mark.parametrize("daemon", [False, True])
async def test_waiting_is_called_that_and_names_the_daemonic_where_there_are_any(
    daemon: bool,
) -> None:
    client, kernel = FakeClient([worker("w", 40321, "m:f", daemon=daemon)]), FakeKernel(Clock())
    kernel.put(40321)
    async with opened(session=(client, kernel)) as stage:
        await stage.press("q")
        await stage.sees("Leave lessons?")
        assert ("terminates the daemonic" in stage.text()) == daemon
        assert ("waits until they end by themselves" in stage.text()) != daemon
        client.holding = True
        await stage.press("w")
        await stage.sees("─ Waiting ─", "1 of 1 still run")
