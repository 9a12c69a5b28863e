"""Where there is a lot of room the panes stand beside the list, else under it."""

from __future__ import annotations

from itertools import pairwise

from tests.tui.fakes import Clock
from tests.tui.lesson_scene import left_behind
from tests.tui.pictures.scenes import SCENES, playing
from tests.tui.screens import Stage, opened


def apart(stage: Stage, *selectors: str) -> bool:
    """Whether these stand side by side from left to right and have the same top."""
    regions = [stage.workers.query_one(selector).region for selector in selectors]
    beside = all(one.right <= other.x for one, other in pairwise(regions))
    return beside and all(region.width and region.y == regions[0].y for region in regions)


async def test_the_panes_are_beside_the_list_where_there_is_a_lot_of_room() -> None:
    async with opened((220, 50)) as stage:
        await stage.until(lambda: apart(stage, "ProcessTable", "Panes"), "beside")
        assert stage.workers.table.region.height > 40
        await stage.press("m")
        large = stage.workers.panes
        await stage.until(lambda: large.region.width > 110 and large.region.height > 40, "larger")
        await stage.pilot.resize_terminal(120, 40)
        await stage.until(lambda: large.region.width == 120, "under the list")


async def test_the_panes_are_under_the_list_where_there_is_not() -> None:
    async with opened((120, 40)) as stage:
        table, panes = stage.workers.table.region, stage.workers.panes.region
        assert panes.width == table.width == 120
        assert panes.y >= table.bottom


async def test_a_guide_has_its_place_too() -> None:
    async with opened((220, 50), left_behind(Clock())) as stage:
        await stage.sees("► 4 Put the cursor")
        await stage.until(lambda: apart(stage, "ProcessTable", "Panes", "Guide"), "three columns")
        await stage.press("w")  # folded it is one line above
        await stage.until(lambda: stage.workers.panes.region.right == 220, "the panes at the edge")
        assert stage.workers.panes.region.y == stage.workers.query_one("Guide").region.bottom


async def test_a_crowd_fills_a_large_screen() -> None:
    scene = next(scene for scene in SCENES if scene.name == "crowd")
    async with playing(scene, (300, 100)) as stage:
        await stage.sees("crawler-90")
