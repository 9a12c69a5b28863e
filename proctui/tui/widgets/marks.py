"""Boxes to tick that can be told apart without colour.

Textual's own draw the same sign whether they are on or off, in another colour.
"""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Checkbox, RadioButton


class Tick(Checkbox):
    """A check box that is empty while it is off."""

    def render(self) -> Content:
        """The box and its label."""
        self.BUTTON_INNER = Checkbox.BUTTON_INNER if self.value else " "
        return super().render()


class Pick(RadioButton):
    """A radio button that is empty while another is chosen."""

    def render(self) -> Content:
        """The button and its label."""
        self.BUTTON_INNER = RadioButton.BUTTON_INNER if self.value else " "
        return super().render()
