"""What the state machine of a worker needs of the world, as protocols.

`realworld` keeps these promises with real processes and the event loop; tests replay
histories as data with a world of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from proctui.model import Worker
from proctui.protocol import EventKind, Outcome
from proctui.spec import WorkerSpec

Done = Callable[[Outcome], None]
"""Called once, when it is known what became of a command for one worker."""

SUPERVISOR = "supervisor"
REAP_POLICY = "reap policy"
RESTART_POLICY = "restart policy"
"""`Event.by` where no client caused what happened."""


class End(NamedTuple):
    """How a run ended."""

    exitcode: int | None
    """None: it ended, but somebody else took its status."""


class Timer(Protocol):
    """A call that is due later."""

    def cancel(self) -> None:
        """Harmless once it has been made."""


class Listener(Protocol):
    """Who hears of a launch, and of the run that came of it."""

    def launched(self, run: Run) -> None:
        """There is a process.  Perhaps called before `World.launch` has returned."""

    def refused(self, reason: str) -> None:
        """No process came to be; one clear sentence.  The last call."""

    def ready(self, name: str, daemon: bool) -> None:
        """User code runs, as a process of this name."""

    def failed(self, reason: str) -> None:
        """User code was not reached; `ended` follows."""

    def settled(self) -> None:
        """No more is reported: the command has been executed, or the process has ended."""

    def ended(self) -> None:
        """It has ended and was not reaped.  The last call."""


class Run(Protocol):
    """One process of a worker, from its launch until it is reaped."""

    @property
    def pid(self) -> int:
        """`Process.pid`."""

    @property
    def name(self) -> str:
        """`Process.name`."""

    @property
    def daemon(self) -> bool:
        """`Process.daemon`."""

    @property
    def authkey(self) -> bytes:
        """`Process.authkey`; never leaves this process."""

    def end(self) -> End | None:
        """How it ended, None while it runs.  Looking doesn't reap."""

    def notice(self) -> None:
        """Tells the listener of an end at once that it would hear of by and by."""

    def reap(self) -> End:
        """Joins an ended one, which never blocks, and lets go of everything held for it."""

    def signal(self, signum: int, *, group: bool = False) -> None:
        """Signals exactly this process; ProcessLookupError once ended, PermissionError.

        `group`: all of the process group that it leads, also what of that is left once it has
        ended itself, as long as it is not reaped.
        """


class World(Protocol):
    """Clock, timers, launching, log marks."""

    pid: int
    """Of the parent of all runs."""

    def time(self) -> float:
        """Seconds since the epoch."""

    def call_later(self, delay: float, call: Callable[[], None]) -> Timer:
        """Calls after `delay` seconds."""

    def watch_group(self, run: Run, looked: Callable[[bool], None]) -> Timer:
        """Tells soon, and then until nobody is, whether anybody of a run's group is left.

        The run has ended and is not reaped before the last call, or the watch is cancelled.
        """

    def launch(self, spec: WorkerSpec, listener: Listener) -> None:
        """Has a process started, at once or soon; the listener hears of it."""

    def launch_now(self) -> None:
        """Returns when all launches that were asked for have been done, or refused."""

    def mark(self, worker: str, text: str) -> None:
        """Writes a line of proctui's own into the worker's log, where that can be written."""

    def log_path(self, worker: str) -> str:
        """Absolute path of the worker's log."""


class Say(Protocol):
    """Makes an event of what happened, which everybody hears."""

    def __call__(
        self,
        kind: EventKind,
        text: str,
        *,
        by: str | None = None,
        worker: str | None = None,
        pid: int | None = None,
        exitcode: int | None = None,
        signal: str | None = None,
        state: Worker | None = None,
    ) -> None:
        """The fields are those of `protocol.Event`."""
