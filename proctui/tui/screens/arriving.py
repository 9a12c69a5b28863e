"""A screen that comes at once as it is to be seen: each widget styled once, no frame in between."""

from __future__ import annotations

from textual import events
from textual.geometry import Size

from proctui.tui.screens.beneath import Beneath


class Arriving(Beneath):
    """Nothing of it is painted before `unveil`, which is for when its parts have their room."""

    def __init__(self) -> None:
        super().__init__()
        self.veiled = True
        self.arrived = False
        """Whether it was in front before: what it comes back from may have changed things."""

    def fit(self, size: Size) -> None:
        """Takes the form for a terminal of this size before it is there.

        Textual does it with the first resize, and styles everything anew then.
        """
        sides = (size.width, self.HORIZONTAL_BREAKPOINTS), (size.height, self.VERTICAL_BREAKPOINTS)
        for length, breakpoints in sides:
            fits = max(one for one in breakpoints or () if one[0] <= length)[1]
            self.add_class(fits, update=False)

    def unveil(self) -> None:
        """Has all of it painted from now on; harmless when repeated."""
        if self.veiled:
            self.veiled = False
            self.refresh(repaint=False, layout=True)

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """The first comes with the screen itself: every widget has just got its styles.

        Textual calls this after the handler of the same name of a subclass.
        """
        if not self.arrived:
            event.refresh_styles = False
        self.arrived = True
