"""Leaving in the first moment of a session, when the screen does not know yet what runs."""

from __future__ import annotations

from proctui.files.settings import Settings
from proctui.model import Worker
from proctui.tui.preferences import Kept
from proctui.tui.screens.quit import Quit
from tests.tui.fakes import NOW, Clock, FakeClient, FakeKernel
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
