"""Reading a worker's log back: its last lines, and then what comes, each byte exactly once.

Standard library only.  The log may be written, released from its beginning, cut, deleted and
made anew while it is read.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from proctui.supervisor.logs import next_data, older

CHUNK: Final = 1 << 20
"""Bytes that one `Follower.read` takes from the file at most."""
LONGEST_LINE: Final = 1 << 16
"""Bytes after which an unfinished line is handed out as it stands."""


class Follower:
    """Hands out what stands in a log and what is appended to it, no line lost and none doubled.

    What was released on disk (`supervisor.logs.LogStore.trim`) before it could be read is
    counted in `released`, and reading goes on at the next whole line.  A deleted file is read on
    until another stands at its path, and that one from its beginning.  So is a file that was cut
    (the weaker way of bounding).
    """

    def __init__(self, path: Path, last: int | None = None) -> None:
        """`last` begins with that many of the newest lines; None with the oldest there are.

        The file need not exist yet.
        """
        self.path = path
        self.released = 0
        """Bytes that were released before they could be read, so far."""
        self._descriptor: int | None = None
        self._offset = 0
        self._torn = False
        self._rest = b""
        self._ready = b""
        self._last = last

    def read(self, *, final: bool = False) -> bytes:
        """What is new, in whole lines; empty where there is nothing new at the moment.

        Call it again at once while it returns something.  An unfinished last line is kept back
        until it is finished or has grown past `LONGEST_LINE`; `final` hands it out as it stands.
        Raises OSError where the log may not be read.
        """
        if self._descriptor is None and not self._open():
            return b""
        data = self._next()
        if not data and self._replaced():
            self._finish_line()
            self.close()
            if self._open():
                data = self._next()
        return self._in_lines(data, final)

    @property
    def unfinished(self) -> int:
        """Bytes of the line that is kept back."""
        return len(self._rest)

    def close(self) -> None:
        """Closes the file; a later `read` begins with what stands at the path then."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        self._offset, self._torn = 0, False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _open(self) -> bool:
        last, self._last = self._last, None  # of a file that comes later, everything is new
        self._descriptor = open_log(self.path)
        if self._descriptor is None:
            return False
        if last is None:
            self._ready += _whole(older(self.path))
            return True
        size = os.fstat(self._descriptor).st_size
        self._offset, missing = last_lines(self._descriptor, size, last)
        if missing:
            self._offset = 0  # so that what was released is told
            self._ready += _newest(_whole(older(self.path)), missing)
        return True

    def _next(self) -> bytes:
        """The bytes at the offset, which moves past them and past what was released."""
        descriptor = self._descriptor
        assert descriptor is not None
        while True:
            size = os.fstat(descriptor).st_size
            if size < self._offset:  # cut: what it held is gone or in the older part
                self._finish_line()
                self._offset = 0
            start = next_data(descriptor, self._offset, size)
            if start > self._offset:
                self._jump(start)
            data = os.pread(descriptor, min(CHUNK, size - start), start)
            # What is released while it is read comes as zeros, in part or in whole.
            if b"\0" in data and next_data(descriptor, start, size) > start:
                continue
            self._offset += len(data)
            return data

    def _jump(self, start: int) -> None:
        self._finish_line()
        self.released += start - self._offset
        self._offset, self._torn = start, True

    def _finish_line(self) -> None:
        """The kept-back line will never be finished: it gets its end here."""
        if self._rest:
            self._ready += self._rest + b"\n"
            self._rest = b""

    def _replaced(self) -> bool:
        """Another file stands at the path now."""
        assert self._descriptor is not None
        try:
            there = os.stat(self.path, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return not os.path.samestat(there, os.fstat(self._descriptor))

    def _in_lines(self, data: bytes, final: bool) -> bytes:
        whole = self._rest + data
        if self._torn:
            whole = self._without_torn_line(whole)
        end = whole.rfind(b"\n") + 1
        if final or len(whole) - end > LONGEST_LINE:
            end = len(whole)
        ready, self._ready = self._ready + whole[:end], b""
        self._rest = whole[end:]
        return ready

    def _without_torn_line(self, whole: bytes) -> bytes:
        """Drops what is left of the line in which the released part ends."""
        end = whole.find(b"\n") + 1
        if end:
            self.released += end
        self._torn = not end and len(whole) <= LONGEST_LINE
        return whole[end:]


def open_log(path: Path) -> int | None:
    """A descriptor to read a log with; None where there is none.

    Raises OSError, `PermissionError` among them where something else than our own plain file
    stands there (a link is never followed).
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    facts = os.fstat(descriptor)
    if stat.S_ISREG(facts.st_mode) and facts.st_uid == os.geteuid():
        return descriptor
    os.close(descriptor)
    raise PermissionError(errno.EPERM, "not a plain file of ours", str(path))


def last_lines(descriptor: int, size: int, count: int) -> tuple[int, int]:
    """Where the last `count` lines before `size` begin, and how many fewer than that there are.

    Reads backwards, no further than needed and never into what was released.
    """
    first = next_data(descriptor, 0, size)
    if count <= 0:
        return size, 0
    end, found = size, 0
    while end > first:
        start = max(first, end - LONGEST_LINE)
        data = os.pread(descriptor, end - start, start)
        position = len(data)
        if end == size and data.endswith(b"\n"):
            position -= 1  # this one ends the last line and begins none
        while (position := data.rfind(b"\n", 0, position)) >= 0:
            found += 1
            if found == count:
                return start + position + 1, 0
        end = start
    complete = first == 0 and size > 0  # otherwise the first line is torn
    return first, count - found - complete


def _whole(path: Path) -> bytes:
    descriptor = open_log(path)
    if descriptor is None:
        return b""
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def _newest(data: bytes, lines: int) -> bytes:
    start = len(data) - data.endswith(b"\n")
    for _ in range(lines):
        start = data.rfind(b"\n", 0, max(start, 0))
    return data[start + 1 :]
