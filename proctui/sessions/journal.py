"""The journal: every event of a session as a JSON line, kept after the session has ended.

Each line goes out with one write(2) as it happens, so that it survives a supervisor that is
killed.  Bounded: at half the limit the file becomes ``NAME.1`` and a new one is begun, with a line
that tells all workers as they are then: whoever reads it needs nothing older to know them.
Reading tolerates what a killed writer or a broken disk leaves: torn and rubbish lines are
counted, not believed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from proctui.model import Worker
from proctui.protocol import Event, Snapshot, encode

LIMIT: Final = 16 * 1024 * 1024
"""Bytes that a journal takes on disk, the older part included.

Or four times what all workers' states take, where that is more: a file holds at least as much of
events as of states at its beginning, so that an event costs the same however many workers there
are.
"""

_OF_OTHERS: Final = ("note", "adopted")
"""Events that name a worker, but the pid of one of its descendants."""
_decoder: msgspec.json.Decoder[Event | Snapshot] = msgspec.json.Decoder(Event | Snapshot)


def older(path: Path) -> Path:
    """Where the part before the last rotation stands."""
    return path.with_name(path.name + ".1")


class Journal:
    """Appends events to one file; the only writer of it."""

    def __init__(
        self,
        path: Path,
        limit: int = LIMIT,
        workers: Callable[[], tuple[Worker, ...]] | None = None,
    ) -> None:
        """Makes the file with mode 0600, or goes on with it.

        `workers` tells all of them as they are; without it no states are kept apart from events.

        Raises OSError, `PermissionError` among them where something else than our own plain
        file stands there (a link is never followed).
        """
        self.path = path
        self.workers = workers
        self._share = limit // 2
        self._rotate_at = self._share
        self._descriptor = _open_to_append(path)
        self._size = os.fstat(self._descriptor).st_size
        self._whole = _ends_a_line(self._descriptor, self._size)

    def append(self, event: Event) -> None:
        """Writes the event before it returns.

        Raises OSError; what could only be written in part is taken back, or closed by the next
        line's beginning where that can't be.
        """
        line = encode(event)
        if self._size and self._size + len(line) > self._rotate_at:
            self._rotate(event.seq - 1, len(line))
        self._write(line)

    def tell_order(self, seq: int) -> None:
        """Writes all workers as they are after event `seq`, since no event tells their order.

        Not where that takes much of the room for events: the next rotation tells it then.
        Raises as `append`.
        """
        states = b"" if self.workers is None else encode(Snapshot(seq=seq, workers=self.workers()))
        if states and len(states) <= self._share // 8:
            self._write(states)

    def _write(self, line: bytes) -> None:
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

    def _rotate(self, seq: int, room: int) -> None:
        """Begins a new file where `room` bytes more would be too many for the old one.

        Goes on with the old one where that can't be done now.

        The new one is opened first, and nothing takes the old one's place that has no states in
        it.  States may be newer than event `seq`, never older: what follows is told of again.
        """
        states = b"" if self.workers is None else encode(Snapshot(seq=seq, workers=self.workers()))
        enough = max(self._share, 2 * len(states))
        if self._size + room <= enough:
            self._rotate_at = enough
            return
        draft = self.path.with_name(self.path.name + ".new")
        self._rotate_at = self._size + len(states)  # the next try, where this one fails
        with contextlib.suppress(OSError):
            descriptor = _open_to_append(draft)
            try:
                os.ftruncate(descriptor, 0)  # an earlier try may have come so far
                _write_whole(descriptor, states)
                with contextlib.suppress(FileNotFoundError):
                    self.path.rename(older(self.path))
                draft.rename(self.path)
            except BaseException:
                os.close(descriptor)
                raise
            os.close(self._descriptor)
            self._descriptor, self._size, self._whole = descriptor, len(states), True
            self._rotate_at = enough


class Reading(NamedTuple):
    """What could be read of a journal."""

    events: list[Event]
    """Oldest first."""
    unreadable: int
    """Lines met that can't be understood: torn by a crash, or rubbish."""


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
            found = understood(line)
            if isinstance(found, Event):
                events.append(found)
            unreadable += found is None
    return Reading(events[::-1], unreadable)


def last_words(path: Path) -> Snapshot:
    """The workers as the journal knows them last; it reads no further back than it must.

    A missing journal knows none.  Raises OSError.
    """
    told: list[Event] = []
    known = Snapshot(seq=0, workers=())
    for part in _parts(path):
        for line in reversed(part.split(b"\n")):
            found = understood(line)
            if isinstance(found, Snapshot):
                return _continued(found, told)
            if found is not None:
                told.append(found)
    return _continued(known, told)


def runs(path: Path) -> dict[int, str]:
    """Worker ids by the pids that their runs had, as far as the journal goes back; newest last.

    Raises OSError.
    """
    found: dict[int, str] = {}
    for part in reversed(_parts(path)):
        for line in part.split(b"\n"):
            told = understood(line)
            if isinstance(told, Snapshot):
                found |= {one.pid: one.id for one in told.workers if one.pid is not None}
            elif told is not None and told.pid and told.worker and told.kind not in _OF_OTHERS:
                found[told.pid] = told.worker
    return found


def _continued(known: Snapshot, told: list[Event]) -> Snapshot:
    """What became of `known` by what was told since, newest first."""
    workers = {worker.id: worker for worker in known.workers}
    for event in reversed(told):
        if event.seq <= known.seq:
            continue
        if event.state is not None:
            workers[event.state.id] = event.state
        elif event.kind == "removed" and event.worker is not None:
            workers.pop(event.worker, None)
    seq = max(known.seq, told[0].seq if told else 0)
    return Snapshot(seq=seq, workers=tuple(workers.values()))


def understood(line: bytes) -> Event | Snapshot | None:
    """What a line of a journal says; None where it is torn or rubbish."""
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


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


def _write_whole(descriptor: int, data: bytes) -> None:
    """Raises OSError, also where there is room for a part only."""
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def _ends_a_line(descriptor: int, size: int) -> bool:
    return size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"


def _read_all(descriptor: int) -> bytes:
    pieces = []
    while piece := os.read(descriptor, 1 << 20):
        pieces.append(piece)
    return b"".join(pieces)
