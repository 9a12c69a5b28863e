"""A world without processes: histories of workers are replayed as data."""

from __future__ import annotations

import heapq
import itertools
import signal as signals
from collections.abc import Callable
from dataclasses import dataclass, field

from proctui.model import Worker
from proctui.protocol import EventKind, Outcome
from proctui.spec import WorkerSpec
from proctui.supervisor.supervised import Supervised
from proctui.supervisor.workers import Workers
from proctui.supervisor.world import End, Listener, Run

GROUP_INTERVAL = 0.05
"""Seconds between two looks at a process group."""


class FakeTimer:
    def __init__(self, due: float, call: Callable[[], None]) -> None:
        self.due = due
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        self.call = None


@dataclass
class FakeRun:
    """A process that ends when the test, or a signal it doesn't ignore, says so."""

    pid: int
    spec: WorkerSpec
    listener: Listener
    name: str = "Process-1"
    daemon: bool = False
    authkey: bytes = b"secret"
    ignores: frozenset[int] = frozenset()
    exitcode: int | None = None
    over: bool = False
    joins: int = 0
    """How often it was reaped; more than once is an error."""
    denied: bool = False
    quick: bool = False
    """Has ended by a signal that it doesn't ignore before the next one can be sent."""
    members: int = 0
    """How many others live in the process group that it leads."""
    signals: list[tuple[int, bool]] = field(default_factory=list)

    def end(self) -> End | None:
        return End(self.exitcode) if self.over else None

    def notice(self) -> None:
        if self.over:
            self.listener.ended()

    def reap(self) -> End:
        assert self.over, "a join would block"
        assert self.joins == 0, "reaped twice"
        self.joins += 1
        return End(self.exitcode)

    def signal(self, signum: int, *, group: bool = False) -> None:
        if self.joins:
            raise AssertionError("its pid, and its group's, may be somebody else's")
        if self.over and not (group and self.members):
            raise ProcessLookupError
        if self.denied:
            raise PermissionError
        self.signals.append((signum, group))
        if self.quick and signum not in self._harmless():
            self.dies(-signum)

    # what the process does

    def becomes_ready(self) -> None:
        self.listener.ready(self.name, self.daemon)

    def dies(self, exitcode: int | None) -> None:
        """Ends, unnoticed as yet."""
        self.exitcode, self.over = exitcode, True

    def ends(self, exitcode: int | None = 0) -> None:
        self.dies(exitcode)
        self.listener.ended()

    def fails(self, reason: str, exitcode: int = 1) -> None:
        self.listener.failed(reason)
        self.listener.settled()
        self.ends(exitcode)

    def obeys(self) -> None:
        """Ends by the first signal it got and doesn't ignore."""
        harmless = self._harmless()
        deadly = [signum for signum, _ in self.signals if signum not in harmless]
        if deadly and not self.over:
            self.ends(-deadly[0])

    def _harmless(self) -> set[int]:
        return {int(signals.SIGCONT), 0, *self.ignores}


@dataclass(frozen=True)
class Said:
    kind: EventKind
    text: str
    by: str | None
    worker: str | None
    exitcode: int | None
    signal: str | None
    state: Worker | None


class FakeWorld:
    """Time stands until `advance`; processes do nothing by themselves."""

    pid = 99

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.refuse: str | None = None
        self.together = False
        """Launches wait for `launch_now`."""
        self.wanted: list[tuple[WorkerSpec, Listener]] = []
        self.runs: list[FakeRun] = []
        self.marks: list[tuple[str, str]] = []
        self.said: list[Said] = []
        self._timers: list[tuple[float, int, FakeTimer]] = []
        self._count = itertools.count()
        self.workers = Workers(self, self.say)

    # World

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, call: Callable[[], None]) -> FakeTimer:
        assert delay >= 0
        timer = FakeTimer(self.now + delay, call)
        heapq.heappush(self._timers, (timer.due, next(self._count), timer))
        return timer

    def watch_group(self, run: Run, looked: Callable[[bool], None]) -> FakeTimer:
        assert isinstance(run, FakeRun) and run.over and not run.joins

        def look() -> None:
            if run.members:
                again()
            looked(bool(run.members))

        def again() -> None:
            timer.call = look
            heapq.heappush(self._timers, (self.now + GROUP_INTERVAL, next(self._count), timer))

        timer = self.call_later(0.0, look)
        return timer

    def launch(self, spec: WorkerSpec, listener: Listener) -> None:
        self.wanted.append((spec, listener))
        if not self.together:
            self.launch_now()

    def launch_now(self) -> None:
        wanted, self.wanted = self.wanted, []
        for spec, listener in wanted:
            if self.refuse is not None:
                listener.refused(self.refuse)
                continue
            run = FakeRun(pid=100 + len(self.runs), spec=spec, listener=listener)
            run.daemon = bool(spec.daemon)
            self.runs.append(run)
            listener.launched(run)

    def mark(self, worker: str, text: str) -> None:
        self.marks.append((worker, text))

    def log_path(self, worker: str) -> str:
        return f"/logs/{worker}.log"

    # for tests

    def say(
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
        self.said.append(Said(kind, text, by, worker, exitcode, signal, state))

    def advance(self, seconds: float) -> None:
        until = self.now + seconds
        while self._timers and self._timers[0][0] <= until:
            self.now, _, timer = heapq.heappop(self._timers)
            if timer.call is not None:
                call, timer.call = timer.call, None
                call()
        self.now = until

    @property
    def pending_timers(self) -> int:
        return sum(timer.call is not None for _, _, timer in self._timers)

    def add(self, name: str = "w", **changes: object) -> Supervised:
        changes.setdefault("target", "m:f")
        outcome = self.workers.add(WorkerSpec(id=name, **changes), "test")  # type: ignore[arg-type]
        assert outcome.ok, outcome.text
        machine = self.workers.get(name)
        assert machine is not None
        return machine

    def started(self, name: str = "w", **changes: object) -> tuple[Supervised, FakeRun]:
        machine = self.add(name, **changes)
        answers = Answers()
        machine.start("test", answers)
        self.runs[-1].becomes_ready()
        assert answers.only.ok
        self.said.clear()
        return machine, self.runs[-1]

    def kinds(self) -> list[str]:
        return [said.kind for said in self.said]


class Answers(list[Outcome]):
    """Is a `Done` itself."""

    def __call__(self, outcome: Outcome) -> None:
        self.append(outcome)

    @property
    def only(self) -> Outcome:
        assert len(self) == 1, f"{len(self)} answers: {list(self)}"
        return self[0]


def seen(machine: Supervised) -> Worker:
    """Its view now.  A call, so that what a test asserted before isn't taken to hold still."""
    return machine.worker
