"""The state machine of one worker: start, end, join, signal, stop, restart.

Nothing here waits: whoever asks passes `done`, which is called when it is known
what became of it.  Clock, processes and timers come from a `World`, so tests
replay histories as data.
"""

from __future__ import annotations

from typing import Protocol

from proctui.model import Worker
from proctui.protocol import Outcome
from proctui.spec import WorkerSpec
from proctui.supervisor import policy, signalling
from proctui.supervisor.arrival import Arrival
from proctui.supervisor.joining import Joins, Ticket
from proctui.supervisor.record import LONGEST_NAME, Record
from proctui.supervisor.restarts import Restarts
from proctui.supervisor.starting import Starts
from proctui.supervisor.stops import Stops, ends_group
from proctui.supervisor.words import clip, ending
from proctui.supervisor.world import (
    REAP_POLICY,
    RESTART_POLICY,
    SUPERVISOR,
    Done,
    End,
    Run,
    Say,
    World,
)

_ONLY_STARTED = "can only join a started process"
"""The very words of multiprocessing."""


class Family(Protocol):
    """What a worker's machine needs of all the others."""

    world: World
    say: Say
    ending: bool
    """The session is ending: nothing is started any more."""

    def before_launch(self, starter: Supervised) -> None:
        """Joins those that wait for a sibling's start."""

    def left_for_sibling(self, ended: Supervised) -> None:
        """`ended` is to be joined by the next start of any worker."""


