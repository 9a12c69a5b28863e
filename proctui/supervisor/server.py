"""The supervisor's socket: who may come in, the greeting, and where lines go.

Nothing that a client does can stop the session or keep other clients waiting.
"""

from __future__ import annotations

import contextlib
import os
import platform
import socket
from collections.abc import Callable

from proctui import __version__
from proctui.protocol import (
    PROTOCOL_VERSION,
    ClientHello,
    Describe,
    Hello,
    ProtocolError,
    Refusal,
    Reply,
    Subscribe,
    decode_command,
    encode,
)
from proctui.supervisor.clients import Client, Peer, peer_of
from proctui.supervisor.connection import Connection
from proctui.supervisor.dispatch import Dispatcher, number_of
from proctui.supervisor.listening import Listening
from proctui.supervisor.loop import Loop
from proctui.supervisor.session import Session
from proctui.supervisor.words import clip
from proctui.supervisor.world import SUPERVISOR

HELLO_TIMEOUT = 5.0
"""Seconds a client has to say its first line."""
MOST_CLIENTS = 256
LOOKS = (Subscribe, Describe)
"""Commands that change nothing."""


class Server:
    """All connections of a session."""

    def __init__(self, session: Session, listener: socket.socket, loop: Loop) -> None:
        self._session = session
        self._listening = Listening(listener, loop, self._welcome, session.events.say)
        self._loop = loop
        self._dispatcher = Dispatcher(session)
        self._clients: dict[Connection, Client] = {}
        self._leaving: set[Connection] = set()
        """Nothing is read from them any more, but something is still to be sent."""
        self._all_gone: Callable[[], None] | None = None
        self._closing = False
        """The journal's last event has been written: that the session has ended."""

    def begin(self) -> None:
        """From now on clients may come."""
        self._listening.begin()

    def close(self, done: Callable[[], None]) -> None:
        """No more clients; `done` is called once those that are there have got what waits.

        The socket vanishes from the file system.
        """
        self._listening.close()
        self._closing = True
        for connection in list(self._clients):
            connection.finish("was told that the session has ended")
        self._all_gone = done
        self._look_whether_all_gone()

    # ------------------------------------------------------------ coming

    def _welcome(self, connected: socket.socket) -> None:
        connected.setblocking(False)
        peer = peer_of(connected)
        refusal = self._refusal(peer)
        if refusal is not None:
            self._session.events.say("refused", f"a client was refused: {refusal}", pid=peer.pid)
            with contextlib.suppress(OSError):
                connected.send(encode(Refusal(reason=refusal)))
            connected.close()
            return
        connection = Connection(connected, self._loop, self)
        due = self._loop.call_later(HELLO_TIMEOUT, lambda: self._missing_hello(connection))
        self._clients[connection] = Client(connection, peer, due)

    def _refusal(self, peer: Peer) -> str | None:
        if not peer.welcome:
            return f"this session belongs to user {os.geteuid()}, not to user {peer.uid}"
        if len(self._clients) >= MOST_CLIENTS:
            return f"this session has {MOST_CLIENTS} clients already"
        return None

    # ------------------------------------------------------------ connection.Owner

    def line(self, connection: Connection, line: bytes) -> None:
        """One line of a client: a command, rubbish, or nothing."""
        client = self._clients[connection]
        try:
            command = decode_command(line)
        except ProtocolError as error:
            self._rubbish(client, line, str(error))
            return
        if client.greeted:
            if not isinstance(command, LOOKS):
                self._announce(client)
            self._dispatcher.handle(client, command)
        elif isinstance(command, ClientHello):
            self._greet(client, command)
        else:
            connection.refuse("the first line has to be a hello")

    def gone(self, connection: Connection, reason: str) -> None:
        """A client is no more; what it alone was waiting for is cancelled."""
        client = self._clients.pop(connection)
        client.hello_due.cancel()
        self._leaving.add(connection)
        events = self._session.events
        events.forget(connection.send)
        for ticket in list(client.tickets):
            ticket.cancel(client.by)
        if client.announced and not self._closing:
            events.say("client-went", f"{client.by} {reason}", by=client.by, pid=client.peer.pid)

    def closed(self, connection: Connection) -> None:
        """Its descriptor is free again."""
        self._leaving.discard(connection)
        self._listening.has_room()
        self._look_whether_all_gone()

    def _look_whether_all_gone(self) -> None:
        if self._all_gone is not None and not self._leaving:
            done, self._all_gone = self._all_gone, None
            done()

    # ------------------------------------------------------------ greeting

    def _missing_hello(self, connection: Connection) -> None:
        """Time is up; but under load it may be we who have not come to read it."""
        connection.take_in()
        client = self._clients.get(connection)
        if client is not None and not client.greeted:
            connection.refuse(f"no hello within {HELLO_TIMEOUT:g} s")

    def _greet(self, client: Client, hello: ClientHello) -> None:
        if hello.version != PROTOCOL_VERSION:
            reason = (
                f"the session's supervisor is of proctui {__version__} and speaks protocol "
                f"{PROTOCOL_VERSION}, the client speaks {hello.version}: "
                "use the version of proctui that started the session"
            )
            self._session.events.say("refused", reason, pid=client.peer.pid, by=SUPERVISOR)
            client.connection.refuse(reason)
            return
        client.greet(hello.client, hello.pid)
        client.send(self._hello())
        if not hello.glance:
            self._announce(client)

    def _announce(self, client: Client) -> None:
        """Tells once that it has come.

        Who only glances, as every `ps` does, would fill the journal with what is no news.
        """
        if not client.announced:
            client.announced = True
            self._session.events.say(
                "client-came", f"{client.by} has connected", by=client.by, pid=client.peer.pid
            )

    def _hello(self) -> Hello:
        session = self._session
        return Hello(
            version=PROTOCOL_VERSION,
            session=session.settings.name,
            pid=session.world.pid,
            started_at=session.started_at,
            python=platform.python_version(),
            source=session.settings.source,
            log_dir=session.start.log_dir,
            journal=session.start.journal,
            adopt=session.settings.adopt,
            program=__version__,
            tag=session.start.tag,
            refresh=session.settings.refresh,
            boot_time=session.world.clock.boot_time,
            ending=session.ending.stage != "running",
        )

    def _rubbish(self, client: Client, line: bytes, fault: str) -> None:
        if not client.greeted:
            client.connection.refuse(f"the first line has to be a hello; {clip(fault, 200)}")
            return
        client.send(Reply(id=number_of(line), error=clip(fault)))
        if not client.complained:
            client.complained = True
            self._session.events.say("refused", clip(fault), by=client.by, pid=client.peer.pid)
