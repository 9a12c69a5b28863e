"""``logs``: what workers have printed."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

from proctui.commands.harmless import RESET, log_text, plain
from proctui.commands.output import complain, print_object
from proctui.commands.resolving import chosen
from proctui.sessions.follow import Follower
from proctui.sessions.leftovers import find as find_leftovers
from proctui.sessions.past import known_workers, readable
from proctui.sessions.session import Session, find
from proctui.supervisor.logs import LogStore

INTERVAL = 0.1
"""Seconds between two looks for more."""
IDLE = 0.5
"""Seconds after which an unfinished line is shown as it stands."""
FOLLOWED_LINES = 10
"""Shown first with ``-f``, where nothing else was asked for."""


class _Tail(NamedTuple):
    """One worker's log on its way out."""

    worker: str
    follower: Follower
    write: Callable[[bytes], None]


def logs(arguments: argparse.Namespace) -> int:
    """Prints logs, and with ``-f`` what is added to them."""
    session = readable(arguments.session)
    workers = chosen(known_workers(session), arguments.workers)
    store = LogStore(session.paths.log_dir, 0)
    last = arguments.lines
    if last is None and arguments.follow:
        last = FOLLOWED_LINES
    raw = arguments.raw or not sys.stdout.isatty()
    width = max(map(len, workers)) if len(workers) > 1 else 0
    tails = [
        _Tail(
            worker,
            Follower(store.path(worker), last),
            _objects(worker) if arguments.json else _writer(worker, width, raw),
        )
        for worker in workers
    ]
    for tail in tails:
        _drain(tail, final=not arguments.follow)
        if tail.follower.released:
            complain(f"{tail.worker}: {tail.follower.released} bytes of older output are released")
    if arguments.follow:
        _follow(session, tails)
    return 0


def _follow(session: Session, tails: list[_Tail]) -> None:
    """Until nobody is left who could write, or for ever."""
    quiet = 0.0
    while True:
        writing = _somebody_writes(session) if quiet >= IDLE else True
        before = [tail.follower.released for tail in tails]
        news = sum(_drain(tail, final=quiet >= IDLE) for tail in tails)
        for tail, earlier in zip(tails, before, strict=True):
            if tail.follower.released > earlier:
                lost = tail.follower.released - earlier
                complain(f"{tail.worker}: {lost} bytes were released before they could be shown")
        if not writing and not news:
            return
        quiet = 0.0 if news else quiet + INTERVAL
        time.sleep(INTERVAL)


def _somebody_writes(session: Session) -> bool:
    now = find(session.name, running=False)
    return now.facts.run != session.facts.run or now.running or bool(find_leftovers(now))


def _drain(tail: _Tail, *, final: bool) -> int:
    """Prints what is there; how many bytes that was."""
    count = 0
    while data := tail.follower.read():
        tail.write(data)
        count += len(data)
    if final and (rest := tail.follower.read(final=True)):
        tail.write(rest)
        count += len(rest)
    sys.stdout.flush()
    return count


def _objects(worker: str) -> Callable[[bytes], None]:
    """How the lines of this worker's log go to standard output as JSON."""

    def write(data: bytes) -> None:
        for line in data.removesuffix(b"\n").split(b"\n"):
            print_object({"worker": worker, "line": line.decode("utf-8", "backslashreplace")})

    return write


def _writer(worker: str, width: int, raw: bool) -> Callable[[bytes], None]:
    """How bytes of this worker's log go to standard output: with its name before each line where
    there are several."""
    prefix = f"{plain(worker):<{width}} | " if width else ""

    def write(data: bytes) -> None:
        if raw:
            sys.stdout.flush()
            sys.stdout.buffer.write(_prefixed(data, prefix.encode()))
            sys.stdout.buffer.flush()
        else:
            sys.stdout.write(_with_names(log_text(data), prefix))

    return write


def _with_names(text: str, prefix: str) -> str:
    """The end of colours after the last line is no line of its own."""
    lines = text.removesuffix(RESET)
    return _prefixed(lines.encode(), prefix.encode()).decode() + text[len(lines) :]


def _prefixed(data: bytes, prefix: bytes) -> bytes:
    if not prefix:
        return data
    lines = data.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    return b"".join(prefix + line + b"\n" for line in lines)
