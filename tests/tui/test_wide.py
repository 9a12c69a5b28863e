"""What is done with room: the list has the lines it needs, the panes fill the rest."""

from __future__ import annotations

import pytest
from textual.geometry import Region

from proctui.tui.room import Room
from tests.tui.fakes import SUPERVISOR, Clock, FakeClient, FakeKernel, worker
from tests.tui.pictures.scenes import SCENES, playing
from tests.tui.screens import Stage, opened


def test_the_list_has_what_it_needs_and_some_lines_more() -> None:
    assert Room().panes(36, 10) == 36 - 14
    assert Room().panes(36, 1) == 36 - 11, "the words where no rows are need room too"
    assert Room().panes(36, 500) == 14, "the panes keep a part"
    assert Room().panes(20, 500) == 9


def test_nothing_moves_while_processes_come_and_go() -> None:
    room = Room()
    panes = room.panes(96, 10)
    assert {room.panes(96, rows) for rows in (11, 13, 9, 5, 1, 12)} == {panes}
    grown = room.panes(96, 14)
    assert grown < panes, "a row would be out of sight"
    assert room.panes(96, 10) == grown, "one less changes nothing"
    room.panes(96, 40)
    assert room.panes(96, 2, filtered=True) == room.panes(96, 40)
    assert room.panes(96, 2) > room.panes(96, 40), "far fewer do"


def test_many_starts_move_it_seldom_and_at_the_limit_never() -> None:
    room = Room()
    assert len({room.panes(36, rows) for rows in range(200)}) <= 4
    assert len({room.panes(36, rows) for rows in range(200)}) == 1


def test_another_terminal_moves_it_at_once() -> None:
    room = Room()
    room.panes(96, 40)
    assert room.panes(36, 4) == Room().panes(36, 4)


async def test_at_the_usual_size_the_panes_have_what_the_list_leaves() -> None:
    async with opened((120, 40)) as stage:
        table, panes = stage.workers.table, stage.workers.panes
        await stage.until(lambda: table.region.height == 14, "ten rows, a head, three more")
        assert panes.region.width == table.region.width == 120
        assert panes.region.bottom == 39


def regions(stage: Stage, *names: str) -> list[Region]:
    return [stage.workers.panes.query_one(f"#{name}").region for name in names]


async def test_where_it_is_wide_the_details_stay_beside_what_was_chosen() -> None:
    async with opened((200, 50)) as stage:
        await stage.until(lambda: stage.workers.panes.shows("log"), "the log too")
        await stage.press("e")
        await stage.sees("multiprocessing says", "started as process 40321")
        await stage.until(lambda: not stage.workers.panes.log_view.display)
        details, events = regions(stage, "details", "events")
        assert details.right == events.x
        assert details.y == events.y
        assert "lessons:misspelt()" in stage.text(), "the list has the whole width"


async def test_where_it_is_tall_they_stand_one_above_the_other() -> None:
    async with opened((120, 80)) as stage:
        await stage.press("e")
        await stage.sees("multiprocessing says", "started as process 40321")
        details, events = regions(stage, "details", "events")
        assert details.bottom == events.y


async def test_where_it_is_both_the_events_stand_under_the_details_besides() -> None:
    async with opened((300, 100)) as stage:
        await stage.sees("multiprocessing says", "started as process 40321", "has no log")
        await stage.press("C")
        await stage.sees("CPU, % of a core")
        details, events, chart = regions(stage, "details", "events", "chart")
        assert details.x == events.x
        assert details.bottom == events.y
        assert chart.x == details.right
        assert chart.height == details.height + events.height
        await stage.pilot.resize_terminal(120, 40)
        await stage.until(lambda: not stage.workers.panes.details.display, "one pane again")


async def test_going_into_a_pane_chooses_it() -> None:
    async with opened((200, 50)) as stage:
        await stage.press("e")
        await stage.until(lambda: stage.workers.panes.current == "events")
        stage.workers.panes.details.focus()
        await stage.until(lambda: stage.workers.panes.current == "details")
        assert stage.workers.panes.shows("events")


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_the_first_rows_are_where_the_first_picture_had_them(size: tuple[int, int]) -> None:
    from proctui.tui import first_picture

    workers = [worker(f"w-{n}", 50_000 + n, "m:f") for n in range(60)]
    kernel = FakeKernel(Clock())
    for one in workers:
        kernel.put(one.pid or 0, ppid=SUPERVISOR)
    async with opened(size, (FakeClient(workers), kernel)) as stage:
        await stage.sees("w-3")
        shown = stage.workers.table.region.height - 1
        await stage.until(lambda: stage.workers.table.region.height - 1 <= shown)
        assert first_picture._rows(size[1], 60) == stage.workers.table.region.height - 1


async def test_a_crowd_fills_a_large_screen() -> None:
    scene = next(scene for scene in SCENES if scene.name == "crowd")
    async with playing(scene, (300, 100)) as stage:
        await stage.sees("crawler-50")


async def test_a_failure_is_told_whole_where_there_is_room() -> None:
    for width in (160, 200, 300):
        async with opened((width, 50)) as stage:
            await stage.sees("failed: module lessons has no attribute 'misspelt'")
