"""The real world of `world`: processes of `child`, watched by the event loop."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import NamedTuple

from proctui.spec import WorkerSpec
from proctui.supervisor import child
from proctui.supervisor.complaints import attempt, complain
from proctui.supervisor.logs import LogStore
from proctui.supervisor.loop import Loop, Timer
from proctui.supervisor.process import ForkServerProcess
from proctui.supervisor.words import fork_refusal
from proctui.supervisor.world import End, Listener

TOGETHER = 16
"""Launches done in one go: fast for many, and short enough for everybody else to wait."""
LOOK_AGAIN = 0.1
"""Seconds between two peeks at a process whose sentinel is no pidfd, or fired too early."""

_MOST_REPORTED = 1 << 16
"""Bytes a child may report; a reason is cut far below that."""


class _Wanted(NamedTuple):
    """A launch that was asked for."""

    spec: WorkerSpec
    listener: Listener


class RealWorld:
    """Processes, clock and timers of this machine.  For the thread of `loop` only."""

    def __init__(self, loop: Loop, logs: LogStore, tag: str) -> None:
        self.pid = os.getpid()
        self._loop = loop
        self._logs = logs
        self._tag = tag
        self._wanted: list[_Wanted] = []
        self._launch_due = False
        self._sessions: set[int] = set()
        """Ids of the sessions that workers lead or led, and where somebody may be left."""

    def time(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def call_later(self, delay: float, call: Callable[[], None]) -> Timer:
        """Calls after `delay` seconds."""
        return self._loop.call_later(delay, call)

    def launch(self, spec: WorkerSpec, listener: Listener) -> None:
        """Has a process started soon, together with others that are wanted now."""
        self._wanted.append(_Wanted(spec, listener))
        if len(self._wanted) >= TOGETHER:
            self.launch_now()
        elif not self._launch_due:
            self._launch_due = True
            self._loop.call_soon(self._launch_soon)

    def launch_now(self) -> None:
        """Starts what was asked for and is not started yet."""
        wanted, self._wanted = self._wanted, []
        for one, outcome in zip(wanted, self._launch_all(wanted), strict=True):
            if isinstance(outcome, str):
                one.listener.refused(outcome)
                continue
            run = ProcessRun(self._loop, outcome, one.listener, self._reaped)
            self._sessions.add(run.pid)
            one.listener.launched(run)

    def sessions(self) -> list[int]:
        """Sessions of workers that may still have members."""
        self._sessions = {session for session in self._sessions if _group_exists(session)}
        return sorted(self._sessions)

    def _reaped(self, pid: int) -> None:
        # A pid that still names a group is given to no other process (fork(2)).
        if not _group_exists(pid):
            self._sessions.discard(pid)

    def _launch_soon(self) -> None:
        self._launch_due = False
        self.launch_now()

    def _launch_all(self, wanted: list[_Wanted]) -> list[child.Launched | str]:
        """What became of each: a process, or the sentence that says why there is none."""
        outcomes: list[child.Launched | str] = [""] * len(wanted)
        forking: list[tuple[int, child.Order]] = []
        for place, (spec, _) in enumerate(wanted):
            try:
                order = child.Order(spec, self._logs.open(spec.id))
            except OSError as error:
                outcomes[place] = f"its log can't be opened: {error.strerror or error}"
                continue
            if child.forks(spec):
                forking.append((place, order))
            else:
                outcomes[place] = self._launch_alone(order)
                os.close(order.log_fd)
        for (place, order), outcome in zip(forking, self._fork(forking), strict=True):
            outcomes[place] = outcome
            os.close(order.log_fd)
        return outcomes

    def _fork(self, forking: list[tuple[int, child.Order]]) -> list[child.Launched | str]:
        launched = child.launch_together([order for _, order in forking], tag=self._tag)
        return [fork_refusal(one) if isinstance(one, OSError) else one for one in launched]

    def _launch_alone(self, order: child.Order) -> child.Launched | str:
        outcome: child.Launched | str = ""

        def launch() -> None:
            nonlocal outcome
            try:
                outcome = child.launch(order.spec, log_fd=order.log_fd, tag=self._tag)
            except OSError as error:
                outcome = fork_refusal(error)

        # Spawn and fork server: what can't be handed to the child raises all kinds of errors.
        error = attempt(f"launching {order.spec.id}", launch)
        if error is not None:
            return f"it can't be launched: {type(error).__name__}: {error}"
        return outcome

    def mark(self, worker: str, text: str) -> None:
        """Writes a line of proctui's own into the worker's log."""
        try:
            self._logs.mark(worker, text)
        except OSError as error:
            complain(f"the log of {worker} can't be marked: {error}")

    def log_path(self, worker: str) -> str:
        """Absolute path of the worker's log."""
        return str(self._logs.path(worker))


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
        loop.add_reader(self._sentinel, self._sentinel_fired)
        if not _tells_of_the_end(self._process, self._sentinel):
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
        if self._process.is_alive():
            # A pipe that the process itself has closed, with all else it had open.
            self._forget_sentinel()
            self._schedule_look()
        else:
            self._has_ended()

    def _schedule_look(self) -> None:
        self._look_again = self._loop.call_later(LOOK_AGAIN, self._look)

    def _look(self) -> None:
        if self._process.is_alive():
            self._schedule_look()
        else:
            self._has_ended()

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


def _group_exists(group: int) -> bool:
    """Whether any process is in it (kill(2))."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


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
