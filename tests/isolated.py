"""Directories of its own for a test that has to do with sessions, and a supervisor in pretence."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec
import pytest

from proctui.linux import procfs
from proctui.protocol import (
    PROTOCOL_VERSION,
    AnyCommand,
    ClientHello,
    Hello,
    Message,
    decode_command,
    encode,
)
from proctui.sessions.places import STATE_VARIABLE
from proctui.sessions.session import Facts, SessionPaths, boot_id
from proctui.supervisor.logs import file_name


@pytest.fixture
def home(own_places: None) -> Path:
    """The folder in which this test's runtime and state directories are, or would be."""
    return Path(os.environ[STATE_VARIABLE]).parent


def made_up_session(
    home: Path,
    name: str,
    *,
    run: str = "20240101-000000-000000-aaaaaa",
    source: str | None = None,
    pid: int = 0,
    tag: str = "",
    asked_name: str | None = None,
    started_at: float = 1000.0,
) -> SessionPaths:
    """A session on disk as its start leaves it; alive while process `pid` is."""
    directory = home / "state" / "sessions" / file_name(name) / run
    (home / "state").mkdir(mode=0o700, exist_ok=True)
    (home / "run").mkdir(mode=0o700, exist_ok=True)
    (directory / "logs").mkdir(mode=0o700, parents=True)
    where = SessionPaths(name, directory, home / "run" / f"{name}.sock")
    facts = Facts(
        name=name,
        asked_name=asked_name or name,
        run=run,
        tag=tag or f"{name}.{run}",
        socket=str(where.socket),
        pid=pid,
        start_ticks=procfs.read_stat(pid).start_ticks if pid else 0,
        boot=boot_id(),
        started_at=started_at,
        program="0",
        source=source,
    )
    where.facts.write_bytes(msgspec.json.encode(facts))
    if pid:
        where.socket.touch()
    return where


HELLO = Hello(
    version=PROTOCOL_VERSION, session="made-up", pid=os.getpid(), started_at=1.0, python="3.11"
)

Answer = Callable[[AnyCommand], list[Message | bytes | None]]
"""What a pretended supervisor sends for a command; None closes the connection."""


class Pretender:
    """Listens as a supervisor does and answers from a function.  Lives in a thread."""

    def __init__(self, path: Path, answer: Answer) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.heard: list[AnyCommand] = []
        self._answer = answer
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen(5)
        self._connections: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def say(self, data: bytes) -> None:
        """Sends bytes to whoever is connected."""
        for connection in self._connections:
            connection.sendall(data)

    def close(self) -> None:
        """Ends; connections are closed."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._connections.append(connection)
                with connection, connection.makefile("rb") as lines:
                    self._talk(connection, lines)

    def _talk(self, connection: socket.socket, lines: BinaryIO) -> None:
        while line := lines.readline():
            command = decode_command(line)
            self.heard.append(command)
            for answer in self._answer(command):
                if answer is None:
                    return
                connection.sendall(answer if isinstance(answer, bytes) else encode(answer))


def greeting(answer: Answer) -> Answer:
    """Greets as it should and leaves the rest to `answer`."""

    def answered(command: AnyCommand) -> list[Message | bytes | None]:
        return [HELLO] if isinstance(command, ClientHello) else answer(command)

    return answered


@contextlib.contextmanager
def pretending(path: Path, answer: Answer) -> Iterator[Pretender]:
    """A `Pretender` for the length of a block."""
    made = Pretender(path, answer)
    try:
        yield made
    finally:
        made.close()
