"""Menus: choosing one thing out of a short list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from textual import on
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from proctui.linux.signals import all_signals, effect, signal_name, signal_number
from proctui.model import Cure
from proctui.tui import text
from proctui.tui.actions import ACTIONS, Scene
from proctui.tui.neglect import SIGNALS
from proctui.tui.screens.dialog import Dialog
from proctui.views.view import COLUMNS, Column

Choice = TypeVar("Choice")


class Menu(Dialog[Choice], Generic[Choice]):
    """Answers the value of the chosen option."""

    foot = "Enter: choose   Esc: cancel"
    intro = ""
    """A sentence above the list; untrusted text may stand in it."""

    def __init__(self, options: Sequence[tuple[Choice, Content]], start: int = 0) -> None:
        super().__init__()
        self.options = options
        self.start = start

    def body(self) -> Iterable[Widget]:
        """The sentence and the list."""
        if self.intro:
            yield Static(text.content(self.intro), classes="dialog-does")
        menu = OptionList(*(Option(label) for _, label in self.options), compact=True)
        if self.options:
            menu.highlighted = self.start
        yield menu

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self.options[event.option_index][0])


# ------------------------------------------------------------------------- signals


_FIRST = ("SIGTERM", "SIGKILL", "SIGINT", "SIGHUP", "SIGSTOP", "SIGCONT", "SIGUSR1", "SIGUSR2")


def ordered_signals() -> list[int]:
    """This system's signals: those that are sent most first, then the others by number."""
    numbers = all_signals()
    first = [signal_number(name) for name in _FIRST]
    return first + [number for number in numbers if number not in first]


class SignalMenu(Menu[str]):
    """Answers the name of a signal."""

    def __init__(self, whom: str) -> None:
        options = [
            (
                signal_name(number),
                Content.assemble(
                    (f"{number:>3}  ", "$text-muted"),
                    (f"{signal_name(number):<12}", "bold"),
                    (f" {effect(number)}", "$text-muted"),
                ),
            )
            for number in ordered_signals()
        ]
        super().__init__(options)
        self.add_class("wide")
        self.heading = f"Send which signal to {whom}?"

    def body(self) -> Iterable[Widget]:
        """The list, and in a narrow terminal the whole sentence of the signal that is chosen."""
        yield from super().body()
        yield Static(id="effect", classes="dialog-note")

    def on_resize(self) -> None:
        """There may be room for whole sentences now."""
        self.set_class(self.app.size.width < _WHOLE_SIGNALS, "-explains")

    @on(OptionList.OptionHighlighted)
    def _explain(self, event: OptionList.OptionHighlighted) -> None:
        name = self.options[event.option_index][0]
        self.query_one("#effect", Static).update(effect(signal_number(name)))


_WHOLE_SIGNALS = 120
"""Cells of a terminal in which no explanation of a signal is cut."""


# ------------------------------------------------------------------------- the context menu


class ActionMenu(Menu[str]):
    """Answers the id of an action that applies to the row.  Stands at the pointer."""

    foot = ""

    def __init__(self, whom: str, scene: Scene, at: tuple[int, int]) -> None:
        """`at` are the column and line of the screen that were clicked."""
        fitting = [
            action.shown(scene)
            for action in ACTIONS.values()
            if action.scope in ("row", "tags") and action.why_not(scene) is None
        ]
        fitting.sort(key=lambda action: action.harms)
        self._harmless = sum(not action.harms for action in fitting)
        options = [
            (
                action.id,
                Content.assemble((f"{action.key:<6}", "bold"), action.title),
            )
            for action in fitting
        ]
        super().__init__(options)
        self.add_class("at-pointer")
        self.heading = whom
        self._at = at

    def body(self) -> Iterable[Widget]:
        """What harms nobody, and below a line what may."""
        labels = [Option(label) for _, label in self.options]
        line = [None] if 0 < self._harmless < len(labels) else []
        parts = (*labels[: self._harmless], *line, *labels[self._harmless :])
        menu = OptionList(*parts, compact=True)
        menu.highlighted = 0 if labels else None
        yield menu

    def on_mount(self) -> None:
        """Begins where it belongs."""
        self._place()

    def on_resize(self) -> None:
        """Stays on the screen."""
        self._place()

    def _place(self) -> None:
        labels = [label.cell_length for _, label in self.options]
        width = max(*labels, text.cells(text.safe(self.heading))) + _MENU_EDGE
        box, screen = self.query_one(".dialog"), self.app.size
        height = len(labels) + (0 < self._harmless < len(labels)) + 2
        box.styles.width = width = min(width, screen.width)
        x, y = self._at
        fits = min(x, screen.width - width), min(y, screen.height - height)
        box.styles.offset = (max(0, fits[0]), max(0, fits[1]))


_MENU_EDGE = 6
"""Cells beside the words of a menu: border, padding, and a little air behind."""


# ------------------------------------------------------------------------- sorting

COLUMN_TITLES: dict[Column, str] = {
    "name": "Name",
    "pid": "Process id",
    "ppid": "Parent's process id",
    "alive": "Alive",
    "exitcode": "Exit code",
    "daemon": "Daemonic",
    "state": "State, zombies and orphans first",
    "cpu": "CPU",
    "mem": "Memory",
    "age": "Age",
    "target": "Target",
}


class SortMenu(Menu[tuple[Column | None]]):
    """Answers a tuple of one: the column to sort by, or None for the session's own order."""

    heading = "Sort by"

    def __init__(self, now: Column | None, *, reverse: bool) -> None:
        columns: list[tuple[Column | None, str]] = [(None, "The order of the worker file")]
        columns += [(column, COLUMN_TITLES[column]) for column in COLUMNS]
        mark = text.plain(" ▼" if reverse else " ▲") if now is not None else ""
        options = [
            ((column,), Content.assemble(title, (mark if column == now else "", "$text-accent")))
            for column, title in columns
        ]
        super().__init__(options, [column for column, _ in columns].index(now))


# ------------------------------------------------------------------------- cures


class Cures(Menu[Cure]):
    """Answers the cure to try; what can only be explained can't be chosen."""

    foot = "Enter: do it   Esc: leave it"

    def __init__(self, heading: str, intro: str, cures: Sequence[Cure]) -> None:
        options = [(cure, text.content(cure.text)) for cure in cures]
        super().__init__(options)
        self.heading = heading
        self.intro = intro

    def body(self) -> Iterable[Widget]:
        """The sentence, the cures in the order of harm."""
        yield Static(text.content(self.intro), classes="dialog-does")
        menu = OptionList(
            *(Option(label, disabled=cure.kind not in SIGNALS) for cure, label in self.options),
            compact=True,
        )
        yield menu
        yield Static("In the order of harm.", classes="dialog-note")
