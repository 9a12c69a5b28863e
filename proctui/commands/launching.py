"""``proctui [FILE]``, ``run`` and ``attach``: starting sessions and going to their screens."""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from pathlib import Path

import msgspec

from proctui.commands.arguments import build
from proctui.commands.output import complain, confirm, interactive, say
from proctui.files import config, settings
from proctui.files.mistakes import ConfigError
from proctui.linux.treekill import Report
from proctui.sessions import leftovers, startup
from proctui.sessions.session import Session, SessionError, SessionPaths, find, list_sessions
from proctui.spec import SessionSpec


def open(arguments: argparse.Namespace) -> int:
    """Goes to the session of the file, starting it where it does not run."""
    if arguments.file is None and arguments.session is not None:
        for session in list_sessions():
            if session.running and session.name == arguments.session:
                return screen(session.paths)
    wanted = _wanted(arguments)
    need_terminal()
    try:
        where = start(wanted, arguments.leftovers)
    except startup.AlreadyRunning as running:
        where = running.session.paths
    return screen(where)


def run(arguments: argparse.Namespace) -> int:
    """Starts a session that must not be running yet."""
    wanted = _wanted(arguments)
    if not arguments.detach:
        need_terminal()
    where = start(wanted, arguments.leftovers)
    if not arguments.detach:
        return screen(where)
    say(where.name)
    return 0


def attach(arguments: argparse.Namespace) -> int:
    """Goes to a running session."""
    session = find(arguments.name or arguments.session)
    return screen(session.paths)


def _wanted(arguments: argparse.Namespace) -> SessionSpec:
    """The session that the arguments mean.  Raises `ConfigError`."""
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
    from proctui.cli import commands

    known = [name for name in commands(build()) if name != "open"]
    near = difflib.get_close_matches(word, known, n=1)
    if near and os.sep not in word:
        raise ConfigError(word, "", f'is neither a file nor a command; did you mean "{near[0]}"?')


def start(spec: SessionSpec, choice: str | None) -> SessionPaths:
    """Starts a session; `choice` is what becomes of a dead one's processes, None asks.

    Raises `SessionError`, `startup.AlreadyRunning` among them.
    """
    sessions = list_sessions(older=True)
    startup.free_name(spec, sessions)  # running already: then nothing is ended first
    for session in sessions:
        if session.status == "dead" and startup.same_session(spec, session):
            _settle(session, choice)
    return startup.start(spec)


def _settle(session: Session, choice: str | None) -> None:
    """Ends or leaves what a dead session of the same file left, as the person says."""
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
    report = leftovers.end(session)
    if report.left:
        rest = ", ".join(f"{one.name} ({one.pid}): {one.why}" for one in report.left)
        raise SessionError(f"not all of session {session.name} could be ended: {rest}")
    complain(f"{len(report.ended)} processes of dead session {session.name} were ended")
    return report


def need_terminal(instead: str = "proctui run --detach FILE") -> None:
    """Checks what the screen needs before anything is launched for it.

    Raises `SessionError`, which names what to do `instead`, where there is no terminal, and
    `ConfigError` for settings that are wrong.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise SessionError(f"the screen needs a terminal; {instead} starts a session without one")
    settings.load()


def screen(where: SessionPaths) -> int:
    """Shows a running session; returns the exit code of the program."""
    need_terminal()
    from proctui.tui.app import run as run_screen  # the only place that brings Textual in

    return run_screen(where)
