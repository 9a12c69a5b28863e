"""Restarts by policy: the back-off of one worker, and its end."""

from __future__ import annotations

from collections.abc import Callable

from proctui.spec import WorkerSpec
from proctui.supervisor import policy
from proctui.supervisor.record import Record
from proctui.supervisor.words import clip, ending, seconds
from proctui.supervisor.world import RESTART_POLICY, Timer, World


class Restarts:
    """Starts one worker again, after growing pauses, or gives up."""

    def __init__(self, record: Record, world: World, launch: Callable[[], None]) -> None:
        self._record = record
        self._world = world
        self._launch = launch
        self._history = policy.History()
        self._timer: Timer | None = None

    def consider(self, spec: WorkerSpec, lasted: float) -> None:
        """Back-off, or the end of it all, after a run of `lasted` seconds that calls for more."""
        now = self._world.time()
        self._history = policy.after_run(self._history, spec, lasted)
        verdict = policy.judge(self._history, spec, now)
        if isinstance(verdict, policy.GiveUp):
            reason = clip(f"{verdict.reason}: {self._how()}")
            self._record.change(phase="failed", failure=reason)
            exitcode = self._record.worker.exitcode
            self._record.tell("gave-up", f"failed: {reason}", by=RESTART_POLICY, exitcode=exitcode)
            return
        pause = verdict.seconds
        self._record.change(phase="backoff", backoff_until=now + pause)
        self._record.tell("backoff", f"is restarted in {seconds(pause)}", by=RESTART_POLICY)
        self._timer = self._world.call_later(pause, lambda: self._restart(spec))

    def cancel(self) -> None:
        """Ends the back-off, if there is one; the worker is again what it was before."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._record.worker.phase == "backoff":
            phase = "joined" if self._record.worker.failure is None else "failed"
            self._record.change(phase=phase, backoff_until=None)

    def forget(self) -> None:
        """A start by hand: everything counts from nothing again."""
        self.cancel()
        self._history = policy.History()
        self._record.change(restarts=0)

    def _how(self) -> str:
        """What became of the last run: why it did not come to be, or how it ended."""
        worker = self._record.worker
        return worker.failure or f"the last run {ending(worker.exitcode)}"

    def _restart(self, spec: WorkerSpec) -> None:
        self.cancel()
        self._history = policy.restarted(self._history, spec, self._world.time())
        count = self._record.worker.restarts + 1
        self._record.change(restarts=count)
        self._record.tell("restarting", f"restart {count} by itself", by=RESTART_POLICY)
        self._launch()
