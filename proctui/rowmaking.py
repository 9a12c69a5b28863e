"""From facts to a row of the table.  Pure."""

from __future__ import annotations

from proctui.classify import Facts, is_doubtful
from proctui.kin import Kin
from proctui.model import Departure, Lineage, Row, State, Worker
from proctui.naming import SUPERVISOR
from proctui.runs import is_over
from proctui.verdicts import findings

Grounds = tuple[object, ...]


def grounds(facts: Facts) -> Grounds:
    """What state and findings depend on: while it stands, so do they."""
    sample = facts.sample
    if sample is None:
        return facts
    seen = (sample.state, sample.threads, sample.wait_status, sample.pid, sample.sid)
    return (seen, *facts._replace(sample=None))


def visible(row: Row) -> tuple[object, ...]:
    """Everything about a row that a person may see."""
    sample = row.sample
    seen = (
        None
        if sample is None
        else (
            sample.pid, sample.ppid, sample.pgid, sample.sid, sample.state, sample.start_ticks,
            sample.comm, sample.threads, sample.rss_bytes, sample.wait_status, sample.uid,
        )
    )  # fmt: skip
    return (
        seen, row.token, row.worker, row.state, row.orphan, row.helper, row.name, row.command,
        row.exitcode, row.cpu_percent, row.first_seen, row.started_at, row.zombie_since,
        row.since_exact, row.ended_at, row.lineage, row.findings, row.parent, row.depth, row.gone,
    )  # fmt: skip


def worker_row(facts: Facts, worker: Worker, kin: Kin | None) -> Row:
    """The row of a worker, `kin` being the process of its present run."""
    dead = facts.state is State.ZOMBIE
    departure = facts.departure
    over = worker.pid is not None and is_over(worker) and facts.sample is None
    return Row(
        key=f"w:{worker.id}",
        token=None if kin is None else kin.token,
        worker=worker,
        sample=facts.sample,
        orphan=facts.orphan,
        name=worker.name,
        command=worker.label,
        exitcode=facts.exitcode,
        cpu_percent=None if kin is None else _share(kin),
        started_at=worker.started_at or (kin.started_at if kin is not None else None) or None,
        zombie_since=facts.zombie_since if dead else None,
        since_exact=facts.since_exact,
        ended_at=worker.ended_at or _end(departure, facts.zombie_since),
        lineage=facts.lineage,
        gone=over or departure is not None,
    )


def process_row(facts: Facts, kin: Kin, command: str) -> Row:
    """The row of any other process."""
    return Row(
        key=f"p:{kin.token}",
        token=kin.token,
        sample=kin.sample,
        orphan=kin.orphan,
        helper=kin.helper,
        name=kin.name,
        command=command,
        exitcode=facts.exitcode,
        cpu_percent=_share(kin),
        started_at=kin.started_at or None,
        first_seen=kin.first_seen,
        zombie_since=kin.zombie_since,
        since_exact=kin.since_exact,
        ended_at=kin.zombie_since,
        lineage=kin.lineage,
    )


def worker_facts(
    worker: Worker, kin: Kin | None, departure: Departure | None, supervisor_pid: int
) -> Facts:
    """What is known of a worker apart from others: its two views."""
    if kin is not None and is_over(worker) and not is_doubtful(worker):
        kin = None
    ppid = worker.ppid
    first = SUPERVISOR if ppid == supervisor_pid else ""
    said = worker.ended_at if worker.phase == "ended" else None
    if kin is None:
        return Facts(
            name=worker.name,
            worker=worker,
            departure=departure,
            lineage=Lineage(first_ppid=ppid, first_parent=first),
            zombie_since=said,
        )
    return Facts(
        name=worker.name,
        worker=worker,
        sample=kin.sample,
        orphan=kin.orphan,
        lineage=kin.lineage,
        zombie_since=kin.zombie_since if said is None else said,
        since_exact=kin.since_exact or said is not None,
    )


def process_facts(kin: Kin) -> Facts:
    """What is known of any other process, apart from others."""
    return Facts(
        name=kin.name,
        sample=kin.sample,
        orphan=kin.orphan,
        lineage=kin.lineage,
        helper=kin.helper,
        zombie_since=kin.zombie_since,
        since_exact=kin.since_exact,
    )


def judge(row: Row, facts: Facts) -> None:
    """Fills in what comes of the facts."""
    row.state = facts.state
    row.findings = findings(facts)


def _share(kin: Kin) -> float | None:
    if kin.cpu_percent is None or kin.sample.is_zombie:
        return None
    return round(kin.cpu_percent, 1)


def _end(departure: Departure | None, zombie_since: float | None) -> float | None:
    return departure.ended_at if departure is not None else zombie_since