class Supervised:
    """One worker, across all its runs."""

    def __init__(self, spec: WorkerSpec, family: Family) -> None:
        self.spec = spec
        self.starts_called_off = 0
        """Grows with every stop, so that a start that was queued before knows it is void."""
        self._family = family
        self._world = family.world
        self._record = Record(spec, family.world, family.say)
        self._run: Run | None = None
        """The process, until it is reaped."""
        self._arrival = Arrival(spec)
        self._why_not: str | None = None
        """Why the run that has ended did not reach user code."""
        self._launching: str | None = None
        """By whom a launch was asked for that has not been done yet."""
        self._automatic = False
        """The present run was started by the restart policy."""
        self._next_spec: WorkerSpec | None = None
        self._joins = Joins(self._record, self._world, self._notice_end)
        self._restarts = Restarts(
            self._record, self._world, lambda: self._launch(RESTART_POLICY, automatic=True)
        )
        self._starts = Starts(self._record, self._world)
        self._stops = Stops(self._record, self._world, self._conclude)

    @property
    def id(self) -> str:
        """Of the worker."""
        return self.spec.id

    @property
    def worker(self) -> Worker:
        """The Python view of it at this moment."""
        return self._record.worker

    @property
    def running(self) -> bool:
        """Whether a process of it runs, or of its process group while that is being stopped."""
        return self.worker.phase in ("starting", "alive") or self._stops.on

    @property
    def unreaped(self) -> int | None:
        """Pid of the process whose status nobody but this worker's join may take."""
        return None if self._run is None else self._run.pid

    @property
    def untouched(self) -> bool:
        """Whether nobody has started or stopped it yet."""
        return self.worker.phase == "idle" and self.starts_called_off == 0

    @property
    def wanted_spec(self) -> WorkerSpec:
        """What its next run is made from."""
        return self._next_spec or self.spec

    def follow_spec(self, spec: WorkerSpec, by: str) -> None:
        """Takes over a changed specification: now, or with its next run where one is on."""
        self.settle()
        self._next_spec = spec
        if not self.running:
            self._take_next_spec()
            self._record.tell("changed", "has a new specification", by=by)

    def _take_next_spec(self) -> None:
        if self._next_spec is not None:
            self.spec, self._next_spec = self._next_spec, None
            self._record.take_spec(self.spec)

    # ------------------------------------------------------------ start

    def start(self, by: str, done: Done) -> None:
        """Starts it by hand; answered when user code runs, or why it doesn't.

        An ended one is joined first.  The count of restarts begins anew.
        """
        self.settle()
        if self.running:
            what = "is already running" if self.worker.alive else "is still being stopped"
            self._record.refuse(f"{what} (pid {self.worker.pid})", by, done)
        else:
            self._start_by_hand(by, [done])

    def _start_by_hand(self, by: str, waiting: list[Done]) -> None:
        if self._family.ending:
            for done in waiting:
                self._record.refuse("can't be started: the session is ending", by, done)
            return
        self._restarts.forget()
        self._starts.add(waiting)
        self._launch(by, automatic=False)

    def _launch(self, by: str, *, automatic: bool) -> None:
        if self.worker.phase == "ended":
            self._reap(by, "joined by its own next start")
        self._take_next_spec()
        self._family.before_launch(self)
        if self.worker.started_at is not None:
            self._world.mark(self.id, f"restarted by {by}")
        self._automatic = automatic
        self._launching = by
        self._world.launch(self.spec, self)

    def settle(self) -> None:
        """Has a launch that is under way done, so that it either runs or doesn't."""
        if self._launching is not None:
            self._world.launch_now()

    def launched(self, run: Run) -> None:
        """There is a process of it now."""
        by, self._launching = self._launching, None
        self._run, self._arrival = run, Arrival(self.spec)
        self._record.take_run(run, self._world.time())
        self._record.tell("starting", f"is being started as pid {run.pid}", by=by)
        self._starts.launched()

    def refused(self, reason: str) -> None:
        """No process came to be."""
        self._launching = None
        self._world.mark(self.id, f"failed: {reason}")
        self._start_failed(reason)
        self._follow_policy(None)

    def ready(self, name: str, daemon: bool) -> None:
        """The child says: user code runs."""
        self._arrival.reached = True
        self._record.change(name=clip(name, LONGEST_NAME), daemon=daemon)
        self._started()

    def failed(self, reason: str) -> None:
        """The child says: user code was not reached.  Its end follows."""
        self._arrival.failure = reason

    def settled(self) -> None:
        """The child has nothing more to say: it was executed, or it ended."""
        if self._arrival.failure is None and self._run is not None and self._run.end() is None:
            self._arrival.when_likely(self._world, self._started)

    def _started(self) -> None:
        if self.worker.phase == "starting":
            self._record.change(phase="alive")
            self._record.tell("started", f"runs as pid {self.worker.pid}")
            self._starts.answer(True, f"started as pid {self.worker.pid}")

    def _start_failed(self, reason: str) -> None:
        self._record.change(phase="failed", failure=clip(reason))
        text = f"failed: {self.worker.failure}"
        self._record.tell("start-failed", text, by=SUPERVISOR, exitcode=self.worker.exitcode)
        self._starts.answer(False, text)

    # ------------------------------------------------------------ end

    def ended(self) -> None:
        """The process has ended and is not reaped; who joins it is decided here."""
        end = self._run.end() if self._run is not None else None
        if end is None:
            raise RuntimeError(f"worker {self.id} is said to have ended, but it runs")
        self._record.change(
            phase="ended",
            alive=False,
            exitcode=end.exitcode,
            exitcode_lost=end.exitcode is None,
            ended_at=self._world.time(),
        )
        self._why_not = self._arrival.why_not(end.exitcode)
        if self._why_not is None:
            self._record.tell("ended", self._how(), exitcode=end.exitcode)
            self._starts.answer(True, f"started, and {self._how()}")
            if self._stops.awaits_group():
                return
        elif self._arrival.failure is None:
            self._world.mark(self.id, f"failed: {self._why_not}")
        self._conclude()

    def _conclude(self) -> None:
        """It has ended, and what a stop was to end with it: who joins it is decided here."""
        end, by = self._run.end() if self._run is not None else None, self._stops.by
        tickets = self._joins.take_all()
        joins, stops = [ticket.done for ticket in tickets], self._stops.over()
        failure, self._why_not = self._why_not, None
        self._record.change(joining=0)
        if failure is not None:
            self._reap_silently()
            self._start_failed(failure)
        else:
            self._join_by(self._who_joins(tickets, by))
        self._record.answer(joins, True, f"joined: {self._how()}")
        self._record.answer(stops, True, f"stopped: {self._how()}")
        self._go_on(end, stopped=by is not None)

    def _notice_end(self) -> None:
        if self._run is not None and self.worker.alive:
            self._run.notice()

    def _who_joins(self, tickets: list[Ticket], stopper: str | None) -> str | None:
        if stopper is not None:
            return stopper
        if tickets:
            return tickets[0].by
        if self._wants_restart(self.worker.exitcode):
            return RESTART_POLICY
        return REAP_POLICY if self.spec.reap == "auto" else None

    def _join_by(self, by: str | None) -> None:
        if by is not None:
            self._reap(by)
        elif self.spec.reap == "implicit":
            self._family.left_for_sibling(self)

    def _go_on(self, end: End | None, *, stopped: bool) -> None:
        again = self._stops.take_starters()
        if again:
            self._start_by_hand(again[0][0], [done for _, done in again])
        elif not stopped:
            self._follow_policy(end)

    def _follow_policy(self, end: End | None) -> None:
        """After a run, or with None after a start that the kernel refused.

        A start by hand that failed stays failed; a restart that failed is one more failure.
        """
        if self.worker.phase == "failed" and not self._automatic:
            return
        if self._wants_restart(None if end is None else end.exitcode):
            began = self.worker.started_at
            lasted = 0.0 if end is None or began is None else self._world.time() - began
            self._restarts.consider(self.spec, lasted)

    def _wants_restart(self, exitcode: int | None) -> bool:
        return not self._family.ending and policy.wants_restart(self.spec, exitcode)

    # ------------------------------------------------------------ join

    def join(self, by: str, timeout: float | None, done: Done) -> Ticket | None:
        """Waits until it has ended, then reaps it.

        `timeout` in seconds, None for the worker's own.  The ticket, where one waits, cancels it.
        """
        self.settle()
        if self.running:
            return self._joins.wait(
                by, self.spec.join_timeout if timeout is None else timeout, done
            )
        if self.worker.phase == "ended":
            self._reap(by)
            done(self._record.outcome(True, f"joined: {self._how()}"))
        elif self.worker.pid is None:
            self._record.refuse(_ONLY_STARTED, by, done)
        else:
            done(self._record.outcome(True, f"already joined: {self._how()}"))
        return None

    def wait(self, by: str, done: Done) -> Ticket | None:
        """Joins without any timeout, whatever the worker's own."""
        self.settle()
        if self.running:
            return self._joins.wait(by, None, done)
        return self.join(by, None, done)

    def cancel_joins(self, by: str, done: Done) -> None:
        """Gives up all joins that wait for it."""
        count = self._joins.cancel_all(by)
        text = f"joins cancelled: {count}" if count else "no join waits for it"
        done(self._record.outcome(count > 0, text))

    def join_implicitly(self, starter: str) -> None:
        """What the start of a sibling does in stock multiprocessing.

        A stop of its process group joins it once nobody is left: until then the id stays its own.
        """
        if self.worker.phase == "ended" and not self._stops.on:
            self._reap(f"start of {starter}", f"joined implicitly by the start of {starter}")

    def _reap(self, by: str, text: str = "") -> None:
        self._reap_silently()
        self._record.change(phase="joined")
        exitcode = self.worker.exitcode
        self._record.tell("joined", text or f"joined: {self._how()}", by=by, exitcode=exitcode)

    def _reap_silently(self) -> None:
        run, self._run = self._run, None
        if run is None:
            raise RuntimeError(f"worker {self.id} has nothing to be reaped")
        exitcode = run.reap().exitcode
        self._record.change(
            exitcode=exitcode, exitcode_lost=exitcode is None, joined_at=self._world.time()
        )

    # ------------------------------------------------------------ signal, stop, restart

    def signal(self, order: signalling.Order, by: str, done: Done) -> None:
        """Sends one signal to its process, or to the process group that it leads."""
        self.settle()
        signalling.send(self._record, self._run, order, by=by, done=done)

    def stop(self, by: str, grace: float | None, done: Done, signum: int | None = None) -> None:
        """Stop signal, grace period, SIGKILL, join; answered when it is gone.

        `grace` in seconds and `signum`, None for the worker's own.  A second stop can only hasten
        the first.  Of a shell line it ends the whole process group, also what is left of that
        where the shell itself has ended and is not joined.
        """
        self.settle()
        self._call_off(by)
        if self._stoppable:
            self._stops.begin(self._run, self.spec, by, grace, [done], signum)
        else:
            done(self._retire(by))

    @property
    def _stoppable(self) -> bool:
        return self.running or (self.worker.phase == "ended" and ends_group(self.spec))

    def retire(self, by: str) -> None:
        """Joins it where it has ended, and cancels its restart; it must not be running."""
        self._call_off(by)
        self._retire(by)

    def _retire(self, by: str) -> Outcome:
        text = "was not running"
        if self.worker.phase == "ended":
            self._reap(by)
            text = f"joined: {self._how()}"
        elif self.worker.phase == "backoff":
            self._restarts.cancel()
            text = "its restart was cancelled"
            self._record.tell("changed", text, by=by)
        return self._record.outcome(True, text)

    def _call_off(self, by: str) -> None:
        self.starts_called_off += 1
        self._stops.call_off_start(f"stop by {by}")

    def restart(self, by: str, done: Done, grace: float | None = None) -> None:
        """Stops what runs (`grace` as in `stop`), joins it, starts it again; answered then."""
        self.settle()
        if not self._family.ending:
            self._record.tell("restarting", "is restarted by hand", by=by)
        if self._stoppable and not self._family.ending:
            self._stops.then_start(by, done)
            self._stops.begin(self._run, self.spec, by, grace, [])
        else:
            self._start_by_hand(by, [done])

    def _how(self) -> str:
        return ending(self.worker.exitcode)
