"""What an action will hit, fixed by identity when its key is pressed, and what speaks against it.

Pure: rows in, a `Plan` out.  The list on the screen may go on changing beneath it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

import msgspec

from proctui.model import Row, State
from proctui.tui.actions import who

Reach = Literal["process", "group", "tree"]
"""This process, its process group, or everything that descends from it as well."""

Reason = Callable[[int], str | None]
"""Says why a pid should be left alone, or None."""


_UNSEEN = ("starting", "alive")
"""Phases of a worker that runs although the kernel view has not seen it yet."""


class Rows(Protocol):
    """What of `proctui.core.store.Store` is needed here."""

    rows: dict[str, Row]

    def children(self, key: str) -> list[str]:
        """Keys of the rows that hang under `key`."""


class Target(NamedTuple):
    """One process as it was when the key was pressed."""

    key: str
    token: int | None
    pid: int | None
    name: str
    worker: str | None
    """Id of the worker that it is itself; None for a descendant."""
    owner: str | None
    """Id of the worker that it is or descends from."""
    started_at: float | None
    row: Row
    """A copy: what was known then."""

    @property
    def who(self) -> str:
        """Name and pid."""
        return f"{self.name} ({self.pid})" if self.pid is not None else self.name

    def still(self, store: Rows) -> Row | None:
        """Its row, if that still shows the same process; None where it has gone."""
        row = store.rows.get(self.key)
        if row is None or row.gone or row.token != self.token or row.pid != self.pid:
            return None
        return row

    def runs(self, store: Rows) -> bool:
        """Whether it is still alive: neither gone nor a zombie."""
        row = self.still(store)
        return row is not None and running(row)


def running(row: Row) -> bool:
    """Whether a process stands behind the row that a signal can reach."""
    if row.gone or row.zombie or row.pid is None:
        return False
    if row.sample is None and (row.worker is None or row.worker.phase not in _UNSEEN):
        return False
    return row.state not in (State.IDLE, State.ENDED, State.FAILED, State.BACKOFF)


def target(row: Row) -> Target:
    """The process that a row shows now."""
    worker = row.worker.id if row.worker is not None else None
    return Target(
        key=row.key,
        token=row.token,
        pid=row.pid,
        name=row.name,
        worker=worker,
        owner=worker or row.lineage.worker,
        started_at=row.started_at,
        row=msgspec.structs.replace(row),
    )


def descendants(store: Rows, rows: Sequence[Row]) -> Iterator[tuple[Row, list[Row]]]:
    """Each row with everything that comes from its process, parents before children.

    Of a worker, and of a process that is watched by itself, also what it left behind: orphans
    keep its id in their lineage.
    """
    left: dict[str, list[str]] = {owner: [] for row in rows if (owner := _owner(row))}
    if left:
        for other in store.rows.values():
            if other.lineage.worker in left:
                left[other.lineage.worker].append(other.key)
    for row in rows:
        seen = {row.key}
        waiting = list(store.children(row.key))
        waiting += left.get(_owner(row), ())
        found = []
        for key in waiting:  # grows while it is walked
            if key not in seen and key in store.rows:
                seen.add(key)
                waiting += store.children(key)
                found.append(store.rows[key])
        yield row, found


def _owner(row: Row) -> str:
    """By what its descendants know it, "" for those that are known by somebody else."""
    return row.root if row.worker is None else row.worker.id


def grouped(store: Rows, rows: Sequence[Row]) -> Iterator[tuple[Row, list[Row]]]:
    """Each row with the members of its process group."""
    members: dict[int, list[Row]] = {row.sample.pgid: [] for row in rows if row.sample is not None}
    for other in store.rows.values():
        if other.sample is not None and other.sample.pgid in members:
            members[other.sample.pgid].append(other)
    for row in rows:
        yield row, [] if row.sample is None else members[row.sample.pgid]


def reached(store: Rows, rows: Sequence[Row], reach: Reach) -> Iterator[Row]:
    """The running processes that a signal with this reach would hit, each row's own before others.

    However many rows, the store is gone through once.
    """
    match reach:
        case "process":
            found: Iterable[tuple[Row, list[Row]]] = ((row, []) for row in rows)
        case "group":
            found = grouped(store, rows)
        case "tree":
            found = descendants(store, rows)
    for row, others in found:
        if running(row):
            yield row
        yield from (other for other in others if other.key != row.key and running(other))


class Hazard(NamedTuple):
    """What speaks against ending somebody, one sentence."""

    text: str
    grave: bool = True
    """False for what is only good to know."""
    whom: tuple[str, ...] = ()
    """All whom it concerns, by name and pid, where the sentence does not name them all."""


class Plan(NamedTuple):
    """A signal and everything it is meant for."""

    asked: tuple[Target, ...]
    """The rows it was asked for."""
    members: tuple[Target, ...]
    """The processes that it is sent to."""
    reach: Reach
    warnings: tuple[Hazard, ...]
    """What speaks against it, a sentence each, the gravest first."""
    insist: str = ""
    """What must be typed before it is done; empty for nothing."""
    spared: frozenset[str] = frozenset()
    """Keys of rows within reach that are left alone."""


def _unprotected(pid: int) -> str | None:
    return None


def plan(store: Rows, rows: Sequence[Row], reach: Reach, protected: Reason = _unprotected) -> Plan:
    """What ending these with this reach would hit.

    `protected` says why a pid should be left alone (`proctui.linux.protect.protected`).  Such a one
    is hit only where it was asked for singly, and its name is typed; never together with others.
    """
    members: dict[str, Row] = {}
    dangers: list[Hazard] = []
    spared: dict[str, Hazard] = {}
    insist = ""
    single = rows[0].key if len(rows) == 1 else None
    for member in reached(store, rows, reach):
        reason = protected(member.pid) if member.pid is not None else None
        if reason is not None and member.key == single:
            dangers.append(Hazard(f"{reason[0].upper()}{reason[1:]}."))
            insist = typable(member)
        elif reason is not None:
            spared[member.key] = Hazard(f"{who(member)} is left alone: {reason}.")
            continue
        members.setdefault(member.key, member)
    targets = {row.key: target(row) for row in (*rows, *members.values())}
    return Plan(
        asked=tuple(targets[row.key] for row in rows),
        members=tuple(targets[key] for key in members),
        # the kernel spares nobody of a group: where somebody is spared each is reached singly
        reach="process" if spared and reach == "group" else reach,
        warnings=(*dangers, *spared.values(), *hazards(store, members)),
        insist=insist,
        spared=frozenset(spared),
    )


def newcomers(store: Rows, planned: Plan, hit: Sequence[Target]) -> list[Row]:
    """Running processes that this plan means and that were not there when it was made.

    What a tree or a group forks while it is ended, and what is only now known to be of it.
    """
    if planned.reach == "process":
        return []
    known = {member.key for member in hit} | planned.spared
    pids = {member.pid for member in hit}
    groups = {member.row.sample.pgid for member in planned.asked if member.row.sample}
    owners = {owner for member in planned.asked if (owner := _owner(member.row))}

    def is_meant(row: Row) -> bool:
        if planned.reach == "group":
            return row.sample is not None and row.sample.pgid in groups
        # a worker that was restarted meanwhile has children, but it has left nobody behind
        return row.lineage.first_ppid in pids or (row.orphan and row.lineage.worker in owners)

    rows = store.rows.values()
    return [
        r for r in rows if r.worker is None and r.key not in known and running(r) and is_meant(r)
    ]


def typable(row: Row) -> str:
    """What a person can type: the name, or where it holds what no keyboard has, the pid."""
    name = row.name.strip()
    return name if name and name.isascii() and name.isprintable() else str(row.pid)


def hazards(store: Rows, members: Mapping[str, Row]) -> Iterator[Hazard]:
    """What it would break that these processes end, gravest first."""
    for row in members.values():
        if row.helper:
            said = f"{who(row)} is multiprocessing's {row.helper}: other workers depend on it."
            yield Hazard(said)
    left = [
        who(child)
        for row in members.values()
        for child in map(store.rows.__getitem__, store.children(row.key))
        if running(child) and child.key not in members and not child.orphan
    ]
    if left:
        yield orphaning(left)
    workers = [row for row in members.values() if row.worker is not None]
    daemons = [row.name for row in workers if row.worker is not None and row.worker.daemon]
    if daemons:
        are = "is" if len(daemons) == 1 else "are"
        yield Hazard(f"{listed(daemons)} {are} daemonic: meant to run as long as the session.")
    if any(row.worker is not None and not row.worker.is_command for row in workers):
        yield Hazard("A lock that it holds then is never released.", grave=False)


def orphaning(left: Sequence[str]) -> Hazard:
    """That these, by name and pid, would be orphaned."""
    count = "One process" if len(left) == 1 else f"{len(left)} processes"
    whom = tuple(left) if len(left) > _NAMED else ()
    return Hazard(f"{count} would be orphaned: {listed(left)}.", whom=whom)


_NAMED = 4
"""Names in a sentence."""


def listed(names: Sequence[str], limit: int = _NAMED) -> str:
    """``a, b, c and 12 more``."""
    shown = list(names[:limit])
    if len(names) > limit:
        return f"{', '.join(shown)} and {len(names) - limit} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)
