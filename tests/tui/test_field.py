"""What stands in a text field is shown without reaching the terminal, and stays what it is."""

from __future__ import annotations

import pytest
from textual import events
from textual.app import App, ComposeResult

from proctui.tui.widgets.field import Field
from tests.hostile import SHORT, unsafe

EVERYTHING = "".join(SHORT.values())


class Form(App[None]):
    def __init__(self, value: str, placeholder: str = "") -> None:
        super().__init__()
        self.filled_in = value, placeholder

    def compose(self) -> ComposeResult:
        value, placeholder = self.filled_in
        yield Field(value, placeholder=placeholder, select_on_focus=False)

    @property
    def field(self) -> Field:
        return self.query_one(Field)


def shown(form: Form) -> str:
    """The first line of the terminal."""
    with form._context():
        [line, *_] = form.screen._compositor.render_strips(form.size)
    return "".join(segment.text for segment in line).strip()


async def test_what_is_filled_in_is_shown_by_signs() -> None:
    form = Form(EVERYTHING)
    async with form.run_test(size=(len(EVERYTHING) * 2, 5)) as pilot:
        await pilot.pause()
        assert unsafe(shown(form)) == ""
        assert "␛]0;PWNED␇" in shown(form)
        assert form.field.value == EVERYTHING


async def test_what_is_pasted_is_shown_by_signs_and_kept() -> None:
    form = Form("before ")
    async with form.run_test(size=(60, 5)) as pilot:
        form.field.focus()
        form.field.post_message(events.Paste("\x1b[2J\x1b]52;c;eA==\x07"))
        await pilot.pause()
        assert shown(form) == "before ␛[2J␛]52;c;eA==␇"
        assert form.field.value == "before \x1b[2J\x1b]52;c;eA==\x07"
        await pilot.press("backspace", "backspace")
        assert form.field.value.endswith("eA=")


@pytest.mark.parametrize("value", ["\x1b", "a\tb", "\x07\x08\x0b\x0c\r", "\u202eabc", "日本\x1b"])
async def test_each_character_has_one_sign_under_the_cursor(value: str) -> None:
    form = Form(value)
    async with form.run_test(size=(60, 5)) as pilot:
        form.field.focus()
        await pilot.pause()
        assert len(shown(form)) == len(value)
        assert unsafe(shown(form)) == ""


async def test_the_hint_is_safe_too() -> None:
    form = Form("", EVERYTHING)
    async with form.run_test(size=(len(EVERYTHING) * 2, 5)) as pilot:
        await pilot.pause()
        assert "[bold red]x[/]" in shown(form)
        assert unsafe(shown(form)) == ""
