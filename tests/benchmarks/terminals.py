"""Programs in pseudo-terminals of their own: what they write and when, and what they take."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pyte

from tests.benchmarks.costs import cpu_of
from tests.support import ROOT

COLUMNS, LINES = 120, 40


class Pty:
    """A program and its terminal.  Nothing is drawn unless somebody asks for it."""

    def __init__(
        self, argv: Sequence[str], *, folder: Path | None = None, env: Mapping[str, str] = {}
    ) -> None:
        self.main, other = os.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self.came: deque[tuple[float, bytes]] = deque()
        """What was written and not drawn yet, and when (`time.perf_counter`)."""
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self._screen)
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            argv,
            cwd=folder,
            env={**environment(), **env},
            stdin=other,
            stdout=other,
            stderr=other,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0) and None,
        )
        os.close(other)

    @property
    def pid(self) -> int:
        """Of the program."""
        return self.process.pid

    @property
    def text(self) -> str:
        """What stands on the screen, of what was drawn."""
        return "\n".join(self._screen.display)

    def take(self, patience: float) -> bytes:
        """What is written next; nothing where nothing comes."""
        if not select.select([self.main], [], [], max(0.0, patience))[0]:
            return b""
        try:
            data = os.read(self.main, 1 << 16)
        except OSError:  # EIO: it has ended
            return b""
        self.came.append((time.perf_counter(), data))
        return data

    def draw(self) -> None:
        """Draws what came, which takes time that a program on the same CPU may lack."""
        for _ in self.drawn():
            pass

    def drawn(self) -> Iterator[float]:
        """Draws what came, piece by piece; when each had come.  The rest is kept for later."""
        while self.came:
            moment, data = self.came.popleft()
            self._stream.feed(data)
            yield moment

    def line(self, y: int) -> str:
        """A line of the screen."""
        return str(self._screen.display[y])

    def paint(self, y: int, x: int) -> object:
        """How a cell is painted, whatever stands there."""
        cell = self._screen.buffer[y][x]
        return (cell.bg, cell.reverse)

    def when(self, condition: Callable[[], bool], quiet: float, patience: float = 120.0) -> float:
        """When that had come which made something true of the screen.

        Drawn only when nothing came for `quiet` seconds.
        """
        deadline = time.perf_counter() + patience
        while True:
            while self.take(quiet):
                pass
            for moment in self.drawn():
                if condition():
                    return moment
            if time.perf_counter() > deadline or self.process.poll() is not None:
                raise AssertionError(f"waited in vain:\n{self.text}")

    @staticmethod
    def now() -> float:
        """On the clock of `when`."""
        return time.perf_counter()

    def shows(self, *parts: str) -> Callable[[], bool]:
        """A condition for `when`: all of this stands on the screen."""
        return lambda: all(part in self.text for part in parts)

    def type(self, keys: bytes) -> float:
        """Types keys; when."""
        moment = time.perf_counter()
        os.write(self.main, keys)
        return moment

    def cpu(self) -> float:
        """Seconds of CPU time taken so far, those of its ended children included."""
        return cpu_of(self.pid)

    def close(self) -> None:
        """Ends it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGTERM)
        deadline = time.perf_counter() + 5
        while self.process.poll() is None and time.perf_counter() < deadline:
            self.take(0.05)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.main)


@contextlib.contextmanager
def pty(
    argv: Sequence[str], *, folder: Path | None = None, env: Mapping[str, str] = {}
) -> Iterator[Pty]:
    """A program in a terminal for the length of a block."""
    made = Pty(argv, folder=folder, env=env)
    try:
        yield made
    finally:
        made.close()


def environment() -> dict[str, str]:
    """What programs find: a good terminal, and compiled Python files written and used."""
    own = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    own |= {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "COLORTERM": "truecolor"}
    return own | {"PYTHONPATH": str(ROOT)}


def proctui(*words: str) -> list[str]:
    """The command line of ``proctui …``."""
    return [sys.executable, "-m", "proctui", *words]


def drain(terminals: Iterable[Pty], seconds: float) -> None:
    """Takes what all of them write for a while, to be drawn later."""
    by_fd = {one.main: one for one in terminals}
    deadline = time.perf_counter() + seconds
    while (left := deadline - time.perf_counter()) > 0:
        for fd in select.select(list(by_fd), [], [], left)[0]:
            if not by_fd[fd].take(0):
                del by_fd[fd]
                continue
