"""Process descriptors: signals that reach only the process meant, ends as events.

pidfd_open(2), pidfd_send_signal(2).  Standard library alone.  Everything here
falls back: `open_pidfd` answers None where the kernel has none.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import functools
import os
import select
import signal
import struct

_INFO_EXIT = 1 << 3
_INFO_BYTES = 64
"""struct pidfd_info of <linux/pidfd.h>: u64 mask, u64 cgroupid, 11 × u32, i32 exit_code."""
_GET_INFO = (3 << 30) | (_INFO_BYTES << 16) | (0xFF << 8) | 11
_FULL = (errno.EMFILE, errno.ENFILE)
_UNABLE = (errno.ENOSYS, errno.EPERM, errno.EINVAL, errno.ENODEV)


def open_pidfd(pid: int) -> int | None:
    """A descriptor bound to the process that has `pid` now, zombies included.

    None where the kernel (or its sandbox) has no pidfd, where `pid` is no
    thread group's leader, or where no descriptor is left.  Raises
    `ProcessLookupError` where there is no such process.
    """
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(pid)
    except OSError as error:
        if error.errno in _FULL or error.errno in _UNABLE:
            return None
        raise


def send(pidfd: int, signum: int) -> None:
    """Signals exactly that process.

    Raises `ProcessLookupError` once it is reaped, whoever has its pid by then,
    and `PermissionError`.  A zombie takes every signal and none has an effect.
    """
    signal.pidfd_send_signal(pidfd, signum)


def exists(pidfd: int) -> bool:
    """False once the process has been reaped."""
    try:
        signal.pidfd_send_signal(pidfd, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def wait_status(pidfd: int) -> int | None:
    """wait(2) status after the process was reaped, by whomever; None where not told.

    Linux 6.15 on (PIDFD_GET_INFO with PIDFD_INFO_EXIT); the descriptor must
    have been opened before the reap.  A zombie has none yet.
    """
    buffer = bytearray(_INFO_BYTES)
    struct.pack_into("=Q", buffer, 0, _INFO_EXIT)
    try:
        fcntl.ioctl(pidfd, _GET_INFO, buffer)
    except OSError:
        return None
    (mask,) = struct.unpack_from("=Q", buffer, 0)
    if not mask & _INFO_EXIT:
        return None
    (status,) = struct.unpack_from("=i", buffer, _INFO_BYTES - 4)
    return int(status)


def identity(pidfd: int) -> int | None:
    """A number that no other process will ever have; None before Linux 6.9 (pidfs).

    The inode of the descriptor; until then all of them shared one.
    """
    there = os.fstat(pidfd)
    return None if there.st_dev == _anonymous_device() else there.st_ino


@functools.cache
def _anonymous_device() -> int:
    """Where all descriptors without a file system of their own live, such as those of epoll."""
    with select.epoll() as anonymous:
        return os.fstat(anonymous.fileno()).st_dev


class EndWatcher:
    """Watches any number of pidfds through one descriptor that a loop can wait for.

    Linux only (epoll(7)).  A pidfd is told twice: when its process ends, and,
    from Linux 6.9 on, again when that is reaped.
    """

    def __init__(self) -> None:
        self._epoll = select.epoll()

    def fileno(self) -> int:
        """Readable when `fired` has something to tell."""
        return self._epoll.fileno()

    def watch(self, pidfd: int, *, ended: bool = False) -> None:
        """Tells when the process ends; with `ended` only when it is reaped."""
        self._epoll.register(pidfd, 0 if ended else select.EPOLLIN)

    def forget(self, pidfd: int) -> None:
        """Before the descriptor is closed; harmless where it was told as reaped already."""
        with contextlib.suppress(FileNotFoundError):
            self._epoll.unregister(pidfd)

    def fired(self) -> list[int]:
        """Pidfds whose process ended or was reaped since the last call."""
        told: list[int] = []
        while events := self._epoll.poll(0, 512):
            for pidfd, mask in events:
                if mask & select.EPOLLHUP:
                    self._epoll.unregister(pidfd)  # a hang-up stays: it would be told for ever
                else:
                    self._epoll.modify(pidfd, 0)
                told.append(pidfd)
        return told

    def close(self) -> None:
        """Closes its own descriptor, not the pidfds."""
        self._epoll.close()
