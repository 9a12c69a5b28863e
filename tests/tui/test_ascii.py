"""On a terminal without UTF-8 every view and dialog is drawn in ASCII, cell for cell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from proctui.tui.ascii_filter import in_ascii
from tests.tui.screens import opened


@pytest.mark.parametrize(
    "keys",
    [(), ("k",), ("z", "z", "j"), ("q",), ("f9",), ("n",), ("question_mark",), ("e",), ("ctrl+p",)],
)
async def test_everything_is_ascii(ascii_terminal: None, keys: tuple[str, ...]) -> None:
    async with opened() as stage:
        await stage.press(*keys)
        await stage.pilot.pause(0.1)
        assert stage.text().isascii()
        await stage.sees("2 ZOMBIES")


async def test_where_there_is_utf8_it_is_used() -> None:
    async with opened() as stage:
        await stage.press("k")
        await stage.sees("╭─ Kill piao-1 (40321)?")


@given(st.text(max_size=40))
def test_what_is_replaced_keeps_its_width(drawn: str) -> None:
    assert in_ascii(drawn).isascii()
    assert cell_len(in_ascii(drawn)) == cell_len(drawn)
