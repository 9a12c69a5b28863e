"""``add`` and ``reload``: changing what a session consists of."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from proctui.commands.output import complain, confirm, interactive, print_object, say
from proctui.commands.workers import as_objects, complain_of, tell
from proctui.files import config
from proctui.files.difference import Difference, difference
from proctui.protocol import Add, Describe, Outcome, Reload, Reply
from proctui.sessions.session import SessionError, find
from proctui.sessions.sync_client import SyncClient
from proctui.spec import SessionSpec

AT_ONCE = 500
"""Specifications in one command: a line to the supervisor is bounded (`protocol.MAX_LINE`)."""


def add(arguments: argparse.Namespace) -> int:
    """Adds workers to a running session."""
    specs = config.from_words(
        target=arguments.target,
        command=arguments.words,
        args=arguments.arg,
        kwargs=arguments.kwarg,
        name=arguments.name,
        count=arguments.count,
        daemon=arguments.daemon,
        start_method=arguments.start_method,
    )
    if arguments.idle:
        specs = tuple(msgspec.structs.replace(spec, autostart=False) for spec in specs)
    session = find(arguments.session)
    outcomes: list[Outcome] = []
    with SyncClient(session.paths.socket) as client:
        for first in range(0, len(specs), AT_ONCE):
            reply = client.request(Add(specs=specs[first : first + AT_ONCE]))
            if reply.error is not None:
                raise SessionError(reply.error)
            outcomes += reply.outcomes
    return tell(Reply(id=0, outcomes=tuple(outcomes)), as_json=arguments.json)


def reload(arguments: argparse.Namespace) -> int:
    """Makes a session follow its file after showing what that means."""
    session = find(arguments.session)
    with SyncClient(session.paths.socket) as client:
        described = client.request(Describe())
        now = described.session
        if now is None:
            raise SessionError(f"session {session.name} does not tell what it runs")
        wanted = _wanted(arguments, now)
        if wanted.name == session.facts.asked_name:
            # Where that was taken, the session was given another.
            wanted = msgspec.structs.replace(wanted, name=now.name)
        changes = difference(now, wanted)
        _show(changes, arguments)
        if not changes or arguments.dry_run:
            return 0
        if not arguments.yes:
            _ask()
        reply = client.request(Reload(spec=wanted, revision=described.revision))
    if not arguments.json:
        return tell(reply, as_json=False)
    if reply.error is not None:
        raise SessionError(reply.error)
    print_object({**changes.as_json(), "outcomes": as_objects(reply.outcomes)})
    return complain_of(reply.outcomes)


def _wanted(arguments: argparse.Namespace, now: SessionSpec) -> SessionSpec:
    """What the file says."""
    if arguments.file is None and now.source is None:
        raise SessionError(
            f"session {now.name} came from no file, so there is nothing to follow; "
            "proctui reload FILE names one"
        )
    return config.load(Path(arguments.file or now.source or ""))


def _show(changes: Difference, arguments: argparse.Namespace) -> None:
    """As one JSON document, what became of it has to stand in the same: told then, not now."""
    acts = bool(changes) and not arguments.dry_run
    if arguments.json:
        if not acts:
            print_object({**changes.as_json(), "outcomes": []})
        elif not arguments.yes:
            for line in changes.lines():
                complain(line)
        return
    for line in changes.lines():
        say(line)


def _ask() -> None:
    if not interactive():
        raise SessionError("nobody can be asked whether that is meant; say --yes")
    if not confirm("Do that?"):
        raise SessionError("nothing was changed")
