"""From what is known of a process to its row of the table.  Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from proctui.core.classify import Facts, Parent, is_doubtful
from proctui.core.kin import Kin
from proctui.core.naming import SUPERVISOR
from proctui.core.runs import is_over
from proctui.core.verdicts import findings
from proctui.model import Departure, Lineage, ProcessSample, Row, State, Worker

_FIELDS = tuple(name for name in Row.__struct_fields__ if name not in ("key", "version", "sample"))

_TELLING = ("cpu_percent", "state", *(f for f in _FIELDS if f not in ("cpu_percent", "state")))
"""What changes most often comes first."""


class Around(NamedTuple):
    """What others tell about a process."""

    parent: Parent | None
    not_reaping: bool
    neglected: int
    left_behind: int = 0
    lost_at: float | None = None


def differences(old: Row, new: Row) -> list[str]:
    """Names of the fields in which a person may see a difference."""
    found = [name for name in _FIELDS if getattr(old, name) != getattr(new, name)]
    if not _same(old.sample, new.sample):
        found.append("sample")
    return found


def look_alike(old: Row, new: Row) -> bool:
    """Whether `differences` would find none: cheaper, for it stops at the first."""
    if not _same(old.sample, new.sample):
        return False
    return all(getattr(old, name) == getattr(new, name) for name in _TELLING)


def _same(old: ProcessSample | None, new: ProcessSample | None) -> bool:
    """Whether two samples look the same; ticks of CPU time are not looked at."""
    if old is None or new is None or old is new:
        return old is new
    return _shown(old) == _shown(new)


def _shown(sample: ProcessSample) -> tuple[object, ...]:
    return (
        sample.pid, sample.ppid, sample.pgid, sample.sid, sample.state, sample.start_ticks,
        sample.comm, sample.threads, sample.rss_bytes, sample.wait_status, sample.uid,
        sample.living,
    )  # fmt: skip


def present(worker: Worker, kin: Kin | None) -> Kin | None:
    """The process that the worker's row shows: none, once it was joined."""
    return None if is_over(worker) and not is_doubtful(worker) else kin


@lru_cache(maxsize=64)
def _started_by(ppid: int | None, name: str) -> Lineage:
    return Lineage(first_ppid=ppid, first_parent=name)


def worker_row(
    worker: Worker,
    kin: Kin | None,
    departure: Departure | None,
    around: Around,
    *,
    searched: bool,
    supervisor_pid: int,
) -> Row:
    """The row of a worker, `kin` being its `present` process."""
    told_end = worker.ended_at if worker.phase == "ended" else None
    first = SUPERVISOR if worker.ppid == supervisor_pid else ""
    facts = Facts(
        name=worker.name,
        worker=worker,
        sample=None if kin is None else kin.sample,
        departure=departure,
        orphan=kin is not None and kin.orphan,
        lineage=_started_by(worker.ppid, first) if kin is None else kin.lineage,
        parent=around.parent,
        zombie_since=kin.zombie_since if told_end is None and kin is not None else told_end,
        since_exact=told_end is not None or kin is None or kin.since_exact,
        not_reaping=around.not_reaping,
        neglected=around.neglected,
        left_behind=around.left_behind,
        searched=searched,
        lost_at=around.lost_at,
    )
    nobody_tells = is_over(worker) or around.lost_at is not None
    started = worker.started_at or (None if kin is None else kin.started_at)
    return Row(
        key=f"w:{worker.id}",
        token=None if kin is None else kin.token,
        worker=worker,
        sample=facts.sample,
        state=facts.state,
        orphan=facts.orphan,
        name=worker.name,
        command=worker.label,
        exitcode=facts.exitcode,
        cpu_percent=None if kin is None else cpu_share(kin),
        started_at=started or None,
        zombie_since=facts.zombie_since if facts.state is State.ZOMBIE else None,
        since_exact=facts.since_exact,
        ended_at=worker.ended_at
        or (facts.zombie_since if departure is None else departure.ended_at),
        lineage=facts.lineage,
        findings=findings(facts),
        gone=departure is not None or (worker.pid is not None and kin is None and nobody_tells),
    )


def process_row(kin: Kin, command: str, around: Around) -> Row:
    """The row of any other process."""
    facts = Facts(
        name=kin.name,
        sample=kin.sample,
        orphan=kin.orphan,
        lineage=kin.lineage,
        parent=around.parent,
        helper=kin.helper,
        zombie_since=kin.zombie_since,
        since_exact=kin.since_exact,
        not_reaping=around.not_reaping,
        neglected=around.neglected,
        left_behind=around.left_behind,
    )
    return Row(
        key=f"p:{kin.token}",
        token=kin.token,
        sample=kin.sample,
        state=facts.state,
        orphan=kin.orphan,
        helper=kin.helper,
        root=kin.root,
        name=kin.name,
        command=command,
        exitcode=facts.exitcode,
        cpu_percent=cpu_share(kin),
        first_seen=kin.first_seen,
        started_at=kin.started_at or None,
        zombie_since=kin.zombie_since,
        since_exact=kin.since_exact,
        ended_at=kin.zombie_since,
        lineage=kin.lineage,
        findings=findings(facts),
    )


def cpu_share(kin: Kin) -> float | None:
    """What the CPU column shows: to one decimal; nothing for the dead."""
    if kin.cpu_percent is None or kin.sample.is_zombie:
        return None
    return round(kin.cpu_percent, 1)
