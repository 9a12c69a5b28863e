"""The command line as a person or a script uses it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from proctui import cli
from proctui.protocol import Shutdown
from proctui.sessions import leftovers
from proctui.sessions.session import list_sessions
from proctui.sessions.sync_client import ConnectionLost, SyncClient
from tests.support import ROOT, until

LIMIT = 60
"""Seconds after which a command has hung."""


class Done(NamedTuple):
    """What came of a command."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class CommandLine:
    """``python -m proctui`` in one folder, without a terminal."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def write(self, text: str, name: str = "proctui.toml") -> Path:
        file = self.folder / name
        file.write_text(text)
        return file

    def __call__(self, *words: str) -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "proctui", *words],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def right(self, *words: str) -> Done:
        """A command that has to work, silently on standard error."""
        done = self(*words)
        assert (done.status, done.err) == (0, ""), done
        return done

    def on_terminal(self, *words: str, answers: str = "", columns: int = 0) -> Done:
        """A command on a terminal of its own, where somebody types; all it shows is `out`.

        `columns` is the terminal's width, 0 for one that does not tell.

        What is typed waits in the terminal until it is asked for (termios(3)).
        """
        main, other = pty.openpty()
        termios.tcsetwinsize(main, (24, columns))
        attributes = termios.tcgetattr(other)
        attributes[3] &= ~termios.ECHO
        termios.tcsetattr(other, termios.TCSANOW, attributes)
        os.write(main, answers.encode())
        with subprocess.Popen(
            [sys.executable, "-m", "proctui", *words],
            cwd=self.folder,
            env=self.environment,
            stdin=other,
            stdout=other,
            stderr=other,
        ) as process:
            os.close(other)
            shown = b""
            with contextlib.suppress(OSError):  # EIO: nobody has the terminal any more
                while piece := os.read(main, 4096):
                    shown += piece
            status = process.wait(LIMIT)
        os.close(main)
        return Done(status, shown.decode(), "")

    @contextlib.contextmanager
    def going(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """One that goes on, as with ``-f``; ended with the block."""
        with subprocess.Popen(
            [sys.executable, "-m", "proctui", *words],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.kill()

    def quick(self, *words: str) -> str:
        """What a command that has to work prints, without an interpreter of its own."""
        raw = io.BytesIO()
        with contextlib.redirect_stdout(io.TextIOWrapper(raw, "utf-8", write_through=True)):
            assert cli.main(words) == 0
            return raw.getvalue().decode()

    def processes(self, *words: str) -> list[dict[str, Any]]:
        """What ``ps --json`` prints."""
        found: list[dict[str, Any]] = json.loads(self.quick("ps", "--json", *words))
        return found

    def events(self) -> list[dict[str, Any]]:
        """What ``events --json`` prints."""
        return [json.loads(line) for line in self.quick("events", "--json").splitlines()]

    def workers(self) -> dict[str, dict[str, Any]]:
        """The same of workers alone, by id."""
        return {one["worker"]: one for one in self.processes() if one["worker"] is not None}

    def run(self, text: str, *workers: str) -> None:
        """Starts a session of these lines and waits until the workers are alive."""
        self.write(text)
        self.right("run", "--detach")
        until(lambda: all(self.workers()[worker]["alive"] for worker in workers))


@pytest.fixture
def proctui(tmp_path: Path, own_places: None) -> Iterator[CommandLine]:
    """The command line; what it started is ended with the test."""
    folder = tmp_path / "lessons"
    folder.mkdir()
    yield CommandLine(folder)
    for session in list_sessions(older=True):
        with contextlib.suppress(ConnectionLost):
            if session.running:
                with SyncClient(session.paths.socket) as client:
                    client.request(Shutdown())
                    client.wait_for_end(LIMIT)
        leftovers.end(session)
