"""Choosing a lesson: all of them by topic, what each is about, and its numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from textual import on
from textual.containers import Horizontal, HorizontalGroup, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from proctui.lessons import LESSONS, TOPICS, Lesson, Parameter
from proctui.tui import text
from proctui.tui.screens.dialog import Dialog, Keyed, button_row
from proctui.tui.widgets.field import Field

Chosen = tuple[Lesson, Mapping[str, int]]
"""A lesson, and those of its numbers that are the learner's own, as `lessons.files` takes them."""

_NUMBERS = max(len(lesson.parameters) for lesson in LESSONS.values())


class LessonPicker(Dialog[Chosen]):
    """Answers the lesson to start."""

    DEFAULT_CSS: ClassVar[str] = """
    LessonPicker {
        #lesson-parts { height: auto; max-height: 22; }
        OptionList { width: 42%; height: 22; max-height: 100%; text-wrap: nowrap; }
        #lesson-about { width: 1fr; height: 22; max-height: 100%; padding: 0 0 0 2; }
        #lesson-title { text-style: bold; }
        #lesson-told { margin: 1 0; }
        .lesson-number { height: auto; layout: vertical; margin: 0 0 1 0; }
        .lesson-number Label { width: 100%; color: $text-muted; }
        .lesson-number Input { width: 16; background: $panel; }
        #lesson-mistake { color: $text-error; }
        &.-low { #lesson-parts, OptionList, #lesson-about { height: 14; } }
        &.-short { #lesson-parts, OptionList, #lesson-about { height: 9; } }
    }
    """
    AUTO_FOCUS = "OptionList"
    heading = "Lessons: multiprocessing by watching it"
    foot = "Enter: start   Tab: its numbers   Esc: cancel"

    def __init__(self, start: str | None = None) -> None:
        """`start` is the id of the lesson on which the cursor is first."""
        super().__init__()
        self.add_class("wide")
        self._start = start
        self.lesson = next(iter(LESSONS.values()))
        """The one under the cursor."""

    def body(self) -> Iterable[Widget]:
        """The list, and what is told of the lesson under its cursor."""
        about = VerticalScroll(
            Static(id="lesson-title"), Static(id="lesson-told"), *map(_line, range(_NUMBERS)),
            id="lesson-about", can_focus=False,
        )  # fmt: skip
        yield Horizontal(OptionList(*_options(), compact=True), about, id="lesson-parts")
        yield Static(id="lesson-mistake")
        yield button_row(
            Keyed("Start", "enter", id="start", kind="-good"), Keyed("Cancel", "esc", id="cancel")
        )

    def on_mount(self) -> None:
        """Puts the cursor where it belongs."""
        shown = self.query_one(OptionList)
        shown.highlighted = shown.get_option_index(self._start or next(iter(LESSONS)))

    @on(OptionList.OptionHighlighted)
    def _moved(self, event: OptionList.OptionHighlighted) -> None:
        self.lesson = lesson = LESSONS[event.option_id or ""]
        self.query_one("#lesson-title", Static).update(Content(text.plain(lesson.title)))
        told = f"{lesson.explanation}\n\nproctui scenario {lesson.id}"
        self.query_one("#lesson-told", Static).update(Content(text.plain(told)))
        for index in range(_NUMBERS):
            has = index < len(lesson.parameters)
            self.query_one(f"#number-{index}").display = has
            field = self.query_one(f"#value-{index}", Input)
            field.value = ""
            if has:
                _fill(self.query_one(f"#name-{index}", Label), field, lesson.parameters[index])
        self._check()

    def _numbers(self) -> dict[str, int]:
        """What was typed.  Raises ValueError with one sentence."""
        typed: dict[str, int] = {}
        for index, parameter in enumerate(self.lesson.parameters):
            value = self.query_one(f"#value-{index}", Input).value.strip()
            if not value:
                continue
            if not (value.isascii() and value.isdigit()):
                bounds = f"{parameter.low} to {parameter.high}"
                raise ValueError(f"{parameter.name} must be a whole number from {bounds}")
            typed[parameter.name.replace("-", "_")] = parameter.check(int(value))
        return typed

    @on(Input.Changed)
    def _check(self) -> None:
        said = ""
        try:
            self._numbers()
        except ValueError as error:
            said = str(error)
        mistake = self.query_one("#lesson-mistake", Static)
        mistake.update(text.content(said))
        mistake.display = bool(said)

    @on(OptionList.OptionSelected)
    @on(Input.Submitted)
    @on(Button.Pressed, "#start")
    def _begin(self) -> None:
        try:
            self.dismiss((self.lesson, self._numbers()))
        except ValueError:
            self.app.bell()  # what is wrong stands there already

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)


def _options() -> Iterable[Option]:
    for topic in TOPICS:
        yield Option(Content.styled(topic.title, "bold $text-accent"), disabled=True)
        for lesson in topic.lessons:
            yield Option(Content(text.plain(f"  {lesson.title}")), id=lesson.id)


def _line(index: int) -> Widget:
    """One number; which one it is depends on the lesson."""
    label, field = Label(id=f"name-{index}"), Field(id=f"value-{index}")
    return HorizontalGroup(label, field, classes="lesson-number", id=f"number-{index}")


def _fill(label: Label, field: Input, parameter: Parameter) -> None:
    label.update(
        Content(f"{parameter.name}: {parameter.text}, {parameter.low} to {parameter.high}")
    )
    usual = "a free one" if parameter.default is None else f"{parameter.default}"
    field.placeholder = usual
