"""Orphans of a session, named by their pid: ended by the command line as the screen ends them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from proctui.commands.awaiting import PAUSE
from proctui.commands.looking import look
from proctui.commands.resolving import Way
from proctui.core.rules import why_not
from proctui.linux.grip import Grip, default_source, hold
from proctui.linux.protect import Surroundings, look_around, protected
from proctui.linux.signals import signal_name
from proctui.linux.treekill import TreeKill, end_tree
from proctui.model import Row
from proctui.protocol import Note, Outcome
from proctui.sessions.session import Session
from proctui.sessions.sync_client import SyncClient


def signal_orphans(
    pids: Sequence[int], session: Session, client: SyncClient, way: Way
) -> tuple[Outcome, ...]:
    """Says what came of each, as the supervisor does of workers.

    They are held before anybody asks what they are, so that no other is hit under their pid.
    """
    if not pids:
        return ()
    grips = {pid: grip for pid in pids if (grip := _held(pid)) is not None}
    rows = {row.pid: row for row in look(session).rows.values() if row.orphan and not row.worker}
    around = look_around([client.hello.pid])
    told: list[Outcome] = []
    for pid in pids:
        grip, row = grips.get(pid), rows.get(pid)
        if grip is None or row is None or not _is(grip, row):
            text = "not signalled: it is no orphan of this session"
            told.append(Outcome(worker=f"process {pid}", ok=False, text=text, pid=pid))
        elif (reason := why_not(row, "signal") or protected(pid, around)) is not None:
            told.append(_outcome(row, f"not signalled: {reason}", ok=False))
        else:
            grips.pop(pid)
            told += _signal(row, grip, client, way, around)
    for grip in grips.values():
        grip.close()
    return tuple(told)


def _held(pid: int) -> Grip | None:
    try:
        return hold(pid, default_source())
    except OSError:
        return None


def _is(grip: Grip, row: Row) -> bool:
    return row.sample is not None and row.sample.start_ticks == grip.start_ticks


def _signal(
    row: Row, grip: Grip, client: SyncClient, way: Way, around: Surroundings
) -> Iterator[Outcome]:
    """Owns the grip."""
    name = signal_name(way.signum)
    if way.grace is not None:
        kill = TreeKill(lambda pid: protected(pid, around), [grip])
        report = end_tree(kill, way.signum, way.grace)
        _note(client, row, f"{name} sent to {_who(row)} and all below it", name)
        for one in report.ended:
            who = f"{one.name} ({one.pid})"
            yield Outcome(worker=who, ok=True, text="ended with the tree", pid=one.pid)
        for left in report.left:
            who = f"{left.name} ({left.pid})"
            yield Outcome(worker=who, ok=False, text=f"not ended: {left.why}", pid=left.pid)
        return
    try:
        grip.send(way.signum)
        _note(client, row, f"{name} sent to {_who(row)}", name)
        yield _awaited(row, grip, f"{name} sent to it", way.await_end)
    except OSError as error:
        yield _outcome(row, f"not signalled: {error.strerror or error}", ok=False)
    finally:
        grip.close()


def _awaited(row: Row, grip: Grip, sent: str, seconds: float | None) -> Outcome:
    if seconds is None:
        return _outcome(row, sent)
    deadline = time.monotonic() + seconds
    while not grip.has_ended():
        if time.monotonic() >= deadline:
            return _outcome(row, f"{sent}, but it has not ended within {seconds:g} s", ok=False)
        time.sleep(PAUSE)
    return _outcome(row, f"{sent}, and it has ended")


def _note(client: SyncClient, row: Row, text: str, signal: str) -> None:
    client.request(Note(text=text, pid=row.pid, worker=row.lineage.worker, signal=signal))


def _who(row: Row) -> str:
    return f"{row.name} ({row.pid})"


def _outcome(row: Row, text: str, *, ok: bool = True) -> Outcome:
    return Outcome(worker=_who(row), ok=ok, text=text, pid=row.pid)
