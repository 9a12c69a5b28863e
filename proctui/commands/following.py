"""``logs -f``: what workers print from now on, also when their session is started again."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import NamedTuple

from proctui.commands.output import complain
from proctui.sessions import leftovers
from proctui.sessions.follow import Follower
from proctui.sessions.session import Session, SessionError, find
from proctui.supervisor.logs import MARK

INTERVAL = 0.1
"""Seconds between two looks for more."""
IDLE = 0.5
"""Seconds after which an unfinished line is shown as it stands."""
LOOK = 1.0
"""Seconds between two looks at what became of the session, while its workers print."""


class Tail(NamedTuple):
    """One worker's log on its way out."""

    worker: str
    follower: Follower
    write: Callable[[bytes], None]

    def drain(self, *, final: bool) -> int:
        """Prints what is there; how many bytes that was."""
        count = 0
        while data := self.follower.read():
            self.write(data)
            count += len(data)
        if final and (rest := self.follower.read(final=True)):
            self.write(rest)
            count += len(rest)
        sys.stdout.flush()
        return count


class Following:
    """Follows the logs of one run of a session, and those of the run that takes its place."""

    def __init__(
        self, session: Session, tails: list[Tail], tails_of: Callable[[Session], list[Tail]]
    ) -> None:
        """`tails_of` opens the same workers' logs of another run, or raises `SessionError`."""
        self._session = session
        self._tails = tails
        self._tails_of = tails_of
        self._former: list[tuple[Session, list[Tail]]] = []
        """Earlier runs of which something lives on, and may print."""

    def run(self) -> None:
        """Until nobody is left who could write, or for ever.  Raises `SessionError`."""
        quiet, looked = 0.0, time.monotonic()
        while True:
            writing = True
            if quiet >= IDLE or time.monotonic() - looked >= LOOK:
                looked = time.monotonic()
                writing = self._look()
            news = sum(tail.drain(final=quiet >= IDLE) for tail in self._all())
            if not writing and not news and quiet >= IDLE:
                return
            quiet = 0.0 if news else quiet + INTERVAL
            time.sleep(INTERVAL)

    def _all(self) -> list[Tail]:
        return [tail for _, tails in self._former for tail in tails] + self._tails

    def _look(self) -> bool:
        """Goes over to a newer run; whether anybody is there who may write."""
        now = find(self._session.name, running=False)
        if now.facts.run > self._session.facts.run:
            self._go_over(now)
            return True
        self._former = [one for one in self._former if leftovers.find(one[0])]
        return now.running or bool(self._former) or bool(leftovers.find(now))

    def _go_over(self, now: Session) -> None:
        for tail in self._tails:
            tail.drain(final=True)
        self._former.append((self._session, self._tails))
        self._session = now
        try:
            self._tails = self._tails_of(now)
        except SessionError as error:
            self._tails = []
            complain(str(error))
        moment = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now.facts.started_at))
        mark = f"{MARK}session {now.name} was started again at {moment} ---\n"
        for tail in self._tails:
            tail.write(mark.encode())
