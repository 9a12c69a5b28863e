"""Joins that wait for one worker: several at a time, each with its own timeout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from proctui.supervisor.record import Record
from proctui.supervisor.words import seconds
from proctui.supervisor.world import Done, Timer, World

_Kind = Literal["join-waiting", "join-timed-out", "join-cancelled"]


class Ticket:
    """One join that waits.  Whoever asked for it keeps this to cancel it."""

    __slots__ = ("_withdraw", "by", "done", "timeout", "timer")

    def __init__(
        self, by: str, timeout: float | None, done: Done, withdraw: Callable[[Ticket, str], None]
    ) -> None:
        self.by = by
        self.timeout = timeout
        self.done = done
        self.timer: Timer | None = None
        self._withdraw = withdraw

    def cancel(self, by: str) -> None:
        """Gives it up in the name of `by`; harmless once it is over."""
        self._withdraw(self, by)


class Joins:
    """The joins that wait for one worker, in the order in which they came."""

    def __init__(self, record: Record, world: World, look: Callable[[], None]) -> None:
        """`look` notices an end that nobody has told of yet, as after a time of standing still."""
        self._record = record
        self._world = world
        self._look = look
        self._waiting: dict[Ticket, None] = {}

    def wait(self, by: str, timeout: float | None, done: Done) -> Ticket:
        """Lets one more wait, `timeout` seconds at most; None is for ever."""
        ticket = Ticket(by, timeout, done, self._cancel)
        self._waiting[ticket] = None
        if timeout is not None:
            ticket.timer = self._world.call_later(
                max(timeout, 0.0), lambda: self._timed_out(ticket)
            )
        until = "" if timeout is None else f" for at most {seconds(timeout)}"
        self._tell("join-waiting", f"a join waits for it{until}", by)
        return ticket

    def take_all(self) -> list[Ticket]:
        """Takes out all of them, for the caller to answer."""
        tickets, self._waiting = list(self._waiting), {}
        for ticket in tickets:
            if ticket.timer is not None:
                ticket.timer.cancel()
        return tickets

    def cancel_all(self, by: str) -> int:
        """Gives up all of them; answers how many there were."""
        tickets = list(self._waiting)
        for ticket in tickets:
            self._cancel(ticket, by)
        return len(tickets)

    def _timed_out(self, ticket: Ticket) -> None:
        self._look()
        if self._take(ticket):
            text = f"join gave up after {seconds(ticket.timeout or 0.0)}: {self._still()}"
            self._tell("join-timed-out", text, ticket.by)
            ticket.done(self._record.outcome(False, text))

    def _cancel(self, ticket: Ticket, by: str) -> None:
        if self._take(ticket):
            self._tell("join-cancelled", f"the join of {ticket.by} was cancelled", by)
            ticket.done(self._record.outcome(False, f"join cancelled by {by}: {self._still()}"))

    def _still(self) -> str:
        return "still alive" if self._record.worker.alive else "its process group is being stopped"

    def _take(self, ticket: Ticket) -> bool:
        if ticket not in self._waiting:
            return False
        del self._waiting[ticket]
        if ticket.timer is not None:
            ticket.timer.cancel()
        return True

    def _tell(self, kind: _Kind, text: str, by: str) -> None:
        self._record.change(joining=len(self._waiting))
        self._record.tell(kind, text, by=by)
