"""The last line: the keys that are needed most, dimmed where they do not apply.

One widget that draws one line.  Textual's own footer mounts a widget per key and
mounts them anew whenever one changes, which is too much for every move of a cursor.
"""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from proctui.tui.actions import Action, Scene
from proctui.tui.offered import FOOTER_GAP, footer, footer_text


class Footer(Widget):
    """Draws as many keys as fit; a click on one does what the key does."""

    class Wanted(Message):
        """An action was clicked."""

        def __init__(self, action: Action) -> None:
            super().__init__()
            self.action = action

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._dimmed: frozenset[str] = frozenset()
        self._places: list[tuple[int, int, Action]] = []

    def show(self, scene: Scene) -> None:
        """Dims what does not apply now."""
        shown = footer(self.size.width - 2)
        dimmed = frozenset(action.id for action in shown if action.why_not(scene) is not None)
        if dimmed != self._dimmed:
            self._dimmed = dimmed
            self.refresh()

    def render(self) -> Content:
        """Keys and labels, as many as there is room for."""
        pieces, self._places = [Content(" ")], []
        at = 1
        for action in footer(self.size.width - 2):
            key, label = action.key, action.footer
            size = len(footer_text(action))
            dim = action.id in self._dimmed
            style = "$footer-description-foreground 55%" if dim else "$footer-key-foreground bold"
            rest = "$footer-description-foreground 55%" if dim else "$footer-description-foreground"
            pieces.append(Content.assemble((key, style), " ", (label, rest), " " * FOOTER_GAP))
            self._places.append((at, at + size, action))
            at += size + FOOTER_GAP
        return Content("").join(pieces)

    def on_click(self, event: events.Click) -> None:
        """Does what the key under the mouse does."""
        for start, end, action in self._places:
            if start <= event.x < end:
                self.post_message(self.Wanted(action))
                return
