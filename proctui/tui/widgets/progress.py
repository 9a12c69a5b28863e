"""One line over the buttons that shows how far long work is; not there while there is none."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget

from proctui.tui import text
from proctui.tui.work import Work, Works

_PERIOD = 0.1
_SHORT = 0.3
"""Seconds after which work counts as long: what is over before is not worth a line."""
_WIDEST = 40


class Progress(Widget):
    """Draws the newest work; a click gives it up."""

    def __init__(self, works: Works, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.works = works
        self.display = False
        self._look: Timer | None = None
        self._delay: Timer | None = None

    def on_mount(self) -> None:
        """Listens from now on."""
        self._look = self.set_interval(_PERIOD, self.refresh, pause=True)
        self.works.listener = self._changed

    def on_unmount(self) -> None:
        """And no more."""
        if self.works.listener == self._changed:
            self.works.listener = _nobody

    def _changed(self) -> None:
        if self.works.newest is None:
            self._end()
        elif self._delay is None:
            self._delay = self.set_timer(_SHORT, self._begin)
        self.refresh()

    def _begin(self) -> None:
        if self.works.newest is not None and self._look is not None:
            self.display = True
            self._look.resume()

    def _end(self) -> None:
        self.display = False
        for timer in (self._look, self._delay):
            if timer is self._delay and timer is not None:
                timer.stop()
            elif timer is not None:
                timer.pause()
        self._delay = None

    def render(self) -> Content:
        """How far it is, in words and as a bar, and how to give it up."""
        work = self.works.newest
        return Content() if work is None else drawn(work, self.size.width)

    def on_click(self, event: events.Click) -> None:
        """Gives it up."""
        event.stop()
        self.works.give_up()


def _nobody() -> None:
    """Nobody listens."""


def drawn(work: Work, width: int) -> Content:
    """The line for a work in so many cells."""
    done = work.done
    said = f" {work.title} {done} of {work.total} "
    rest = " giving up… " if work.given_up else " Esc: give up "
    room = min(width - text.cells(said) - text.cells(rest), _WIDEST)
    full = room * done // max(work.total, 1)
    bar = (text.plain("━" * full), text.plain("─" * (room - full))) if room > 0 else ("", "")
    return Content.assemble(
        (said, "bold"), (bar[0], "$success"), (bar[1], "$foreground 35%"), (rest, "$text-muted")
    )
