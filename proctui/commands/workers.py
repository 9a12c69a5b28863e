"""``start``, ``join``, ``terminate``, ``kill``, ``restart`` and ``stop``: acting on workers."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from proctui.commands.awaiting import Awaited
from proctui.commands.guard import let_through
from proctui.commands.left_behind import LeftBehind
from proctui.commands.output import complain, print_objects, say
from proctui.commands.resolving import Way, chosen, names_of, numbers
from proctui.files.mistakes import ConfigError
from proctui.linux.signals import signal_name
from proctui.model import Worker
from proctui.protocol import (
    Adopted,
    Command,
    Join,
    JoinAdopted,
    Note,
    Outcome,
    Reply,
    Restart,
    Signal,
    Start,
    Stop,
)
from proctui.sessions.past import reachable
from proctui.sessions.session import SessionError, find
from proctui.sessions.sync_client import SyncClient

GRACE = 5.0
"""Seconds that descendants of a terminated or stopped worker get before they are killed."""

Make = Callable[[Sequence[Worker]], Command]


def start(arguments: argparse.Namespace) -> int:
    """Starts workers that don't run."""
    return _act(arguments, lambda workers: Start(workers=_ids(workers)), ends=False)


def join(arguments: argparse.Namespace) -> int:
    """Waits for workers and reaps them; also orphans that the supervisor adopted, by their pid."""
    session = find(arguments.session)
    with SyncClient(session.paths.socket) as client:
        known = names_of(client.subscribe().workers)
        pids, words = numbers(known, arguments.workers)
        workers = tuple(chosen(known, words))
        adopted = tuple(map(Adopted, pids))
        first = client.request(JoinAdopted(processes=adopted)) if adopted else Reply(id=0)
        reply = client.request(Join(workers=workers, timeout=arguments.timeout))
    return tell(
        msgspec.structs.replace(reply, outcomes=(*first.outcomes, *reply.outcomes)),
        as_json=arguments.json,
    )


def terminate(arguments: argparse.Namespace) -> int:
    """Sends SIGTERM, or the signal that was named."""
    return _signal(arguments, signal.SIGTERM)


def kill(arguments: argparse.Namespace) -> int:
    """Sends SIGKILL, or the signal that was named."""
    return _signal(arguments, signal.SIGKILL)


def restart(arguments: argparse.Namespace) -> int:
    """Stops, joins and starts again."""
    grace = arguments.timeout
    return _act(arguments, lambda workers: Restart(workers=_ids(workers), timeout=grace))


def stop(arguments: argparse.Namespace) -> int:
    """Stop signal, grace period, SIGKILL, join."""
    grace = GRACE if arguments.timeout is None else arguments.timeout
    first = arguments.signal

    def make(workers: Sequence[Worker]) -> Command:
        name = None if first is None else signal_name(first)
        return Stop(workers=_ids(workers), timeout=arguments.timeout, signal=name)

    return _act(
        arguments, make, tree=(first or signal.SIGTERM) if arguments.tree else None, grace=grace
    )


def _signal(arguments: argparse.Namespace, usual: int) -> int:
    signum = usual if arguments.signal is None else arguments.signal
    if arguments.tree and signum not in (signal.SIGTERM, signal.SIGKILL):
        raise ConfigError("--tree", "", "ends a whole tree: only SIGTERM or SIGKILL go with it")
    session = reachable(arguments.session)
    if session.status == "dead":
        from proctui.commands.remains import signal_left

        return tell(signal_left(session, arguments, signum), as_json=arguments.json)

    def make(workers: Sequence[Worker]) -> Command:
        pids = tuple(worker.pid for worker in workers)
        return Signal(workers=_ids(workers), signal=signal_name(signum), pids=pids)

    grace = GRACE if arguments.timeout is None else arguments.timeout
    await_end = None if arguments.tree else arguments.timeout
    tree = signum if arguments.tree else None
    way = Way(signum, grace if arguments.tree else None, await_end)
    return _act(arguments, make, tree=tree, grace=grace, await_end=await_end, by_pid=way)


