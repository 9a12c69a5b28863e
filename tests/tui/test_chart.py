"""The chart pane: what it draws, where it has room, and what it says where there is nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from proctui.tui.widgets.plots import Plot
from proctui.views.axes import ago, cpu_axis, memory_axis
from tests.tui.screens import Stage, opened


def test_ends_and_middles_of_axes_are_round() -> None:
    assert cpu_axis(0.0) == (10.0, ("0%", "5%", "10%"))
    assert cpu_axis(98.7) == (100.0, ("0%", "50%", "100%"))
    assert cpu_axis(101.0)[0] == 100.0, "a little more than a core is a measuring error"
    assert cpu_axis(250.0) == (400.0, ("0%", "200%", "400%"))
    assert cpu_axis(5_010.0) == (5_100.0, ("0%", "2550%", "5100%"))
    assert memory_axis(9.1 * 2**20) == (10 * 2**20, ("0", "5M", "10M"))
    assert memory_axis(0.0) == (1024.0, ("0", "0.5K", "1K"))
    assert memory_axis(900 * 2**20) == (2**30, ("0", "0.5G", "1G"))


def test_moments_of_the_time_axis() -> None:
    assert [ago(seconds) for seconds in (240, 30, 0)] == ["4 min ago", "30 s ago", "now"]


def plots(stage: Stage) -> tuple[Plot, Plot]:
    found = stage.workers.panes.chart
    return found.query_one("#cpu", Plot), found.query_one("#memory", Plot)


async def test_it_is_a_pane_of_its_own_that_leaves_the_list_in_sight() -> None:
    async with opened() as stage:
        await stage.go_to("w:cleaner")
        await stage.press("C")
        await stage.sees("CPU, % of a core: 98.7", "memory: 8.0M", "100%┤", "10M┤", "4 min ago")
        await stage.sees("piao-1", "cleaner · 4 min")
        stage.kernel.put(40322, state="R", cpu=12.5, rss=8_400_000)
        await stage.sees("CPU, % of a core: 12.5")


async def test_it_follows_the_cursor() -> None:
    async with opened() as stage:
        await stage.go_to("w:cleaner")
        await stage.press("C")
        await stage.sees("CPU, % of a core: 98.7")
        await stage.go_to("w:web")
        await stage.sees("memory: 20M", "web · 4 min")


async def test_less_and_more_time_by_the_keys_of_the_pane() -> None:
    async with opened() as stage:
        await stage.press("C")
        await stage.sees("4 min ago")
        await stage.press("C", "plus")
        await stage.sees("2 min ago", "+ - less or more time")
        await stage.press("minus", "minus")
        await stage.sees("10 min ago")


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (120, 40), (200, 50), (300, 100)])
async def test_both_figures_are_there_in_every_size_with_frames_in_line(
    size: tuple[int, int],
) -> None:
    async with opened(size) as stage:
        await stage.press("C")
        await stage.sees("CPU, % of a core", "memory: 9.1M", "now")
        cpu, memory = plots(stage)
        frames = [line for line in stage.text().splitlines() if "┌──" in line]
        if cpu.region.y == memory.region.y:
            assert abs(cpu.size.width - memory.size.width) <= 1
            assert frames[-1].count("     ┌──") == 2
        else:
            assert cpu.region.x == memory.region.x
            assert frames[-1].index("     ┌──") == frames[-2].index("     ┌──")


@pytest.mark.usefixtures("ascii_terminal")
async def test_in_ascii() -> None:
    async with opened() as stage:
        await stage.press("C")
        await stage.sees("CPU, % of a core", "+---")
        assert "┤" not in stage.text()
        assert "⠤" not in stage.text()


async def test_words_where_there_is_nothing_to_draw() -> None:
    async with opened() as stage:
        await stage.go_to("w:later")
        await stage.press("C")
        await stage.sees("later does not run: there are no figures of it.")
        await stage.go_to("w:cleaner")
        await stage.sees("CPU, % of a core")
        assert "does not run" not in stage.text()


def test_the_plotting_library_is_imported_only_for_a_chart() -> None:
    code = (
        "import sys, proctui.tui.app, proctui.tui.widgets.panes, proctui.tui.timeline_view; "
        "print([name for name in sys.modules if 'plotext' in name])"
    )
    here = {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=here
    )
    assert done.stdout.strip() == "[]"


async def test_nor_before_the_pane_is_opened() -> None:
    async with opened((300, 100)) as stage:
        await stage.sees("piao-1")
        assert not stage.workers.panes.chart.query(Plot)
