"""What a session left behind whose supervisor was killed: finding it and ending it.

What is left is known by the tag in its environment, by the sessions that the workers led, and by
descending from either (`proctui.linux.sweep`, mechanics as there).  Linux only: elsewhere nothing
is found.
"""

from __future__ import annotations

from typing import NamedTuple

from proctui.linux import procfs
from proctui.linux.protect import all_stats
from proctui.linux.sweep import Order, sweep, vouched_sessions
from proctui.linux.trails import belonging
from proctui.linux.treekill import Report
from proctui.sessions import journal
from proctui.sessions.session import Session, boot_id

GRACE = 5.0
"""Seconds between SIGTERM and SIGKILL."""


class LeftOver(NamedTuple):
    """A process that still runs although its supervisor doesn't.  Texts are untrusted."""

    pid: int
    name: str
    worker: str | None
    """Id of the worker that it is, or whose session it lives in, where known."""


def find(session: Session) -> list[LeftOver]:
    """Everything alive that a dead session left, by pid.  Raises OSError."""
    if session.running or not same_boot(session):
        return []
    workers = _worker_pids(session)
    order = Order(session.facts.tag, tuple(workers), frozenset(), GRACE)
    stats = all_stats()
    tags = {pid: _tag(pid) for pid in stats}
    tagged = [pid for pid, tag in tags.items() if tag == session.facts.tag]
    sessions = vouched_sessions(order, stats, tags)
    found = {pid: stats.pop(pid) for pid in tagged}
    found |= {stat.pid: stat for stat, _ in belonging(stats, tagged, sessions)}
    return [
        LeftOver(stat.pid, stat.comm, workers.get(stat.pid) or workers.get(stat.sid))
        for stat in sorted(found.values())
        if not stat.is_zombie
    ]


def same_boot(session: Session) -> bool:
    """Whether pids of then may mean something, and can be looked up."""
    return session.facts.boot == boot_id() and procfs.available()


def end(session: Session) -> Report:
    """Terminates what is left, kills after a grace period what remains, and tells.

    Blocks that long.  Raises OSError.
    """
    order = Order(session.facts.tag, tuple(_worker_pids(session)), frozenset(), GRACE)
    return sweep(order)


def _worker_pids(session: Session) -> dict[int, str]:
    """Worker ids by the pids that their runs had, as the journal tells; newest last."""
    return journal.runs(session.paths.journal)


def _tag(pid: int) -> str | None:
    try:
        return procfs.tags(pid)[0]
    except OSError:
        return None
