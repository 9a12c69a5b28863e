"""A screen that goes on under dialogs."""

from __future__ import annotations

from textual.screen import Screen


class Beneath(Screen[None]):
    """While a dialog lies over it, only what has changed is painted.

    Textual has all of it painted at its next frame then, dialog included: thirty kilobytes each
    second, which a slow line is busy with all the time.
    """

    veiled = False
    """Nothing is painted yet: all of it is about to be placed anew."""

    def _compositor_refresh(self) -> None:
        if self.veiled:
            return
        super()._compositor_refresh()
        if self is not self.app.screen:
            self._repaint_required = False
