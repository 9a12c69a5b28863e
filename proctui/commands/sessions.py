"""``ls``, ``shutdown`` and ``clean``: sessions as wholes."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

from proctui.commands.output import (
    amount,
    complain,
    moment,
    number,
    print_object,
    print_objects,
    print_table,
    room,
    say,
)
from proctui.protocol import Shutdown
from proctui.sessions import journal, leftovers
from proctui.sessions.session import (
    Session,
    SessionError,
    find,
    list_sessions,
    session_directories,
    spec_names,
    starting,
    supervisor_goes,
)
from proctui.sessions.sync_client import ConnectionLost, SyncClient

PATIENCE = 1.0
"""Seconds that `ls` waits for each supervisor."""


class _State(NamedTuple):
    """What becomes of the workers of a session; None where it is not known."""

    status: str
    """As `Session.status`, or ``ending``."""
    alive: int | None
    """Workers that are alive."""
    workers: int | None
    """In all, also those that were added."""
    left: int | None
    """Processes that a dead session left and that still run, descendants too."""


def ls(arguments: argparse.Namespace) -> int:
    """Lists sessions."""
    sessions = list_sessions(older=arguments.all)
    described = [_described(session) for session in sessions]
    if arguments.json:
        print_objects(described)
    elif described:
        print_table(
            ("SESSION", "STATUS", "PID", "ALIVE", "WORKERS", "STARTED", "FILE"),
            [
                (
                    one["session"],
                    f"dead, {one['left']} left" if one["left"] else one["status"],
                    str(one["pid"]) if one["status"] in ("running", "ending") else "-",
                    _number(one["alive"]),
                    _number(one["workers"]),
                    moment(one["started_at"]),
                    one["source"] or "-",
                )
                for one in described
            ],
            right=("PID", "ALIVE", "WORKERS"),
            room=room(),
        )
    else:
        say("no sessions; proctui run FILE starts one")
    return 0


def _described(session: Session) -> dict[str, Any]:
    state = _state(session)
    return {
        "session": session.name,
        "status": state.status,
        "pid": session.facts.pid,
        "alive": state.alive,
        "workers": state.workers,
        "left": state.left,
        "started_at": session.facts.started_at,
        "source": session.facts.source,
        "directory": str(session.paths.directory),
    }


def _state(session: Session) -> _State:
    if session.running:
        with contextlib.suppress(ConnectionLost, TimeoutError):
            with SyncClient(session.paths.socket, patience=PATIENCE) as client:
                workers = client.subscribe().workers
                status = "ending" if client.hello.ending else "running"
            return _State(status, sum(bool(one.alive) for one in workers), len(workers), 0)
        return _State(session.status, None, None, 0)
    try:
        workers = journal.last_words(session.paths.journal).workers
    except OSError:
        return _State(session.status, None, None, None)
    left = {one.pid for one in leftovers.find(session)} if session.status == "dead" else set[int]()
    alive = sum(one.pid in left for one in workers)
    return _State(session.status, alive, len(workers) or len(spec_names(session)), len(left))


def _number(value: int | None) -> str:
    return "?" if value is None else str(value)


def shutdown(arguments: argparse.Namespace) -> int:
    """Ends a session and returns when its supervisor is gone."""
    session = find(arguments.name or arguments.session)
    with SyncClient(session.paths.socket) as client:
        reply = client.request(Shutdown(mode="wait" if arguments.wait else "stop"))
        if reply.error is not None:
            raise SessionError(reply.error)
        client.wait_for_end()
    supervisor_goes(session.facts)
    say(f"session {session.name} has ended")
    return 0


def clean(arguments: argparse.Namespace) -> int:
    """Removes what sessions that are over have left on disk."""
    with starting():
        sessions = list_sessions(older=True)
        chosen = _chosen(sessions, arguments.names)
        kept = [reason for one in chosen if (reason := _keep(one, arguments)) is not None]
        gone = [one for one in chosen if one.name not in {name for name, _ in kept}]
        taken = {one.paths.socket for one in sessions if one.running}
        freed = sum(_remove(session, taken) for session in gone)
        if not arguments.names:
            freed += _remove_unfinished(sessions)
    if arguments.json:
        print_object(
            {"removed": [one.name for one in gone], "kept": dict(kept), "freed_bytes": freed}
        )
    else:
        for session in gone:
            say(f"removed {session.name}")
        say(f"{amount(freed)} freed")
    for name, why in kept:
        if arguments.names or "runs" not in why:
            complain(f"{name} is kept: {why}")
    return 1 if kept and arguments.names else 0


def _chosen(sessions: list[Session], names: list[str]) -> list[Session]:
    """All, or those of these names: ``NAME`` with its older runs, ``NAME@RUN`` alone."""
    if not names:
        return sessions
    chosen = []
    for name in names:
        found = [one for one in sessions if name in (one.name, one.facts.name)]
        if not found:
            raise SessionError(f"there is no session called {name}")
        chosen += found
    return chosen


def _keep(session: Session, arguments: argparse.Namespace) -> tuple[str, str] | None:
    """Its name and why it can't be removed; None where it can."""
    if session.running:
        return session.name, "it runs"
    left = leftovers.find(session) if session.status == "dead" else []
    if left and arguments.leftovers == "end":
        from proctui.commands.launching import end_leftovers

        end_leftovers(session)
        left = []
    if not left:
        return None
    pids = ", ".join(str(one.pid) for one in left[:5]) + (" …" if len(left) > 5 else "")
    are = f"{number(len(left), 'process')} {'is' if len(left) == 1 else 'are'}"
    return session.name, f"of it {are} left ({pids}); see --leftovers end"


def _remove(session: Session, taken: Collection[Path]) -> int:
    """Bytes on disk that were freed; the sockets in `taken` stay.  Raises OSError."""
    freed = _size(session.paths.directory)
    if session.paths.socket not in taken:  # a killed supervisor has left it
        session.paths.socket.unlink(missing_ok=True)
    shutil.rmtree(session.paths.directory)
    with contextlib.suppress(OSError):  # other runs of the name are still there
        session.paths.directory.parent.rmdir()
    return freed


def _remove_unfinished(known: list[Session]) -> int:
    """Removes what starts left that never came to a session.  Bytes that were freed."""
    mine = {session.paths.directory for session in known}
    freed = 0
    for directory in session_directories():
        for run in [path for path in directory.iterdir() if path not in mine]:
            freed += _size(run)
            shutil.rmtree(run)
        with contextlib.suppress(OSError):
            directory.rmdir()
    return freed


def _size(directory: Path) -> int:
    return sum(
        (Path(folder) / name).stat(follow_symlinks=False).st_blocks * 512
        for folder, _, names in os.walk(directory)
        for name in names
    )
