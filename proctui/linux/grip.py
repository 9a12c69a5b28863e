"""A grip on one process: descriptors that stay bound to it, whoever gets its pid later.

Standard library alone.
"""

from __future__ import annotations

import errno
import os
import select
from typing import Protocol

from proctui.linux import pidfd, procfs

Descriptors = tuple[int | None, int | None]
"""The pidfd and /proc/PID/stat; None for what the kernel does not offer or no room is left for."""
_FULL = (errno.EMFILE, errno.ENFILE)


class Source(Protocol):
    """Where processes are read from: the module `procfs`, or `portable` where /proc is missing."""

    KEEPS_OPEN: bool
    """Whether `procfs.open_stat` and pidfds can be held."""

    def read_stat(self, pid: int) -> procfs.Stat: ...  # noqa: D102
    def pids(self) -> list[int]: ...  # noqa: D102
    def given(self, after: int, last: int) -> list[int]: ...  # noqa: D102
    def children(self, pid: int) -> list[int]: ...  # noqa: D102
    def owner(self, pid: int) -> int: ...  # noqa: D102
    def name(self, pid: int) -> str: ...  # noqa: D102
    def command_line(self, pid: int) -> str | None: ...  # noqa: D102
    def tags(self, pid: int) -> tuple[str | None, str | None]: ...  # noqa: D102
    def may_read_exit(self, pid: int) -> bool: ...  # noqa: D102
    def is_namespace_init(self, pid: int) -> bool: ...  # noqa: D102
    def last_pid(self) -> int | None: ...  # noqa: D102
    def boot_time(self) -> float: ...  # noqa: D102


class Grip:
    """Holds one process.  Raises `ProcessLookupError` where there is none."""

    __slots__ = ("_source", "identity", "pid", "pidfd", "start_ticks", "stat_fd")

    def __init__(self, pid: int, source: Source, descriptors: Descriptors = (None, None)) -> None:
        """Owns the descriptors, which were opened for the process that had `pid` then."""
        self._source = source
        self.pid = pid
        self.pidfd, self.stat_fd = descriptors
        self.identity: int | None = None
        """Unique number of a process that is not held, where the kernel has such numbers."""
        if self.pidfd is None:
            self.identity = self._present_identity()
        self.start_ticks: int | None = None
        """Since boot: the fallback for identity where nothing can be held."""
        self.start_ticks = self.present().start_ticks

    def present(self) -> procfs.Stat:
        """What the process is now.  Raises `ProcessLookupError` once it has been reaped."""
        if self.stat_fd is not None:
            return procfs.parse_stat(procfs.pread_stat(self.stat_fd))
        stat = self._source.read_stat(self.pid)
        if self.start_ticks not in (None, stat.start_ticks) or not self._has_pid():
            raise ProcessLookupError(f"process {self.pid} is gone")
        return stat

    def _has_pid(self) -> bool:
        """Whether the pid is its own still, and so was when anything was read by it before."""
        if self.pidfd is not None:
            return pidfd.exists(self.pidfd)
        return self.identity is None or self._present_identity() in (None, self.identity)

    def _present_identity(self) -> int | None:
        """Of whoever has the pid now; None where that is not told."""
        process = pidfd.open_pidfd(self.pid) if self._source.KEEPS_OPEN else None
        if process is None:
            return None
        try:
            return pidfd.identity(process)
        finally:
            os.close(process)

    def exists(self) -> bool:
        """False once it has been reaped; as certain as what is held of it allows."""
        if self.pidfd is not None:
            return pidfd.exists(self.pidfd)
        try:
            self.present()
        except ProcessLookupError:
            return False
        return True

    def has_ended(self) -> bool:
        """True once it is dead, reaped or not.  A leader whose threads live on is not."""
        if self.pidfd is not None:
            waiting = select.poll()
            waiting.register(self.pidfd, select.POLLIN)
            return bool(waiting.poll(0))
        try:
            stat = self.present()
        except ProcessLookupError:
            return True
        return stat.is_zombie or stat.state == "X"

    def send(self, signum: int) -> None:
        """Signals this very process.

        Through the pidfd where one is held.  Else one is opened now, or the
        pid used, right before or after a check that it is still the same
        process, by its unique number or else its start time.
        """
        if self.pidfd is not None:
            pidfd.send(self.pidfd, signum)
            return
        late = pidfd.open_pidfd(self.pid)
        try:
            self.present()
            if late is None:
                os.kill(self.pid, signum)
            elif self.identity in (None, pidfd.identity(late)):
                pidfd.send(late, signum)
            else:
                raise ProcessLookupError(f"pid {self.pid} was given to another process")
        finally:
            close_descriptors((late, None))

    def take(self, descriptors: Descriptors) -> bool:
        """Owns these from now on where they are of the same process; else closes them."""
        before = self.pidfd, self.stat_fd
        self.pidfd, self.stat_fd = descriptors
        try:
            same = self.present().start_ticks == self.start_ticks and self.exists()
        except ProcessLookupError:
            same = False
        if not same:
            self.pidfd, self.stat_fd = before
        close_descriptors(before if same else descriptors)
        return same

    def close(self) -> None:
        """Lets go; the process lives on."""
        close_descriptors((self.pidfd, self.stat_fd))
        self.pidfd = self.stat_fd = None


def open_descriptors(pid: int, *, stat: bool = True) -> Descriptors:
    """The pidfd and, with `stat`, the stat descriptor of the process that has `pid` now.

    None in a place where no descriptor is left.  The pidfd comes first: as
    long as its process exists, the pid can't have gone to another.
    """
    process = pidfd.open_pidfd(pid)
    if not stat:
        return process, None
    try:
        return process, procfs.open_stat(pid)
    except OSError as error:
        close_descriptors((process, None))
        if error.errno in _FULL:
            return None, None
        raise


def close_descriptors(descriptors: Descriptors) -> None:
    """Closes those that are there."""
    for descriptor in descriptors:
        if descriptor is not None:
            os.close(descriptor)


def hold(pid: int, source: Source) -> Grip:
    """A grip by pidfd alone where there are any, without one where not."""
    descriptors = open_descriptors(pid, stat=False) if source.KEEPS_OPEN else (None, None)
    try:
        grip = Grip(pid, source, descriptors)
    except OSError:
        close_descriptors(descriptors)
        raise
    if not grip.exists():
        grip.close()
        raise ProcessLookupError(f"there is no process {pid}")
    return grip


def default_source() -> Source:
    """/proc where it is there, else what psutil gives."""
    if procfs.available():
        return procfs
    from proctui.kernel import portable

    return portable
