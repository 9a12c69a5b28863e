"""The real world of `world`: processes of `child`, the clock, the event loop, the logs."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import NamedTuple

from proctui.linux.clock import Clock
from proctui.spec import WorkerSpec
from proctui.supervisor import child
from proctui.supervisor.complaints import attempt, complain
from proctui.supervisor.fork_server import ForkServerWatch
from proctui.supervisor.group_watch import GroupWatch, Watch
from proctui.supervisor.logs import LogStore
from proctui.supervisor.loop import Loop, Timer
from proctui.supervisor.runs import ProcessRun
from proctui.supervisor.words import fork_refusal
from proctui.supervisor.world import Listener, Run

TOGETHER = 16
"""Launches done in one go: fast for many, and short enough for everybody else to wait."""


class _Wanted(NamedTuple):
    """A launch that was asked for."""

    spec: WorkerSpec
    listener: Listener


_Outcome = child.Launched | OSError | str
"""What became of a launch; a text is the sentence that says why there is no process."""


class RealWorld:
    """Processes, clock and timers of this machine.  For the thread of `loop` only."""

    def __init__(self, loop: Loop, logs: LogStore, tag: str) -> None:
        self.pid = os.getpid()
        self._loop = loop
        self._logs = logs
        self._tag = tag
        self._wanted: list[_Wanted] = []
        self._launch_due = False
        self._fork_server = ForkServerWatch(loop)
        self.clock = Clock()
        self._groups = GroupWatch(loop)
        self._sessions: set[int] = set()
        """Ids of the sessions that workers lead or led, and where somebody may be left."""

    def time(self) -> float:
        """Seconds since the epoch, by the machine's clock as it was when the session began."""
        return self.clock()

    def call_later(self, delay: float, call: Callable[[], None]) -> Timer:
        """Calls after `delay` seconds."""
        return self._loop.call_later(delay, call)

    def watch_group(self, run: Run, looked: Callable[[bool], None]) -> Watch:
        """Tells soon, and then until nobody is, whether anybody of a run's group is left."""
        return self._groups.watch(run.pid, looked)

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
        sentences: dict[int | None, str] = {}
        for one, outcome in zip(wanted, self._launch_all(wanted), strict=True):
            if _is_crowded(outcome) and len(wanted) > 1:
                # A launch needs more descriptors than what came of it keeps.
                [outcome] = self._launch_all([one])
            if isinstance(outcome, OSError):
                if outcome.errno not in sentences:
                    sentences[outcome.errno] = fork_refusal(outcome)
                outcome = sentences[outcome.errno]
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

    def _launch_all(self, wanted: list[_Wanted]) -> list[_Outcome]:
        """What became of each: a process, or why there is none."""
        outcomes: list[_Outcome] = [""] * len(wanted)
        forking: list[tuple[int, child.Order]] = []
        for place, (spec, _) in enumerate(wanted):
            try:
                order = child.Order(spec, self._logs.open(spec.id))
            except OSError as error:
                sentence = f"its log can't be opened: {error.strerror or error}"
                outcomes[place] = error if _is_crowded(error) else sentence
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

    def _fork(self, forking: list[tuple[int, child.Order]]) -> list[child.Launched | OSError]:
        return child.launch_together([order for _, order in forking], tag=self._tag)

    def _launch_alone(self, order: child.Order) -> _Outcome:
        outcome: _Outcome = ""

        def launch() -> None:
            nonlocal outcome
            try:
                outcome = child.launch(order.spec, log_fd=order.log_fd, tag=self._tag)
            except OSError as error:
                outcome = error

        # Spawn and fork server: what can't be handed to the child raises all kinds of errors.
        error = attempt(f"launching {order.spec.id}", launch)
        self._fork_server.look()
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


def _is_crowded(outcome: _Outcome) -> bool:
    """Whether there was no descriptor left for it."""
    return isinstance(outcome, OSError) and outcome.errno in (errno.EMFILE, errno.ENFILE)


def _group_exists(group: int) -> bool:
    """Whether any process is in it (kill(2))."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
