"""The proc connector: the kernel tells of every fork, exec and exit (netlink(7), cn_proc.h).

What lives shorter than a sample is seen by nothing else.  Standard library
alone.  It may be opened by root, from Linux 6.6 on by everybody, and only in
the machine's first pid and user namespace: `ProcConnector.open` answers None
elsewhere.
"""

from __future__ import annotations

import array
import contextlib
import errno
import os
import socket
import struct
import time
from collections.abc import Iterator
from typing import Literal, NamedTuple

_NETLINK_CONNECTOR = 11
_CN_IDX_PROC = 1
_CN_VAL_PROC = 1
_LISTEN = 1
_SO_ATTACH_FILTER = 26
_SO_RCVBUFFORCE = 33
_BUFFER = 1 << 20
_NLMSG_DONE = 3

_NETLINK = struct.Struct("=IHHII")
_CONNECTOR = struct.Struct("=IIIIHH")
_EVENT = struct.Struct("=IIQ")
_DATA_AT = _NETLINK.size + _CONNECTOR.size
_UNION_AT = _DATA_AT + _EVENT.size

_NONE, _FORK, _EXEC, _EXIT = 0, 1, 2, 0x80000000
_MOST_AT_ONCE = 8192


class Happening(NamedTuple):
    """One event of a whole process; threads are not told."""

    kind: Literal["fork", "exec", "exit"]
    pid: int
    """The child of a fork, else the process itself."""
    parent: int
    """Of a fork; else 0."""
    status: int
    """wait(2) status of an exit; else 0."""
    ticks: float
    """When, in clock ticks since boot, as `procfs.Stat.start_ticks` counts them."""


class ProcConnector:
    """A subscription.  Made by `open`."""

    def __init__(self, listening: socket.socket) -> None:
        self._socket = listening
        self._ticks_per_second = os.sysconf("SC_CLK_TCK")

    @classmethod
    def open(cls) -> ProcConnector | None:
        """Subscribes; None where that may not be."""
        family = getattr(socket, "AF_NETLINK", None)
        if family is None:
            return None
        kind = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        try:
            listening = socket.socket(family, kind, _NETLINK_CONNECTOR)
        except OSError:
            return None
        try:
            listening.bind((0, _CN_IDX_PROC))
            if _subscribe(listening):
                _filter(listening)
                with contextlib.suppress(OSError):
                    listening.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
                return cls(listening)
        except OSError:
            pass
        listening.close()
        return None

    @classmethod
    @contextlib.contextmanager
    def opened(cls) -> Iterator[ProcConnector | None]:
        """Subscribes for the block, before there is anybody to tell: what happens is kept."""
        connector = cls.open()
        try:
            yield connector
        finally:
            if connector is not None:
                connector.close()

    def fileno(self) -> int:
        """Readable when `read` has something to tell."""
        return self._socket.fileno()

    def read(self) -> list[Happening]:
        """What happened since the last call, in order.  What did not fit the buffer is lost."""
        offset = time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)
        told: list[Happening] = []
        while len(told) < _MOST_AT_ONCE:
            try:
                message = self._socket.recv(4096)
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno == errno.ENOBUFS:
                    continue
                raise
            happening = _parse(message, offset, self._ticks_per_second)
            if happening is not None:
                told.append(happening)
        return told

    def close(self) -> None:
        """Ends the subscription."""
        self._socket.close()


def _subscribe(listening: socket.socket) -> bool:
    """Asks for the events; False where the kernel does not acknowledge it.

    It does so within send(2), and not at all outside its first namespaces.
    There events may still come, asked for by others and with pids that mean
    nothing, so only the answer to this very question counts.
    """
    number = int.from_bytes(os.urandom(3), "little")
    operation = struct.pack("=I", _LISTEN)
    body = _CONNECTOR.pack(_CN_IDX_PROC, _CN_VAL_PROC, 0, number, len(operation), 0) + operation
    head = _NETLINK.pack(_NETLINK.size + len(body), _NLMSG_DONE, 0, 0, os.getpid())
    listening.send(head + body)
    for _ in range(_MOST_AT_ONCE):
        message = listening.recv(4096)  # BlockingIOError where there is none left
        _, what = _parse_head(message)
        _, _, _, acknowledged, *_ = _CONNECTOR.unpack_from(message, _NETLINK.size)
        if what == _NONE and acknowledged == number + 1:  # cn_proc.c: the sequence is its own
            (error,) = struct.unpack_from("=I", message, _UNION_AT)
            return not error
    return False


def _parse_head(message: bytes) -> tuple[int, int]:
    """Timestamp in nanoseconds and kind of event."""
    if len(message) < _UNION_AT:
        raise OSError(errno.EBADMSG, "no event of the proc connector")
    what, _, nanoseconds = _EVENT.unpack_from(message, _DATA_AT)
    return nanoseconds, what


def _parse(message: bytes, offset: float, ticks_per_second: int) -> Happening | None:
    """None for what is not told: threads, and events of other kinds."""
    try:
        nanoseconds, what = _parse_head(message)
        first, second, third, fourth = struct.unpack_from("=iiIi", message, _UNION_AT)
    except (OSError, struct.error):
        return None
    ticks = (nanoseconds / 1e9 + offset) * ticks_per_second
    if what == _FORK and third == fourth:
        return Happening("fork", fourth, second, 0, ticks)
    if what == _EXEC:
        return Happening("exec", second, 0, 0, ticks)
    if what == _EXIT and first == second:
        return Happening("exit", second, 0, third, ticks)
    return None


def _filter(listening: socket.socket) -> None:
    """Has the kernel drop what `_parse` would: a wake-up for each thread is worth avoiding.

    A classic BPF program; it loads words in network order.
    """

    def load(offset: int) -> tuple[int, int, int, int]:
        return 0x20, 0, 0, offset

    def jump_if(word: int, yes: int, no: int) -> tuple[int, int, int, int]:
        return 0x15, yes, no, socket.htonl(word)

    copy_to_x, jump_if_x = (0x07, 0, 0, 0), (0x1D, 1, 0, 0)
    drop, accept = (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF)
    program = [
        load(_DATA_AT),
        jump_if(_EXEC, 12, 0),
        jump_if(_FORK, 2, 0),
        jump_if(_EXIT, 5, 0),
        drop,
        load(_UNION_AT + 8),  # of a fork: the child and its thread group
        copy_to_x,
        load(_UNION_AT + 12),
        (0x05, 0, 0, 3),
        load(_UNION_AT),  # of an exit: the task and its thread group
        copy_to_x,
        load(_UNION_AT + 4),
        jump_if_x,
        drop,
        accept,
    ]
    memory = array.array("B", b"".join(struct.pack("=HBBI", *line) for line in program))
    with contextlib.suppress(OSError):  # a filter saves work, no more
        fprog = struct.pack("HP", len(program), memory.buffer_info()[0])
        listening.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, fprog)
