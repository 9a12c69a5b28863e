"""The end of a session: stop or await all workers, sweep up what they left, and be gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, Protocol

from proctui.protocol import Outcome
from proctui.supervisor.collector import Collector
from proctui.supervisor.pacer import Pacer
from proctui.supervisor.supervised import Supervised
from proctui.supervisor.workers import Workers
from proctui.supervisor.world import SUPERVISOR, Done, Say

Answer = Callable[[str | None, tuple[Outcome, ...]], None]
Stage = Literal["running", "waiting", "stopping", "sweeping", "over"]


class Sweeper(Protocol):
    """Ends what the workers left behind (`sweeping.Sweep`)."""

    def begin(self, done: Callable[[], None]) -> None:
        """Calls `done` when nothing is left, or nothing more can be done."""

    def hasten(self) -> None:
        """No grace period any more."""


class Ending:
    """Goes through its stages once, hastened by every further request."""

    def __init__(
        self, workers: Workers, pacer: Pacer, sweep: Sweeper, say: Say, over: Callable[[], None]
    ) -> None:
        self.stage: Stage = "running"
        self._workers = workers
        self._pacer = pacer
        self._sweep = sweep
        self._say = say
        self._over = over
        self._by = SUPERVISOR
        """Who asked for it first."""
        self._askers: list[Answer] = []
        self._round = 0
        """Grows with each attempt to end the workers: only the newest counts."""

    def ask(self, mode: Literal["stop", "wait"], by: str, answer: Answer) -> None:
        """Ends the session; answered when that is done.

        A second request while workers are waited for stops them; while they are being stopped,
        it kills them.  Asking to wait hastens nothing.
        """
        self._askers.append(answer)
        if self.stage == "running":
            self._workers.ending = True
            self._by = by
            how = "stops all workers" if mode == "stop" else "waits for its workers"
            self._say("session-ending", f"the session ends and {how}", by=by)
            self._stop_all(by) if mode == "stop" else self._wait_for_all(by)
        elif mode == "stop":
            self._hasten(by)

    def _hasten(self, by: str) -> None:
        self._say("session-ending", "the end of the session is hastened", by=by)
        if self.stage == "waiting":
            self._stop_all(by)
        elif self.stage == "stopping":
            self._end_each(lambda machine, done: machine.stop(by, 0.0, done))
        elif self.stage == "sweeping":
            self._sweep.hasten()

    def _stop_all(self, by: str) -> None:
        self.stage = "stopping"
        self._end_each(lambda machine, done: machine.stop(by, None, done))

    def _wait_for_all(self, by: str) -> None:
        """As multiprocessing does at exit: terminates the daemonic, joins all others."""
        self.stage = "waiting"

        def end(machine: Supervised, done: Done) -> None:
            machine.settle()
            if machine.worker.daemon or not machine.running:
                machine.stop(by, None, done)
            else:
                machine.wait(by, lambda outcome: again(machine, done, outcome))

        def again(machine: Supervised, done: Done, outcome: Outcome) -> None:
            # Somebody may have cancelled our join; that doesn't end the worker.
            if machine.running and self.stage == "waiting":
                machine.wait(by, lambda outcome: again(machine, done, outcome))
            else:
                done(outcome)

        self._end_each(end)

    def _end_each(self, end: Callable[[Supervised, Done], None]) -> None:
        self._round += 1
        number = self._round
        machines = self._workers.all()

        def ended(outcomes: tuple[Outcome, ...]) -> None:
            if number == self._round:
                self._sweep_up(outcomes)

        collector = Collector(len(machines), ended)

        def steps() -> Iterator[None]:
            for index, machine in enumerate(machines):
                end(machine, collector.slot(index))
                yield

        self._pacer.run(steps())

    def _sweep_up(self, outcomes: tuple[Outcome, ...]) -> None:
        self.stage = "sweeping"
        self._sweep.begin(lambda: self._finish(outcomes))

    def _finish(self, outcomes: tuple[Outcome, ...]) -> None:
        self.stage = "over"
        left = tuple(outcome for outcome in outcomes if not outcome.ok)
        text = (
            f"the session has ended, {len(left)} workers could not be ended"
            if left
            else ("the session has ended")
        )
        self._say("session-ended", text, by=self._by)
        askers, self._askers = self._askers, []
        for answer in askers:
            answer(None, left)
        self._over()
