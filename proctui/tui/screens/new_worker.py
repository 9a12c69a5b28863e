"""The form for a new worker, checked as one types."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import ClassVar, Literal, get_args

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import HorizontalGroup, VerticalScroll
from textual.widget import Widget
from textual.widgets import Button, Checkbox, Input, Label, Select, Static

from proctui.files.mistakes import ConfigError
from proctui.spec import ReapPolicy, RestartPolicy, StartMethod, WorkerSpec
from proctui.tui import text
from proctui.tui.screens.dialog import Form, Keyed, button_row
from proctui.tui.widgets.field import Field
from proctui.tui.widgets.marks import Tick
from proctui.tui.worker_form import ONLY_OF_TARGETS, Checked, Entry, Kind, check, entry_like

_USUAL = WorkerSpec(id="usual")
_TEXTS = {
    "what": ("Target", "e.g. tasks:run, tasks.py:Run"),
    "args": ("Arguments", "e.g. 'egon', 3"),
    "kwargs": ("Keywords", "e.g. name='egon', times=3"),
    "id": ("Worker", "made from what it runs"),
    "name": ("Name", "Process.name, if not the worker's"),
    "count": ("Count", "usually 1"),
    "cwd": ("Folder", ""),
    "env": ("Environment", "e.g. NAME=value OTHER='a b'"),
    "python": ("Python", "another, e.g. .venv/bin/python"),
    "import_root": ("Imports from", ""),
    "stop_signal": ("Stop signal", f"usually {_USUAL.stop_signal}"),
    "stop_timeout": ("Grace period", f"usually {_USUAL.stop_timeout:g} seconds, then SIGKILL"),
    "join_timeout": ("Join timeout", "seconds; for ever where empty"),
    "max_restarts": ("Most restarts", f"usually {_USUAL.max_restarts} within the window"),
    "restart_window": ("Restart window", f"usually {_USUAL.restart_window:g} seconds"),
    "backoff": ("Restart after", f"usually {_USUAL.backoff:g} seconds, doubled each time"),
    "backoff_max": ("Longest pause", f"usually {_USUAL.backoff_max:g} seconds"),
}
_MAIN = 9
"""So many of them stand over the choices and are there at once; the others follow a moment later:
all in one go would let a person wait for the first field."""
_CHOICES = {
    "start_method": ("Start method", get_args(StartMethod)),
    "reap": ("Joined by", get_args(ReapPolicy)),
    "restart": ("Restart", get_args(RestartPolicy)),
}
_COMMAND_HINT = "e.g. python -m http.server 8000"
_SCRATCH = ""
"""Stands for no worker in the list of those to begin from."""


class NewWorker(Form[tuple[WorkerSpec, ...] | Literal["lesson"]]):
    """Answers the specifications of the workers to add, or that it shall be a lesson instead."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "start", "Start", show=False, priority=True),
        Binding("ctrl+o", "save", "Save", show=False, priority=True),
        Binding("ctrl+l", "lesson", "Lesson", show=False, priority=True),
    ]
    AUTO_FOCUS = "#what"
    heading = "New worker"
    foot = "Tab: next field   ^s: start   Esc: cancel"

    def __init__(
        self,
        taken: Collection[str],
        folder: Path,
        existing: Sequence[WorkerSpec] = (),
        like: str = _SCRATCH,
    ) -> None:
        """`existing` are workers to begin from, `like` the id of the one that is filled in."""
        super().__init__()
        self.taken = taken
        self.folder = folder
        self.existing = {spec.id: spec for spec in existing}
        self.like = like if like in self.existing else _SCRATCH
        self.checked = Checked()
        self._filled = self._like()
        self._whole = False
        self._begun = False
        """What it runs was left or asked for: only then it is a mistake that it is missing."""

    def body(self) -> Iterable[Widget]:
        """One line for each key of a worker file."""
        kinds: list[tuple[str, Kind]] = [
            ("callable or Process subclass", "target"),
            ("Command line", "command"),
        ]
        rows: list[Widget] = [
            _line(
                "Runs",
                Select(kinds, value=self._filled.kind, allow_blank=False, compact=True, id="kind"),
            )
        ]
        if self.existing:
            rows.insert(0, _line("Begin from", self._models()))
        rows += [self._text_line(key) for key in list(_TEXTS)[:_MAIN]]
        form = VerticalScroll(*rows, id="form", can_focus=False)
        form.styles.height = len(rows) + len(list(self._lower()))  # nothing moves as it comes
        yield form
        yield Static(id="mistake")
        yield button_row(
            Keyed("Lesson", "^l", id="lesson", tip="Choose a scenario of multiprocessing instead."),
            Keyed("Save", "^o", id="save-to-file", tip="Add it to a worker file."),
            Keyed("Start", "^s", id="start", kind="-good"),
            Keyed("Cancel", "esc", id="cancel"),
        )

    def _lower(self) -> Iterable[Widget]:
        """The choices, and the texts that are seldom needed."""
        chosen = self._filled.choices
        for key, (label, options) in _CHOICES.items():
            several = [(option, option) for option in options]
            value = str(chosen[key])
            yield _line(
                label, Select(several, value=value, allow_blank=False, compact=True, id=key)
            )
        yield _line(
            "",
            Tick("daemonic", value=bool(chosen.get("daemon")), compact=True, id="daemon"),
            Tick("start at once", value=bool(chosen["autostart"]), compact=True, id="autostart"),
        )
        for key in list(_TEXTS)[_MAIN:]:
            yield self._text_line(key)

    def _text_line(self, key: str) -> Widget:
        label, hint = _TEXTS[key]
        hint = hint or f"usually {_end_of(str(self.folder))}"  # where paths and imports begin
        value = self._filled.texts.get(key, "")
        return _line(label, Field(value, placeholder=hint, id=key))

    def _models(self) -> Select[str]:
        known = [(text.safe(name), name) for name in self.existing]
        return Select(
            [("nothing", _SCRATCH), *known],
            value=self.like, allow_blank=False, compact=True, id="like",
        )  # fmt: skip

    def on_mount(self) -> None:
        """Checks what is filled in so far, so that it says what is needed."""
        self._check()
        self.call_after_refresh(self._complete)

    async def _complete(self) -> None:
        """Adds the lower half once the upper can be seen, and typed into."""
        if self in self.app.screen_stack:
            await self.query_one("#form").mount_all(self._lower())
        if self in self.app.screen_stack:  # else it was closed meanwhile, and falls apart
            self._whole = True
            self._check()

    @on(Select.Changed, "#like")
    def _model_chosen(self, message: Select.Changed) -> None:
        chosen = str(message.value)
        if chosen != self.like:
            self.like = chosen
            self._fill()

    def _like(self) -> Entry:
        """Everything as the worker to begin from has it, its name changed; empty for none."""
        spec = self.existing.get(self.like)
        if spec is not None:
            return entry_like(spec, self.taken, self.folder)
        return Entry("target", {}, {key: getattr(_USUAL, key) for key in (*_CHOICES, "autostart")})

    def _fill(self) -> None:
        entry = self._filled = self._like()
        self.query_one("#kind", Select).value = entry.kind
        for key in self._texts:
            self.query_one(f"#{key}", Input).value = entry.texts.get(key, "")
        if self._whole:
            for key in _CHOICES:
                self.query_one(f"#{key}", Select).value = entry.choices[key]
            for key in ("daemon", "autostart"):
                self.query_one(f"#{key}", Checkbox).value = bool(entry.choices.get(key))

    @property
    def _texts(self) -> Sequence[str]:
        """The text fields that are there."""
        return list(_TEXTS)[: None if self._whole else _MAIN]

    def _entry(self) -> Entry:
        texts = {key: self.query_one(f"#{key}", Input).value for key in self._texts}
        kind = self.query_one("#kind", Select).value
        return Entry(
            kind="command" if kind == "command" else "target",
            texts={**self._filled.texts, **texts},
            choices=self._chosen() if self._whole else self._filled.choices,
        )

    def _chosen(self) -> dict[str, str | bool]:
        chosen: dict[str, str | bool] = {
            key: str(self.query_one(f"#{key}", Select).value) for key in _CHOICES
        }
        chosen["autostart"] = self.query_one("#autostart", Checkbox).value
        if self.query_one("#daemon", Checkbox).value:  # else a subclass keeps its own
            chosen["daemon"] = True
        return chosen

    @on(Input.Changed)
    @on(Select.Changed)
    @on(Checkbox.Changed)
    def _check(self) -> None:
        entry = self._entry()
        is_command = entry.kind == "command"
        for field in self.query(", ".join(f"#{key}" for key in ONLY_OF_TARGETS)):
            field.disabled = is_command
            if isinstance(field.parent, HorizontalGroup):
                field.parent.display = not is_command  # the form stays as high as it is
        what = self.query_one("#what", Input)
        self.query_one("#label-what", Label).update("Command" if is_command else "Target")
        what.placeholder = _COMMAND_HINT if is_command else _TEXTS["what"][1]
        self.checked = check(entry, self.taken, self.folder)
        for key in self._texts:
            wrong = key in self.checked.mistakes and (key != "what" or bool(what.value))
            self.query_one(f"#{key}").set_class(wrong, "-wrong")
        self._tell()

    def _tell(self) -> None:
        shown = self.query_one("#mistake", Static)
        mistakes, specs = self.checked.mistakes, self.checked.specs
        wrong = bool(mistakes) and (self._begun or bool(self._entry().texts["what"].strip()))
        if wrong:
            key, message = next(iter(mistakes.items()))
            said = f"{self._label(key)} {message}"
        elif mistakes:
            said = f"{self._label('what')} is all that is needed."
        else:
            said = f"Ready: {specs[0].id}" + (f" … {specs[-1].id}" if len(specs) > 1 else "")
        shown.update(text.content(said))
        shown.set_class(wrong, "-wrong")
        shown.set_class(not specs, "-quiet")

    def _label(self, key: str) -> str:
        if key == "what" and self._entry().kind == "command":
            return "Command"
        return _TEXTS[key][0] if key in _TEXTS else key

    @on(Input.Blurred, "#what")
    def _what_left(self) -> None:
        self._begin()

    def _begin(self) -> None:
        """From now on it is said what is missing."""
        self._begun = True
        self._check()

    @on(Button.Pressed, "#save-to-file")
    def action_save(self) -> None:
        """Adds it to a worker file, unless something is wrong; the form stays."""
        self.after_typing(self._save_if_right)

    def _save_if_right(self) -> None:
        self._begin()
        if self.checked.specs:
            self.run_worker(self._save(self.checked.specs))
        else:
            self.app.bell()

    async def _save(self, specs: tuple[WorkerSpec, ...]) -> None:
        from proctui.files.writing import NotWritable, add_to_file
        from proctui.tui.screens.save_as import SaveAs

        name = str(self.folder / "proctui.toml")
        place = await self.app.push_screen_wait(SaveAs("Save to a worker file", name, "adds to it"))
        if place is None:
            return
        try:
            add_to_file(place.path, specs)
        except (ConfigError, NotWritable) as error:
            self.notify(text.safe(f"{error}."), severity="error", markup=False)
        else:
            self.notify(text.safe(f"Saved in {place.path}."), markup=False)

    @on(Button.Pressed, "#start")
    @on(Input.Submitted)
    def action_start(self) -> None:
        """Starts it, unless something is wrong."""
        self.after_typing(self._start_if_right)

    def _start_if_right(self) -> None:
        self._begin()
        if self.checked.specs:
            self._answer(self.checked.specs)
        else:
            self.app.bell()

    @on(Button.Pressed, "#lesson")
    def action_lesson(self) -> None:
        """Leaves the form for the lessons."""
        self._answer("lesson")

    @on(Button.Pressed, "#cancel")
    def action_leave(self) -> None:
        """Leaves without a choice."""
        self._answer(None)

    def _answer(self, answer: tuple[WorkerSpec, ...] | Literal["lesson"] | None) -> None:
        """Closes the form, but not while its lower half comes: half made it would fall apart."""

        def close() -> None:
            self.dismiss(answer)

        self.call_later(close)


def _end_of(path: str) -> str:
    """As much of it as a narrow form has room for."""
    return path if len(path) <= _PATH else text.ellipsis() + path[-_PATH:]


_PATH = 22
"""Characters."""


def _line(label: str, *fields: Widget) -> HorizontalGroup:
    shown = Label(label, classes="form-label", id=f"label-{fields[0].id}")
    return HorizontalGroup(shown, *fields, classes="form-line")
