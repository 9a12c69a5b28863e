"""Boxes to tick that can be told apart without colour.

Textual's own draw the same sign whether they are on or off, in another colour.
"""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Checkbox, RadioButton

from proctui.tui import text

_OFF = "·"


class Tick(Checkbox):
    """A check box with a cross or a dot."""

    def render(self) -> Content:
        """The box and its label."""
        self.BUTTON_INNER = Checkbox.BUTTON_INNER if self.value else text.plain(_OFF)
        return super().render()


class Pick(RadioButton):
    """A radio button with a bullet, or a dot while another is chosen."""

    def render(self) -> Content:
        """The button and its label."""
        self.BUTTON_INNER = RadioButton.BUTTON_INNER if self.value else text.plain(_OFF)
        return super().render()
