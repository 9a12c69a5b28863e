"""Which part of a long list is shown, and where its cursor stands.  Pure.

The offset is the widget's own: a virtual size would cost a layout with each change.
"""

from __future__ import annotations

import msgspec


class Viewport(msgspec.Struct):
    """Lines `top` to `top + height` of `count`, and a cursor that need not be among them."""

    count: int = 0
    height: int = 0
    top: int = 0
    cursor: int = -1
    """-1 where there are no rows."""

    @property
    def furthest(self) -> int:
        """Greatest `top`."""
        return max(0, self.count - self.height)

    @property
    def shows_cursor(self) -> bool:
        """Whether the cursor is on the screen."""
        return self.top <= self.cursor < self.top + self.height

    def scroll_to(self, top: int) -> None:
        """Moves the view and leaves the cursor where it is."""
        self.top = max(0, min(top, self.furthest))

    def move_to(self, index: int) -> None:
        """Puts the cursor on a row and brings it into view."""
        self.cursor = max(0, min(index, self.count - 1)) if self.count else -1
        self.reveal()

    def reveal(self) -> None:
        """Scrolls as little as possible for the cursor to be seen."""
        if self.cursor >= 0 and self.height > 0:
            self.top = min(self.top, self.cursor)
            self.top = max(self.top, self.cursor - self.height + 1)
        self.scroll_to(self.top)

    def resize(self, height: int) -> None:
        """Takes another height; a cursor that was in view stays in view."""
        seen = self.shows_cursor or self.height <= 0
        self.height = height
        if seen:
            self.reveal()
        else:
            self.scroll_to(self.top)

    def replace(self, count: int, cursor: int, top: int | None) -> None:
        """Takes another list in which the cursor's row stands at `cursor`.

        A cursor in view stays on its line of the screen, except at the start of the list,
        which stays the start.  A cursor out of view stays out of it: `top` is where the row
        stands now that was the first on the screen, None where that is not known.
        """
        seen, line, at_start = self.shows_cursor, self.cursor - self.top, self.top == 0
        self.count = count
        self.cursor = cursor
        if at_start and (seen or self.cursor < 0):
            self.reveal()
        elif seen:
            self.scroll_to(cursor - line)
            self.reveal()
        elif at_start or top is None:
            self.scroll_to(self.top)
        else:
            self.scroll_to(top)
