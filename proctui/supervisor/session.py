"""What a running session consists of, and what concerns it as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from proctui.protocol import Outcome
from proctui.sessions.journal import Journal
from proctui.spec import SessionSpec, WorkerSpec
from proctui.supervisor import host
from proctui.supervisor.adoptions import Adoptions
from proctui.supervisor.complaints import complain
from proctui.supervisor.ending import Answer, Ending
from proctui.supervisor.events import EventLog
from proctui.supervisor.logs import LogStore
from proctui.supervisor.loop import Loop
from proctui.supervisor.pacer import Pacer, guarded
from proctui.supervisor.realworld import RealWorld
from proctui.supervisor.reloading import Reloading, first_fault
from proctui.supervisor.start import SupervisorStart
from proctui.supervisor.supervised import Supervised
from proctui.supervisor.sweeping import Sweep
from proctui.supervisor.trimming import Trimming
from proctui.supervisor.workers import Workers
from proctui.supervisor.world import SUPERVISOR, Done

CHANGED = "the session has changed since the difference was shown; look at it again"
INTERNAL = "internal error of the supervisor; its own log has the details"


class Session:
    """The workers, the events, and the work that goes on.  `over` is called at its end."""

    def __init__(
        self,
        start: SupervisorStart,
        loop: Loop,
        journal: Journal,
        over: Callable[[], None],
    ) -> None:
        self.start = start
        self.settings = msgspec.structs.replace(start.spec, workers=())
        """As they are now; `workers` knows the workers."""
        logs = LogStore(Path(start.log_dir), start.spec.log_limit)
        self.world = RealWorld(loop, logs, start.tag)
        self.started_at = self.world.time()
        self.events = EventLog(self.world.time, journal)
        self.workers = Workers(self.world, self.events.say)
        journal.workers = self.workers.snapshot
        self._journal = journal
        self.pacer = Pacer(loop)
        sweep = Sweep(
            loop, start.tag, self.world.sessions, lambda: self.settings.adopt, self.events.say
        )
        self.ending = Ending(self.workers, self.pacer, sweep, self.events.say, over)
        self._adoptions = Adoptions(
            loop, self.workers, lambda: self.settings.adopt, self.events.say
        )
        self._logs = logs
        self._trimming = Trimming(loop, self.workers, logs, self.events.say)
        self._reloading = False

    def begin(self) -> None:
        """Takes in the workers, so that clients know all of them from the first moment."""
        source = f" from {self.settings.source}" if self.settings.source else ""
        text = f"session {self.settings.name} has begun{source}"
        self.events.say("session-started", text, by=SUPERVISOR, pid=self.world.pid)
        self._trimming.begin()
        self._adoptions.begin()
        for spec in self.start.spec.workers:
            refusal = self.workers.take(spec)
            if refusal is not None:
                self.events.say("refused", f"not added: {spec.id}: {refusal}", by=SUPERVISOR)

    def autostart(self) -> None:
        """Announces the workers and starts those that want it, in slices; held, it only tells."""
        self.pacer.run(self._start_all(self.workers.all()))

    def _start_all(self, machines: list[Supervised]) -> Iterator[None]:
        for machine in machines:
            self.workers.announce(machine, SUPERVISOR)
            yield
        for machine in () if self.start.hold else machines:
            if machine.spec.autostart and machine.untouched and not self.workers.ending:
                machine.start(SUPERVISOR, _nobody)
            yield

    def describe(self) -> SessionSpec:
        """The specifications as they are now."""
        return msgspec.structs.replace(self.settings, workers=self.workers.specs())

    def add(self, spec: WorkerSpec, by: str, done: Done) -> None:
        """Takes in a worker, and starts it with `autostart`."""
        outcome = self.workers.add(spec, by)
        machine = self.workers.get(spec.id)
        if outcome.ok and spec.autostart and machine is not None:
            machine.start(by, done)
        else:
            done(outcome)

    def remove(self, machine: Supervised, by: str) -> Outcome:
        """Forgets a worker that doesn't run; its log stays."""
        outcome = self.workers.remove(machine, by)
        if outcome.ok:
            self._trimming.forget(machine.id)
        return outcome

    # ------------------------------------------------------------ reload

    def reload(
        self, spec: SessionSpec, by: str, answer: Answer, revision: int | None = None
    ) -> None:
        """Follows `spec`; a specification that can't be right changes nothing.

        With the `revision` of `workers` that it was compared with, only where that still stands.
        """
        if self._reloading:
            self._refuse_reload("another reload is still under way", by, answer)
            return
        self._reloading = True

        def failed(error: Exception) -> None:
            self._reloading = False
            self.tell_of_fault(error)
            answer(INTERNAL, ())

        self.pacer.run(guarded(self._reload(spec, by, answer, revision), failed))

    def _reload(
        self, spec: SessionSpec, by: str, answer: Answer, revision: int | None
    ) -> Iterator[None]:
        wrong = yield from first_fault(spec.workers)
        if wrong is None and revision not in (None, self.workers.revision):
            wrong = CHANGED
        refusal = wrong or self._settings_refusal(spec)
        if refusal is not None:
            self._reloading = False
            self._refuse_reload(refusal, by, answer)
            return
        self._take_settings(spec)
        self.events.say("note", "the session follows its changed specification", by=by)

        def complete(outcomes: tuple[Outcome, ...]) -> None:
            self._reloading = False
            answer(None, outcomes)

        work = Reloading(self.workers, self.add, self.remove, by)
        yield from work.steps(spec.workers, complete)
        try:
            self._journal.tell_order(self.events.last)
        except OSError as error:
            complain(f"the journal lacks the order of workers: {error.strerror or error}")

    def _refuse_reload(self, refusal: str, by: str, answer: Answer) -> None:
        self.events.say("refused", f"not reloaded: {refusal}", by=by)
        answer(f"not reloaded: {refusal}", ())

    def _settings_refusal(self, spec: SessionSpec) -> str | None:
        if self.workers.ending:
            return "the session is ending"
        if spec.adopt != self.settings.adopt:
            try:
                host.set_subreaper(spec.adopt)
            except OSError as error:
                return f"orphans can't be adopted: {error.strerror or error}"
        return None

    def _take_settings(self, spec: SessionSpec) -> None:
        # The name is how clients found this session: it stays.
        self.settings = msgspec.structs.replace(spec, workers=(), name=self.settings.name)
        self._logs.limit = spec.log_limit
        self.workers.changed()

    # ------------------------------------------------------------ faults

    def tell_of_fault(self, error: BaseException) -> None:
        """A handler has failed: the session goes on, and says so."""
        text = f"internal error of the supervisor: {type(error).__name__}: {error}"
        self.events.say("note", text, by=SUPERVISOR)


def _nobody(outcome: Outcome) -> None:
    """Nobody waits for what becomes of it."""
