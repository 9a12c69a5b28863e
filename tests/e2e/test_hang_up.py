"""The terminal goes away, or the screen is stopped by a signal that can't be caught."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from tests.e2e.commanding import CommandLine, proctui
from tests.e2e.terminal import Terminal, terminal
from tests.support import kernel_state

__all__ = ["proctui"]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

WORKERS = '[session]\nname = "gone"\n[workers.steady]\ncommand = ["sleep", "1000"]\n'
TYPED = "name:abcdefghijklmnopqrstuvwxyz"


def test_stopped_and_continued_from_outside_it_goes_on(proctui: CommandLine) -> None:
    proctui.write(WORKERS)
    with terminal(folder=proctui.folder, size=(80, 24)) as shown:
        shown.sees("● steady", "q quit")
        for _ in range(3):
            shown.process.send_signal(signal.SIGSTOP)
            shown.until(lambda: kernel_state(shown.process.pid) == "T", "it is stopped")
            shown.process.send_signal(signal.SIGCONT)
            shown.until(lambda: kernel_state(shown.process.pid) != "T", "it goes on")
        shown.type("/")
        for letter in TYPED:  # two readers would each have some of them, out of order
            shown.type(letter)
        shown.sees(TYPED)
        shown.process.send_signal(signal.SIGTERM)
        assert shown.ended() == 143
        assert shown.is_restored()


def hang_up(shown: Terminal) -> None:
    """Closes the side of the pseudo-terminal that a window would hold."""
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, shown.main)
    os.close(nothing)


@pytest.mark.parametrize("keys", ["", "?", "jjjj"])
def test_a_terminal_that_closes_is_a_detach(proctui: CommandLine, keys: str) -> None:
    proctui.write(WORKERS)
    with terminal(folder=proctui.folder, size=(80, 24)) as shown:
        shown.sees("● steady", "q quit")
        shown.type(keys)
        hang_up(shown)
        try:
            assert shown.process.wait(30) in (129, -signal.SIGHUP)
        except subprocess.TimeoutExpired:
            pytest.fail("it is still there, without a terminal")
    steady = proctui.workers()["steady"]
    assert steady["alive"]
    assert kernel_state(steady["pid"]) in ("S", "R")
