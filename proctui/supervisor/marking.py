"""Has the environment that the kernel shows of a worker name it, though it executed nothing.

/proc/PID/environ is the memory in which the program found its environment when it was executed
(proc_pid_environ(5)).  A forked worker has a copy of the supervisor's, a spawned one inherited its
words, so both would show the session alone; and so would whatever they fork in turn, which is how
an orphan that double-forked and called setsid before anybody saw it would be nobody's.  So the
supervisor is executed with room for a name, and the worker writes its own there.

Standard library only: a spawned worker imports this module.
"""

from __future__ import annotations

import contextlib
import functools
import os
from typing import NamedTuple

VARIABLE = "PROCTUI_WORKER"
ROOM = " " * 96
"""Value of the variable before a worker has written its id over it."""

_ENV_START = 47
"""Which field of /proc/self/stat counted from the state on (proc_pid_stat(5))."""
_MEMORY = "/proc/self/mem"


class Place(NamedTuple):
    """Where in the memory of this process, and of all that it forks, the room is."""

    address: int
    size: int

    def holding(self, worker: str) -> tuple[int, bytes] | None:
        """What to write and where; None where the id is too long to be told."""
        name = os.fsencode(worker)
        return (self.address, name.ljust(self.size)) if len(name) <= self.size else None


@functools.cache
def find_place() -> Place | None:
    """Where this process can be marked; None where it was executed without room, or no /proc is."""
    try:
        with open("/proc/self/environ", "rb") as file:
            block = file.read()
        with open("/proc/self/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    before, found, value = (b"\0" + block).partition(f"\0{VARIABLE}=".encode())
    if not found or value.partition(b"\0")[0] != ROOM.encode():
        return None
    return Place(int(fields[_ENV_START]) + len(before) + len(found) - 1, len(ROOM))


def mark(worker: str) -> None:
    """Marks this process, which has executed a program itself, or is a fork of one that did."""
    place = find_place()
    text = None if place is None else place.holding(worker)
    if text is None:
        return
    with contextlib.suppress(OSError):
        memory = os.open(_MEMORY, os.O_RDWR | os.O_CLOEXEC)
        try:
            os.pwrite(memory, text[1], text[0])
        finally:
            os.close(memory)
