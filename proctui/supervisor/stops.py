"""The stop of one worker, and the restart that may follow it."""

from __future__ import annotations

from collections.abc import Callable

from proctui.linux.signals import signal_number
from proctui.spec import WorkerSpec
from proctui.supervisor.record import Record
from proctui.supervisor.stopping import Aim, Stopping
from proctui.supervisor.world import SUPERVISOR, Done, Run, World


class Stops:
    """At most one stop is on; whoever asks for another can only hasten it.

    `concluded` is called once a stop of a whole group is through after the run's own end: nobody
    is left, or nothing more can be tried.
    """

    def __init__(self, record: Record, world: World, concluded: Callable[[], None]) -> None:
        self._record = record
        self._world = world
        self._concluded = concluded
        self._stop: Stopping | None = None
        self._again: list[tuple[str, Done]] = []

    @property
    def on(self) -> bool:
        """Whether a stop is under way."""
        return self._stop is not None

    @property
    def by(self) -> str | None:
        """Who began the stop that is on."""
        return None if self._stop is None else self._stop.by

    def begin(
        self,
        run: Run | None,
        spec: WorkerSpec,
        by: str,
        grace: float | None,
        waiting: list[Done],
        signum: int | None = None,
    ) -> None:
        """Begins a stop of `run`, or hastens the one that is on.  None stands for `spec`'s own."""
        allowed = spec.stop_timeout if grace is None else max(grace, 0.0)
        if self._stop is not None:
            self._stop.waiters += waiting
            self._stop.hasten(allowed)
            return
        if run is None:
            raise RuntimeError(f"worker {spec.id} runs without a process")
        aim = Aim(run, group=ends_group(spec))
        self._stop = Stopping(self._record, self._world, aim, by, self._failed, self._concluded)
        self._stop.waiters += waiting
        self._stop.begin(signum or signal_number(spec.stop_signal), allowed)

    def awaits_group(self) -> bool:
        """Told that the run has ended: whether `concluded` is still to come for its group."""
        if self._stop is None or not self._stop.group:
            return False
        self._stop.leader_ended()
        return True

    def over(self) -> list[Done]:
        """Ends the stop, if one is on; who waits for it."""
        stop, self._stop = self._stop, None
        return [] if stop is None else stop.over()

    def then_start(self, by: str, done: Done) -> None:
        """The end of the stop is to be followed by a start."""
        self._again.append((by, done))

    def take_starters(self) -> list[tuple[str, Done]]:
        """Who waits for that start, for the caller to do it."""
        again, self._again = self._again, []
        return again

    def call_off_start(self, why: str) -> None:
        """No start follows any more."""
        waiting = [done for _, done in self.take_starters()]
        self._record.answer(waiting, False, f"not restarted: {why}")

    def _failed(self, reason: str) -> None:
        """Somebody is still there, and nothing more is tried."""
        if self._stop is None:
            return
        waiting, self._stop.waiters = self._stop.waiters, []
        ended = self._record.worker.phase == "ended"
        if not ended:
            self.over()
        self._record.tell("changed", reason, by=SUPERVISOR)
        self._record.answer(waiting, False, reason)
        self.call_off_start(reason)
        if ended:
            self._concluded()


def ends_group(spec: WorkerSpec) -> bool:
    """Whether a stop ends all of the worker's process group: a shell is only in between."""
    return spec.shell_line is not None
