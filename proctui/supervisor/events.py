"""The session's events: numbered, remembered, written to the journal, told to subscribers."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable
from typing import Protocol

from proctui.model import Worker
from proctui.protocol import Event, EventKind, encode
from proctui.supervisor.complaints import complain
from proctui.supervisor.words import clip
from proctui.supervisor.world import SUPERVISOR

REMEMBERED = 5000
"""Events kept in memory for clients that come later; the journal has more."""
LONGEST_TEXT = 2000


class Appender(Protocol):
    """Where events are kept (`proctui.sessions.journal.Journal`)."""

    def append(self, event: Event) -> None:
        """Raises OSError."""


class EventLog:
    """Makes events.  Each is encoded once for all that hear it."""

    def __init__(self, time: Callable[[], float], journal: Appender | None) -> None:
        self.last = 0
        """`seq` of the newest event."""
        self._time = time
        self._journal = journal
        self._unwritten: deque[Event] = deque()
        """What the journal lacks, oldest first."""
        self._forgotten = 0
        """Of these, what was too much to be remembered."""
        self._history: deque[Event] = deque(maxlen=REMEMBERED)
        self._listeners: dict[Callable[[bytes], None], None] = {}
        self._untold: deque[Event] = deque()
        self._telling = False

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
        """Something has happened."""
        self.last += 1
        event = Event(
            seq=self.last,
            time=self._time(),
            kind=kind,
            text=clip(text, LONGEST_TEXT),
            worker=worker,
            pid=pid,
            exitcode=exitcode,
            signal=signal,
            by=by,
            state=state,
        )
        self._history.append(event)
        self._untold.append(event)
        self._write(event)
        if not self._telling:
            self._tell()

    def history(self, count: int) -> tuple[Event, ...]:
        """The newest `count` that are remembered, oldest first."""
        if count <= 0:
            return ()
        return tuple(itertools.islice(self._history, max(0, len(self._history) - count), None))

    def listen(self, tell: Callable[[bytes], None]) -> None:
        """From now on `tell` gets each event as a line of the protocol."""
        self._listeners[tell] = None

    def forget(self, tell: Callable[[bytes], None]) -> None:
        """No longer; harmless where it never listened."""
        self._listeners.pop(tell, None)

    def _tell(self) -> None:
        """In order, although telling may itself cause events: a client may be found too slow."""
        self._telling = True
        try:
            while self._untold:
                event = self._untold.popleft()
                line = encode(event) if self._listeners else b""
                for tell in list(self._listeners):
                    tell(line)
        finally:
            self._telling = False

    def _write(self, event: Event) -> None:
        """A journal that can't be written stops nothing, but is said, once until it can be.

        What it lacks is remembered and written as soon as there is room again.
        """
        if self._journal is None:
            return
        failed = bool(self._unwritten)
        self._unwritten.append(event)
        error = self._catch_up(self._journal)
        if error is not None and not failed:
            reason = error.strerror or str(error)
            complain(f"the journal can't be written: {reason}")
            self.say("note", f"the journal can't be written: {reason}", by=SUPERVISOR)
        elif error is None and failed:
            lost, self._forgotten = self._forgotten, 0
            lacks = f"; it lacks {lost} events" if lost else ""
            self.say("note", f"the journal is written again{lacks}", by=SUPERVISOR)
        elif len(self._unwritten) > REMEMBERED:
            self._unwritten.popleft()
            self._forgotten += 1

    def _catch_up(self, journal: Appender) -> OSError | None:
        """Writes what is still to be written, as far as that goes; why it went no further."""
        try:
            while self._unwritten:
                journal.append(self._unwritten[0])
                self._unwritten.popleft()
        except OSError as error:
            return error
        return None
