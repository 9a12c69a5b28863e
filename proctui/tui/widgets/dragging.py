"""What the mouse holds in the timeline: the thumb of its scroll bar, or the lifelines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.widget import Widget

from proctui.tui.widgets import scrollbar
from proctui.tui.widgets import timeline_lines as lines
from proctui.tui.widgets.viewport import Viewport
from proctui.views.timeline import Window

HEADER = 1
"""Lines above the first lifeline."""
_LEFT_BUTTON = 1


class Dragging(Widget):
    """A button that goes down on the bar or on the lifelines holds them until it comes up."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.view = Viewport()
        """Which part of the list is shown."""
        self.was_dragged = False
        """Something was moved since the button went down: that is no click."""
        self._grip: int | None = None
        self._held: tuple[int, Window] | None = None

    if TYPE_CHECKING:  # what the widget itself has

        @property
        def window(self) -> Window:
            """The stretch of time that is seen."""

        def dragged(self, window: Window) -> None:
            """The mouse wants this stretch of time to be seen."""

        def scroll_rows_to(self, top: int) -> None:
            """The mouse wants the list to be seen from this row on."""

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Takes hold."""
        line, view, width = event.y - HEADER, self.view, self.size.width
        self.was_dragged = False
        if event.button != _LEFT_BUTTON or not 0 <= line < view.height:
            return
        if view.furthest > 0 and event.x >= width - lines.BAR:
            covered = scrollbar.thumb(view.count, view.height, view.top)
            self._grip = line - covered.start if line in covered else len(covered) // 2
            self._drag_bar(line)
        elif lines.first_column(width) <= event.x:
            self._held = event.x, self.window
        else:
            return
        self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drags what is held: the list up and down, or time to and fro."""
        if self._grip is not None:
            self._drag_bar(event.y - HEADER)
        elif self._held is not None:
            began, window = self._held
            self.was_dragged |= event.x != began
            if self.was_dragged:
                self.dragged(window.panned(began - event.x))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Lets go."""
        if self._grip is not None or self._held is not None:
            self._grip = self._held = None
            self.release_mouse()

    def _drag_bar(self, line: int) -> None:
        self.was_dragged = True
        view = self.view
        self.scroll_rows_to(scrollbar.top_for(line, self._grip or 0, view.count, view.height))
