"""The journal: every event of a session as a JSON line, kept after the session has ended.

Each line goes out with one write(2) as it happens, so that it survives a supervisor that is
killed.  Bounded: at half the limit the file becomes ``NAME.1`` and a new one is begun.
Reading tolerates what a killed writer or a broken disk leaves: torn and rubbish lines are
counted, not believed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from proctui.protocol import Event, encode

LIMIT: Final = 16 * 1024 * 1024
"""Bytes that a journal takes on disk, the older part included."""

_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def older(path: Path) -> Path:
    """Where the part before the last rotation stands."""
    return path.with_name(path.name + ".1")


class Journal:
    """Appends events to one file; the only writer of it."""

    def __init__(self, path: Path, limit: int = LIMIT) -> None:
        """Makes the file with mode 0600, or goes on with it.

        Raises OSError, `PermissionError` among them where something else than our own plain
        file stands there (a link is never followed).
        """
        self.path = path
        self._share = limit // 2
        self._descriptor = _open_to_append(path)
        self._size = os.fstat(self._descriptor).st_size
        self._whole = _ends_a_line(self._descriptor, self._size)

    def append(self, event: Event) -> None:
        """Writes the event before it returns.

        Raises OSError; what could only be written in part is taken back, or closed by the next
        line's beginning where that can't be.
        """
        line = encode(event)
        if self._size and self._size + len(line) > self._share:
            self._rotate()
        if not self._whole:
            line = b"\n" + line
        self._whole = False
        written = os.write(self._descriptor, line)
        if written < len(line):
            self._take_back(written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
        self._size += written
        self._whole = True

    def _take_back(self, written: int) -> None:
        """Removes the beginning of a line for the end of which there was no room."""
        try:
            os.ftruncate(self._descriptor, self._size)
        except OSError:
            self._size += written

    def close(self) -> None:
        """Closes the file; once is enough, twice does no harm."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _rotate(self) -> None:
        """Begins a new file, or goes on with the old one where that can't be done now.

        The new one is opened first: nothing is renamed that could not be followed.
        """
        draft = self.path.with_name(self.path.name + ".new")
        with contextlib.suppress(OSError):
            descriptor = _open_to_append(draft)
            try:
                with contextlib.suppress(FileNotFoundError):
                    self.path.rename(older(self.path))
                draft.rename(self.path)
            except BaseException:
                os.close(descriptor)
                raise
            os.close(self._descriptor)
            self._descriptor, self._size, self._whole = descriptor, 0, True


class Reading(NamedTuple):
    """What could be read of a journal."""

    events: list[Event]
    """Oldest first."""
    unreadable: int
    """Lines met that are no events: torn by a crash, or rubbish."""


def read(path: Path, last: int | None = None) -> list[Event]:
    """The journal's events, oldest first; with `last` no more than its newest so many.

    A missing journal has none.  Raises OSError.
    """
    return load(path, last).events


def load(path: Path, last: int | None = None) -> Reading:
    """As `read`, and tells how many lines it could not read among those it looked at."""
    events: list[Event] = []
    unreadable = 0
    for part in _parts(path):
        for line in reversed(part.split(b"\n")):
            if last is not None and len(events) >= last:
                return Reading(events[::-1], unreadable)
            if not line.strip():
                continue
            try:
                events.append(_decoder.decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                unreadable += 1
    return Reading(events[::-1], unreadable)


def _parts(path: Path) -> list[bytes]:
    """The newer and the older file, of one moment although the writer may rotate meanwhile."""
    while True:
        newer_file = _open_to_read(path)
        older_file = _open_to_read(older(path))
        found = [descriptor for descriptor in (newer_file, older_file) if descriptor is not None]
        try:
            if len(found) == 2 and os.path.sameopenfile(*found):
                continue  # rotated between the two: what was opened first is now the older
            return [_read_all(descriptor) for descriptor in found]
        finally:
            for descriptor in found:
                os.close(descriptor)


def _open_to_append(path: Path) -> int:
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    return _checked(os.open(path, flags, 0o600), path)


def _open_to_read(path: Path) -> int | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    return _checked(descriptor, path)


def _checked(descriptor: int, path: Path) -> int:
    facts = os.fstat(descriptor)
    if stat.S_ISREG(facts.st_mode) and facts.st_uid == os.geteuid():
        return descriptor
    os.close(descriptor)
    raise PermissionError(errno.EPERM, "not a plain file of ours", str(path))


def _ends_a_line(descriptor: int, size: int) -> bool:
    return size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"


def _read_all(descriptor: int) -> bytes:
    pieces = []
    while piece := os.read(descriptor, 1 << 20):
        pieces.append(piece)
    return b"".join(pieces)
