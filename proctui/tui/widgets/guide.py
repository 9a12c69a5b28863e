"""The guide through a lesson: what happens, what to look at, what to press, and why.

It stands beside the list where there is room for both, else above it; folded it is one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from textual import events
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget

from proctui.lessons import Lesson, Step, current
from proctui.tui import text
from proctui.tui.actions import ACTIONS
from proctui.tui.widgets.page import Line, Page, Span

BESIDE = 112
"""Cells from which on the guide stands beside the list."""
_LOW, _TALL = 20, 36
"""Lines of the terminal from which on the guide above the list may have more of them."""
_LEAST, _USUAL, _MOST = 4, 6, 9
"""How many it may have below, between and above these."""

_KEY = re.compile(r"(`\S+?`)")
"""A key within a text; drawn as a badge of the same width."""


class Guide(Page):
    """Shows a lesson with the steps that were seen; `show` says which."""

    prefix = "guide"
    fixed = 1  # which lesson, and how far it has come
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "guide--title", "guide--text", "guide--quiet", "guide--done", "guide--now", "guide--key",
        "guide--figures", "guide--missed", "guide--thumb",
    }  # fmt: skip

    DEFAULT_CSS = """
    Guide {
        display: none;
        dock: top;
        padding: 0 0 0 1;
        background: $surface;
        color: $foreground;
        &.-shown { display: block; }
        &.-beside {
            dock: right;
            width: 42;
            height: 100%;
            border-left: solid $foreground 20%;
        }
        & > .guide--title { color: $text-primary; text-style: bold; }
        & > .guide--quiet { color: $text-muted; }
        & > .guide--done { color: $text-success; text-style: bold; }
        & > .guide--now { text-style: bold; }
        & > .guide--missed { color: $text-warning; }
        & > .guide--figures { color: $text-accent; }
        & > .guide--key { background: $primary; color: $text; text-style: bold; }
        & > .guide--thumb { color: $primary; }
        &:nocolor, &:ansi {
            & > .guide--key { text-style: reverse; }
        }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.folded = False
        self.above = 0
        """Lines that it takes above the list."""
        self._lesson: Lesson | None = None
        self._seen: frozenset[int] = frozenset()
        self._summary = ""
        self._again: Sequence[str] = ()
        self._beside = False
        self._followed: int | None = None

    # ------------------------------------------------------------------ what is shown

    def show(
        self, lesson: Lesson, seen: frozenset[int], summary: str, again: Sequence[str] = ()
    ) -> None:
        """A lesson, those of its steps that were seen, and figures as sentences.

        `again` are names of workers that have to be started again for the step that is due.
        """
        self._lesson, self._seen, self._summary, self._again = lesson, seen, summary, again
        self.add_class("-shown")
        self._take_side()
        self.lay_out()

    def toggle(self) -> None:
        """One line, or all of it."""
        self.folded = not self.folded
        self.placed(beside=self._beside)

    def placed(self, *, beside: bool) -> None:
        """There is room to stand beside the list, or there is not."""
        self._beside = beside
        self.set_class(beside and not self.folded, "-beside")
        self._take_side()
        self.lay_out()

    def _take_side(self) -> None:
        """Lets the screen know where it stands: messages do not lie on it."""
        self.screen.set_class(self.has_class("-shown") and self.has_class("-beside"), "-guided")

    def lay_out(self) -> None:
        """Makes the lines for the present width and form."""
        lesson, width = self._lesson, self.size.width - 1
        if lesson is None or width <= 0:
            return
        now = current(lesson, self._seen)
        if self.folded:
            lines = [self._folded_line(lesson, now, width)]
            self._offset, due = 0, 1
        elif self._beside:
            lines = self._column(lesson, now, width)
            due = len(lines)
        else:
            lines = self._due(lesson, now, width)
            due = max(_LEAST, len(lines))
            lines += self._rest(lesson, now, width)
            self._follow(now, 0, 1)
        self._take_room(due)
        self.set_lines(lines)

    def _take_room(self, lines: int) -> None:
        if self._beside and not self.folded:
            self.styles.clear_rule("height")
            self.above = 0
            return
        rows = self.app.size.height
        most = _LEAST if rows < _LOW else _USUAL if rows < _TALL else _MOST
        self.above = min(lines, most)
        self.styles.height = self.above

    def _follow(self, now: int | None, start: int, end: int) -> None:
        """Scrolls to the step that is due, once when it becomes so."""
        if now == self._followed:
            return
        self._followed = now
        if start < self._offset + self.fixed or end > self._offset + self.size.height:
            self._offset = max(0, min(start - self.fixed, end - self.size.height))
            self.refresh(self.size.region)

    # ------------------------------------------------------------------ forms

    def _folded_line(self, lesson: Lesson, now: int | None, width: int) -> Line:
        head = f"{lesson.title}  {self._count(lesson)}"
        hint = f"{ACTIONS['guide'].key} unfolds"
        room = width - text.cells(head) - text.cells(hint) - 6
        if now is None:
            said = _DONE
        elif self._again:
            said = f"{_keys()['restart']} on {' and '.join(self._again)} plays it again."
        else:
            said = lesson.steps[now].words(_keys())[0]
        said = text.safe(said, room).rstrip() if room > 12 else ""
        gap = max(1, width - text.cells(head) - text.cells(said) - text.cells(hint) - 4)
        before = Span("  ✓ ", "done") if now is None else Span("  ► ", "now")
        return (Span(head, "title"), before, Span(said), Span(" " * gap), Span(hint, "quiet"))

    def _due(self, lesson: Lesson, now: int | None, width: int) -> list[Line]:
        """What is due alone, where there is little room."""
        if now is None:
            return [self._heading(lesson.title, lesson, width), *self._end(width)]
        step = self._step(lesson.steps[now], now, now, width)
        heading = self._heading(lesson.title, lesson, width)
        return [heading, *step, *_said(self._summary, width, "figures")]

    def _rest(self, lesson: Lesson, now: int | None, width: int) -> list[Line]:
        """The rest, for whoever scrolls."""
        lines: list[Line] = [(), *_said(lesson.explanation, width, "text"), ()]
        for index, step in enumerate(lesson.steps):
            if index != now:
                lines += self._step(step, index, now, width)
        return lines

    def _column(self, lesson: Lesson, now: int | None, width: int) -> list[Line]:
        """Everything in its order."""
        lines = [self._heading("Lesson", lesson, width), *_said(lesson.title, width, "title")]
        lines += [(), *_said(lesson.explanation, width, "text")]
        for index, step in enumerate(lesson.steps):
            lines.append(())
            start = len(lines)
            lines += self._step(step, index, now, width)
            if index == now:
                self._follow(now, start, len(lines))
        start = len(lines)
        end = self._end(width) if now is None else _said(self._summary, width, "figures")
        lines += [(), *last] if (last := list(end)) else []
        if now is None:
            self._follow(now, start, len(lines))
        return lines

    def _heading(self, said: str, lesson: Lesson, width: int) -> Line:
        count = self._count(lesson)
        hint = f"{ACTIONS['guide'].key} folds"
        title = text.safe(said, max(8, width - len(count) - len(hint) - 4)).rstrip()
        gap = max(1, width - text.cells(title) - len(count) - len(hint) - 2)
        return (
            Span(title, "title"),
            Span(f"  {count}", "quiet"),
            Span(" " * gap),
            Span(hint, "quiet"),
        )

    def _count(self, lesson: Lesson) -> str:
        return f"{len(self._seen)} of {len(lesson.steps)} done"

    def _step(self, step: Step, index: int, now: int | None, width: int) -> Iterator[Line]:
        """What to do, and once it is due or seen also why."""
        keys = {name: f"`{key}`" for name, key in _keys().items()}
        do, why = step.words(keys)
        done = index in self._seen
        mark, style = ("✓", "done") if done else ("►", "now") if index == now else ("○", "quiet")
        body = "now" if index == now else "text" if done else "quiet"
        head = f"{mark} {index + 1} "
        yield from _said(do, width, body, (Span(head, style),))
        if index == now and self._again:
            missed = _to_play_again(self._again, keys)
            yield from _said(missed, width, "missed", (Span(" " * len(head)),))
        elif done or index == now:
            yield from _said(why, width, "quiet", (Span(" " * len(head)),))

    def _end(self, width: int) -> Iterator[Line]:
        yield from _said(_DONE, width, "done")
        yield from _said(self._summary, width, "figures")
        keys = _keys()
        said = f"`{keys['lesson']}` offers other lessons; `{keys['quit']}` ends this one."
        yield from _said(said, width, "quiet")


_DONE = "Every step was seen."


_NAMED = 3
"""Workers that are called by their names; more are a number."""


def _to_play_again(names: Sequence[str], keys: Mapping[str, str]) -> str:
    """What to do where the step can't be seen any more."""
    shown = [text.safe(name) for name in names]
    if len(shown) == 1:
        return (
            f"This is over and was not seen as it should be: put the cursor on {shown[0]} and "
            f"press {keys['restart']}, which plays it again."
        )
    rest = shown[_NAMED:]
    last = [f"{len(rest)} more"] if rest else [shown.pop()]
    listed = f"{', '.join(shown[:_NAMED])} and {last[0]}"
    return (
        f"This is over and was not seen as it should be: tag {listed} with {keys['tag']} and "
        f"press {keys['restart']}, which plays it again."
    )


def _keys() -> dict[str, str]:
    """How the keys of all actions are written now."""
    return {name: action.key for name, action in ACTIONS.items()}


def _said(words: str, width: int, style: str, before: Line = ()) -> Iterator[Line]:
    """Words broken into lines, the first behind `before`, the others as far in; keys as badges."""
    indent = sum(text.cells(span.text) for span in before)
    for number, line in enumerate(text.wrap(words, max(8, width - indent))):
        parts = (part for part in _KEY.split(line) if part)
        spans = (
            Span(f" {part[1:-1]} ", "key") if _KEY.fullmatch(part) else Span(part, style)
            for part in parts
        )
        yield (*(before if number == 0 else (Span(" " * indent),)), *spans)


class WithGuide(Vertical):
    """The list, the panes, and of a lesson the guide where it has room."""

    class Resized(Message):
        """There are other lines for list and panes."""

    def __init__(self, guide: Guide | None, *others: Widget) -> None:
        super().__init__(*filter(None, (guide, *others)))
        self.guide = guide

    def on_resize(self, event: events.Resize) -> None:
        """Places the guide anew."""
        if self.guide is not None:
            self.guide.placed(beside=event.size.width >= BESIDE)
        self.post_message(self.Resized())

    @property
    def lines(self) -> int:
        """Lines for all that stands in it besides the guide."""
        return self.size.height - (0 if self.guide is None else self.guide.above)
