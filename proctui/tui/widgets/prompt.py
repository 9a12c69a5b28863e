"""The two lines that open over the table for a filter or a search.

The first is what is typed and how many rows that leaves, the second what is wrong with it or
how it may go on.  Both are there from the start, and of one size, so that nothing moves while one
types: to place all widgets anew with each letter takes longer than to filter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import HorizontalGroup, VerticalGroup
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from proctui.tui import text
from proctui.tui.widgets.field import Field
from proctui.views.filters import completions

Purpose = Literal["filter", "search"]

_HINTS: dict[Purpose, str] = {
    "filter": "text, or state:zombie  alive:false  daemon:true  cpu>50",
    "search": "text in name, target or pid",
}
_HELP: dict[Purpose, str] = {
    "filter": "Tab: complete   Enter: keep   Esc: show everything",
    "search": "Enter: next   Esc: leave",
}


class Prompt(VerticalGroup):
    """Closed until it is opened for a purpose; says each change of what is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete(1)", "Complete", show=False),
        Binding("shift+tab", "complete(-1)", "Complete with the one before", show=False),
    ]

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
        self._choices: list[str] = []
        """Whole filters through which Tab goes; the one at `_at` is typed."""
        self._at = 0
        self._found = ""

    def compose(self) -> ComposeResult:
        """What it is for, the field, how many that leaves; below, what is to be said about it."""
        with HorizontalGroup():
            yield Static("filter", id="prompt-purpose")
            yield Field(select_on_focus=False, id="prompt-input")
            yield Static(id="prompt-count")
        yield Static(id="prompt-note")

    def open(self, purpose: Purpose, value: str = "") -> None:
        """Opens it with something typed already."""
        self.purpose = purpose
        self._choices = []
        self.query_one("#prompt-purpose", Static).update(purpose)
        field = self.query_one(Input)
        field.placeholder = _HINTS[purpose]
        self.display = True
        self.screen.add_class("-prompting")
        with self.prevent(Input.Changed):
            field.value = value
        field.cursor_position = len(value)
        self.screen.set_focus(field)  # at once: what is typed next is for it
        self.count("")
        self.complain("")

    def close(self) -> bool:
        """Closes it; False where it was closed."""
        was_open = bool(self.display)
        self.display = False
        self.screen.remove_class("-prompting")
        return was_open

    @property
    def value(self) -> str:
        """What is typed."""
        return self.query_one(Input).value

    def is_filtering(self, filter: str) -> bool:
        """Whether `filter`, which is in force, is what is typed: else a count says nothing."""
        return bool(filter) and self.purpose == "filter" and self.value.strip() == filter

    def count(self, found: str) -> None:
        """Shows how many rows that leaves, in words; empty for nothing."""
        if found != self._found:
            self._found = found
            self.query_one("#prompt-count", Static).update(text.content(found), layout=False)

    def complain(self, error: str, *, finished: bool = False) -> None:
        """Shows what is wrong with what is typed; where nothing is, how it may go on.

        What can still become right is not called wrong unless it is `finished`.
        """
        if self.purpose == "filter" and not finished and completions(self.query_one(Input).value):
            error = ""
        note = self.query_one("#prompt-note", Static)
        note.set_class(bool(error), "-wrong")
        note.update(text.content(error) if error else self._outlook(), layout=False)

    # ------------------------------------------------------------------ completion

    def _outlook(self) -> Content:
        """The words that what is typed may become, the one that is typed underlined."""
        typed = self.query_one(Input).value
        if self.purpose == "search":
            return Content(_HELP["search"])
        cycling = self._cycling(typed)
        choices = self._choices if cycling else completions(typed)
        if not choices:
            return Content(_HELP["filter"])
        before = len(_shared([*choices, typed]))
        start = max(choices[0].rfind(mark, 0, before) for mark in " (!:") + 1
        if sum(len(choice) - start + 2 for choice in choices) + 7 > self.size.width and cycling:
            choices = [*choices[self._at :], *choices[: self._at]]
        words = [
            Content.styled(choice[start:], "bold underline" if cycling and choice == typed else "")
            for choice in choices
        ]
        return Content.assemble("Tab: ", Content("  ").join(words))

    def _cycling(self, typed: str) -> bool:
        return bool(self._choices) and typed == self._choices[self._at]

    def action_complete(self, step: int) -> None:
        """Completes as far as it is clear; where it isn't, goes through what it may become."""
        field = self.query_one(Input)
        if self.purpose == "search":
            return
        if self._cycling(field.value):
            self._at = (self._at + step) % len(self._choices)
        else:
            choices = completions(field.value)
            common = _shared(choices)
            if len(common) > len(field.value) or len(choices) == 1:
                choices = [common]
            self._choices, self._at = choices, 0 if step > 0 else len(choices) - 1
        if self._choices:
            field.value = self._choices[self._at]
            field.cursor_position = len(field.value)
            if len(self._choices) == 1:
                self._choices = []

    @on(Input.Changed)
    def _typed(self, message: Input.Changed) -> None:
        message.stop()
        if self.display:  # else these are letters that Esc has overtaken
            self.post_message(self.Typed(self.purpose, message.value))

    @on(Input.Blurred)
    def _left(self) -> None:
        """Somebody goes on elsewhere: a search is over, and a filter that filters nothing."""
        if self.purpose == "search" or not self.query_one(Input).value:
            self.close()

    @on(Input.Submitted)
    def _entered(self, message: Input.Submitted) -> None:
        message.stop()
        self.post_message(self.Entered(self.purpose, message.value))


def _shared(words: Sequence[str]) -> str:
    """What they all begin with."""
    if not words:
        return ""
    first, last = min(words), max(words)  # what these two share, all share that stand between
    for at, (one, other) in enumerate(zip(first, last, strict=False)):
        if one != other:
            return first[:at]
    return first
