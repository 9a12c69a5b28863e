"""What must become of workers, in as few words as can be: the model of the state machine test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from proctui.model import Worker
from proctui.spec import WorkerSpec

Ticket = tuple[str, int]
"""A join that waits: whose, and the number of the request."""

BY_ITSELF = -10
"""How a worker ends that the test ends behind the supervisor's back, by SIGUSR1."""


@dataclass
class Modelled:
    """One worker: what is known of it once nothing moves any more."""

    spec: WorkerSpec
    own_exitcode: int | None = None
    """How it ends at once; None where it lives on."""
    ends_by: frozenset[int] = frozenset({-15})
    """How it ends when it is stopped."""
    phase: str = "idle"
    exitcodes: frozenset[int] = frozenset()
    waiting: list[Ticket] = field(default_factory=list)
    answered: dict[Ticket, bool] = field(default_factory=dict)
    """Joins that waited and don't any more, and whether they came to something."""
    begun: bool = False
    """It was started since somebody last looked at this."""

    def copy(self) -> Modelled:
        return Modelled(
            self.spec, self.own_exitcode, self.ends_by, self.phase, self.exitcodes,
            [*self.waiting], {**self.answered}, self.begun,
        )  # fmt: skip

    @property
    def alive(self) -> bool:
        return self.phase == "alive"

    @property
    def gives_up(self) -> bool:
        """It is restarted until it may not be any more."""
        return self.spec.restart == "always"

    def fits(self, worker: Worker) -> bool:
        known = worker.exitcode in self.exitcodes if self.exitcodes else worker.exitcode is None
        return worker.phase == self.phase and known and worker.joining == len(self.waiting)

    # ------------------------------------------------------------ what may be done to it

    def act(self, act: str) -> bool:
        """Does it; whether it must succeed."""
        does: dict[str, Callable[[], bool]] = {
            "start": self.start, "restart": self.restart, "stop": self.stop, "join": self.join,
            "join for a moment": self.join, "cancel": self.cancel,
            "terminate": lambda: self.signal(-15), "terminate group": lambda: self.signal(-15),
            "kill": lambda: self.signal(-9), "kill group": lambda: self.signal(-9),
            "end": lambda: self.signal(BY_ITSELF),
        }  # fmt: skip
        return does[act]()

    def start(self) -> bool:
        if self.alive:
            return False
        self._begin()
        return True

    def restart(self) -> bool:
        if self.alive:
            self._end(self.ends_by, joined=True)
        self._begin()
        return True

    def stop(self) -> bool:
        if self.alive:
            self._end(self.ends_by, joined=True)
        elif self.phase == "ended":
            self.phase = "joined"
        return True

    def signal(self, exitcode: int) -> bool:
        if not self.alive:
            return False
        self._end(frozenset({exitcode}), joined=False)
        return True

    def join(self) -> bool:
        """Without patience, or with less than it lives."""
        if self.alive or self.phase == "idle":
            return False
        if self.phase == "ended":
            self.phase = "joined"
        return True

    def wait(self, ticket: Ticket) -> None:
        self.waiting.append(ticket)

    def cancel(self) -> bool:
        cancelled, self.waiting = self.waiting, []
        self.answered.update(dict.fromkeys(cancelled, False))
        return bool(cancelled)

    def leave(self, client: str) -> None:
        """Who has gone waits for nothing."""
        self.waiting = [ticket for ticket in self.waiting if ticket[0] != client]

    # ------------------------------------------------------------ what follows

    def _begin(self) -> None:
        self.phase, self.exitcodes, self.begun = "alive", frozenset(), True
        if self.own_exitcode is not None:
            self._end(frozenset({self.own_exitcode}), joined=False)
            if self.gives_up:
                self.phase = "failed"

    def _end(self, exitcodes: frozenset[int], *, joined: bool) -> None:
        joined = joined or bool(self.waiting) or self.spec.reap == "auto"
        self.phase, self.exitcodes = "joined" if joined else "ended", exitcodes
        tickets, self.waiting = self.waiting, []
        self.answered.update(dict.fromkeys(tickets, True))


def starts_join_siblings(workers: Sequence[Modelled]) -> None:
    """What a start does to all others that are joined implicitly."""
    begun = [worker for worker in workers if worker.begun]
    waiting = (one for one in workers if one.spec.reap == "implicit" and one.phase == "ended")
    for worker in waiting:
        if any(other is not worker for other in begun):
            worker.phase = "joined"
    for worker in begun:
        worker.begun = False


def both_at_once(worker: Modelled, first: str, second: str) -> list[tuple[bool, bool, Modelled]]:
    """What may come of two acts whose order nobody knows.

    One after the other, whichever comes first; or one makes the other void, as a stop does
    with a start that waits for its turn and a death under way with a signal.
    """
    outcomes = []
    acts = {act.removesuffix(" group").removesuffix(" for a moment") for act in (first, second)}
    for order in ((0, 1), (1, 0), (0,), (1,)):
        after = worker.copy()
        done = [False, False]
        for which in order:
            done[which] = after.act((first, second)[which])
        if after.exitcodes and acts & {"kill", "stop", "restart"}:
            after.exitcodes |= {-9, -15}
        outcomes.append((done[0], done[1], after))
        if acts == {"kill"}:  # one that is dying takes the second signal too
            outcomes.append((done[0], done[0], after))
    if acts == {"join", "restart"}:  # it is joined after the end, before the new start
        after = worker.copy()
        after.restart()
        outcomes.append((True, True, after))
    return outcomes
