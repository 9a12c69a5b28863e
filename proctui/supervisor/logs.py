"""The workers' log files: opening them, marking restarts in them, bounding them on disk.

One file per worker, written by the worker's own descriptor, so that it outlives the
supervisor.  Standard library only: the supervisor imports this.  Reading back is
`proctui.sessions.follow`.

A file is bounded by releasing its oldest blocks in place, `fallocate(2)` with
``FALLOC_FL_PUNCH_HOLE``: its size, all offsets and the writer's descriptor stay valid and
nothing newer is touched, so there is no race with the writer.  Where the file system can't
(ext2, FAT, NFS before 4.2), the weaker way: the newest output is copied to ``NAME.log.1`` and
the file is cut to nothing; what is written in the instant between is lost.  ``NAME.log.cut``
tells how many bytes were cut off so far, so that who reads on knows what it has missed.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from pathlib import Path
from typing import Final, NamedTuple

SAFE: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")
LONGEST_NAME: Final = 200
"""Bytes; leaves room for suffixes within NAME_MAX (limits.h(0p): 255)."""
MARK: Final = "--- proctui: "
"""How a line begins that proctui itself wrote into a log."""

_KEEP_SIZE: Final = 0x01  # fallocate(2), <linux/falloc.h>
_PUNCH_HOLE: Final = 0x02
_UNSUPPORTED: Final = frozenset({errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL})
_COPY: Final = 1 << 20


def file_name(text: str) -> str:
    """A name for a file that stands for `text`: one to one, no separator, no leading dot.

    Whatever is not plain becomes ``%XX`` per byte; what would be too long ends in a digest.
    """
    raw = text.encode("utf-8", "surrogateescape")
    name = "".join(chr(byte) if byte in SAFE else f"%{byte:02X}" for byte in raw)
    if not name or name.startswith("."):
        name = "%2E" + name[1:]
    if len(name) > LONGEST_NAME:
        import hashlib  # only such names pay for it

        name = f"{name[: LONGEST_NAME - 17]}~{hashlib.sha256(raw).hexdigest()[:16]}"
    return name


def older(path: Path) -> Path:
    """Where the newest output of a file went that had to be cut (the weaker way)."""
    return path.with_name(path.name + ".1")


class Cut(NamedTuple):
    """What was cut off a log in all (the weaker way)."""

    total: int = 0
    """Bytes: where the file begins in everything that was ever written."""
    pending: bool = False
    """It is just being done: neither part can be trusted."""


def cut_of(path: Path) -> Cut:
    """What was cut off the log at `path`; nothing where that is not known."""
    try:
        words = _record(path).read_text(encoding="ascii").split()
        return Cut(int(words[0]), words[1:] == ["pending"])
    except (OSError, ValueError, IndexError):
        return Cut()


def _record(path: Path) -> Path:
    return path.with_name(path.name + ".cut")


def _tell_cut(path: Path, cut: Cut) -> None:
    """Raises OSError."""
    draft = path.with_name(path.name + ".cut.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(draft, flags, 0o600)
    try:
        os.write(descriptor, f"{cut.total}{' pending' * cut.pending}\n".encode())
    finally:
        os.close(descriptor)
    draft.rename(_record(path))


def next_data(descriptor: int, offset: int, size: int) -> int:
    """First offset from `offset` on that is not in a hole; `size` where there is none.

    Where the file system doesn't tell (lseek(2): SEEK_DATA) everything is data.
    """
    if offset >= size:
        return size
    try:
        return os.lseek(descriptor, offset, os.SEEK_DATA)
    except OSError as error:
        return size if error.errno == errno.ENXIO else offset


class LogStore:
    """The log files of one session's workers, in a directory that only this user may enter.

    `limit` is in bytes on disk per worker.  It holds whenever `trim` has returned; a file grows
    past it between two calls.
    """

    def __init__(self, directory: Path, limit: int) -> None:
        self.directory = directory
        self.limit = limit
        self.weak = False
        """True once the file system has refused to punch holes, so logs are cut instead."""
        self._released: dict[str, int] = {}

    def path(self, worker_id: str) -> Path:
        """Where the worker's log is, or would be."""
        return self.directory / f"{file_name(worker_id)}.log"

    def open(self, worker_id: str) -> int:
        """A new descriptor that appends to the worker's log, made with mode 0600 where missing.

        Close-on-exec; the caller closes it.  Raises OSError, `PermissionError` among them where
        something else than our own plain file stands there.
        """
        return self._open(worker_id, os.O_WRONLY)

    def mark(self, worker_id: str, text: str) -> None:
        """Appends a line of proctui's own, such as ``restarted``, with the time; raises OSError."""
        moment = time.strftime("%Y-%m-%d %H:%M:%S")
        line = " ".join(f"{MARK}{text} at {moment} ---".split()).encode("utf-8", "backslashreplace")
        descriptor = self._open(worker_id, os.O_RDWR)
        try:
            size = os.fstat(descriptor).st_size
            broken = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
            os.write(descriptor, b"\n" * broken + line + b"\n")
        finally:
            os.close(descriptor)

    def trim(self, worker_id: str) -> int:
        """Brings the worker's log within the limit by releasing its oldest output.

        Returns how many bytes that was: 0 nearly always, at the cost of one stat(2).  At least
        three quarters of the limit are kept.  Raises OSError; a missing file is none.
        """
        try:
            size = os.stat(self.path(worker_id), follow_symlinks=False).st_size
        except FileNotFoundError:
            return 0
        if size - self._released.get(worker_id, 0) <= self.limit:
            return 0
        descriptor = self._open(worker_id, os.O_RDWR)
        try:
            return self._release(worker_id, descriptor)
        finally:
            os.close(descriptor)

    def forget(self, worker_id: str) -> None:
        """The worker was removed: nothing of it is remembered any more; its log stays."""
        self._released.pop(worker_id, None)

    def _open(self, worker_id: str, access: int) -> int:
        path = self.path(worker_id)
        flags = access | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(path, flags, 0o600)
        try:
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode) or facts.st_uid != os.geteuid():
                raise PermissionError(errno.EPERM, "not a plain file of ours", str(path))
            os.set_blocking(descriptor, True)
        except OSError:
            os.close(descriptor)
            raise
        return descriptor

    def _release(self, worker_id: str, descriptor: int) -> int:
        facts = os.fstat(descriptor)
        size, block = facts.st_size, facts.st_blksize
        first = next_data(descriptor, 0, size)
        if size - first <= self.limit:  # punched by an earlier supervisor, or cut by somebody
            self._released[worker_id] = first
            return 0
        end = (size - self.limit * 3 // 4) // block * block
        if end <= first:
            return 0
        if not self.weak and _punch(descriptor, end):
            self._released[worker_id] = end
            return end - first
        self.weak = True
        self._released.pop(worker_id, None)
        return self._cut(worker_id, descriptor, size)

    def _cut(self, worker_id: str, descriptor: int, size: int) -> int:
        """The weaker way; half the limit is kept so that both files are within it."""
        log = self.path(worker_id)
        before = cut_of(log).total
        _tell_cut(log, Cut(before, pending=True))
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        kept = os.open(older(log), flags, 0o600)
        start = offset = max(0, size - self.limit // 2)
        cut = 0
        try:
            while data := os.pread(descriptor, _COPY, offset):
                offset += os.write(kept, data)
            os.ftruncate(descriptor, 0)
            cut = offset
        finally:
            os.close(kept)
            _tell_cut(log, Cut(before + cut))
        return start


def _punch(descriptor: int, end: int) -> bool:
    """Releases everything before `end`; False where the system or the file system can't."""
    import ctypes  # only a log that has reached its limit pays for it

    libc = ctypes.CDLL(None, use_errno=True)
    fallocate = getattr(libc, "fallocate64", None) or getattr(libc, "fallocate", None)
    if fallocate is None:
        return False
    fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    while fallocate(descriptor, _PUNCH_HOLE | _KEEP_SIZE, 0, end) != 0:
        number = ctypes.get_errno()
        if number in _UNSUPPORTED:
            return False
        if number != errno.EINTR:
            raise OSError(number, os.strerror(number))
    return True
