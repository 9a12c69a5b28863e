"""``events``: what happened in a session."""

from __future__ import annotations

import argparse
import sys
import time
from fnmatch import fnmatchcase

from proctui import journal
from proctui.commands.output import complain, newest, print_object, say
from proctui.protocol import Event
from proctui.session import Session, find
from proctui.sync_client import ConnectionLost, SyncClient

FIELDS = ("seq", "time", "kind", "worker", "pid", "exitcode", "signal", "by", "text")
"""Of an event as JSON, always all of them."""


def events(arguments: argparse.Namespace) -> int:
    """Prints the journal, and with ``-f`` what happens from then on."""
    session = find(arguments.session, running=False)
    pattern, last, as_json = arguments.worker, arguments.lines, arguments.json
    if not (arguments.follow and session.running):
        _print(_past(session, last, pattern), as_json)
        return 0
    with SyncClient(session.paths.socket) as client:
        seq = client.subscribe().seq
        # What the journal has up to here and what is told from here on is everything once.
        past = [event for event in _past(session, None, pattern) if event.seq <= seq]
        _print(newest(past, last), as_json)
        try:
            for message in client.messages():
                if isinstance(message, Event) and _is_of(message, pattern):
                    _print([message], as_json)
        except ConnectionLost as error:
            return _end(session, str(error))
    return 0


def _end(session: Session, why: str) -> int:
    """That a session has ended is a fine end; that its supervisor was killed is not."""
    past = journal.read(session.paths.journal, last=1)
    if past and past[-1].kind == "session-ended":
        return 0
    complain(why)
    return 1


def _past(session: Session, last: int | None, pattern: str | None) -> list[Event]:
    reading = journal.load(session.paths.journal, last if pattern is None else None)
    if reading.unreadable:
        complain(f"{reading.unreadable} lines of the journal could not be read")
    return newest([event for event in reading.events if _is_of(event, pattern)], last)


def _is_of(event: Event, pattern: str | None) -> bool:
    if pattern is None:
        return True
    return event.worker is not None and fnmatchcase(event.worker, pattern)


def _print(found: list[Event], as_json: bool) -> None:
    for event in found:
        if as_json:
            print_object({field: getattr(event, field) for field in FIELDS})
        else:
            say(_line(event))
    sys.stdout.flush()


def _line(event: Event) -> str:
    then = time.localtime(event.time)
    same_day = then[:3] == time.localtime()[:3]
    day = "" if same_day else time.strftime("%Y-%m-%d ", then)
    clock = time.strftime("%H:%M:%S", then) + f".{int(event.time % 1 * 1000):03d}"
    by = f"  ({event.by})" if event.by else ""
    return f"{day}{clock}  {event.worker or 'session'}  {event.text or event.kind}{by}"
