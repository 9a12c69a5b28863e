"""Which stretch of time somebody looks at: everything so far, what happens now, or a past.  Pure.

Times are seconds since the epoch.
"""

from __future__ import annotations

from proctui.views.timeline import Window, fitting

_WIDEST = 10.0
"""Seconds a cell that are shown unasked at most."""


class Looking:
    """A window of time, and whether it goes on with time."""

    def __init__(self) -> None:
        self.window = Window(0.0, 1.0, 1)
        """The stretch of time that is seen."""
        self.following = True
        """Whether the last cell is now."""
        self._fitted = True

    def place(self, width: int, now: float, began: float | None) -> None:
        """Lets time go by, or takes another width; `began` is when the first thing happened."""
        if self._fitted:
            self.window = fitting(now if began is None else began, now, width, widest=_WIDEST)
        elif self.following:
            self.window = Window(0.0, self.window.scale, width).ending(now)
        elif width != self.window.width:
            self.window = Window(self.window.start, self.window.scale, width)

    def at(self, window: Window, now: float) -> None:
        """Looks where a person wants to look; following goes on where that ends now."""
        self._fitted = False
        self.following = window.column(now) == window.width - 1
        self.window = window

    def zoom(self, steps: int, now: float, around: float | None) -> None:
        """Closer or further around a moment; around now while following, else the middle."""
        window = self.window
        if around is not None:
            self.at(window.zoomed(steps, around), now)
        elif self.following:
            self.at(window.zoomed(steps, now).ending(now), now)
        else:
            self.at(window.zoomed(steps, window.at(window.width // 2)), now)

    def pan(self, step: int, now: float) -> None:
        """Earlier or later by an eighth; not beyond now."""
        self.drag(self.window.panned(step * max(1, self.window.width // 8)), now)

    def drag(self, window: Window, now: float) -> None:
        """To a window that the mouse has moved; not beyond now."""
        self.at(min(window, window.ending(now), key=lambda one: one.start), now)

    def begin(self, began: float, now: float) -> None:
        """To where the first thing happened."""
        self.at(self.window.panned(self.window.column(began) - 1), now)

    def follow(self, now: float) -> None:
        """The last cell is now, from now on."""
        self.at(self.window.ending(now), now)

    def fit(self) -> None:
        """Everything so far, also later."""
        self._fitted = self.following = True

    def reveal(self, when: float, now: float) -> bool:
        """Goes where a moment is seen; False where it was seen already."""
        if self.shows(when):
            return False
        self.at(self.window.revealing(when), now)
        return True

    def shows(self, when: float) -> bool:
        """Whether a moment is seen."""
        return 0 <= self.window.column(when) < self.window.width
