"""The line that opens over the table for a filter or a search, with what is wrong with it."""

from __future__ import annotations

from typing import Literal

from textual import on
from textual.app import ComposeResult
from textual.containers import HorizontalGroup
from textual.message import Message
from textual.widgets import Input, Label, Static

from proctui.tui import text

Purpose = Literal["filter", "search"]

_HINTS: dict[Purpose, str] = {
    "filter": "text, or state:zombie  alive:false  daemon:true  cpu>50",
    "search": "text in name, target or pid; Enter goes on to the next",
}


class Prompt(HorizontalGroup):
    """Closed until it is opened for a purpose; says each change of what is typed."""

    class Typed(Message):
        """What is typed has changed."""

        def __init__(self, purpose: Purpose, value: str) -> None:
            super().__init__()
            self.purpose = purpose
            self.value = value

    class Entered(Message):
        """Enter was pressed."""

        def __init__(self, purpose: Purpose, value: str) -> None:
            super().__init__()
            self.purpose = purpose
            self.value = value

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.purpose: Purpose = "filter"
        self.display = False

    def compose(self) -> ComposeResult:
        """What it is for, the field, what is wrong."""
        yield Label("filter", id="prompt-purpose")
        yield Input(compact=True, select_on_focus=False, id="prompt-input")
        yield Static(id="prompt-error")

    def open(self, purpose: Purpose, value: str = "") -> None:
        """Opens it with something typed already."""
        self.purpose = purpose
        self.query_one("#prompt-purpose", Label).update(purpose)
        field = self.query_one(Input)
        field.placeholder = _HINTS[purpose]
        self.display = True
        self.screen.add_class("-prompting")
        with self.prevent(Input.Changed):
            field.value = value
        field.cursor_position = len(value)
        field.focus()
        self.complain("")

    def close(self) -> bool:
        """Closes it; False where it was closed."""
        was_open = bool(self.display)
        self.display = False
        self.screen.remove_class("-prompting")
        return was_open

    def complain(self, error: str) -> None:
        """Shows what is wrong with what is typed; empty where nothing is."""
        shown = self.query_one("#prompt-error", Static)
        shown.update(text.content(error))
        shown.display = bool(error)

    @on(Input.Changed)
    def _typed(self, message: Input.Changed) -> None:
        message.stop()
        self.post_message(self.Typed(self.purpose, message.value))

    @on(Input.Submitted)
    def _entered(self, message: Input.Submitted) -> None:
        message.stop()
        self.post_message(self.Entered(self.purpose, message.value))
