"""The terminal before Textual takes it over: the first picture stands there, and goes again.

Imports nothing of Textual.  Whatever happens, the terminal is given back as it was.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import termios
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any, Final, NoReturn

from proctui import terminal

SHOWN: Final = 2
"""Where Textual writes: the descriptor of standard error."""
TYPED: Final = 0
ENTER: Final = "\x1b[?1049h"
"""Goes to the alternate screen; terminals that are there already may clear it."""
_LEAVE: Final = "\x1b[?7h\x1b[?25h\x1b[?1049l"
_HIDE: Final = "\x1b[?25l\x1b[?7l"
_DEADLY: Final = (signal.SIGTERM, signal.SIGHUP)
_DUMB: Final = ("", "dumb")
_LEAST: Final = (20, 6)
"""Columns and lines of a terminal in which there is anything to draw."""


class Curtain:
    """Holds the terminal from the first line drawn until `taken` or `close`.

    Meanwhile nothing that is typed is echoed, and all of it is kept for who reads next.
    """

    def __init__(self) -> None:
        self.standing = False
        """Whether the alternate screen is ours: from the first `draw` until `taken` or `close`."""
        self._typed: list[Any] | None = None
        self._signals: dict[int, Any] = {}

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines of the terminal."""
        return terminal.size()

    def draw(self, lines: Sequence[str]) -> None:
        """Shows lines of safe text; does nothing where Textual would not draw either."""
        if not self.standing and not self._begin():
            return
        width, height = self.size
        safe = ("".join(c if c.isprintable() else "?" for c in line) for line in lines[:height])
        shown = "\r\n".join(line[:width] + "\x1b[K" for line in safe)
        first, _, rest = shown.partition("\r\n")
        self._write(f"\x1b[H\x1b[7m{first}\x1b[m\r\n{rest}\x1b[J")

    def taken(self) -> None:
        """Another has the alternate screen from here on, and gives it back; as it found it."""
        if self.standing:
            self.standing = False
            self._restore()

    def close(self) -> None:
        """Gives the terminal back, if nobody has taken it; harmless when repeated."""
        if self.standing:
            self.standing = False
            with contextlib.suppress(OSError):  # it may have gone
                self._write(_LEAVE)
            self._restore()

    # ------------------------------------------------------------------ inside

    def _begin(self) -> bool:
        width, height = self.size
        if not (os.isatty(SHOWN) and os.isatty(TYPED)) or os.environ.get("TERM", "") in _DUMB:
            return False
        if width < _LEAST[0] or height < _LEAST[1] or "TEXTUAL_DRIVER" in os.environ:
            return False
        self.standing = True
        for number in _DEADLY:
            self._signals[number] = signal.signal(number, _end)
        self._signals[signal.SIGTSTP] = signal.signal(signal.SIGTSTP, signal.SIG_IGN)
        with contextlib.suppress(termios.error):
            self._typed = termios.tcgetattr(TYPED)
            quiet = termios.tcgetattr(TYPED)
            quiet[3] &= ~(termios.ECHO | termios.ICANON)
            termios.tcsetattr(TYPED, termios.TCSANOW, quiet)
        self._write(f"{ENTER}{_HIDE}\x1b[2J")
        return True

    def _restore(self) -> None:
        if self._typed is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(TYPED, termios.TCSANOW, self._typed)
        for number, before in self._signals.items():
            if signal.getsignal(number) in (_end, signal.SIG_IGN):  # else another has set its own
                signal.signal(number, before)
        self._signals.clear()

    def _write(self, shown: str) -> None:
        left = shown.encode("utf-8", "replace")
        while left:
            select.select([], [SHOWN], [])  # whoever had it before may have left it non-blocking
            left = left[os.write(SHOWN, left) :]


def _end(number: int, frame: FrameType | None) -> NoReturn:
    """Ends the program as a shell tells it, by way of whoever holds the terminal."""
    raise SystemExit(128 + number)


@contextlib.contextmanager
def curtain() -> Iterator[Curtain]:
    """A curtain that is closed whatever happens."""
    made = Curtain()
    try:
        yield made
    finally:
        made.close()
