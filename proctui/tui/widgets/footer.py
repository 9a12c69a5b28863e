"""The last line: the keys that are needed most, dimmed where they do not apply.

One widget that draws one line.  Textual's own footer mounts a widget per key and
mounts them anew whenever one changes, which is too much for every move of a cursor.
"""

from __future__ import annotations

from collections.abc import Iterator

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from proctui.tui.actions import Action, Scene
from proctui.tui.offered import FOOTER_GAP, footer, footer_text, in_footer


class Footer(Widget):
    """Draws as many keys as fit; a click on one does what the key does."""

    class Wanted(Message):
        """An action was clicked."""

        def __init__(self, action: Action) -> None:
            super().__init__()
            self.action = action

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._scene = Scene()
        self._drawn: tuple[tuple[str, bool], ...] = ()
        self._places: list[tuple[int, int, Action]] = []

    def show(self, scene: Scene) -> None:
        """Dims what does not apply now."""
        self._scene = scene
        drawn = tuple((shown.footer, dim) for _, shown, dim in self._keys())
        if drawn != self._drawn:
            self._drawn = drawn
            self.refresh()

    def _keys(self) -> Iterator[tuple[int, Action, bool]]:
        """Cells, action and whether it is dimmed, of each that there is room for."""
        for action in footer(self.size.width - 2):
            shown = in_footer(action, self._scene)
            room = len(footer_text(action))  # what stands in has the same: nothing else moves
            if len(footer_text(shown)) > room:
                shown = action
            yield room, shown, shown.why_not(self._scene) is not None

    def render(self) -> Content:
        """Keys and labels, as many as there is room for."""
        pieces, self._places = [Content(" ")], []
        at = 1
        for room, action, dim in self._keys():
            style = "$footer-description-foreground 55%" if dim else "$footer-key-foreground bold"
            rest = "$footer-description-foreground 55%" if dim else "$footer-description-foreground"
            gap = " " * (room - len(footer_text(action)) + FOOTER_GAP)
            pieces.append(Content.assemble((action.key, style), " ", (action.footer, rest), gap))
            self._places.append((at, at + room, action))
            at += room + FOOTER_GAP
        return Content("").join(pieces)

    def on_click(self, event: events.Click) -> None:
        """Does what the key under the mouse does."""
        for start, end, action in self._places:
            if start <= event.x < end:
                self.post_message(self.Wanted(action))
                return
