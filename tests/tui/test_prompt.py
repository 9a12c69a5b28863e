"""The line for filter and search: what it says while one types, and what Tab makes of it."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from tests.tui.screens import Stage, opened


def _typed(stage: Stage) -> str:
    return stage.app.screen.query_one("#prompt-input", Input).value


async def test_how_many_rows_match() -> None:
    async with opened() as stage:
        await stage.press("slash", *"alive:false")
        await stage.sees("3 of 10 match")
        stage.client.change("piao-1", "joined", "joined", phase="joined", alive=False)
        stage.kernel.reap(40321)
        await stage.sees("4 of 10 match")


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 15)])
async def test_a_mistake_is_said_under_the_line_and_the_list_stays(size: tuple[int, int]) -> None:
    async with opened(size) as stage:
        await stage.press("slash", *"state:zombie")
        await stage.sees("2 of 10 match")
        await stage.press("x")
        await stage.sees("unknown state 'zombiex'")
        assert "match" not in stage.text()
        assert "piao-1 " not in stage.line("40321")
        await stage.press("backspace")
        await stage.sees("2 of 10 match")
        assert "unknown state" not in stage.text()


async def test_tab_completes_keys_and_goes_through_values() -> None:
    async with opened() as stage:
        await stage.press("slash", *"cpu<50 !al")
        await stage.sees("Tab: alive:")
        await stage.press("tab")
        assert _typed(stage) == "cpu<50 !alive:"
        await stage.sees("Tab: true  false  none")
        assert "alive wants" not in stage.text()
        await stage.press("enter")
        await stage.sees("alive wants true, false or none")
        await stage.press("tab")
        assert _typed(stage) == "cpu<50 !alive:true"
        await stage.press("tab")
        assert _typed(stage) == "cpu<50 !alive:false"
        await stage.press("shift+tab", "shift+tab")
        assert _typed(stage) == "cpu<50 !alive:none"
        await stage.sees("Tab: true  false  none")
        await stage.press("tab")
        assert _typed(stage) == "cpu<50 !alive:true"


async def test_tab_goes_as_far_as_it_is_clear() -> None:
    async with opened() as stage:
        await stage.press("slash", *"state:s", "tab")
        assert _typed(stage) == "state:starting"
        await stage.press("backspace", "backspace", "backspace", "backspace", "backspace", "tab")
        assert _typed(stage) == "state:starting"
        await stage.press(*" method:f", "tab")
        assert _typed(stage) == "state:starting method:fork"


async def test_tab_with_nothing_to_complete_leaves_everything_alone() -> None:
    async with opened() as stage:
        await stage.press("slash", *"piao", "tab")
        assert _typed(stage) == "piao"
        assert stage.app.screen.query_one("#prompt-input").has_focus
        await stage.press("escape", "f3", *"st", "tab")
        assert _typed(stage) == "st"


async def test_a_condition_on_its_way_leaves_the_list_as_it_was() -> None:
    async with opened() as stage:
        await stage.press("slash")
        for letter in "cpu>x":
            await stage.press(letter)
            assert len(stage.workers.table.rows) == 10
            stage.workers.show_status()  # as each second does
            assert "match" not in stage.text()
        await stage.sees("cpu wants per cent")
        await stage.press("backspace", "5", "0")
        await stage.sees("1 of 10 match")
        await stage.press("backspace", "backspace", "backspace", "backspace")
        await stage.until(lambda: len(stage.workers.table.rows) == 10)


async def test_a_word_that_is_no_condition_is_text_once_it_is_entered() -> None:
    async with opened() as stage:
        await stage.press("slash", *"pi")
        assert not stage.workers.listing.filter
        await stage.press("enter")
        await stage.sees("filter: pi (1)")
