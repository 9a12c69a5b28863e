"""What a screen costs at which nothing happens: counted, not timed."""

from __future__ import annotations

from typing import Any

import pytest
from textual._compositor import Compositor
from textual.geometry import Region

from proctui.model import ProcessDetails
from proctui.tui.particulars import KEPT
from tests.tui.fakes import FakeKernel
from tests.tui.screens import Stage, opened


def counted(kernel: FakeKernel, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The tokens whose details are read from now on."""
    read: list[int] = []
    details = kernel.details

    def reading(token: int) -> ProcessDetails:
        read.append(token)
        return details(token)

    monkeypatch.setattr(kernel, "details", reading)
    return read


async def test_details_are_read_again_only_where_they_can_have_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with opened() as stage:
        read = counted(stage.kernel, monkeypatch)
        await stage.go_to("w:cleaner")
        await stage.until(lambda: bool(read), "the details of the row under the cursor")
        read.clear()
        stage.workers.show_row()
        assert not read
        stage.clock.now += KEPT
        stage.workers.show_row()
        assert len(read) == 1
        stage.client.change("cleaner", "changed", "changed", restarts=1)
        await stage.until(lambda: len(read) == 2, "the details of a row that has changed")


async def test_ages_and_news_make_one_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened() as stage:
        await _aged(stage)
        told: list[str] = []
        note: Any = monkeypatch.setattr
        note(stage.workers.table, "tick", lambda: told.append("table"))
        note(stage.workers.status_bar, "tick", lambda: told.append("bar"))
        note(stage.workers, "show_row", lambda: told.append("row"))
        stage.clock.now += 1
        stage.workers.changed(frozenset())
        assert told == ["table", "bar", "row"]
        stage.workers.changed(frozenset())
        stage.workers._settle()
        assert told == ["table", "bar", "row"]


async def test_ages_advance_without_news() -> None:
    async with opened() as stage:
        await _aged(stage)
        before = stage.line("piao-1")
        stage.clock.now += 2
        await stage.until(lambda: stage.line("piao-1") != before, "another age")


async def _aged(stage: Stage) -> None:
    """The screen has shown the present time."""
    stage.workers.changed(frozenset())
    await stage.pilot.pause()


async def test_beneath_a_dialog_only_what_has_changed_is_painted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with opened() as stage:
        await stage.press("n")
        await stage.sees("New worker")
        await stage.pilot.pause(0.1)
        painted: list[set[Region]] = []
        render = Compositor.render_update

        def rendering(self: Compositor, *arguments: Any, **named: Any) -> Any:
            painted.append(set(self._dirty_regions))
            return render(self, *arguments, **named)

        monkeypatch.setattr(Compositor, "render_update", rendering)
        for restarts in range(1, 6):
            seen = len(painted)
            stage.clock.now += 1
            stage.client.change("cleaner", "changed", "changed", restarts=restarts)
            await stage.until(lambda seen=seen: len(painted) > seen)  # type: ignore[misc]
        assert stage.app.size.region not in set().union(*painted)


async def test_what_depends_on_an_end_is_shown_after_it_and_once_for_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with opened() as stage:
        await stage.go_to("w:piao-1")
        await _aged(stage)
        shown: list[str] = []
        monkeypatch.setattr(stage.workers, "show_row", lambda: shown.append("row"))
        for _ in range(3):
            stage.workers._states = ()  # as if others lived before
            stage.workers.changed(frozenset({"w:piao-1"}))
        assert not shown, "the list is drawn first"
        await stage.until(lambda: bool(shown), "the details")
        await stage.pilot.pause(0.2)
        assert shown == ["row"]
        stage.workers.changed(frozenset({"w:piao-1"}))
        assert shown == ["row", "row"], "figures alone make one frame with the list's"
