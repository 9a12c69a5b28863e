"""Asks what to save and under which name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar, NamedTuple

from textual import on
from textual.widget import Widget
from textual.widgets import Input, Label, RadioSet, Static

from proctui.tui import text
from proctui.tui.exports import SUFFIXES, Kind, path_of
from proctui.tui.screens.dialog import Dialog, Keyed, button_row
from proctui.tui.widgets.field import Field
from proctui.tui.widgets.marks import Pick

_SAID: Mapping[Kind, str] = {
    "trace": "the history as a Chrome trace, for ui.perfetto.dev",
    "picture": "the picture on the screen as SVG",
}


class Export(NamedTuple):
    """What to save where."""

    kind: Kind
    file: str
    replace: bool
    """The file may be there already."""


class ExportDialog(Dialog[Export]):
    """Answers what was chosen; a file that exists must be confirmed with a second Enter."""

    DEFAULT_CSS: ClassVar[str] = """
    ExportDialog {
        #export-file {
            width: 1fr;
        }
        #export-note {
            height: auto;
            min-height: 1;
            color: $text-warning;
        }
    }
    """
    heading = "Export"
    foot = "Enter: save   Esc: cancel"

    def __init__(self, names: Mapping[Kind, str], kind: Kind = "trace") -> None:
        """`names` are the file names that are offered."""
        super().__init__()
        self._names = names
        self._kind = kind
        self._warned = ""

    def body(self) -> Iterable[Widget]:
        """What, where, and what is wrong with that."""
        yield RadioSet(
            *(Pick(_SAID[kind], kind == self._kind, id=f"export-{kind}") for kind in _SAID),
            compact=True,
        )
        yield Label("File; a name alone goes where proctui was started:")
        yield Field(self._names[self._kind], id="export-file")
        yield Static(id="export-note")
        yield button_row(
            Keyed("Save", "enter", id="export-save", kind="-good"),
            Keyed("Cancel", "esc", id="export-cancel"),
        )

    def on_mount(self) -> None:
        """The name can be typed at once."""
        self.query_one(Input).focus()

    @on(RadioSet.Changed)
    def _kind_chosen(self, message: RadioSet.Changed) -> None:
        before, self._kind = self._kind, tuple(_SAID)[message.index]
        field = self.query_one(Input)
        stem = field.value.removesuffix(SUFFIXES[before])
        field.value = stem + SUFFIXES[self._kind] if stem != field.value else field.value

    @on(Input.Changed)
    def _typed(self) -> None:
        self.query_one("#export-note", Static).update("")

    @on(Input.Submitted)
    @on(Keyed.Pressed, "#export-save")
    def _save(self) -> None:
        typed = self.query_one(Input).value
        path = path_of(typed)
        if not typed.strip() or path.is_dir():
            self._note("A file name is needed.")
        elif path.exists() and self._warned != typed:
            self._warned = typed
            self._note("This file exists: Enter again replaces it.")
        else:
            self.dismiss(Export(self._kind, typed, replace=self._warned == typed))

    @on(Keyed.Pressed, "#export-cancel")
    def _cancel(self) -> None:
        self.dismiss(None)

    def _note(self, said: str) -> None:
        self.query_one("#export-note", Static).update(text.content(said))
