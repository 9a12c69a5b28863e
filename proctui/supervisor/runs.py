"""One process of a worker, watched by the event loop."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from multiprocessing.process import BaseProcess

from proctui.supervisor import child
from proctui.supervisor.complaints import complain
from proctui.supervisor.loop import Loop, Timer
from proctui.supervisor.process import ForkServerProcess
from proctui.supervisor.world import End, Listener

LOOK_AGAIN = 0.1
"""Seconds between two peeks at a process whose sentinel is no pidfd, or fired too early."""

_MOST_REPORTED = 1 << 16
"""Bytes a child may report; a reason is cut far below that."""


class ProcessRun:
    """One process from its launch until it is reaped; tells its listener what becomes of it."""

    def __init__(
        self,
        loop: Loop,
        launched: child.Launched,
        listener: Listener,
        reaped: Callable[[int], None],
    ) -> None:
        pid = launched.process.pid
        if pid is None:
            raise RuntimeError("a launched process has no pid")
        self.pid: int = pid
        self._loop = loop
        self._process: BaseProcess = launched.process
        self._listener = listener
        self._reaped = reaped
        self._report_fd: int | None = launched.report_fd
        self._reported = b""
        self._sentinel: int | None = self._process.sentinel
        self._look_again: Timer | None = None
        loop.add_reader(launched.report_fd, self._report_readable)
        self._trusted = _tells_of_the_end(self._process, self._sentinel)
        loop.add_reader(self._sentinel, self._sentinel_fired)
        if not self._trusted:
            self._schedule_look()

    @property
    def name(self) -> str:
        """`Process.name`."""
        return self._process.name

    @property
    def daemon(self) -> bool:
        """`Process.daemon`."""
        return self._process.daemon

    @property
    def authkey(self) -> bytes:
        """`Process.authkey`."""
        return bytes(self._process.authkey)

    def end(self) -> End | None:
        """How it ended, None while it runs.  Looking doesn't reap."""
        return None if self._process.is_alive() else End(self._process.exitcode)

    def notice(self) -> None:
        """Tells the listener of an end that the loop has not come to yet."""
        if self._sentinel is not None and not self._process.is_alive():
            self._has_ended()

    def reap(self) -> End:
        """Joins it and closes what was held for it."""
        if self._process.is_alive():
            raise RuntimeError(f"joining {self.pid} would block: it runs")
        self._stop_watching()
        self._process.join()
        end = End(self._process.exitcode)
        self._process.close()
        self._reaped(self.pid)
        return end

    def signal(self, signum: int, *, group: bool = False) -> None:
        """Signals exactly this process, or its process group."""
        child.send_signal(self._process, signum, group=group)

    # ------------------------------------------------------------ reports

    def _report_readable(self) -> None:
        if self._read_reports():
            self._close_reports()
            self._listener.settled()

    def _read_reports(self) -> bool:
        """Passes on what there is; True once nothing more will come."""
        while self._report_fd is not None:
            try:
                data = os.read(self._report_fd, 1 << 13)
            except BlockingIOError:
                return False
            self._reported += data
            if not data or len(self._reported) > _MOST_REPORTED:
                return True
            # Its own children may hold the pipe open, so the last word counts, not the end.
            if self._reported.endswith(b"\n") and self._pass_on():
                return True
        return True

    def _pass_on(self) -> bool:
        try:
            reports = child.parse_reports(self._reported)
        except (ValueError, KeyError, TypeError) as error:
            complain(f"{self.pid} reports what can't be understood", error)
            return True
        for report in reports:
            child.adopt_report(self._process, report)
            if report.kind == "ready":
                self._listener.ready(report.name, report.daemon)
            else:
                self._listener.failed(report.reason)
        return bool(reports)

    def _close_reports(self) -> None:
        if self._report_fd is not None:
            self._loop.remove_reader(self._report_fd)
            os.close(self._report_fd)
            self._report_fd = None

    # ------------------------------------------------------------ end

    def _sentinel_fired(self) -> None:
        if not self._process.is_alive():
            self._has_ended()
            return
        if self._sentinel is not None and self._sentinel != self._process.sentinel:
            # The fork server is gone, which would have told; now the kernel does.
            self._loop.remove_reader(self._sentinel)
            self._sentinel = self._process.sentinel
            self._loop.add_reader(self._sentinel, self._sentinel_fired)
            return
        # A pipe that the process itself has closed, or a zombie that a debugger still holds
        # (ptrace(2)): asked again later, lest this be called without end.
        if self._sentinel is not None:
            self._loop.remove_reader(self._sentinel)
        if self._look_again is None:
            self._schedule_look()

    def _schedule_look(self) -> None:
        self._look_again = self._loop.call_later(LOOK_AGAIN, self._look)

    def _look(self) -> None:
        self._look_again = None
        if not self._process.is_alive():
            self._has_ended()
        elif self._trusted and self._sentinel is not None:
            self._loop.add_reader(self._sentinel, self._sentinel_fired)
        else:
            self._schedule_look()

    def _has_ended(self) -> None:
        if self._report_fd is not None:
            self._read_reports()
        self._stop_watching()
        self._listener.ended()

    def _stop_watching(self) -> None:
        self._close_reports()
        self._forget_sentinel()
        if self._look_again is not None:
            self._look_again.cancel()
            self._look_again = None

    def _forget_sentinel(self) -> None:
        if self._sentinel is not None:
            self._loop.remove_reader(self._sentinel)
            self._sentinel = None


def _tells_of_the_end(process: BaseProcess, sentinel: int) -> bool:
    """Whether the sentinel becomes readable with the end itself.

    A pidfd does, and the pipe of a fork server, which writes the status to it.  The stock pipe
    doesn't while a descendant holds it.
    """
    if isinstance(process, ForkServerProcess):
        return True
    with contextlib.suppress(OSError):
        return os.readlink(f"/proc/self/fd/{sentinel}") == "anon_inode:[pidfd]"  # noqa: PTH115
    return False
