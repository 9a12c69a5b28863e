"""The parent's handle on a child of the fork server.

Standard library only, and imported by those alone who start such processes.
"""

from __future__ import annotations

import contextlib
import os
import time
from multiprocessing import connection, forkserver, popen_forkserver
from typing import Any

from proctui.linux import pidfd as kernel
from proctui.linux import procfs
from proctui.supervisor import popen


class ForkServerPopen(popen_forkserver.Popen):
    """Started by the fork server, whose child it is: it reaps, and tells us the exit code.

    One that was killed tells nothing any more, and its children live on.  From then on the pidfd,
    held since the start, says when this one ends, and the kernel says how, where it does.
    """

    pid: int
    sentinel: int
    """Readable once the process has ended; once the fork server has, another descriptor is."""
    returncode: int | None
    lost = False
    """The process ended, and nobody tells us how; without a pidfd that is so as soon as the
    fork server is gone."""
    _pidfd: int | None = None
    _alone = False
    """The fork server is gone."""

    def _launch(self, process_obj: Any) -> None:
        super()._launch(process_obj)  # type: ignore[misc]
        self._pidfd = popen.pidfd_open(self.pid)
        self._close_pidfd = None if self._pidfd is None else popen.Closer(self._pidfd)

    def poll(self, flag: int = os.WNOHANG) -> int | None:
        """The exit code once it has ended and that is known, else None."""
        if flag != os.WNOHANG:
            return self.wait()
        if self.returncode is None and not self.lost and connection.wait([self.sentinel], 0):
            if self._alone:
                self._ask_kernel()
            else:
                self._hear_server()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int | None:
        """Waits at most `timeout` seconds for the end; None if it still runs, or is `lost`."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None and not self.lost:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                return None
            connection.wait([self.sentinel], left)
        if self._alone and self._pidfd is not None:
            # It may have come to us, if we adopt.
            with contextlib.suppress(OSError):
                os.waitid(os.P_PIDFD, self._pidfd, os.WEXITED | os.WNOHANG)
        return self.returncode

    @property
    def holds_pid(self) -> bool:
        """Whether it runs: the fork server, or init after it, reaps at once."""
        return self.poll() is None and not self.lost

    def send_signal(self, signum: int) -> None:
        """Signals this process and no other; ProcessLookupError once it has ended."""
        held = self._pidfd
        pidfd = popen.pidfd_open(self.pid) if held is None else held
        try:
            # The fork server reports an end before the pid can wander through all others.
            if self.poll() is not None or self.lost:
                raise ProcessLookupError(f"process {self.pid} has ended")
            popen.signal_child(self.pid, pidfd, signum)
        finally:
            if pidfd is not None and held is None:
                os.close(pidfd)

    def close(self) -> None:
        """Lets go of its descriptors."""
        super().close()
        if self._close_pidfd is not None:
            self._close_pidfd()

    def _send_signal(self, sig: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.send_signal(sig)

    def _hear_server(self) -> None:
        try:
            self.returncode = forkserver.read_signed(self.sentinel)
        except (OSError, EOFError):
            if self._pidfd is None:
                self.lost = True
                return
            self._alone, self.sentinel = True, self._pidfd
            self.poll()

    def _ask_kernel(self) -> None:
        assert self._pidfd is not None
        try:
            look = os.WEXITED | os.WNOHANG | os.WNOWAIT
            ended = os.waitid(os.P_PIDFD, self._pidfd, look)
        except OSError:  # not our child, or no pidfd to wait for (waitid(2), Linux 5.4)
            ended = None
        if ended is not None:
            self.returncode = popen.exitcode(ended)
            return
        status = _status_of_stranger(self.pid, self._pidfd)
        if status is None:
            self.lost = True
        else:
            self.returncode = os.waitstatus_to_exitcode(status)


def _status_of_stranger(pid: int, pidfd: int) -> int | None:
    """wait(2) status of an ended process that is no child of ours; None where nobody tells.

    From the zombie (proc_pid_stat(5)) or, once that was reaped, from the kernel.
    """
    with contextlib.suppress(OSError, ValueError):
        stat, readable = procfs.read_stat(pid), procfs.may_read_exit(pid)
        # As long as it is not reaped, nobody else has its pid.
        if stat.is_zombie and readable and kernel.exists(pidfd):
            return stat.exit_code
    return kernel.wait_status(pidfd)
