"""One client's connection: lines in, lines out, and bounds on both.

Whatever a client does or doesn't do, nobody waits for it: reading and writing
never block, a turn takes only so many lines, and what it doesn't take is bounded.
"""

from __future__ import annotations

import itertools
import socket
import time
from collections import deque
from typing import Protocol

from proctui.protocol import MAX_LINE, Refusal, encode
from proctui.supervisor.loop import Loop, Timer

MOST_PENDING = 8 << 20
"""Bytes that may wait for a client, beyond a snapshot it asked for."""
ENOUGH_PENDING = 1 << 20
"""Bytes waiting from which on nothing more is read: it is to take its answers first."""
TURN = 0.005
"""Seconds that one client's lines may take before the others' turn comes."""
FAREWELL = 10.0
"""Seconds a refused client has to take the reason."""

_CHUNK = 1 << 16
_PIECES = 512
"""Lines handed to the kernel at once; writev(2) takes 1024."""


class Owner(Protocol):
    """Who hears of a connection."""

    def line(self, connection: Connection, line: bytes) -> None:
        """One whole line, without its end."""

    def gone(self, connection: Connection, reason: str) -> None:
        """No more will come, for a reason that is part of a sentence."""

    def closed(self, connection: Connection) -> None:
        """Nor will any more be sent.  The last call."""


class Connection:
    """A non-blocking stream socket that belongs to this object."""

    def __init__(self, sock: socket.socket, loop: Loop, owner: Owner) -> None:
        self.open = True
        """False once nothing is read from it any more."""
        self._socket = sock
        self._loop = loop
        self._owner = owner
        self._inbox = bytearray()
        self._searched = 0
        """Bytes of the inbox known to hold no line's end."""
        self._reading = False
        self._turn_due = False
        self._outbox: deque[memoryview] = deque()
        self._pending = 0
        self._allowed = MOST_PENDING
        self._partly_sent = False
        """The first piece of the outbox is the rest of a line."""
        self._flush_due = False
        self._writing = False
        self._farewell: Timer | None = None
        self._mind_reading()

    # ------------------------------------------------------------ out

    def send(self, line: bytes, *, extra: bool = False) -> None:
        """Queues a whole line; what comes together goes out together.

        `extra` is for something large that was asked for: it is allowed once, on top.
        """
        if not self.open:
            return
        if extra and self._allowed == MOST_PENDING:
            self._allowed += len(line)
        self._queue(line)
        if self._pending > self._allowed:
            self.refuse(
                f"disconnected: {self._pending / (1 << 20):.1f} MiB were waiting to be read; "
                "connect again for the present state"
            )

    def refuse(self, reason: str) -> None:
        """Drops what is waiting, says why, and closes."""
        if not self.open:
            return
        rest = [self._outbox[0]] if self._partly_sent else []
        self._outbox = deque(rest)
        self._pending = sum(map(len, rest))
        self._queue(encode(Refusal(reason=reason)))
        self.finish(reason)

    def finish(self, reason: str) -> None:
        """Reads no more, and closes once everything is sent, or after a while."""
        if not self.open:
            return
        self.open = False
        self._inbox.clear()
        self._mind_reading()
        self._owner.gone(self, reason)
        if self._pending:
            self._farewell = self._loop.call_later(FAREWELL, self.close)
        else:
            self.close()

    def close(self) -> None:
        """Closes at once; harmless when it is closed."""
        if self.closed:
            return
        self.open = False
        if self._farewell is not None:
            self._farewell.cancel()
        if self._reading:
            self._loop.remove_reader(self._socket.fileno())
        if self._writing:
            self._loop.remove_writer(self._socket.fileno())
        self._socket.close()
        self._owner.closed(self)

    @property
    def closed(self) -> bool:
        """Everything is over: the client has it all, or will never take it."""
        return self._socket.fileno() < 0

    def _queue(self, line: bytes) -> None:
        self._outbox.append(memoryview(line))
        self._pending += len(line)
        if not self._flush_due and not self._writing:
            self._flush_due = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_due = False
        if self.closed:
            return
        try:
            while self._outbox:
                self._send_some()
        except BlockingIOError:
            pass
        except OSError as error:
            self._broken(error)
            return
        self._mind_writing()
        self._mind_reading()
        if self._inbox and self._reading and not self._turn_due:
            self._give_turn()
        if not self._outbox:
            self._allowed = MOST_PENDING
            if not self.open:
                self.close()

    def _send_some(self) -> None:
        sent = self._socket.sendmsg(list(itertools.islice(self._outbox, _PIECES)))
        self._pending -= sent
        while sent:
            head = self._outbox[0]
            self._partly_sent = sent < len(head)
            if self._partly_sent:
                self._outbox[0] = head[sent:]
                return
            sent -= len(head)
            self._outbox.popleft()

    def _mind_writing(self) -> None:
        wanted = bool(self._outbox)
        if wanted and not self._writing:
            self._loop.add_writer(self._socket.fileno(), self._flush)
        elif self._writing and not wanted:
            self._loop.remove_writer(self._socket.fileno())
        self._writing = wanted

    # ------------------------------------------------------------ in

    def _mind_reading(self) -> None:
        """Reads while it is this client's turn and it takes its answers."""
        wanted = self.open and not self._turn_due and self._pending <= ENOUGH_PENDING
        if wanted and not self._reading:
            self._loop.add_reader(self._socket.fileno(), self.take_in)
        elif self._reading and not wanted:
            self._loop.remove_reader(self._socket.fileno())
        self._reading = wanted

    def _give_turn(self) -> None:
        self._turn_due = True
        self._loop.call_soon(self._turn)

    def take_in(self) -> None:
        """Reads what is there, if anything."""
        if not self._reading:
            return
        try:
            data = self._socket.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError as error:
            self._broken(error)
            return
        if not data:
            self.finish("left in the middle of a line" if self._inbox else "left")
            return
        self._inbox += data
        self._take_lines()

    def _turn(self) -> None:
        self._turn_due = False
        self._take_lines()

    def _take_lines(self) -> None:
        until = time.monotonic() + TURN
        while self.open and self._pending <= ENOUGH_PENDING:
            line = self._take_line()
            if line is None:
                break
            self._owner.line(self, line)
            if time.monotonic() >= until:
                self._give_turn()
                break
        self._mind_reading()

    def _take_line(self) -> bytes | None:
        end = self._inbox.find(b"\n", self._searched)
        self._searched = len(self._inbox) if end < 0 else 0
        if max(end, self._searched) > MAX_LINE:
            self.refuse(f"a line may have {MAX_LINE} bytes, this one is longer")
            return None
        if end < 0:
            return None
        line = bytes(memoryview(self._inbox)[:end])
        del self._inbox[: end + 1]
        return line

    def _broken(self, error: OSError) -> None:
        self._outbox.clear()
        self._pending = 0
        if self.open:
            self.finish(f"lost: {error.strerror or error}")
        else:
            self.close()
