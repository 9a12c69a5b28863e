"""Signalling what a killed supervisor left: through the kernel view, as the screen does."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from proctui.commands.awaiting import Awaited
from proctui.commands.guard import let_through
from proctui.commands.looking import looking_back, now
from proctui.commands.resolving import chosen
from proctui.kernel import KernelView
from proctui.linux.signals import signal_name
from proctui.model import Row, Worker
from proctui.protocol import Outcome, Reply
from proctui.sessions.past import hello
from proctui.sessions.session import Session

GRACE = 5.0
"""Seconds that a tree gets before it is killed, where nothing else was asked for."""


def signal_left(session: Session, arguments: argparse.Namespace, signum: int) -> Reply:
    """Signals the workers meant, with `tree` all that descends from them too.

    A worker is the process that the kernel view holds, known by its tag, its pid and its start:
    whoever has its pid by now is never hit.  Raises `SessionError`.
    """
    with looking_back(session) as (store, view):
        rows = {row.worker.id: row for row in store.rows.values() if row.worker is not None}
        words = arguments.workers
        named = chosen({name: row.name for name, row in rows.items()}, words)
        known = {name: worker for name in named if (worker := now(rows[name], alone=True))}
        through = let_through(list(known.values()), words, hello(session))
        meant = [known[name] for name in through]
        if arguments.tree:
            grace = GRACE if arguments.timeout is None else arguments.timeout
            return _end_trees(meant, session, signum, grace)
        with Awaited(meant) as awaited:
            outcomes = tuple(_send(rows[name], known[name], view, signum) for name in through)
            reply = Reply(id=0, outcomes=outcomes)
            return reply if arguments.timeout is None else awaited.told(reply, arguments.timeout)


def _send(row: Row, worker: Worker, view: KernelView, signum: int) -> Outcome:
    def outcome(ok: bool, text: str) -> Outcome:
        return Outcome(worker=worker.id, ok=ok, text=text, pid=worker.pid, exitcode=row.exitcode)

    if not worker.alive or row.token is None:
        return outcome(False, "does not run any more")
    try:
        view.send_signal(row.token, signum)
    except ProcessLookupError:
        return outcome(False, "does not run any more")
    except PermissionError as error:
        return outcome(False, f"can't be signalled: {error}")
    return outcome(True, f"{signal_name(signum)} sent to it; nobody is left who could join it")


def _end_trees(meant: Sequence[Worker], session: Session, signum: int, grace: float) -> Reply:
    from proctui.commands.worker_trees import hold_trees
    from proctui.linux.treekill import end_tree

    report = end_tree(hold_trees(meant, hello(session)), signum, grace)
    ids = {worker.pid: worker.id for worker in meant}
    ended = [_told(ids, one.pid, one.name, "ended") for one in sorted(report.ended)]
    left = [
        _told(ids, one.pid, one.name, f"not ended: {one.why}", ok=False)
        for one in sorted(report.left)
    ]
    told = {one.pid for one in (*ended, *left)}
    over = [
        Outcome(worker=worker.id, ok=bool(ended), text="does not run any more", pid=worker.pid)
        for worker in meant
        if worker.pid not in told
    ]
    return Reply(id=0, outcomes=(*over, *ended, *left))


def _told(
    ids: dict[int | None, str], pid: int, name: str, text: str, *, ok: bool = True
) -> Outcome:
    return Outcome(worker=ids.get(pid, f"{name} ({pid})"), ok=ok, text=text, pid=pid)
