"""Asks under which name to save something."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar, NamedTuple

from textual import on
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from proctui.tui import text
from proctui.tui.exports import path_of
from proctui.tui.screens.dialog import Dialog, Keyed, button_row
from proctui.tui.widgets.field import Field


class Place(NamedTuple):
    """Where to save."""

    path: Path
    exists: bool
    """It was there already, and that was confirmed."""


class SaveAs(Dialog[Place]):
    """Answers the file; one that exists must be confirmed with a second Enter."""

    DEFAULT_CSS: ClassVar[str] = """
    SaveAs {
        #save-file {
            width: 1fr;
        }
        #save-note {
            height: auto;
            min-height: 1;
            color: $text-warning;
        }
    }
    """
    AUTO_FOCUS = "#save-file"
    foot = "Enter: save   Esc: cancel"

    def __init__(self, heading: str, name: str, existing: str = "replaces it") -> None:
        """`name` is offered; `existing` says what Enter does to a file that is there."""
        super().__init__()
        self.heading = heading
        self._offered = name
        self._existing = existing
        self._warned: Path | None = None

    def body(self) -> Iterable[Widget]:
        """Where, and what is wrong with that."""
        yield Label("File; a name alone goes where proctui was started:")
        yield Field(self._offered, select_on_focus=False, id="save-file")
        yield Static(id="save-note")
        yield button_row(
            Keyed("Save", "enter", id="save", kind="-good"), Keyed("Cancel", "esc", id="cancel")
        )

    @on(Input.Changed)
    def _typed(self) -> None:
        self._warned = None
        self._note("")

    @on(Input.Submitted)
    @on(Keyed.Pressed, "#save")
    def _save(self) -> None:
        typed = self.query_one(Input).value
        path = path_of(typed)
        if not typed.strip() or path.is_dir():
            self._note("A file name is needed.")
        elif path.exists() and self._warned != path:
            self._warned = path
            self._note(f"This file exists: Enter again {self._existing}.")
        else:
            self.dismiss(Place(path, exists=self._warned == path))

    @on(Keyed.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)

    def _note(self, said: str) -> None:
        self.query_one("#save-note", Static).update(text.content(said))
