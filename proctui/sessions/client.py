"""The asyncio client of one supervisor, for the screen.

It only talks: whose child a worker is and what it becomes is the supervisor's.  Closing it, or
losing the program that holds it, leaves everything running.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import msgspec

from proctui.protocol import (
    PROTOCOL_VERSION,
    AnyMessage,
    ClientHello,
    Command,
    Event,
    Hello,
    Message,
    Reply,
    Snapshot,
    encode,
)
from proctui.sessions.sync_client import (
    HANDSHAKE,
    RETRY,
    ConnectionLost,
    VersionMismatch,
    check_peer,
    greeted,
    lost,
    understood,
    unreachable,
)

__all__ = ["Client", "ConnectionLost", "VersionMismatch"]

LINGER: Final = 1.0
"""Seconds that closing waits for the supervisor to take what is still to be sent."""
MANY: Final = 20_000
"""Messages that may wait to be taken before the socket is no longer read."""


class Client:
    """One connection.  Made by `connect`; for one event loop."""

    def __init__(self, link: _Link, hello: Hello) -> None:
        self._link = link
        self.hello = hello

    @classmethod
    async def connect(cls, path: Path, name: str = "screen") -> Client:
        """Connects to the supervisor that listens at `path` and greets it as `name`.

        Raises `ConnectionLost` (one clear sentence), `VersionMismatch` among them.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(HANDSHAKE):
                connected = await _connected(path)
                _, link = await loop.create_unix_connection(_Link, sock=connected)
                try:
                    return cls(link, await link.greet(name))
                except BaseException:
                    link.abort()
                    raise
        except TimeoutError:
            raise ConnectionLost(
                f"the supervisor did not answer within {HANDSHAKE:g} s; it may be stopped"
            ) from None
        except OSError as error:
            raise unreachable(path, error) from error

    async def request(self, command: Command) -> Reply:
        """Asks and waits for the answer, however long that takes; its `id` is filled in.

        A cancelled request is not taken back.  Raises `ConnectionLost`.
        """
        return await self._link.request(command)

    async def messages(self) -> AsyncIterator[Snapshot | Event]:
        """What the supervisor tells after a `Subscribe`.

        All of it once, whoever iterates.  Raises `ConnectionLost` when the supervisor goes away,
        after everything that it said before.
        """
        while True:
            yield await self._link.message()

    async def close(self) -> None:
        """Closes the connection, which is a detach; once is enough, twice does no harm."""
        self._link.close()
        try:
            async with asyncio.timeout(LINGER):
                await asyncio.shield(self._link.closed)
        except TimeoutError:
            self._link.abort()


async def _connected(path: Path) -> socket.socket:
    """A connected socket.  Raises OSError.

    asyncio takes the EAGAIN of a full queue (unix(7)) for a connection under way.
    """
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        while True:
            try:
                made.connect(str(path))
                return made
            except BlockingIOError:
                await asyncio.sleep(RETRY)
    except BaseException:
        made.close()
        raise


class _Link(asyncio.Protocol):
    """Bytes to messages, answers to whom they are for."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.closed: asyncio.Future[None] = loop.create_future()
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._hello: asyncio.Future[Hello] = loop.create_future()
        self._answers: dict[int, asyncio.Future[Reply]] = {}
        self._requests = 0
        self._messages: deque[Snapshot | Event] = deque()
        self._arrived = asyncio.Event()
        self._paused = False
        self._error: ConnectionLost | None = None

    # ------------------------------------------------------------ for the client

    async def greet(self, name: str) -> Hello:
        """Says who we are and waits for who they are."""
        self._write(ClientHello(version=PROTOCOL_VERSION, client=name, pid=os.getpid()))
        return await self._hello

    async def request(self, command: Command) -> Reply:
        """Sends and waits for the answer of the same number."""
        if self._error is not None:
            raise self._error
        self._requests += 1
        number = self._requests
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        try:
            self._write(msgspec.structs.replace(command, id=number))
            return await answer
        finally:
            del self._answers[number]

    async def message(self) -> Snapshot | Event:
        """The next one, waiting for it if need be."""
        while not self._messages:
            if self._error is not None:
                raise self._error
            self._arrived.clear()
            await self._arrived.wait()
        message = self._messages.popleft()
        if self._paused and len(self._messages) <= MANY // 2 and self._transport is not None:
            self._transport.resume_reading()
            self._paused = False
        return message

    def close(self) -> None:
        """Sends what is still to be sent; whoever waits gets to hear of it."""
        self._tell(ConnectionLost("the connection was closed"))
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Closes without regard to what is still to be sent."""
        self._fail(ConnectionLost("the connection was closed"))

    # ------------------------------------------------------------ for the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called once, first."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        try:
            check_peer(transport.get_extra_info("socket"))
        except ConnectionLost as error:
            self._fail(error)

    def data_received(self, data: bytes) -> None:
        """Takes whole lines; what is left waits for more."""
        searched = len(self._buffer)
        self._buffer += data
        end = self._buffer.rfind(b"\n", searched) + 1
        if not end:
            return
        lines = bytes(memoryview(self._buffer)[:end]).split(b"\n")
        del self._buffer[:end]
        try:
            for line in lines[:-1]:
                self._take(understood(line))
        except ConnectionLost as error:
            self._fail(error)
        self._pause_if_many()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called once, last."""
        self._fail(lost(exc if isinstance(exc, OSError) else None))
        self._transport = None
        if not self.closed.done():
            self.closed.set_result(None)

    # ------------------------------------------------------------ inside

    def _write(self, message: Command | Message) -> None:
        if self._transport is not None:
            self._transport.write(encode(message))

    def _take(self, message: AnyMessage) -> None:
        if not self._hello.done():
            self._hello.set_result(greeted(message))
        elif isinstance(message, Snapshot | Event):
            self._messages.append(message)
            self._arrived.set()
        elif isinstance(message, Reply):
            answer = self._answers.get(message.id)
            if answer is not None and not answer.done():
                answer.set_result(message)

    def _pause_if_many(self) -> None:
        if len(self._messages) > MANY and not self._paused and self._transport is not None:
            self._transport.pause_reading()
            self._paused = True

    def _fail(self, error: ConnectionLost) -> None:
        """Ends the connection."""
        self._tell(error)
        if self._transport is not None:
            self._transport.abort()

    def _tell(self, error: ConnectionLost) -> None:
        """Whoever waits gets to hear of the end; the first reason stands."""
        if self._error is not None:
            return
        self._error = error
        if not self._hello.done():
            self._hello.set_exception(error)
            self._hello.exception()  # nobody need wait for it, which is no reason to complain
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(error)
        self._arrived.set()
