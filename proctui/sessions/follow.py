"""Reading a worker's log back: its last lines, and then what comes, each byte exactly once.

Standard library only.  The log may be written, released from its beginning, cut, deleted and
made anew while it is read.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from proctui.supervisor.logs import MARK, Cut, cut_of, next_data, older

CHUNK: Final = 1 << 20
"""Bytes that one `Follower.read` takes from the file at most."""
LONGEST_LINE: Final = 1 << 16
"""Bytes after which an unfinished line is handed out as it stands."""
CUTTING: Final = 2.0
"""Seconds after which whoever was cutting the log (the weaker way) is taken to have died of it."""


class Follower:
    """Hands out what stands in a log and what is appended to it, no line lost and none doubled.

    What was released on disk (`supervisor.logs.LogStore.trim`) before it could be read is
    counted in `released`, and reading goes on at the next whole line.  So it does where the file
    was cut (the weaker way of bounding), of which the newest part is kept beside it.  A deleted
    file is read on until another stands at its path, and that one from its beginning; so is a
    file that somebody else cut.
    """

    def __init__(self, path: Path, last: int | None = None, *, marks: bool = False) -> None:
        """`last` begins with that many of the newest lines; None with the oldest there are.

        `marks` puts a line of proctui's own where bytes are missing; before the rest of a line
        of which more than `LONGEST_LINE` is left there always is one.  The file need not exist yet.
        """
        self.path = path
        self.released = 0
        """Bytes that were released before they could be read, so far."""
        self._descriptor: int | None = None
        self._offset = 0
        self._cut = Cut()
        """As it was when the file was last read."""
        self._cutting_since: float | None = None
        self._torn = False
        """What comes next is the rest of a line whose beginning was released."""
        self._headless = False
        """Such a rest is handed out, since it is too long to be dropped."""
        self._rest = b""
        self._ready = b""
        self._last = last
        self._marks = marks
        self._gap = 0
        """Bytes that are missing here, and nobody was told yet."""

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
        while True:
            cut = self._settled_cut()
            if cut is None:
                return False
            descriptor = open_log(self.path)
            if descriptor is None:
                self._last = None  # of a file that comes later, everything is new
                return False
            size = os.fstat(descriptor).st_size
            offset, earlier = 0, b""
            if self._last is None:
                earlier = _whole(older(self.path))
            else:
                offset, missing = last_lines(descriptor, size, self._last)
                if missing:
                    offset = 0  # so that what was released is told
                    earlier = _newest(_whole(older(self.path)), missing)
            if self._settled_cut() == cut:
                break
            os.close(descriptor)
        self._last = None
        self._descriptor, self._offset, self._cut = descriptor, offset, cut
        self._ready += earlier
        return True

    def _settled_cut(self) -> Cut | None:
        """What was cut off so far; None while that is just being done."""
        cut = cut_of(self.path)
        if not cut.pending:
            self._cutting_since = None
            return cut
        now = time.monotonic()
        if self._cutting_since is None:
            self._cutting_since = now
        return Cut(cut.total) if now - self._cutting_since > CUTTING else None

    def _next(self) -> bytes:
        """The bytes at the offset, which moves past them and past what was released."""
        descriptor = self._descriptor
        assert descriptor is not None
        while (cut := self._settled_cut()) is not None:
            if cut.total != self._cut.total:
                data = self._kept(cut)
                if data is None:
                    continue
                return data
            size = os.fstat(descriptor).st_size
            shrunk = size < self._offset
            offset = 0 if shrunk else self._offset
            start = next_data(descriptor, offset, size)
            data = os.pread(descriptor, min(CHUNK, size - start), start)
            # What is released while it is read comes as zeros, in part or in whole.
            if b"\0" in data and next_data(descriptor, start, size) > start:
                continue
            if self._settled_cut() != cut:
                continue
            if shrunk:  # somebody else has cut it
                self._finish_line()
                self._offset = 0
            if start > self._offset:
                self._jump(start - self._offset)
            self._offset = start + len(data)
            return data
        return b""

    def _kept(self, cut: Cut) -> bytes | None:
        """What was kept of the part that was cut off and not read; None where it is cut anew."""
        kept = _whole(older(self.path))
        if self._settled_cut() != cut:
            return None
        position = self._cut.total + self._offset
        first = cut.total - len(kept)
        if position < first:
            self._jump(first - position)
        self._cut, self._offset = cut, 0
        return kept[max(0, position - first) :]

    def _jump(self, missing: int) -> None:
        """Goes on behind `missing` bytes, in the middle of a line."""
        self._finish_line()
        begun = self._offset > 0 or self._cut.total > 0
        self._gap += missing if begun else 0
        self.released += missing
        self._torn = True

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
        ready, self._ready = self._ready + self._mark() + whole[:end], b""
        self._rest = whole[end:]
        return ready

    def _mark(self) -> bytes:
        """The line that says how much is missing here, once that is known."""
        if self._torn or not (self._gap or self._headless):
            return b""
        gap, self._gap = self._gap, 0
        headless, self._headless = self._headless, False
        if headless and not (gap and self._marks):
            return f"{MARK}the beginning of this line is released ---\n".encode()
        return f"{MARK}{gap} bytes were cut here ---\n".encode() if self._marks else b""

    def _without_torn_line(self, whole: bytes) -> bytes:
        """Drops what is left of the line in which the released part ends.

        But not of a very long one, which may be all that there is.
        """
        end = whole.find(b"\n") + 1
        if (end or len(whole)) > LONGEST_LINE:
            self._torn, self._headless = False, True
            return whole
        if end:
            self.released += end
            self._gap += end if self._gap else 0
        self._torn = not end
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
