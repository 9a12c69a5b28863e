"""The first picture on a real terminal: taken over without a gap, and gone when a start fails."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import subprocess
import sys
import termios
import time

import pytest

from proctui.tui.curtain import ENTER
from tests.e2e.commanding import CommandLine, proctui
from tests.e2e.terminal import PATIENCE, terminal
from tests.support import ROOT

__all__ = ["proctui"]

_DRAW = """
import signal, sys
from proctui.tui.curtain import curtain
with curtain() as drawn:
    drawn.draw(["drawn \\x1b[31m"])
    if sys.argv[1:] == ["fail"]:
        raise RuntimeError("broken")
    signal.pause()
"""
_FOCUS = b"\x1b[?1004h"
"""What Textual's driver asks for once it has the terminal."""


def test_the_rows_stand_before_textual_comes_and_nothing_clears_them(proctui: CommandLine) -> None:
    proctui.write('[workers.steady]\ncommand = ["sleep", "1000"]\n')
    name = proctui("run", "--detach").out.strip()
    with terminal("attach", name, folder=proctui.folder) as shown:
        shown.sees("steady", "multiprocessing says", "q quit")
        first, _, rest = shown.written.partition(_FOCUS)
        assert b"steady" in first
        assert shown.written.count(ENTER.encode()) == 1
        assert b"\x1b[2J" not in rest
        shown.type("d")
        assert shown.ended() == 0
        assert shown.is_restored()


def test_a_start_shows_at_once_what_it_does(proctui: CommandLine) -> None:
    proctui.write('[workers.steady]\ncommand = ["sleep", "1000"]\n')
    with terminal(folder=proctui.folder) as shown:
        shown.sees("steady", "q quit")
        assert b"Starting the session" in shown.written.partition(_FOCUS)[0]
        shown.type("d")
        assert shown.ended() == 0
        assert shown.is_restored()


@pytest.mark.parametrize(
    ("keys", "there"),
    [
        ("2", "s/cell"), ("l", "all workers"), ("e", "all workers"), ("m", "multiprocessing says"),
        ("/", "Esc: show everything"), ("k", "Kill steady ("), ("n", "New worker"), ("?", "Help"),
        ("/stea\re", "filter: stea"), ("d", ""),
    ],
)  # fmt: skip
def test_keys_typed_at_the_first_picture_wait_for_the_screen(
    proctui: CommandLine, keys: str, there: str
) -> None:
    proctui.write(
        '[workers.steady]\ncommand = ["sh", "-c", "echo all $0; sleep 1000", "workers"]\n'
    )
    name = proctui("run", "--detach").out.strip()
    with terminal("attach", name, folder=proctui.folder) as shown:
        shown.sees("steady")
        assert _FOCUS not in shown.written, "there is no screen yet"
        shown.type(keys)
        if there:
            shown.sees(there)
            shown.process.send_signal(signal.SIGTERM)
        assert shown.ended() == (128 + signal.SIGTERM if there else 0)
        assert b"Traceback" not in shown.written
        assert shown.is_restored()


@pytest.mark.parametrize(
    ("words", "sent", "status"),
    [(["fail"], None, 1), ([], signal.SIGTERM, 128 + signal.SIGTERM), ([], signal.SIGINT, 130)],
)
def test_the_terminal_is_given_back_when_nobody_takes_it_over(
    words: list[str], sent: signal.Signals | None, status: int
) -> None:
    main, other = os.openpty()
    before = termios.tcgetattr(other)
    process = subprocess.Popen(
        [sys.executable, "-c", _DRAW, *words],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"},
        stdin=other,
        stdout=other,
        stderr=other,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0) and None,
    )
    try:
        written = _read(main, b"drawn")
        assert written.startswith(ENTER.encode())
        assert b"drawn ?[31m" in written  # no control character comes through
        if sent is not None:
            process.send_signal(sent)
        assert process.wait(PATIENCE) in (status, -status + 128)
        written = _read(main, b"\x1b[?1049l", written)
        assert termios.tcgetattr(other) == before
        assert b"\x1b[?25h" in written
    finally:
        process.kill()
        process.wait()
        os.close(main)
        os.close(other)


def _read(main: int, wanted: bytes, written: bytes = b"") -> bytes:
    """What is written until something is there, after what was `written` before."""
    deadline = time.monotonic() + PATIENCE
    while wanted not in written:
        assert time.monotonic() < deadline, written
        if select.select([main], [], [], 0.1)[0]:
            written += os.read(main, 1 << 16)
    return written
