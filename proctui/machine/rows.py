"""From what a scan of the machine found to rows of a table.  Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from proctui.core import cures, explain
from proctui.core.classify import Facts, Parent, Role, process_state
from proctui.core.naming import SUPERVISOR, called, person
from proctui.linux.procfs import CLOCK_TICKS, PAGE_SIZE, Stat
from proctui.machine.neglect import Neglect
from proctui.machine.scan import REAPING, Orphan, Zombie
from proctui.model import Cure, Finding, Lineage, ProcessSample, Row, State


class Seen(NamedTuple):
    """A process that is held, as it was read last."""

    token: int
    stat: Stat
    name: str
    command: str
    user: str


class Times(NamedTuple):
    """What turns ticks since boot into seconds since the epoch."""

    boot: float
    now: float

    def started(self, ticks: int) -> float:
        """When a process started."""
        return self.boot + ticks / CLOCK_TICKS


def living_key(token: int) -> str:
    """Key of the row of a process that is held."""
    return f"m:{token}"


def zombie_key(zombie: Zombie) -> str:
    """Key of a zombie's row: nobody signals it, so pid and start time are enough."""
    return f"z:{zombie.pid}:{zombie.start_ticks}"


def sample_of(stat: Stat) -> ProcessSample:
    """The kernel view of a process as it was read."""
    return ProcessSample(
        pid=stat.pid, ppid=stat.ppid, pgid=stat.pgid, sid=stat.sid, state=stat.state,
        start_ticks=stat.start_ticks, comm=stat.comm, threads=stat.threads,
        cpu_ticks=stat.cpu_ticks, rss_bytes=stat.rss_pages * PAGE_SIZE,
    )  # fmt: skip


def has_waited(first: float, now: float) -> bool:
    """Whether a zombie that was seen first at `first` has waited longer than any reaping takes."""
    return now - first > REAPING


def parent_of(zombie: Zombie, *, stopped: bool = False) -> Parent:
    """Whoever has to reap it."""
    role: Role = "init" if zombie.init else "process"
    name = called(zombie.parent, zombie.ppid)
    return Parent(zombie.ppid, name, role, stopped, zombie.parent, container=zombie.in_container)


def adopter_of(orphan: Orphan) -> Parent:
    """Whoever has it now."""
    role: Role = "init" if orphan.init else "process"
    name = called(orphan.adopter, orphan.ppid)
    return Parent(orphan.ppid, name, role, container=orphan.in_container)


def zombie_row(
    zombie: Zombie,
    stat: Stat,
    parent: Parent,
    key: str | None,
    times: Times,
    since: float | None,
    first: float,
) -> Row:
    """A zombie under the parent that neglects it.

    `key` is its parent's row, `since` when it was seen to end, `first` when it was first seen.
    """
    status = _status(zombie.exitcode)
    sample = msgspec.structs.replace(sample_of(stat), wait_status=status)
    facts = Facts(
        name=zombie.name,
        sample=sample,
        orphan=zombie.adopted,
        parent=parent,
        zombie_since=since,
        since_exact=False,
        not_reaping=has_waited(first, times.now),
    )
    found = explain.zombie(facts)
    if parent.name == SUPERVISOR:
        found = Finding(found.kind, found.text, (_IN_ITS_SESSION,))
    return Row(
        key=zombie_key(zombie),
        sample=sample,
        state=State.ZOMBIE,
        name=zombie.name,
        exitcode=zombie.exitcode,
        started_at=times.started(zombie.start_ticks),
        first_seen=first,
        zombie_since=since,
        since_exact=False,
        ended_at=since,
        lineage=Lineage(first_ppid=zombie.ppid, first_parent=parent.name),
        findings=(found,),
        parent=key,
        depth=0 if key is None else 1,
    )


_IN_ITS_SESSION = Cure(
    "wait", "Join it in its session: proctui attach there, or proctui join on the command line."
)


def _status(exitcode: int | None) -> int | None:
    """wait(2) status of an exit code of `multiprocessing`'s kind."""
    if exitcode is None:
        return None
    return -exitcode if exitcode < 0 else exitcode << 8


def parent_row(
    seen: Seen, zombies: Sequence[Zombie], times: Times, orphan: Orphan | None, *, waited: bool
) -> Row:
    """A parent that has not joined its children; perhaps an orphan itself.

    `waited` where one of them is dead for longer than any reaping takes.
    """
    row = _row(seen, times)
    neglect = neglect_of(seen, zombies, waited=waited)
    neglect.tell(row, [zombie.exitcode for zombie in zombies])
    if orphan is not None:
        _orphaned(row, seen, orphan)
    return row


def neglect_of(seen: Seen, zombies: Sequence[Zombie], *, waited: bool) -> Neglect:
    """What is said of the parent of these zombies whatever their number; `waited` as above."""
    stopped = process_state(sample_of(seen.stat)) is State.STOPPED
    parent = parent_of(zombies[0], stopped=stopped)._replace(name=called(seen.name, seen.stat.pid))
    if not waited and all(zombie.reaped_soon for zombie in zombies):
        ways: tuple[Cure, ...] = (cures.wait_for(parent),)
    elif parent.role == "init":
        ways = (cures.real_init(parent),)
    elif seen.name == SUPERVISOR:
        ways = (_IN_ITS_SESSION,)
    else:
        ways = cures.neglect(parent)
    return Neglect(seen.user, seen.command, ways)


