"""The terminal is given back as it was: stopped and continued, interrupted while it starts."""

from __future__ import annotations

import functools
import os
import signal
import sys
import termios
from pathlib import Path

import pytest

from tests.e2e.commanding import CommandLine, proctui
from tests.e2e.terminal import Terminal, terminal
from tests.support import kernel_state

__all__ = ["proctui"]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

WORKERS = '[session]\nname = "trip"\n[workers.steady]\ncommand = ["sleep", "1000"]\n'
SWITCHES = [
    (b"\x1b[?1049h", b"\x1b[?1049l"),
    (b"\x1b[?25l", b"\x1b[?25h"),
    (b"\x1b[?1000h", b"\x1b[?1000l"),
    (b"\x1b[?1003h", b"\x1b[?1003l"),
    (b"\x1b[?2004h", b"\x1b[?2004l"),
]
"""What is switched on and off again: screen, cursor, mouse, bracketed paste."""


@pytest.fixture
def folder(proctui: CommandLine) -> Path:
    proctui.write(WORKERS)
    return proctui.folder


def left_on(shown: Terminal) -> list[bytes]:
    """What was switched and not switched back, as far as was written."""
    return [on for on, off in SWITCHES if shown.written.rfind(on) > shown.written.rfind(off)]


def entered(shown: Terminal) -> int:
    """How often it has taken the alternate screen."""
    return shown.written.count(b"\x1b[?1049h")


def has_entered(shown: Terminal, times: int) -> bool:
    """So often at least."""
    return entered(shown) >= times


def is_as_before(shown: Terminal) -> bool:
    """Modes, and what termios(3) says of echo and lines."""
    return not left_on(shown) and termios.tcgetattr(shown.other) == shown.before


def test_stopped_it_leaves_the_terminal_and_continued_it_takes_it_again(folder: Path) -> None:
    with terminal(folder=folder, size=(80, 24)) as shown:
        shown.sees("● steady")
        for _ in range(2):
            shown.process.send_signal(signal.SIGTSTP)
            shown.until(lambda: kernel_state(shown.process.pid) == "T", "it is stopped")
            shown.until(lambda: is_as_before(shown), "the terminal as before")
            taken = entered(shown)
            shown.process.send_signal(signal.SIGCONT)
            shown.until(functools.partial(has_entered, shown, taken + 1), "its screen again")
            shown.sees("● steady", "q quit")
        shown.type("?")
        shown.sees("What the words mean")
        shown.process.send_signal(signal.SIGTERM)
        assert shown.ended() == 143
        assert is_as_before(shown)


@pytest.mark.parametrize("moment", [b"", b"\x1b", b"\x1b[?1049h", b"\x1b[?1003h"])
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_ended_while_it_starts_it_gives_the_terminal_back(
    folder: Path, moment: bytes, signum: signal.Signals
) -> None:
    """As soon as this was written, be it nothing; then its own modules are being loaded."""
    with terminal(folder=folder, size=(80, 24)) as shown:
        maps = f"/proc/{shown.process.pid}/maps"
        if not moment:
            shown.until(lambda: "_socket" in Path(maps).read_text(), "it has begun")
        shown.until(lambda: moment in shown.written, f"{moment!r} is written")
        os.kill(shown.process.pid, signum)
        assert shown.ended() == 128 + signum
        assert is_as_before(shown)
        assert b"Traceback" not in shown.written
