"""The line that names the views and says which one is shown; a click goes to another."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from proctui.tui.actions import ACTIONS, Action

_PREFIX = "view_"


class ViewBar(Widget):
    """One line of tabs.  Which views there are the table of actions says (``view_…``)."""

    ALLOW_SELECT = False
    DEFAULT_CSS: ClassVar[str] = """
    ViewBar {
        height: 1;
        background: $background;
    }
    """

    class Wanted(Message):
        """A view was clicked."""

        def __init__(self, action: Action) -> None:
            super().__init__()
            self.action = action

    def __init__(self, current: str, *, id: str | None = None) -> None:
        """`current` is the id of the action whose view is shown."""
        super().__init__(id=id)
        self._current = current
        self._places: list[tuple[int, int, Action]] = []

    def show(self, current: str) -> None:
        """Another view is shown."""
        self._current = current
        self.refresh()

    def render(self) -> Content:
        """Title and key of each, the one that is shown marked by more than colour."""
        pieces, self._places, at = [Content("")], [], 0
        for action in ACTIONS.values():
            if not action.id.startswith(_PREFIX):
                continue
            key = action.key
            shown = action.id == self._current
            style = "bold underline $text-primary" if shown else "$text-muted"
            pieces.append(
                Content.assemble(" ", (key, "$text-accent bold"), " ", (action.title, style), "  ")
            )
            size = len(key) + len(action.title) + 4
            self._places.append((at, at + size, action))
            at += size
        return Content("").join(pieces)

    def on_click(self, event: events.Click) -> None:
        """Asks for the view under the mouse."""
        for start, end, action in self._places:
            if start <= event.x < end:
                self.post_message(self.Wanted(action))
                return
