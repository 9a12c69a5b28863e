"""``events``: what happened in a session."""

from __future__ import annotations

import argparse
import glob
import sys
import time
from fnmatch import fnmatchcase
from pathlib import Path

from proctui.commands.output import complain, newest, print_object, say
from proctui.commands.resolving import chosen
from proctui.core.naming import cause_besides
from proctui.protocol import Event
from proctui.sessions import journal
from proctui.sessions.past import known_workers, readable
from proctui.sessions.session import Session, SessionError, supervisor_goes
from proctui.sessions.sync_client import ConnectionLost, SyncClient
from proctui.views import trace

FIELDS = ("seq", "time", "kind", "worker", "pid", "exitcode", "signal", "by", "text")
"""Of an event as JSON, always all of them."""


def events(arguments: argparse.Namespace) -> int:
    """Prints the journal, and with ``-f`` what happens from then on."""
    session = readable(arguments.session)
    pattern = None if arguments.worker is None else _pattern(session, arguments.worker)
    if arguments.trace is not None:
        return _trace(session, pattern, arguments.trace)
    show = Show(pattern, arguments.json)
    seen = show.journal(session, after=0, last=arguments.lines)
    if not (arguments.follow and session.running):
        return 0
    try:
        while True:
            seen = _listen(session, show, seen)
    except ConnectionLost as error:
        show.journal(session, after=seen, last=None)
        return _end(session, str(error))


def _pattern(session: Session, word: str) -> str:
    """The pattern of ids that a word means: what is the name of one worker means that one.

    What means nothing yet may mean something later.
    """
    try:
        found = chosen(known_workers(session), [word])
    except SessionError:
        return word
    return glob.escape(found[0]) if len(found) == 1 else word


def _trace(session: Session, pattern: str | None, file: str) -> int:
    """Writes what the journal tells as a Chrome trace.  Raises OSError."""
    past = journal.read(session.paths.journal)
    meant = [one for one in past if _is_of(one, pattern)]
    now = time.time() if session.running or not past else past[-1].time
    text = trace.encode(trace.from_events(meant, session.name, now))
    if file == "-":
        sys.stdout.write(text)
    else:
        Path(file).write_text(text, encoding="ascii")
    return 0


def _listen(session: Session, show: Show, seen: int) -> int:
    """Shows what happens until the supervisor ends the connection; the last event seen.

    It does so too where we were too slow to take everything: then the journal has the rest.
    Raises `ConnectionLost` where there is no supervisor.
    """
    with SyncClient(session.paths.socket, glance=False) as client:
        now = client.subscribe().seq
        seen = show.journal(session, after=seen, last=None, until=now)
        try:
            for message in client.messages():
                if isinstance(message, Event):
                    show([message])
                    seen = message.seq
        except ConnectionLost:
            return seen
    return seen


def _end(session: Session, why: str) -> int:
    """That a session has ended is a fine end; that its supervisor was killed is not."""
    past = journal.read(session.paths.journal, last=1)
    if past and past[-1].kind == "session-ended":
        return 0
    killed = f"session {session.name} is dead: its supervisor was killed"
    complain(killed if supervisor_goes(session.facts) else why)
    return 1


class Show:
    """Prints events: those of workers that fit a pattern, as lines or as JSON."""

    def __init__(self, pattern: str | None, as_json: bool) -> None:
        self._pattern = pattern
        self._as_json = as_json

    def __call__(self, events: list[Event]) -> None:
        """Prints those of them that are asked for."""
        for event in filter(self._is_meant, events):
            if self._as_json:
                print_object({field: getattr(event, field) for field in FIELDS})
            else:
                say(_line(event))
        sys.stdout.flush()

    def journal(
        self, session: Session, *, after: int, last: int | None, until: int | None = None
    ) -> int:
        """Prints what the journal has of that span; the number of the last event in it."""
        reading = journal.load(session.paths.journal)
        if reading.unreadable and not after:
            complain(f"{reading.unreadable} lines of the journal could not be read")
        span = [one for one in reading.events if after < one.seq <= (until or one.seq)]
        self(newest(list(filter(self._is_meant, span)), last))
        return span[-1].seq if span else max(after, until or 0)

    def _is_meant(self, event: Event) -> bool:
        return _is_of(event, self._pattern)


def _is_of(event: Event, pattern: str | None) -> bool:
    """Whether it is about a worker that the pattern fits; without a pattern every event is."""
    if pattern is None:
        return True
    return event.worker is not None and fnmatchcase(event.worker, pattern)


def _line(event: Event) -> str:
    then = time.localtime(event.time)
    same_day = then[:3] == time.localtime()[:3]
    day = "" if same_day else time.strftime("%Y-%m-%d ", then)
    clock = time.strftime("%H:%M:%S", then) + f".{int(event.time % 1 * 1000):03d}"
    cause = cause_besides(event.text, event.by)
    by = f"  ({cause})" if cause else ""
    return f"{day}{clock}  {event.worker or 'session'}  {event.text or event.kind}{by}"
