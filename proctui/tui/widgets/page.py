"""A page of lines made of styled pieces, scrolled by an offset of its own.

Like the table it draws only lines that changed, and a change of its length costs no
layout: a `Static` would lay the whole screen out at each move of the cursor.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.strip import Strip

from proctui.tui import text
from proctui.tui.widgets import scrollbar
from proctui.tui.widgets.palette import Painted, Palette

_WHEEL = 2


class Span(NamedTuple):
    """Text of the program or made safe already, and the component class that colours it."""

    text: str
    style: str = ""


Line = tuple[Span, ...]


class Page(Painted, can_focus=True):
    """Shows lines; a subclass makes them and gives `prefix` and its component classes."""

    prefix: ClassVar[str] = "page"
    fixed: ClassVar[int] = 0
    """Lines at the top that stay when the rest is scrolled."""
    COMPONENT_CLASSES: ClassVar[set[str]] = {"page--thumb"}

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False, id="move_up"),
        Binding("down", "move(1)", "Down", show=False, id="move_down"),
        Binding("pageup", "move_page(-1)", "Page up", show=False, id="move_page_up"),
        Binding("pagedown", "move_page(1)", "Page down", show=False, id="move_page_down"),
        Binding("home,g", "move_to(0)", "First line", show=False, id="move_first"),
        Binding("end,G", "move_to(1000000)", "Last line", show=False, id="move_last"),
    ]

    def __init__(
        self, *, name: str | None = None, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._lines: list[Line] = []
        self._offset = 0
        self._palette = Palette(self, self.prefix, ("rule", "thumb"))

    @property
    def lines(self) -> list[str]:
        """What the page says, as text."""
        return ["".join(span.text for span in line) for line in self._lines]

    def set_lines(self, lines: list[Line]) -> None:
        """Shows other lines; draws only those that differ."""
        before, self._lines = self._lines, lines
        if len(before) != len(lines):
            self._offset = min(self._offset, self._furthest)
            self.refresh(self.size.region)
            return
        width = self.size.width
        changed = [
            Region(0, y, width, 1)
            for y in range(self.size.height)
            if (index := self._at(y)) < len(lines) and before[index] != lines[index]
        ]
        if changed:
            self.refresh(*changed)

    def _at(self, y: int) -> int:
        """Which line stands there."""
        return y if y < self.fixed else y + self._offset

    def render_line(self, y: int) -> Strip:
        """One line."""
        width, style = self.size.width, self._palette.style
        index = self._at(y)
        spans = self._lines[index] if index < len(self._lines) else ()
        segments = [Segment(text.plain(span.text), style(span.style)) for span in spans]
        strip = Strip(segments).adjust_cell_length(max(0, width - 1), style())
        thumb = scrollbar.cell(y, len(self._lines), self.size.height, self._offset) == "thumb"
        bar = Segment(text.plain("▐") if thumb else " ", style("thumb"))
        return Strip([*strip, bar], width)

    @property
    def _furthest(self) -> int:
        return max(0, len(self._lines) - self.size.height)

    def action_move(self, step: int) -> None:
        """Scrolls by lines."""
        self.action_move_to(self._offset + step)

    def action_move_page(self, step: int) -> None:
        """Scrolls by screenfuls."""
        self.action_move_to(self._offset + step * max(1, self.size.height - 1))

    def action_move_to(self, line: int) -> None:
        """Scrolls to a line."""
        offset = max(0, min(line, self._furthest))
        if offset != self._offset:
            self._offset = offset
            self.refresh(self.size.region)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scrolls."""
        event.stop()
        self.action_move(_WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scrolls."""
        event.stop()
        self.action_move(-_WHEEL)

    def on_resize(self, event: events.Resize) -> None:
        """Makes the lines anew for another width."""
        self.lay_out()
        self.action_move_to(self._offset)

    def lay_out(self) -> None:
        """Called when the width changes: makes the lines and hands them to `set_lines`."""
