"""A terminal may change its size at any moment; nothing breaks, and nothing stays behind."""

from __future__ import annotations

from itertools import cycle
from unittest.mock import patch

from proctui.tui import machine_feed
from tests.tui.machine_scene import SceneMachine
from tests.tui.screens import Stage, opened

USUAL = (120, 40)
OTHERS = ((20, 5), (300, 100), (60, 15))

MOMENTS: tuple[tuple[str, str], ...] = (
    ("", "piao-1"),
    ("k", "Kill piao-1"),
    ("f9", "Send which signal"),
    ("n", "New worker"),
    ("f7", "Columns"),
    ("comma", "Settings"),
    ("question_mark", "Keys"),
    ("ctrl+p", "Search for commands"),
    ("q", "Leave lessons?"),
    ("E", "Chrome trace"),
    ("C", "CPU, % of a core"),
    ("slash", "Tab: complete"),
    ("l", "Log"),
    ("e", "Events"),
    ("2", "s/cell"),
    ("3", "machine, own"),
)
"""What is pressed, and what can be read then in the usual size."""


async def _shows(stage: Stage, columns: int, lines: int) -> None:
    """Has the terminal that size, and every line of it filled exactly."""
    await stage.pilot.resize_terminal(columns, lines)
    await stage.until(lambda: stage.app.screen.size == (columns, lines), "the size")

    def widths() -> list[int]:
        drawn = stage.app.screen._compositor.render_strips(stage.app.size)
        return [strip.cell_length for strip in drawn]

    await stage.until(lambda: widths() == [columns] * lines, "every line filled")


async def test_any_size_at_any_moment() -> None:
    with patch.object(machine_feed, "Machine", SceneMachine):
        async with opened() as stage:
            for (key, reads), size in zip(MOMENTS, cycle(OTHERS), strict=False):
                if key:
                    await stage.press(key)
                    await stage.sees(reads)
                await _shows(stage, *size)
                await _shows(stage, *USUAL)
                await stage.sees(reads)
                await stage.press("escape")
