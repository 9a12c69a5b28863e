"""One client as the supervisor knows it: who it is, and what it waits for."""

from __future__ import annotations

import os
import socket
import struct
from typing import NamedTuple

from proctui.protocol import Message, encode
from proctui.supervisor.connection import Connection
from proctui.supervisor.joining import Ticket
from proctui.supervisor.loop import Timer
from proctui.supervisor.words import clip

LONGEST_NAME = 64

_CREDENTIALS = struct.Struct("3i")
"""struct ucred of unix(7): pid, uid, gid."""


class Peer(NamedTuple):
    """Who the kernel says is at the other end; None where it doesn't tell."""

    pid: int | None
    uid: int | None

    @property
    def welcome(self) -> bool:
        """The same user, or root.  Where the kernel tells nothing, the socket's folder guards."""
        return self.uid is None or self.uid in (0, os.geteuid())


def peer_of(sock: socket.socket) -> Peer:
    """The process that connected (unix(7), SO_PEERCRED)."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return Peer(None, None)
    pid, uid, _ = _CREDENTIALS.unpack(sock.getsockopt(socket.SOL_SOCKET, option, _CREDENTIALS.size))
    return Peer(pid, uid)


class Client:
    """A connection with a name, and the joins that it waits for."""

    def __init__(self, connection: Connection, peer: Peer, hello_due: Timer) -> None:
        self.connection = connection
        self.peer = peer
        self.hello_due = hello_due
        """Closes it unless it greets first."""
        self.greeted = False
        self.by = "client"
        """`Event.by` of what it causes."""
        self.tickets: set[Ticket] = set()
        self.announced = False
        """Its coming has been told, and so will its going be."""
        self.complained = False
        """A line of it that is no command has been told of."""

    def greet(self, name: str, pid: int) -> None:
        """It has said who it is; the pid that the kernel knows counts more than its own word."""
        self.greeted = True
        self.hello_due.cancel()
        plain = "".join(char if char.isprintable() else "?" for char in name)
        self.by = f"{clip(plain or 'client', LONGEST_NAME)} {self.peer.pid or pid}"

    @property
    def open(self) -> bool:
        """It is still there."""
        return self.connection.open

    def send(self, message: Message, *, large: bool = False) -> None:
        """Sends one message; a `large` one was asked for and counts apart."""
        self.connection.send(encode(message), extra=large)
