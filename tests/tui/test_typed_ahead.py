"""Keys that are all there before any of them is looked at, as over a slow line."""

from __future__ import annotations

import asyncio

from textual import events
from textual.widgets import Input, Select

from proctui.tui.screens.confirm import Confirm
from proctui.tui.screens.new_worker import NewWorker
from proctui.tui.screens.workers import WorkersScreen
from proctui.tui.widgets.prompt import Prompt
from tests.tui.screens import Stage, opened


def _burst(stage: Stage, *keys: str) -> None:
    for key in keys:
        character = " " if key == "space" else key if len(key) == 1 else None
        stage.app.post_message(events.Key(key, character))


async def test_a_command_after_a_filter_is_none_of_its_letters() -> None:
    async with opened() as stage:
        _burst(stage, "slash", *"cleaner", "enter", "t")
        await stage.sees("Terminate cleaner", "filter: cleaner (1)")
        assert stage.workers.listing.filter == "cleaner"


async def test_each_field_of_a_form_gets_its_own() -> None:
    async with opened() as stage:
        await stage.press("n")
        await stage.sees("Target is all that is needed")
        _burst(stage, *"mine:Cleaner", "tab", *"5", "tab", *"a=1")
        await stage.sees("a=1")
        form = stage.app.screen
        shown = [form.query_one(f"#{key}", Input).value for key in ("what", "args", "kwargs")]
        assert shown == ["mine:Cleaner", "5", "a=1"]


async def test_a_form_gets_what_was_typed_before_it_was_there() -> None:
    async with opened() as stage:
        _burst(stage, "n", *"mine:Cleaner", "tab", *"57", "shift+tab", "home", *"k", "tab")
        await stage.sees("kmine:Cleaner")
        form = stage.app.screen
        shown = [form.query_one(f"#{key}", Input).value for key in ("what", "args")]
        assert shown == ["kmine:Cleaner", "57"]


async def test_what_is_deleted_is_what_stood_there() -> None:
    async with opened() as stage:
        _burst(stage, "slash", *"nothing", "ctrl+u", *"piao", "backspace")
        await stage.until(lambda: stage.workers.listing.filter == "pia")
        assert stage.app.screen.query_one("#prompt-input", Input).value == "pia"


async def test_a_key_after_a_dialog_closes_is_for_what_is_beneath_it() -> None:
    async with opened() as stage:
        for _ in range(2):
            _burst(stage, "k", "escape", "slash", *"piao", "escape", "t")
            await stage.sees("Terminate")
            assert not stage.workers.listing.filter
            _burst(stage, "escape", "f6", "escape", "question_mark", "escape", "down", "n")
            await stage.sees("New worker")
            _burst(stage, "escape")
            await stage.until(lambda: isinstance(stage.app.screen, WorkersScreen))


async def test_an_answer_is_for_the_question_before_it() -> None:
    async with opened() as stage:
        _burst(stage, "k", "y", "slash", *"zz")
        await stage.until(lambda: stage.workers.query_one(Prompt).value == "zz")
        assert len(stage.app.screen_stack) == 1
        assert not isinstance(stage.app.screen, Confirm)


async def test_a_list_of_choices_opens_and_closes_in_its_turn() -> None:
    async with opened() as stage:
        await stage.press("n")
        await stage.sees("Target is all that is needed", "Grace period")
        assert isinstance(stage.app.screen, NewWorker)
        _burst(stage, "shift+tab", "enter", "down", "enter", "tab", *"ls")
        what = stage.app.screen.query_one("#what", Input)
        await stage.until(lambda: what.value == "ls")
        assert stage.app.screen.query_one("#kind", Select).value == "command"


async def test_what_is_pasted_keeps_its_place() -> None:
    async with opened() as stage:
        _burst(stage, "slash", *"pi")
        stage.app.post_message(events.Paste("ao-"))
        _burst(stage, *"1", "enter", "space")
        await stage.until(lambda: bool(stage.workers.table.tagged))
        assert stage.workers.listing.filter == "piao-1"


async def test_many_letters_are_all_taken() -> None:
    async with opened() as stage:
        _burst(stage, "slash", *("x" * 200), "ctrl+u", *"piao")
        await stage.until(lambda: stage.workers.listing.filter == "piao")


async def test_an_end_does_not_come_in_the_midst_of_what_was_typed() -> None:
    """A dialog that is being made then finds nothing within itself, and says so in a traceback."""
    for key in ("question_mark", "n", "f9", "f10", "k"):
        async with opened() as stage:
            app = stage.app
            _burst(stage, key, "escape", key)
            while len(app.screen_stack) == 1:
                await asyncio.sleep(0)
            app.end(129)
            while not app._exit:
                await asyncio.sleep(0)
        assert app.return_value == 129
        assert app.return_code != 1
