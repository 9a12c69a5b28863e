"""One line: the session, how many workers, and loudly how many zombies and orphans."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip

from proctui.tui import text
from proctui.tui.widgets.palette import Painted, Palette
from proctui.tui.widgets.status_line import Counted, Piece, Press, Status, compose

__all__ = ["Counted", "Status", "StatusBar"]

_STYLES = (
    "program", "failed", "zombie", "orphan", "lost", "paused", "tags", "filter", "figure",
    "machine",
)  # fmt: skip


class StatusBar(Painted):
    """Shows a `Status`; its badges can be clicked."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"status-bar--{style}" for style in _STYLES}

    DEFAULT_CSS = """
    StatusBar {
        height: 1;
        background: $panel;
        color: $foreground;
        & > .status-bar--program { background: $primary; color: $text; text-style: bold; }
        & > .status-bar--failed { color: $text-error; }
        & > .status-bar--zombie { background: $error; color: $text; text-style: bold; }
        & > .status-bar--orphan { background: $warning; color: $text; text-style: bold; }
        & > .status-bar--lost { background: $error; color: $text; text-style: bold; }
        & > .status-bar--paused { background: $accent; color: $text; text-style: bold; }
        & > .status-bar--tags { background: $accent 25%; color: $text; }
        & > .status-bar--filter { background: $primary 35%; color: $text; }
        & > .status-bar--figure { color: $foreground; }
        & > .status-bar--machine { color: $text-muted; }
        &:ansi {
            & > .status-bar--zombie { background: ansi_red; color: ansi_bright_white; }
            & > .status-bar--lost { background: ansi_red; color: ansi_bright_white; }
            & > .status-bar--orphan { background: ansi_yellow; color: ansi_black; }
            & > .status-bar--paused { background: ansi_cyan; color: ansi_black; }
            & > .status-bar--filter { text-style: underline; }
            & > .status-bar--tags { text-style: underline; }
        }
        &:nocolor {
            & > .status-bar--program { text-style: bold; }
            & > .status-bar--zombie { text-style: bold reverse; }
            & > .status-bar--orphan { text-style: bold reverse; }
            & > .status-bar--lost { text-style: bold reverse; }
            & > .status-bar--paused { text-style: reverse; }
            & > .status-bar--filter { text-style: underline; }
            & > .status-bar--tags { text-style: underline; }
        }
    }
    """

    class Pressed(Message):
        """A badge or sign was clicked; `what` says which."""

        def __init__(self, what: Press) -> None:
            super().__init__()
            self.what = what

    class NextZombie(Message):
        """The zombies were clicked: the cursor should go to the next one."""

    class NextOrphan(Message):
        """The orphans were clicked."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """`clock` tells seconds since the epoch; tests bring their own."""
        super().__init__(name=name, id=id, classes=classes)
        self._clock = clock
        self._status = Status()
        self._pieces: list[Piece] = []
        self._palette = Palette(self, "status-bar")

    @property
    def status(self) -> Status:
        """What is shown."""
        return self._status

    @property
    def shown_text(self) -> str:
        """The line as text."""
        return "".join(piece.text for piece in self._pieces)

    def show(self, status: Status) -> None:
        """Shows another status; draws only if that changes a cell."""
        self._status = status
        self._compose_line()

    def tick(self) -> None:
        """Lets the ages of signs advance: to be called each second."""
        if self._status.paused_since is not None or self._status.lost_since is not None:
            self._compose_line()

    def on_resize(self, event: events.Resize) -> None:
        """Says it shorter or longer."""
        self._compose_line()

    def _compose_line(self) -> None:
        if not self.size.width:
            return  # it is composed when it is drawn first
        pieces = compose(self._status, self.size.width, self._clock())
        if pieces != self._pieces:
            self._pieces = pieces
            self.refresh(self.size.region)

    def render_line(self, y: int) -> Strip:
        """The line."""
        style = self._palette.style
        if not self._pieces:
            self._pieces = compose(self._status, self.size.width, self._clock())
        return Strip(
            [Segment(text.plain(piece.text), style(piece.style)) for piece in self._pieces]
        )

    def on_click(self, event: events.Click) -> None:
        """Says which badge was hit."""
        x = event.x
        for piece in self._pieces:
            width = text.cells(piece.text)
            if x < width:
                self._press(piece.press)
                return
            x -= width

    def _press(self, what: Press) -> None:
        if what == "zombie":
            self.post_message(self.NextZombie())
        elif what == "orphan":
            self.post_message(self.NextOrphan())
        elif what:
            self.post_message(self.Pressed(what))
