"""``proctui [FILE]`` and ``run``: starting sessions and going to their screens."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from proctui.commands.output import complain, confirm, interactive, number, say
from proctui.commands.showing import load, need_terminal, screen, shown
from proctui.files.mistakes import ConfigError
from proctui.linux.procconn import ProcConnector
from proctui.protocol import Describe
from proctui.sessions import startup
from proctui.sessions.session import Session, SessionError, SessionPaths, list_sessions
from proctui.sessions.sync_client import ConnectionLost, SyncClient
from proctui.spec import SessionSpec
from proctui.tui.curtain import curtain

if TYPE_CHECKING:
    from proctui.linux.treekill import Report


def open(arguments: argparse.Namespace) -> int:
    """Goes to the session of the file, starting it where it does not run."""
    if arguments.file is None and arguments.session is not None:
        for session in list_sessions():
            if session.running and session.name == arguments.session:
                return screen(session.paths)
    wanted = _wanted(arguments)
    chosen = need_terminal()
    with curtain() as drawn, ProcConnector.opened() as heard:
        try:
            where, changed = (
                start(wanted, arguments.leftovers, partial(load, wanted.name, drawn)),
                "",
            )
        except startup.AlreadyRunning as running:
            where, changed = running.session.paths, _changed(running.session, wanted)
        status = shown(where, drawn, chosen, heard)
    if changed:  # where it can be read: the screen would have covered it
        complain(changed)
    return status


def run(arguments: argparse.Namespace) -> int:
    """Starts a session that must not be running yet."""
    wanted = _wanted(arguments)
    try:
        if arguments.detach:
            say(start(wanted, arguments.leftovers).name)
            return 0
        chosen = need_terminal()
        with curtain() as drawn, ProcConnector.opened() as heard:
            where = start(wanted, arguments.leftovers, partial(load, wanted.name, drawn))
            return shown(where, drawn, chosen, heard)
    except startup.AlreadyRunning as running:
        if changed := _changed(running.session, wanted):
            raise SessionError(f"{running}; {changed}") from None
        raise


def _changed(session: Session, wanted: SessionSpec) -> str:
    """That the file of a running session has changed since, and what to do; "" where it hasn't."""
    try:
        with SyncClient(session.paths.socket) as client:
            now = client.request(Describe()).session
    except (ConnectionLost, TimeoutError):
        return ""
    from proctui.files.difference import difference

    if now is None or not difference(now, msgspec.structs.replace(wanted, adopt=now.adopt)):
        return ""
    return (
        f"what session {session.name} runs is not what the file says now: proctui reload shows "
        "how, and follows it"
    )


def _wanted(arguments: argparse.Namespace) -> SessionSpec:
    """The session that the arguments mean.  Raises `ConfigError`."""
    from proctui.files import config  # not for going to a session that runs: that shows sooner

    path = Path(arguments.file) if arguments.file is not None else config.discover(Path.cwd())
    if path is None:
        spec = config.builtin()
    else:
        if arguments.file is not None and not path.exists():
            _hint_at_command(arguments.file)
        spec = config.load(path)
        for warning in config.warnings(path):
            complain(warning)
    if arguments.session is not None:
        spec = msgspec.structs.replace(spec, name=_session_name(arguments.session))
    if arguments.adopt:
        spec = msgspec.structs.replace(spec, adopt=True)
    return spec


def _session_name(name: str) -> str:
    from proctui.files.checks import NAME_RULE, is_name

    if not is_name(name):
        raise ConfigError("--session", "", NAME_RULE)
    return name


def _hint_at_command(word: str) -> None:
    """Raises `ConfigError` where the word may have been meant as a command."""
    from proctui.commands.parsing import nearest_command

    near = nearest_command(word)
    if near is not None:
        raise ConfigError(word, "", f'is neither a file nor a command; did you mean "{near}"?')


def start(
    spec: SessionSpec,
    choice: str | None,
    meanwhile: Callable[[], None] | None = None,
    *,
    hold: bool = False,
) -> SessionPaths:
    """Starts a session; `choice` is what becomes of a dead one's processes, None asks.

    `meanwhile` and `hold` as in `startup.start`.

    Raises `SessionError`, `startup.AlreadyRunning` among them.
    """
    sessions = list_sessions(older=True)
    startup.free_name(spec, sessions)  # running already: then nothing is ended first
    for session in sessions:
        if not startup.same_file(spec, session):
            continue
        if session.status == "dead":
            _settle(session, choice)
        elif session.running:
            complain(f"the same file is already running as session {session.name}: one more starts")
    return startup.start(spec, meanwhile, hold=hold)


def _settle(session: Session, choice: str | None) -> None:
    """Ends or leaves what a dead session of the same file left, as the person says."""
    from proctui.sessions import leftovers

    left = leftovers.find(session)
    if not left:
        return
    names = ", ".join(f"{one.worker or one.name} ({one.pid})" for one in left[:5])
    more = f" and {len(left) - 5} more" if len(left) > 5 else ""
    told = f"session {session.name} is dead, but of it still run: {names}{more}"
    if choice is None:
        if not interactive():
            raise SessionError(f"{told}; say --leftovers end or --leftovers leave")
        complain(told)
        choice = "end" if confirm("End them before starting anew?") else _really_leave()
    if choice == "end":
        end_leftovers(session)


def _really_leave() -> str:
    if not confirm("Start anew although they still run?"):
        raise SessionError("nothing was started")
    return "leave"


def end_leftovers(session: Session) -> Report:
    """Ends what a dead session left and says what came of it.

    Raises `SessionError` where something is left.
    """
    from proctui.sessions import leftovers

    report = leftovers.end(session)
    if report.left:
        rest = ", ".join(f"{one.name} ({one.pid}): {one.why}" for one in report.left)
        raise SessionError(f"not all of session {session.name} could be ended: {rest}")
    were = "was" if len(report.ended) == 1 else "were"
    ended = number(len(report.ended), "process")
    complain(f"{ended} of dead session {session.name} {were} ended")
    return report
