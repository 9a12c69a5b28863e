"""Parents that do not join their children: whom a cure would act on, and what that would take.

Rows in, culprits out.  Many zombies of one parent are one cure, so parents come once each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from proctui.core.classify import Parent
from proctui.core.cures import neglect as cures_of_neglect
from proctui.core.exitcodes import exitcode_text
from proctui.model import Cure, CureKind, Row, State
from proctui.tui.applying import is_neglectful
from proctui.tui.plan import (
    Hazard,
    Plan,
    Reason,
    Rows,
    Target,
    listed,
    orphaning,
    running,
    target,
    typable,
)

SIGNALS: Mapping[CureKind, str] = {
    "continue": "SIGCONT",
    "nudge-parent": "SIGCHLD",
    "terminate-parent": "SIGTERM",
    "kill-parent": "SIGKILL",
}
"""What of a neglected zombie's cures can be done here, and the signal to its parent."""

HARDER: Mapping[str, CureKind] = {
    "SIGCONT": "nudge-parent",
    "SIGCHLD": "terminate-parent",
    "SIGTERM": "kill-parent",
}
"""What comes next in the order of harm where a signal did not help."""

Living = Callable[[int], Sequence[str]]
"""Names and pids of the living children of a pid."""


class Culprit(NamedTuple):
    """A parent, the zombies that it neglects, and what its end would bring."""

    parent: Target
    zombies: tuple[Target, ...]
    orphans: tuple[str, ...]
    """Its living children by name and pid: its end would orphan them."""
    protected: str | None
    """Why it should be left alone; None where nothing speaks against it."""
    lazy_heir: str = ""
    """The init that would adopt its zombies, where that is known not to reap."""

    @property
    def many(self) -> str:
        """``3 zombies``, or name and pid of the only one."""
        only = self.zombies[0]
        return only.who if len(self.zombies) == 1 else f"{len(self.zombies)} zombies"


def culprits(
    store: Rows, rows: Iterable[Row], protected: Reason, living: Living
) -> tuple[list[Culprit], list[Row]]:
    """The parents that these rows are or have; and the zombies whose parent is no row.

    Each comes with all its zombies, also those that were not asked for: it would join, or
    leave, all of them.
    """
    by_pid = {row.pid: row for row in store.rows.values() if running(row)}
    parents: dict[str, Row] = {}
    alone: list[Row] = []
    for row in rows:
        parent = row if is_neglectful(row) else by_pid.get(row.sample.ppid if row.sample else 0)
        if parent is None:
            alone.append(row)
        else:
            parents[parent.key] = parent
    found = [_culprit(store, parent, protected, living) for parent in parents.values()]
    return [culprit for culprit in found if culprit.zombies], alone


def _culprit(store: Rows, parent: Row, protected: Reason, living: Living) -> Culprit:
    pid = parent.pid or 0
    zombies = [
        row
        for row in store.rows.values()
        if row.zombie and row.sample is not None and row.sample.ppid == pid
    ]
    return Culprit(
        target(parent),
        tuple(map(target, zombies)),
        tuple(living(pid)),
        protected(pid),
        lazy_heir(store, pid),
    )


def lazy_heir(store: Rows, pid: int) -> str:
    """The init of this process's pid namespace, where rows show that it does not reap; else "".

    A nearer subreaper may take the zombies after all: who is one, the kernel does not tell.
    """
    for row in store.rows.values():
        for cure in (cure for finding in row.findings for cure in finding.cures):
            if row.zombie and cure.kind == "real-init" and _same_namespace(pid, cure.pid or 1):
                return f"PID 1 ({cure.pid})" if cure.pid not in (None, 1) else "PID 1"
    return ""


def _same_namespace(pid: int, init: int) -> bool:
    """Whether two live in the same pid namespace (pid_namespaces(7)); one's own where not told."""
    try:
        return Path(f"/proc/{pid}/ns/pid").readlink() == Path(f"/proc/{init}/ns/pid").readlink()
    except OSError:
        return init == 1


def of_members(store: Rows, plan: Plan, living: Living) -> list[Culprit]:
    """Those of a plan's members that have zombies, with them."""
    pids = {member.pid for member in plan.members}
    rows = [
        row
        for row in store.rows.values()
        if row.zombie and row.sample is not None and row.sample.ppid in pids
    ]
    return culprits(store, rows, lambda pid: None, living)[0]


def explained(found: Sequence[Culprit]) -> str:
    """Who has not joined whom."""
    sentences = []
    for culprit in found:
        ended = f"{culprit.zombies[0].who} has ended, and"
        if len(culprit.zombies) > 1:
            each = [
                f"{zombie.who} with {exitcode_text(zombie.row.exitcode)}"
                for zombie in culprit.zombies
            ]
            ended = f"{listed(each, 6)} have ended, and"
        them = "it" if len(culprit.zombies) == 1 else "them"
        sentences.append(f"{ended} {culprit.parent.who} has not joined {them}.")
    return f"{' '.join(sentences)} Nobody else can, and no signal reaches the dead."


def ways(found: Sequence[Culprit]) -> list[Cure]:
    """What can be tried, in the order of harm."""
    if len(found) == 1:
        parent = found[0].parent
        stopped = parent.row.state is State.STOPPED
        whose = Parent(parent.pid or 0, parent.name, stopped=stopped)
        return list(cures_of_neglect(whose, found[0].lazy_heir))
    whom = f"all {len(found)} parents"
    first = [Cure("continue", f"Continue {whom} that are stopped, with SIGCONT.")]
    return [
        *(first if any(c.parent.row.state is State.STOPPED for c in found) else []),
        Cure("nudge-parent", f"Nudge {whom} with SIGCHLD: they may join their children then."),
        Cure("terminate-parent", f"Terminate {whom}: their zombies go to init or a subreaper."),
        Cure("kill-parent", f"Kill {whom}, if they do not obey."),
    ]


def planned(found: Sequence[Culprit]) -> Plan:
    """What ending the parents would hit, and whom it would orphan."""
    parents = tuple(culprit.parent for culprit in found)
    warnings = [
        Hazard(f"{culprit.protected[0].upper()}{culprit.protected[1:]}.")
        for culprit in found
        if culprit.protected
    ]
    orphans = [who for culprit in found for who in culprit.orphans]
    if orphans:
        warnings.append(orphaning(orphans))
    warnings += [
        Hazard(f"{heir} is not reaping: the zombies that it adopts stay where they are.")
        for heir in sorted({culprit.lazy_heir for culprit in found if culprit.lazy_heir})
    ]
    insist = typable(parents[0].row) if warnings and found[0].protected else ""
    return Plan(parents, parents, "process", tuple(warnings), insist)
