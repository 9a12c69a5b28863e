"""``logs``: what workers have printed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from proctui.commands.following import Following, Tail
from proctui.commands.harmless import RESET, log_text, plain
from proctui.commands.output import complain, print_object
from proctui.commands.resolving import chosen
from proctui.sessions.follow import Follower
from proctui.sessions.past import known_workers, readable
from proctui.sessions.session import Session
from proctui.supervisor.logs import LogStore

FOLLOWED_LINES = 10
"""Shown first with ``-f``, where nothing else was asked for."""


def logs(arguments: argparse.Namespace) -> int:
    """Prints logs, and with ``-f`` what is added to them."""
    session = readable(arguments.session)
    last = arguments.lines
    if last is None and arguments.follow:
        last = FOLLOWED_LINES
    tails = _tails(session, arguments, last)
    for tail in tails:
        tail.drain(final=not arguments.follow)
        if tail.follower.released:
            complain(f"{tail.worker}: {tail.follower.released} bytes of older output are released")
    if arguments.follow:
        Following(session, tails, lambda newer: _tails(newer, arguments, None)).run()
    return 0


def _tails(session: Session, arguments: argparse.Namespace, last: int | None) -> list[Tail]:
    """The logs that are meant, in one run of a session.  Raises `SessionError`."""
    workers = chosen(known_workers(session), arguments.workers)
    store = LogStore(session.paths.log_dir, 0)
    raw = arguments.raw or not sys.stdout.isatty()
    width = max(map(len, workers)) if len(workers) > 1 else 0
    return [
        Tail(
            worker,
            Follower(store.path(worker), last, marks=arguments.follow),
            _objects(worker) if arguments.json else _writer(worker, width, raw),
        )
        for worker in workers
    ]


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
