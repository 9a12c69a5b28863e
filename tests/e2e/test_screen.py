"""The program as a person starts it: paints, obeys keys and mouse, leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest

from proctui.sessions.session import find, list_sessions
from tests.e2e.commanding import CommandLine, proctui
from tests.e2e.terminal import Terminal, terminal
from tests.support import kernel_state, until

__all__ = ["proctui"]

WORKERS = """
[session]
name = "trip"

[workers.badly]
command = ["sh", "-c", "echo goodbye; exit 3"]

[workers.steady]
command = ["sleep", "1000"]

[workers.other]
target = "mine.py:loop"
"""
TARGETS = """
import time
def loop():
    print("going round")
    time.sleep(1000)
"""


@pytest.fixture
def folder(proctui: CommandLine) -> Path:
    """Where the worker file is; what runs of its session is ended with the test."""
    proctui.write(WORKERS)
    proctui.write(TARGETS, "mine.py")
    return proctui.folder


def pid_of(shown: Terminal, name: str) -> int:
    """The pid that stands on a worker's row."""
    found = re.search(rf"{name} +(\d+)", shown.line(name))
    assert found is not None, shown.text
    return int(found[1])


def test_a_whole_visit(folder: Path) -> None:
    with terminal(folder=folder) as shown:
        shown.sees("3 workers", "1 ZOMBIE", "Z badly", "● steady", "● other", "q quit")
        zombie, steady, other = (pid_of(shown, name) for name in ("badly", "steady", "other"))
        assert kernel_state(zombie) == "Z"

        shown.type("z")
        shown.sees("Join it")
        shown.type("j")
        shown.sees("ended 3, joined")
        assert kernel_state(zombie) is None

        shown.type("\x1b[B")  # down: steady
        shown.sees("Both agree: it is alive.")
        shown.click("Kill k")
        shown.sees(f"Kill steady ({steady})?")
        shown.type("y")
        shown.sees("Z steady")
        shown.until(lambda: kernel_state(steady) == "Z", "its end")

        shown.type("\x1b[Bl")  # down: other; its log
        shown.sees("going round")

        shown.type("q")
        shown.sees("Leave trip?", "1 process runs still:", "mine.py:loop()")
        shown.type("s")
        assert shown.ended() == 0
        assert shown.is_restored()
    assert kernel_state(other) is None
    assert kernel_state(steady) is None
    assert not any(session.running for session in list_sessions())


@pytest.mark.parametrize(
    ("signum", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)]
)
def test_a_signal_gives_the_terminal_back_and_detaches(
    folder: Path, signum: signal.Signals, status: int
) -> None:
    with terminal(folder=folder, size=(80, 24)) as shown:
        shown.sees("● steady", "multiprocessing says")
        steady = pid_of(shown, "steady")
        shown.process.send_signal(signum)
        assert shown.ended() == status
        assert shown.is_restored()
    assert kernel_state(steady) == "S"


def test_a_terminal_that_vanishes_is_a_detach(folder: Path) -> None:
    with terminal(folder=folder) as shown:
        shown.sees("● steady")
        steady = pid_of(shown, "steady")
        os.close(shown.main)
        os.close(shown.other)
        shown.main, shown.other = os.openpty()
        until(lambda: shown.process.poll() is not None, what="the end of the program")
    assert kernel_state(steady) == "S"


def test_detaching_and_coming_back(folder: Path) -> None:
    with terminal(folder=folder) as shown:
        shown.sees("● steady")
        steady = pid_of(shown, "steady")
        shown.type("d")
        assert shown.ended() == 0
        assert b"proctui attach trip" in shown.written
    with terminal("attach", "trip", folder=folder, size=(80, 24)) as shown:
        shown.sees("● steady", str(steady))
        shown.resize(60, 15)
        shown.sees("Join j", "q quit")
        shown.resize(140, 50)
        shown.sees("TARGET", "multiprocessing says")
        shown.type("qs")
        assert shown.ended() == 0


def test_a_killed_supervisor_is_said_and_come_back_to(folder: Path) -> None:
    with terminal(folder=folder) as shown:
        shown.sees("● steady", "● other")
        steady, other = pid_of(shown, "steady"), pid_of(shown, "other")
        os.kill(find("trip").facts.pid, signal.SIGKILL)
        shown.sees("SUPERVISOR GONE", "O steady", "O other")
        shown.type("q")
        shown.sees("Leave them")
        shown.type("d")
        assert shown.ended() == 0
        assert shown.is_restored()
    with terminal("attach", folder=folder) as shown:  # the only one of which something runs
        shown.sees("SUPERVISOR GONE", "O steady", "O other")
        assert (pid_of(shown, "steady"), pid_of(shown, "other")) == (steady, other)
        shown.type("e")
        shown.sees("steady            runs as pid")
        shown.type("q")
        shown.sees("Leave them")
        shown.type("s")
        assert shown.ended() == 0
    until(lambda: kernel_state(steady) in (None, "Z") and kernel_state(other) in (None, "Z"))