def orphan_row(seen: Seen, orphan: Orphan, times: Times) -> Row:
    """An orphan with its adopter."""
    row = _row(seen, times)
    perhaps = "perhaps an orphan" if orphan.doubtful else ""
    row.command = " · ".join(filter(None, [perhaps, f"of {seen.user}", seen.command]))
    _orphaned(row, seen, orphan)
    return row


def child_row(seen: Seen, parent: Row, times: Times) -> Row:
    """What lives under an orphan or a negligent parent: it would be orphaned, or die, with it."""
    row = _row(seen, times)
    row.command = " · ".join(filter(None, [f"of {seen.user}", seen.command]))
    row.lineage = Lineage(
        first_ppid=seen.stat.ppid,
        first_parent=parent.name,
        worker=parent.lineage.worker,
        certainty=parent.lineage.certainty,
    )
    facts = Facts(
        name=seen.name,
        sample=row.sample,
        lineage=row.lineage,
        parent=Parent(seen.stat.ppid, parent.name),
    )
    row.findings = (explain.descendant(facts),)
    row.parent = parent.key
    return row


def left_alone(row: Row, seen: Seen, adopter: str, times: Times, *, init: bool) -> Orphan:
    """A process that was listed and has another parent now, because its own has ended."""
    former = row.sample.ppid if row.sample is not None else None
    name = row.lineage.adopter or row.lineage.first_parent
    return Orphan(
        pid=seen.stat.pid,
        name=seen.name,
        ppid=seen.stat.ppid,
        adopter=adopter,
        first_parent=former,
        session=None,
        worker=row.lineage.worker,
        age_seconds=max(0.0, times.now - times.started(seen.stat.start_ticks)),
        user=seen.user,
        why=f"its parent {person(name, former or 0)} has ended",
        start_ticks=seen.stat.start_ticks,
        certainty=row.lineage.certainty,
        parent_name=name,
        init=init,
    )


def ended(
    seen: Seen, exitcode: int | None, parent: str, times: Times, *, init: bool, adopted: bool
) -> Zombie:
    """A process that was listed alive and is a zombie now."""
    return Zombie(
        pid=seen.stat.pid,
        name=seen.name,
        ppid=seen.stat.ppid,
        parent=parent,
        exitcode=exitcode,
        age_seconds=max(0.0, times.now - times.started(seen.stat.start_ticks)),
        user=seen.user,
        start_ticks=seen.stat.start_ticks,
        init=init,
        adopted=adopted,
    )


def _orphaned(row: Row, seen: Seen, orphan: Orphan) -> None:
    """Says that it is one; of what is only guessed, that it may be one, which counts as none."""
    parent = adopter_of(orphan)
    if orphan.doubtful:
        row.lineage = Lineage(first_ppid=orphan.first_parent, first_parent=orphan.parent_name)
        said = f"Not certain: {orphan.why}. {parent.who} is its parent now, and would reap it."
        row.findings = (Finding("unknown", said, cures.END_ORPHAN), *row.findings)
        return
    worker = ":".join(filter(None, [orphan.session, orphan.worker])) or None
    row.orphan = True
    row.lineage = Lineage(
        first_ppid=orphan.first_parent,
        first_parent=orphan.parent_name,
        adopter_pid=orphan.ppid,
        adopter=parent.name,
        worker=worker,
        certainty=orphan.certainty,
        why=orphan.why,
    )
    facts = Facts(
        name=seen.name,
        sample=row.sample,
        orphan=True,
        lineage=row.lineage,
        parent=parent,
    )
    row.findings = (explain.orphan(facts), *row.findings)


def _row(seen: Seen, times: Times) -> Row:
    sample = sample_of(seen.stat)
    return Row(
        key=living_key(seen.token),
        token=seen.token,
        sample=sample,
        state=process_state(sample),
        name=seen.name,
        command=seen.command,
        started_at=times.started(seen.stat.start_ticks),
        first_seen=times.now,
        lineage=Lineage(first_ppid=seen.stat.ppid),
    )


def moved(row: Row, ppid: int, name: str, key: str | None, now: float) -> None:
    """The parent of a zombie has ended, and something else has the zombie now."""
    if row.sample is None:
        return
    lineage = row.lineage
    why = f"its parent {person(lineage.first_parent, row.sample.ppid)} has ended"
    row.sample = msgspec.structs.replace(row.sample, ppid=ppid)
    row.lineage = Lineage(
        first_ppid=lineage.first_ppid,
        first_parent=lineage.first_parent,
        adopter_pid=ppid,
        adopter=called(name, ppid),
        adopted_at=now,
        why=why,
    )
    row.orphan = True
    row.parent, row.depth = key, 0 if key is None else 1
    row.version += 1
