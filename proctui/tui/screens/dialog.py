"""What all dialogs have in common: a titled box in the middle, escape leaves it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import HorizontalGroup, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button

from proctui.tui import text

Result = TypeVar("Result")


class Dialog(ModalScreen[Result | None], Generic[Result]):
    """Answers None when it is left without a choice."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+q", "leave", "Cancel", show=False),
    ]

    VERTICAL_BREAKPOINTS = [(0, "-short"), (18, "-low"), (30, "-tall")]  # noqa: RUF012

    heading = ""
    """Title of the box; untrusted text may stand in it."""
    foot = ""
    """A few words in the lower edge: the keys."""

    def body(self) -> Iterable[Widget]:
        """What stands in the box; a dialog without more has its title and foot only."""
        return ()

    def compose(self) -> ComposeResult:
        """The box around the body."""
        self._measure()
        box = Vertical(*self.body(), classes="dialog")
        box.border_title = text.content(self.heading)
        box.border_subtitle = text.content(self.foot)
        yield box

    def _measure(self) -> None:
        """Knows its size class from the start: learning it later styles every widget once more."""
        fit = [name for least, name in self.VERTICAL_BREAKPOINTS if self.app.size.height >= least]
        self.add_class(*fit[-1:], update=False)

    async def on_click(self, event: events.Click) -> None:
        """A click beside the box leaves too."""
        if event.widget is self:
            await self.run_action("leave")

    def after_typing(self, deed: Callable[[], None]) -> None:
        """Does something once the focused field has taken every key that came before.

        Keys that are text wait in the field's queue, those that are commands don't: what is typed
        ahead, as over a slow line, would be done with half of the text.
        """
        if self.focused is None:
            deed()
        else:
            self.focused.call_later(deed)

    def action_leave(self) -> None:
        """Leaves without a choice."""
        self.dismiss(None)


class Form(Dialog[Result], Generic[Result]):
    """A dialog with lines in ``#form``, perhaps more than there is room for: its title says so."""

    def on_mount(self) -> None:
        """Watches how far it is scrolled, and how long it is."""
        form = self.query_one("#form")
        for what in ("scroll_y", "virtual_size"):
            self.watch(form, what, self._say_what_is_below, init=False)

    def on_resize(self) -> None:
        """There may be more room, or less."""
        self.call_after_refresh(self._say_what_is_below)

    def _say_what_is_below(self) -> None:
        form, box = self.query_one("#form"), self.query_one(".dialog")
        below = form.max_scroll_y > round(form.scroll_offset.y)
        box.border_title = text.content(f"{self.heading}: more below" if below else self.heading)


class Keyed(Button):
    """A button that shows its key."""

    def __init__(self, label: str, key: str, *, id: str, kind: str = "", tip: str = "") -> None:
        shown = Content.assemble(label, "  ", (key, "bold"))
        super().__init__(shown, id=id, compact=True, classes=kind, tooltip=tip or None)


def button_row(*buttons: Button) -> HorizontalGroup:
    """Buttons beside each other at the foot of a box."""
    return HorizontalGroup(*buttons, classes="dialog-buttons")
