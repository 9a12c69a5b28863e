"""Widgets that are styled when they are there."""

from __future__ import annotations

from textual.widget import Widget


class StyledWhenThere(Widget):
    """Textual applies the style sheet with each class that a widget gets, also while it is made.

    Stands behind the widget's own kind, whose style sheet is the first base's.
    """

    def update_node_styles(self, animate: bool = True) -> None:
        """As Textual's, once it is part of a screen, which gives it its first styles."""
        if self.is_attached:
            super().update_node_styles(animate)
