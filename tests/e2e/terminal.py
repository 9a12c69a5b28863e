"""The program in a terminal of its own: what stands on it, keys, mouse, its attributes."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyte

from tests.support import ROOT

PATIENCE = 60.0
"""Seconds after which something that should stand on the screen is taken never to come."""


class Terminal:
    """A pseudo-terminal, the program that runs in it, and a picture of its screen."""

    def __init__(
        self,
        words: list[str],
        folder: Path,
        size: tuple[int, int],
        installed: Path | None = None,
        env: dict[str, str] | None = None,
    ) -> None:
        """`installed`: the console script that is run, instead of the package beside the tests.

        `env` is added to its environment.
        """
        self.columns, self.lines = size
        self.screen = pyte.Screen(*size)
        self.stream = pyte.ByteStream(self.screen)
        self._display: list[str] | None = None
        self.written = b""
        """Everything that was ever written to it."""
        self.main, self.other = os.openpty()
        self.resize(*size)
        self.before: list[Any] = termios.tcgetattr(self.other)
        self.process = subprocess.Popen(
            [*([sys.executable, "-m", "proctui"] if installed is None else [installed]), *words],
            cwd=folder,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT) if installed is None else "",
                "TERM": "xterm-256color",
                "TEXTUAL_ANIMATIONS": "none",  # what is seen to stand somewhere stays there
                "LC_ALL": "C.UTF-8",
                **(env or {}),
            },
            stdin=self.other,
            stdout=self.other,
            stderr=self.other,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0) and None,
        )

    def resize(self, columns: int, lines: int) -> None:
        """As when somebody drags the window's corner; the kernel sends SIGWINCH."""
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self.other, termios.TIOCSWINSZ, size)
        self.screen.resize(lines, columns)
        self._display = None
        self.columns, self.lines = columns, lines

    # ------------------------------------------------------------------ looking

    @property
    def display(self) -> list[str]:
        """The lines of the screen; rendered once for what was written."""
        if self._display is None:
            self._display = self.screen.display
        return self._display

    @property
    def text(self) -> str:
        return "\n".join(self.display)

    def line(self, part: str) -> str:
        """The first line that holds `part`."""
        return next((line for line in self.display if part in line), "")

    def read(self, patience: float = 0.05) -> bool:
        """Takes what was written; False where there was nothing."""
        if not select.select([self.main], [], [], patience)[0]:
            return False
        try:
            data = os.read(self.main, 1 << 16)
        except OSError:  # EIO: nobody has the other end open any more
            return False
        self.written += data
        self.stream.feed(data)
        self._display = None
        return bool(data)

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Reads until something is true."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            self.read()
            assert time.monotonic() < deadline, f"never came true: {what}\n{self.text}"

    def sees(self, *parts: str) -> None:
        """Reads until all of this stands on the screen."""
        self.until(lambda: all(part in self.text for part in parts), repr(parts))

    # ------------------------------------------------------------------ doing

    def type(self, keys: str) -> None:
        """Types keys."""
        os.write(self.main, keys.encode())

    def place(self, label: str, within: str = "") -> tuple[int, int]:
        """Where the second letter of `label` is, in the first line with both, once it is there."""

        def find() -> list[tuple[int, int]]:
            lines = enumerate(self.display)
            return [
                (x + 1, y) for y, line in lines if within in line and (x := line.find(label)) >= 0
            ]

        self.until(lambda: bool(find()), f"{label!r} beside {within!r}")
        return find()[0]

    def mouse(self, button: int, place: tuple[int, int], *, up: bool = False) -> None:
        """What a terminal sends for the mouse (SGR): 0 left, 2 right, 32 moved, 64 and 65 wheel."""
        x, y = place
        self.type(f"\x1b[<{button};{x + 1};{y + 1}{'m' if up else 'M'}")

    def click(self, label: str, within: str = "", *, button: int = 0) -> None:
        """Clicks on the first place where `label` stands, in a line that holds `within` too."""
        place = self.place(label, within)
        self.mouse(button, place)
        self.mouse(button, place, up=True)

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Drags from one place to another with the left button."""
        self.mouse(0, start)
        self.mouse(32, end)
        self.mouse(0, end, up=True)

    def ended(self) -> int:
        """Waits for the program to end; its exit status as a shell would tell it."""
        self.until(lambda: self.process.poll() is not None, "its end")
        while self.read():
            pass
        status = self.process.returncode
        return status if status >= 0 else 128 - status

    def is_restored(self) -> bool:
        """Whether attributes, screen, cursor and mouse are as they were before."""
        switched_off = all(
            self.written.rfind(off) > self.written.rfind(on)
            for on, off in [
                (b"\x1b[?1049h", b"\x1b[?1049l"),
                (b"\x1b[?25l", b"\x1b[?25h"),
                (b"\x1b[?1003h", b"\x1b[?1003l"),
                (b"\x1b[?2004h", b"\x1b[?2004l"),
            ]
        )
        return switched_off and termios.tcgetattr(self.other) == self.before


@contextmanager
def terminal(
    *words: str,
    folder: Path,
    size: tuple[int, int] = (120, 40),
    installed: Path | None = None,
    env: dict[str, str] | None = None,
) -> Iterator[Terminal]:
    """Runs the program in a terminal; it is gone afterwards."""
    made = Terminal(list(words), folder, size, installed, env)
    try:
        yield made
    finally:
        if made.process.poll() is None:
            made.process.send_signal(signal.SIGKILL)
            made.process.wait()
        for descriptor in (made.main, made.other):
            os.close(descriptor)
