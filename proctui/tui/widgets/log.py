"""The output of one worker, following its log file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.timer import Timer

from proctui.sessions.follow import Follower
from proctui.tui import text
from proctui.tui.keynames import key_name
from proctui.tui.log_taking import clipboard_text
from proctui.tui.loglines import LogLines, spans
from proctui.tui.widgets.line_view import LineView

KEPT = 5000
"""Lines that are held in memory and can be scrolled back to."""
_PERIOD = 0.15
"""Seconds between two looks at the file while it is in sight."""
_FAST = 1 << 20
"""Bytes that are taken in one look; of who prints more only the newest lines are shown."""


class Log(LineView):
    """Follows a log file for as long as it is told to; colours kept, the rest harmless."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search", tooltip="Search in the log.", id="log.search"),
        Binding("f3", "next_match", "Next match", tooltip="Further up, then round the beginning."),
        Binding("w", "wrap", "Wrap", tooltip="Break long lines.", id="log.wrap"),
        Binding(
            "C",
            "clear",
            "Clear",
            tooltip="Hide what stands here; the file keeps it.",
            id="log.clear",
        ),
        Binding(
            "y", "copy", "Copy", tooltip="Copy the newest lines to the clipboard.", id="log.copy"
        ),
        Binding(
            "S", "save", "Save", tooltip="Save all that the log holds to a file.", id="log.save"
        ),
    ]

    follows = True

    class Changed(Message):
        """What `summary` says is different now."""

    class SaveWanted(Message):
        """The key for saving the log was pressed."""

        def __init__(self, path: Path) -> None:
            super().__init__()
            self.path = path

    def __init__(self, ask: Callable[[], None], *, id: str | None = None) -> None:
        """`ask` opens the line in which one types what to search for."""
        super().__init__(id=id)
        self._ask = ask
        self.lines = LogLines(KEPT)
        self.path: Path | None = None
        self.missing: str | None = None
        """Why there is nothing to show, one sentence; None where there is."""
        self._follower: Follower | None = None
        self._timer: Timer | None = None
        self._match: int | None = None
        """Number of the line that was found, counted from the first there ever was."""

    # ------------------------------------------------------------------ what is followed

    def on_mount(self) -> None:
        """Looks at the file regularly, but only while it is in sight."""
        self._timer = self.set_interval(_PERIOD, self.read, pause=True)

    def on_show(self) -> None:
        """Comes into sight: catches up at once."""
        if self._timer is not None:
            self._timer.resume()
        self.read()

    def on_hide(self) -> None:
        """Out of sight nothing is read."""
        if self._timer is not None:
            self._timer.pause()

    def on_unmount(self) -> None:
        """Closes the file."""
        self.show_file(None)

    def show_file(self, path: Path | None, missing: str | None = None) -> None:
        """Follows another file; `missing` says why where there is none."""
        if path == self.path and missing == self.missing:
            return
        if self._follower is not None:
            self._follower.close()
        self.path, self.missing = path, missing
        self._follower = Follower(path, KEPT, marks=True) if path is not None else None
        self._start_over()
        if self._timer is not None and self.display and self.is_on_screen:
            self.read()

    def _start_over(self) -> None:
        self.lines = LogLines(KEPT)
        self._match = None
        self.following = True
        self.lines_changed()
        self.post_message(self.Changed())

    def read(self) -> None:
        """Takes what is new in the file."""
        if self._follower is None or self.path is None:
            return
        try:
            data = self._follower.read(final=True)
            if len(data) >= _FAST:  # it prints faster than anybody reads: on to its end
                self._follower.close()
                self._follower = Follower(self.path, KEPT, marks=True)
                self.lines.clear()
                data = self._follower.read(final=True)
        except OSError as error:
            self.show_file(None, f"The log can't be read: {error.strerror or error}.")
            return
        if data:
            self.lines.feed(data)
            self.lines_added()
            self.post_message(self.Changed())

    # ------------------------------------------------------------------ lines

    def line_count(self) -> int:
        """Lines that are held, or the one that says why there are none."""
        return len(self.lines) or 1

    def first_number(self) -> int:
        """Lines that were given up for newer ones."""
        return self.lines.dropped

    def line_text(self, index: int) -> Text:
        """One line in the worker's own colours."""
        if not len(self.lines):
            return Text(self._nothing(), style="dim")
        shown = Text()
        for piece, style in spans(self.lines[index]):
            shown.append(text.safe(piece.expandtabs(8)), style)
        return shown

    def _nothing(self) -> str:
        if self.missing is not None:
            return text.safe(self.missing)
        return "It has printed nothing yet." if self.path is not None else ""

    def summary(self) -> str:
        """A few words about how the log stands, for the line above it."""
        words = []
        if self.marked:
            place = "no match" if self._match is None else f"line {self._match + 1}"
            words.append(f"“{text.safe(self.marked)}”: {place}")
        if self.wrapping:
            words.append("wrapped")
        if self.lines.dropped:
            words.append(f"last {len(self.lines)} lines")
        if self.path is not None:
            words.append("following" if self.following else "End follows")
        return " · ".join(words)

    def offers(self) -> Iterator[tuple[str, str]]:
        """What can be done with it: words to click on, and the action.

        For who has gone into the pane they name its keys too.
        """
        if self.path is None:
            return
        for one in self.BINDINGS:
            if isinstance(one, Binding) and (one.action != "next_match" or self.marked):
                key = f"{key_name(one.key)} " if self.has_focus else ""
                yield f"{key}{one.description.lower()}", one.action

    def on_focus(self) -> None:
        """Its keys are named."""
        self.post_message(self.Changed())

    def on_blur(self) -> None:
        """And no more."""
        self.post_message(self.Changed())

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Following ends when one scrolls up, and begins again at the end."""
        super().watch_scroll_y(old_value, new_value)
        self.post_message(self.Changed())

    # ------------------------------------------------------------------ searching

    def search(self, needle: str) -> bool:
        """Marks `needle` everywhere and goes to the nearest line above that has it."""
        self.marked, self._match = needle, None
        found = self.lines.find(needle, len(self.lines) - 1, backwards=True)
        return self._go(found)

    def _go(self, found: int | None) -> bool:
        self._match = None if found is None else found + self.lines.dropped
        if found is not None:
            self.show_line(found)
        self.refresh()
        self.post_message(self.Changed())
        return found is not None

    def action_next_match(self) -> None:
        """Goes to the next match further up, round the beginning."""
        start = len(self.lines) if self._match is None else self._match - self.lines.dropped
        self._go(self.lines.find(self.marked, start - 1, backwards=True))

    # ------------------------------------------------------------------ actions

    def action_wrap(self) -> None:
        """Breaks long lines, or lets them run on again."""
        self.set_wrapping(not self.wrapping)
        self.post_message(self.Changed())

    def action_clear(self) -> None:
        """Hides what stands here now."""
        self.lines.clear()
        self.lines_changed()
        self.post_message(self.Changed())

    def action_search(self) -> None:
        """Asks for what to search."""
        self._ask()

    def action_copy(self) -> None:
        """Copies the newest lines; where the mouse has marked some, those."""
        if marked := self.screen.get_selected_text():
            self.app.copy_to_clipboard(marked)
            self.notify("Copied what is marked.")
            return
        copied = clipboard_text(self.lines)
        if not copied.lines:
            self.notify("There is nothing to copy.", severity="warning")
            return
        self.app.copy_to_clipboard(copied.text)
        whole = copied.lines == len(self.lines)
        which = f"{copied.lines} lines" if copied.lines > 1 else "One line"
        self.notify(f"{which} copied." if whole else f"The newest {copied.lines} lines copied.")

    def action_save(self) -> None:
        """Asks for a file to save it to."""
        if self.path is None:
            self.notify("There is no log to save.", severity="warning")
        else:
            self.post_message(self.SaveWanted(self.path))
