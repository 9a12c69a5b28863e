"""A blocking client of one supervisor, for commands that ask once and are done.

Without asyncio, which costs more to import than most commands take.  The screen uses
`proctui.sessions.client`.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final

import msgspec

from proctui.protocol import (
    PROTOCOL_VERSION,
    AnyMessage,
    ClientHello,
    Command,
    Event,
    Hello,
    ProtocolError,
    Refusal,
    Reply,
    Snapshot,
    Subscribe,
    decode_message,
    encode,
)

HANDSHAKE: Final = 5.0
"""Seconds a supervisor may take to greet."""
RETRY: Final = 0.02
"""Seconds between two tries where too many wait to be accepted."""
CHUNK: Final = 1 << 16
"""Bytes taken from the socket at once."""


class ConnectionLost(Exception):
    """There is no supervisor to talk to, or no longer; the text is one clear sentence.

    `heard` is when it was heard of last, seconds since the epoch, where nobody saw it go.
    """

    def __init__(self, reason: str = "", *, heard: float | None = None) -> None:
        super().__init__(reason)
        self.heard = heard


class VersionMismatch(ConnectionLost):
    """The supervisor speaks another version of the protocol."""


class SyncClient:
    """One connection.  Not for several threads."""

    def __init__(
        self,
        path: Path,
        name: str = "command line",
        *,
        patience: float = HANDSHAKE,
        glance: bool = True,
    ) -> None:
        """Connects and greets, within `patience` seconds; `glance` as in `ClientHello`.

        Raises `ConnectionLost`.
        """
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(patience)
        self._patience = patience
        self._requests = 0
        self._kept: deque[Snapshot | Event] = deque()
        self._buffer = bytearray()
        try:
            self._connect(path)
            self.hello: Hello = self._greet(name, glance)
            self._socket.settimeout(None)
        except BaseException:
            self._socket.close()
            raise

    def request(self, command: Command, timeout: float | None = None) -> Reply:
        """Asks and waits for the answer, `timeout` seconds at most, None for ever.

        What else arrives meanwhile is kept for `messages`.  Raises `ConnectionLost`, and
        `TimeoutError` (a late answer is then dropped).
        """
        self._requests += 1
        self._send(msgspec.structs.replace(command, id=self._requests))
        self._socket.settimeout(timeout)
        try:
            while True:
                message = self._receive()
                if isinstance(message, Reply):
                    if message.id == self._requests:
                        return message
                elif isinstance(message, Snapshot | Event):
                    self._kept.append(message)
        finally:
            self._socket.settimeout(None)

    def subscribe(self, history: int = 0) -> Snapshot:
        """Asks for everything as it stands; `messages` brings what happens from then on.

        Raises `ConnectionLost`.
        """
        self._requests += 1
        self._send(Subscribe(id=self._requests, history=history))
        while True:
            message = self._receive()
            if isinstance(message, Snapshot):
                return message
            if isinstance(message, Reply) and message.id == self._requests and message.error:
                raise ConnectionLost(message.error)

    def messages(self) -> Iterator[Snapshot | Event]:
        """What the supervisor tells after `subscribe`; raises `ConnectionLost` at its end."""
        while True:
            while self._kept:
                yield self._kept.popleft()
            message = self._receive()
            if isinstance(message, Snapshot | Event):
                yield message

    def wait_for_end(self, timeout: float | None = None) -> None:
        """Returns once the supervisor has closed the connection.

        Raises `TimeoutError` where nothing was heard of it for `timeout` seconds.
        """
        self._socket.settimeout(timeout)
        try:
            while self._socket.recv(CHUNK):
                pass
        except TimeoutError:
            raise
        except OSError:
            return

    def close(self) -> None:
        """Closes the connection; once is enough, twice does no harm."""
        self._socket.close()

    def __enter__(self) -> SyncClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _connect(self, path: Path) -> None:
        deadline = time.monotonic() + self._patience
        while True:
            try:
                self._socket.connect(str(path))
            except BlockingIOError as error:  # too many wait to be accepted (unix(7))
                if time.monotonic() > deadline:
                    raise unreachable(path, error) from error
                time.sleep(RETRY)
            except OSError as error:
                raise unreachable(path, error) from error
            else:
                break
        check_peer(self._socket)

    def _greet(self, name: str, glance: bool) -> Hello:
        hello = ClientHello(version=PROTOCOL_VERSION, client=name, pid=os.getpid(), glance=glance)
        self._send(hello)
        try:
            return greeted(self._receive())
        except TimeoutError:
            raise ConnectionLost(
                f"the supervisor did not answer within {self._patience:g} s; it may be stopped"
            ) from None

    def _send(self, command: Command) -> None:
        try:
            self._socket.sendall(encode(command))
        except OSError as error:
            raise lost(error) from error

    def _receive(self) -> AnyMessage:
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            self._buffer += self._chunk()
        line = bytes(memoryview(self._buffer)[: end + 1])
        del self._buffer[: end + 1]
        return understood(line)

    def _chunk(self) -> bytes:
        try:
            data = self._socket.recv(CHUNK)
        except TimeoutError:
            raise
        except OSError as error:
            raise lost(error) from error
        if not data:
            raise lost(None)
        return data


def check_peer(connected: socket.socket) -> None:
    """Raises `ConnectionLost` where another user's process listens (unix(7): SO_PEERCRED)."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:  # not Linux: the directory's mode has to do
        return
    raw = connected.getsockopt(socket.SOL_SOCKET, option, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", raw)
    if uid not in (os.geteuid(), 0):
        raise ConnectionLost(f"what listens there belongs to user {uid}, not to you")


def understood(line: bytes) -> AnyMessage:
    """The message of a line.  Raises `ConnectionLost` where it is none or a refusal."""
    try:
        message = decode_message(line)
    except ProtocolError as error:
        raise ConnectionLost(f"the supervisor sent what is {error}") from error
    if isinstance(message, Refusal):
        raise ConnectionLost(message.reason)
    return message


def greeted(message: AnyMessage) -> Hello:
    """The greeting, if it is one of our version.  Raises `ConnectionLost`."""
    if not isinstance(message, Hello):
        raise ConnectionLost("what listens there is no supervisor: it did not greet")
    if message.version != PROTOCOL_VERSION:
        raise VersionMismatch(
            f"the supervisor of session {message.session} runs proctui "
            f"{message.program or 'of another version'} and speaks version {message.version} of "
            f"the protocol, this proctui speaks version {PROTOCOL_VERSION}: use the proctui that "
            "started it"
        )
    return message


def unreachable(path: Path, error: OSError) -> ConnectionLost:
    """Why nobody could be reached at `path`."""
    if isinstance(error, FileNotFoundError):
        return ConnectionLost(
            "the session's socket is missing: its supervisor has ended, or the file was removed"
        )
    if isinstance(error, ConnectionRefusedError):
        return ConnectionLost("nobody listens on the session's socket: its supervisor was killed")
    if isinstance(error, TimeoutError | BlockingIOError):
        return ConnectionLost("the supervisor does not accept connections; it may be stopped")
    return ConnectionLost(f"the socket {path} can't be used: {error.strerror or error}")


def lost(error: OSError | None) -> ConnectionLost:
    """The supervisor was there and is gone."""
    if error is None or isinstance(error, ConnectionResetError | BrokenPipeError):
        return ConnectionLost("the supervisor has closed the connection")
    return ConnectionLost(f"the connection to the supervisor broke: {error.strerror or error}")