def _act(
    arguments: argparse.Namespace,
    make: Make,
    *,
    ends: bool = True,
    tree: int | None = None,
    grace: float = GRACE,
    await_end: float | None = None,
    by_pid: Way | None = None,
) -> int:
    """Sends the command and tells what came of it; with `tree` ends the workers' trees too.

    `ends`: it ends what it hits, or may.  `await_end`: seconds to wait until it has.
    `by_pid`: what is done to orphans named by their pid, None where none may be.
    """
    session = find(arguments.session)
    with SyncClient(session.paths.socket) as client:
        snapshot = client.subscribe()
        known = {worker.id: worker for worker in snapshot.workers}
        names = names_of(snapshot.workers)
        pids, words = numbers(names, () if by_pid is None else arguments.workers)
        words = arguments.workers if by_pid is None else words
        meant = [known[name] for name in chosen(names, words)]
        if ends:
            through = let_through(meant, arguments.workers, client.hello)
            meant = [worker for worker in meant if worker.id in through]
        others: tuple[Outcome, ...] = ()
        if pids and by_pid is not None:
            from proctui.commands.orphans import signal_orphans

            others = signal_orphans(pids, session, client, by_pid)
        if tree is not None and meant:
            reply = _end_trees(client, make(meant), meant, tree, grace)
            reply = msgspec.structs.replace(reply, outcomes=(*reply.outcomes, *others))
            return tell(reply, as_json=arguments.json)
        with LeftBehind(meant if ends else ()) as behind:
            if not meant:
                reply = Reply(id=0)
            elif await_end is not None:
                with Awaited(meant) as awaited:
                    reply = awaited.told(client.request(make(meant)), await_end)
            else:
                reply = client.request(make(meant))
            reply = msgspec.structs.replace(reply, outcomes=(*reply.outcomes, *others))
            status = tell(reply, as_json=arguments.json)
            _tell_of_left(behind, arguments)
    return status


def _tell_of_left(behind: LeftBehind, arguments: argparse.Namespace) -> None:
    """What runs on of those that were ended alone."""
    here = hasattr(arguments, "tree")
    left = behind.told("--tree ends them too" if here else "stop --tree ends them too")
    if left is not None:
        (complain if arguments.json else say)(left)


def _end_trees(
    client: SyncClient,
    command: Command,
    meant: Sequence[Worker],
    signum: int,
    grace: float,
) -> Reply:
    """The workers by their supervisor, what descends from them by us, held before they end."""
    from proctui.commands.worker_trees import hold_trees
    from proctui.linux.treekill import end_tree

    held = hold_trees(meant, client.hello, lambda: client.subscribe().workers)
    try:
        reply = client.request(command)
    except BaseException:
        held.close()
        raise
    report = end_tree(held, signum, grace)
    own = {worker.pid for worker in meant}
    others = sorted(one for one in report.ended if one.pid not in own)
    if others:
        names = ", ".join(f"{one.name} ({one.pid})" for one in others[:10])
        text = f"ended with the tree of {', '.join(_ids(meant))}: {names}"
        client.request(Note(text=text, signal=signal_name(signum)))
    ended = [_outcome(one.name, one.pid, "ended with the tree") for one in others]
    left = [
        _outcome(one.name, one.pid, f"not ended: {one.why}", ok=False)
        for one in sorted(report.left)
    ]
    alive = {worker.id for worker in meant if worker.alive}
    told = [
        msgspec.structs.replace(one, ok=True, text="did not run itself, what it left was ended")
        if others and not one.ok and one.worker not in alive
        else one
        for one in reply.outcomes
    ]
    return msgspec.structs.replace(reply, outcomes=(*told, *ended, *left))


def _ids(workers: Sequence[Worker]) -> tuple[str, ...]:
    return tuple(worker.id for worker in workers)


def _outcome(name: str, pid: int, text: str, *, ok: bool = True) -> Outcome:
    return Outcome(worker=f"{name} ({pid})", ok=ok, text=text, pid=pid)


def tell(reply: Reply, *, as_json: bool) -> int:
    """Prints what became of a command: what worked on standard output, the rest on error's."""
    if reply.error is not None:
        raise SessionError(reply.error)
    if as_json:
        print_objects(as_objects(reply.outcomes))
    else:
        for one in reply.outcomes:
            if one.ok:
                say(_sentence(one))
    return complain_of(reply.outcomes)


def as_objects(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """What became of each, as it is printed with ``--json``."""
    return [
        {
            "worker": one.worker,
            "ok": one.ok,
            "text": one.text,
            "pid": one.pid,
            "exitcode": one.exitcode,
        }
        for one in outcomes
    ]


def complain_of(outcomes: Sequence[Outcome]) -> int:
    """Says on standard error what did not work; the exit status."""
    failed = [one for one in outcomes if not one.ok]
    for one in failed:
        complain(_sentence(one))
    return 1 if failed else 0


def _sentence(outcome: Outcome) -> str:
    return f"{outcome.worker}: {outcome.text}"
