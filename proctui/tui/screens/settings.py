"""The form of all settings, checked as one types; the theme shows while one chooses it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, get_args

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import HorizontalGroup, VerticalScroll
from textual.widget import Widget
from textual.widgets import Button, Checkbox, Input, Label, Select, Static

from proctui.files import settings as settings_of_a_person
from proctui.files.mistakes import Wrong
from proctui.files.settings import CONFIRMED, OnQuit, Settings
from proctui.files.settings_rules import CHECKS
from proctui.tui import text
from proctui.tui.actions import ACTIONS
from proctui.tui.keymap import Preset
from proctui.tui.screens.dialog import Form, Keyed, button_row
from proctui.tui.screens.menu import COLUMN_TITLES
from proctui.tui.themes import names
from proctui.tui.widgets.field import Field
from proctui.tui.widgets.marks import Tick
from proctui.views.view import COLUMNS

_PRESETS: dict[Preset, str] = {
    "default": "proctui's own",
    "vim": "vim: j and k move, J joins, K kills",
    "htop": "htop: k signals, t tree, \\ filters",
}
_ON_QUIT: dict[OnQuit, str] = {
    "ask": "ask what becomes of workers that run",
    "stop": "stop workers that run",
    "wait": "end the daemonic, wait for the others",
    "detach": "let workers that run go on",
}
_FILE_ORDER = "none"


class SettingsForm(Form[dict[str, Any]]):
    """Answers the fields of `Settings` that the form has, changed or not."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "keep", "Keep", show=False, priority=True),
    ]
    AUTO_FOCUS = "#theme"
    heading = "Settings"
    foot = "Tab: next   ^s: keep   Esc: leave them as they were"

    def __init__(self, chosen: Settings, refresh: float) -> None:
        """`refresh` is what the session says, in seconds."""
        super().__init__()
        self._refresh = refresh
        self.chosen = chosen
        self._before = self._tried = chosen.theme
        self._mistakes: dict[str, str] = {}

    # ------------------------------------------------------------------ what it shows

    def body(self) -> Iterable[Widget]:
        """One line for each setting."""
        yield VerticalScroll(*self._lines(), id="form", can_focus=False)
        yield Static(id="mistake")
        yield button_row(
            Keyed("Keep", "^s", id="keep", kind="-good"), Keyed("Cancel", "esc", id="cancel")
        )

    def _lines(self) -> Iterator[Widget]:
        chosen = self.chosen
        yield _line("Theme", _choice("theme", [(name, name) for name in names()], chosen.theme))
        presets = [(_PRESETS[preset], preset) for preset in get_args(Preset)]
        yield _line("Keys", _choice("keymap", presets, chosen.keymap))
        if chosen.keys:
            own = f"{len(chosen.keys)} of your own, in the file"
            yield _line("", Label(own, classes="form-note"))
        shown = f"{len(chosen.columns)} of {len(COLUMNS)}; {ACTIONS['columns'].key} chooses them"
        yield _line("Columns", Label(shown, classes="form-note"))
        orders = [("in the order of the worker file", _FILE_ORDER)]
        orders += [(f"by {COLUMN_TITLES[column]}", column) for column in COLUMNS]
        yield _line("List at start", _choice("sort", orders, chosen.sort or _FILE_ORDER))
        yield _line(
            "",
            Tick("as a tree", chosen.tree, compact=True, id="tree"),
            Tick("turned round", chosen.reverse, compact=True, id="reverse"),
        )
        refresh = "" if chosen.refresh is None else f"{chosen.refresh:g}"
        yield _line(
            "Refresh",
            Field(refresh, placeholder=f"{self._refresh:g} s (the session's)", id="refresh"),
        )
        boxes = [
            Tick(name, name in chosen.confirm, compact=True, id=f"confirm-{name}")
            for name in CONFIRMED
        ]
        yield _line("Ask before", *boxes[:3])
        yield _line("", *boxes[3:])
        leaving = [(_ON_QUIT[how], how) for how in get_args(OnQuit)]
        yield _line("On leaving", _choice("on_quit", leaving, chosen.on_quit))

    def on_mount(self) -> None:
        """Remembers what is shown now, and says where all this is kept."""
        self._before = self.app.theme
        self._check()

    # ------------------------------------------------------------------ what is chosen

    @property
    def answer(self) -> dict[str, Any]:
        """The fields as they are chosen now; those that are wrong are left out."""
        found: dict[str, Any] = {
            name: self.query_one(f"#{name}", Select).value
            for name in ("theme", "keymap", "on_quit")
        }
        sort = self.query_one("#sort", Select).value
        found["sort"] = None if sort == _FILE_ORDER else sort
        for name in ("tree", "reverse"):
            found[name] = self.query_one(f"#{name}", Checkbox).value
        found["reverse"] &= found["sort"] is not None
        found["confirm"] = tuple(
            name for name in CONFIRMED if self.query_one(f"#confirm-{name}", Checkbox).value
        )
        typed = self.query_one("#refresh", Input).value.strip()
        self._mistakes.pop("refresh", None)
        try:
            found["refresh"] = CHECKS["refresh"](_number(typed)) if typed else None
        except Wrong as wrong:
            self._mistakes["refresh"] = str(wrong)
        return found

    @on(Input.Changed)
    @on(Select.Changed)
    @on(Checkbox.Changed)
    def _check(self) -> None:
        answer = self.answer
        if answer["theme"] != self._tried:
            self._tried = self.app.theme = answer["theme"]
        self.query_one("#reverse", Checkbox).disabled = answer["sort"] is None
        self.query_one("#refresh").set_class("refresh" in self._mistakes, "-wrong")
        shown = self.query_one("#mistake", Static)
        wrong = self._mistakes.get("refresh")
        said = (
            f"Will be kept in {settings_of_a_person.path()}"
            if wrong is None
            else f"Refresh {wrong}"
        )
        shown.update(text.content(said))
        shown.set_class(wrong is not None, "-wrong")
        shown.set_class(wrong is None, "-quiet")

    # ------------------------------------------------------------------ leaving

    @on(Button.Pressed, "#keep")
    @on(Input.Submitted)
    def action_keep(self) -> None:
        """Answers, unless something is wrong."""
        answer = self.answer
        if self._mistakes:
            self.query_one("#refresh").focus()
            self.app.bell()
        else:
            self.dismiss(answer)

    @on(Button.Pressed, "#cancel")
    def action_leave(self) -> None:
        """Has the theme as it was."""
        self.app.theme = self._before
        self.dismiss(None)


def _line(label: str, *widgets: Widget) -> HorizontalGroup:
    return HorizontalGroup(Label(label, classes="form-label"), *widgets, classes="form-line")


def _choice(name: str, options: Iterable[tuple[str, str]], value: str) -> Select[str]:
    return Select(options, value=value, allow_blank=False, compact=True, id=name)


def _number(typed: str) -> float | str:
    try:
        return float(typed)
    except ValueError:
        return typed
