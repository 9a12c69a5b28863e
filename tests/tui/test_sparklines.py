"""CPU and memory of the row under the cursor, drawn small in the details."""

from __future__ import annotations

import pytest

from proctui.core.history import Point
from proctui.tui.widgets import sparklines
from tests.tui.fakes import NOW
from tests.tui.screens import opened

POINTS = [Point(NOW - 20, 0.0, 9_000_000), Point(NOW - 10, 100.0, 9_500_000)]


def shown(width: int, *, beside: bool) -> list[str]:
    found = sparklines.lines(POINTS, NOW, width, beside=beside)
    return ["".join(span.text for span in line) for line in found]


@pytest.mark.parametrize("width", [40, 70, 119, 200])
@pytest.mark.parametrize("beside", [True, False])
def test_every_line_is_as_wide_as_asked(width: int, beside: bool) -> None:
    lines = shown(width, beside=beside)
    assert [len(line) for line in lines] == ([width] if beside else [width, width])


def test_both_figures_with_what_they_are_now() -> None:
    (line,) = shown(119, beside=True)
    cpu, memory = line.split("│")
    assert cpu.rstrip().endswith("100.0%")
    assert "▁▁▁▁▁█" in cpu
    assert memory.endswith("9.1M")


def test_without_figures_there_is_no_line() -> None:
    assert list(sparklines.lines([], NOW, 80, beside=True)) == []


@pytest.mark.usefixtures("ascii_terminal")
def test_in_ascii() -> None:
    assert all(line.isascii() for line in shown(60, beside=False))


async def test_the_details_show_them_for_the_row_under_the_cursor() -> None:
    async with opened() as stage:
        await stage.go_to("w:cleaner")
        await stage.sees("98.7%")
        assert "█" in stage.line("cpu  ")
        await stage.go_to("w:later")
        await stage.until(lambda: "█" not in stage.text())
