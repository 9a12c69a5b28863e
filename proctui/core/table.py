"""The rows: made from what family and roster know, changed only where that shows.

Pure.  A refresh costs what is asked for and what that tells others about: their
children where a name or a place changed, the parent that neglects them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from copy import copy

from proctui.core.blame import Blame
from proctui.core.chronicle import Chronicle
from proctui.core.classify import Parent, process_state
from proctui.core.family import Family
from proctui.core.kin import Kin
from proctui.core.naming import INIT
from proctui.core.roster import Post, Roster
from proctui.core.rowmaking import (
    Around,
    cpu_share,
    differences,
    look_alike,
    present,
    process_row,
    worker_row,
)
from proctui.core.tally import Tally, share
from proctui.core.tree import Forest, Rank
from proctui.model import Finding, Row, State

REAP_PATIENCE = 5.0
"""Seconds an adopter may take to reap before it is said that it does not."""
_AT_WORK = (State.RUNNING, State.SLEEPING)
_COMMON = 512
"""Findings kept to be shared by rows that say the same."""


class Table:
    """All rows, their tree, their sums and their histories."""

    def __init__(self, family: Family, roster: Roster) -> None:
        self.rows: dict[str, Row] = {}
        self.forest = Forest()
        self.tally = Tally()
        self.chronicle = Chronicle()
        self.lost_at: float | None = None
        self.waiting: list[tuple[float, int]] = []
        """When to look at which token again, because time alone makes something true."""
        self._family = family
        self._roster = roster
        self._neglect: Blame[int] = Blame()
        self._left: Blame[str] = Blame()
        self._common: dict[tuple[Finding, ...], tuple[Finding, ...]] = {}
        self._parents: dict[int, Parent] = {}
        self._homeless: dict[str, set[int]] = {}
        """Whom a worker's row would have under it, if there were one."""
        self._versions = itertools.count(1)
        self._now = 0.0
        self._tokens: set[int] = set()
        self._workers: set[str] = set()
        self._changed: dict[str, Row | None] = {}
        """Rows that are being changed, as they were before; None for new ones."""

    # ------------------------------------------------------------ from outside

    def refresh(self, tokens: Iterable[int], workers: Iterable[str], now: float) -> frozenset[str]:
        """Makes these rows anew; keys of all that changed since the last refresh."""
        self._now = now
        self.owe(tokens, workers)
        self._parents.clear()
        while self._tokens or self._workers:
            todo, self._tokens = sorted(self._tokens), set()
            for token in todo:
                kin = self._family.kin.get(token)
                if kin is not None:
                    self._show(kin)
            posts, self._workers = self._workers, set()
            for worker in posts:
                post = self._roster.posts.get(worker)
                if post is not None:
                    self._show_worker(post)
        return self._really_changed()

    def owe(self, tokens: Iterable[int], workers: Iterable[str]) -> None:
        """Leaves the making of these rows to the next refresh."""
        self._tokens.update(tokens)
        self._workers.update(workers)

    def _really_changed(self) -> frozenset[str]:
        """Keys of all that look different now, each with a version of its own."""
        changed, self._changed = self._changed, {}
        keys: list[str] = []
        for key, before in changed.items():
            row = self.rows.get(key)
            if row is None:
                continue
            if before is None or not look_alike(before, row):  # else it was changed there and back
                row.version = next(self._versions)
                keys.append(key)
        return frozenset(keys)

    def drop(self, key: str, when: float) -> None:
        """Takes a row out; what hung under it finds its place with the next refresh."""
        row = self.rows.pop(key, None)
        if row is None:
            return
        self._changed[key] = None
        self.tally.change(share(row), None)
        self.chronicle.left(row, when)
        self._tokens |= self._neglect.put(key, None)
        self._blame(key, None)
        self._tell(self.forest.remove(key))

    def key(self, kin: Kin) -> str | None:
        """Key of the row that shows this process; None where none shall."""
        if kin is self._family.supervisor or kin.retired_at is not None or kin.held:
            return None
        return f"w:{kin.bound}" if self._roster.is_present(kin) else f"p:{kin.token}"

    # ------------------------------------------------------------ making rows

    def _show(self, kin: Kin) -> None:
        if kin.bound is not None:
            self._workers.add(kin.bound)
        if self.key(kin) == f"p:{kin.token}":
            self._show_process(kin)
        else:
            self.drop(f"p:{kin.token}", self._now)

    def _show_worker(self, post: Post) -> None:
        worker = post.worker
        kin = None if post.token is None else self._family.kin[post.token]
        kin = present(worker, kin)
        around = Around(
            self._parent(worker.ppid if kin is None else kin.sample.ppid),
            kin is not None and self._not_reaping(kin),
            0 if kin is None else self._neglect.count(kin.token),
            self._left.count(worker.id),
            self.lost_at,
        )
        row = worker_row(
            worker,
            kin,
            post.departure,
            around,
            searched=post.searched,
            supervisor_pid=self._family.supervisor_pid,
        )
        old = self.rows.get(row.key)
        seen = self._now if old is None else old.first_seen
        row.first_seen = seen if kin is None else kin.first_seen
        self._commit(row, None, (0, post.order, 0))

    def _show_process(self, kin: Kin) -> None:
        around = Around(
            self._parent(kin.sample.ppid),
            self._not_reaping(kin),
            self._neglect.count(kin.token),
            self._left.count(kin.root) if kin.root else 0,
        )
        row = process_row(kin, self._command(kin), around)
        self._commit(row, self._home(kin), (1, kin.started_at, kin.pid))
        dead = kin.sample.is_zombie
        self._tokens |= self._neglect.put(row.key, self._culprit(kin) if dead else None)
        self._blame(row.key, kin.worker if kin.orphan and not dead else None)

    def _blame(self, key: str, worker: str | None) -> None:
        """Who left this orphan behind; whoever did, or no longer did, is looked at again."""
        changed = self._left.put(key, worker)
        self._workers |= changed
        roots = map(self._family.roots.token, changed)
        self._tokens |= {token for token in roots if token is not None}

    def _commit(self, row: Row, parent: str | None, rank: Rank) -> None:
        """Lets the row that stands become this one, where a difference shows."""
        key = row.key
        moved = self.forest.place(key, parent, rank)
        row.parent, row.depth = self.forest.parent(key), self.forest.depth(key)
        if len(self._common) > _COMMON:
            self._common.clear()
        row.findings = self._common.setdefault(row.findings, row.findings)
        old = self.rows.get(key)
        if moved or (old is not None and old.depth != row.depth):
            self._tell(self.forest.subtree(key))
        changes = () if old is None else differences(old, row)
        if old is not None and not changes:
            old.sample = row.sample
            return
        self._tell_others(old, row)
        self._will_change(key, old)
        self.chronicle.row(old, row, self._now)
        self.tally.change(None if old is None else share(old), share(row))
        if old is None:
            old = self.rows[key] = row
            self._tokens |= self._homeless.pop(key, set())
        for name in changes:
            setattr(old, name, getattr(row, name))

    def _will_change(self, key: str, row: Row | None) -> None:
        if key not in self._changed:
            self._changed[key] = None if row is None else copy(row)

    def figures(self, kin: Kin) -> bool:
        """What a process uses has changed, or whether it runs or sleeps, and nothing else.

        False where that may mean more to its row, which has to be made anew then.
        """
        row = self.rows.get(self.key(kin) or "")
        if row is None or row.sample is None:
            return True
        old, new = row.sample, kin.sample
        state = row.state
        if old.state != new.state:
            if state not in _AT_WORK:
                return False
            state = process_state(new)
        cpu = cpu_share(kin)
        rss = new.rss_bytes - old.rss_bytes
        if row.cpu_percent == cpu and not rss and row.state is state and old.threads == new.threads:
            row.sample = new
            return True
        self._will_change(row.key, row)
        self.tally.figures(row.cpu_percent, cpu, rss)
        row.cpu_percent, row.sample, row.state = cpu, new, state
        return True

    def _tell_others(self, old: Row | None, row: Row) -> None:
        """Has those looked at again that a change of this row concerns."""
        for one in (old, row):
            if one is not None and one.sample is not None and self._differs(old, row):
                self._tokens.update(self._family.under(one.sample.pid))

    def _differs(self, old: Row | None, row: Row) -> bool:
        """Whether its children have another parent to show, or the same in another way."""
        if old is None or old.token != row.token or old.name != row.name:
            return True
        return (old.state is State.STOPPED) != (row.state is State.STOPPED)

    def _tell(self, keys: Iterable[str]) -> None:
        for key in keys:
            token = self.rows[key].token
            if token is not None:
                self._tokens.add(token)

    # ------------------------------------------------------------ relations

    def _home(self, kin: Kin) -> str | None:
        """Key of the row it hangs under: its parent's, or of the worker it descends from."""
        if not kin.orphan:
            parent = self._family.living(kin.sample.ppid)
            if parent is not None and parent is self._family.supervisor:
                return None
            key = None if parent is None else self.key(parent)
            if key in self.rows:
                return key
        root = self._family.kin.get(self._family.roots.token(kin.worker) or 0)
        if root is not None and root is not kin:
            return self.key(root)
        if kin.worker is None or self._family.roots:
            return None
        worker = f"w:{kin.worker}"
        if worker in self.rows:
            return worker
        self._homeless.setdefault(worker, set()).add(kin.token)
        return None

    def _parent(self, pid: int | None) -> Parent | None:
        if not pid:
            return None
        parent = self._parents.get(pid)
        if parent is None:
            parent = self._parents[pid] = self._look_up(pid)
        return parent

    def _look_up(self, pid: int) -> Parent:
        family = self._family
        name = family.name(pid)
        kin = family.living(pid)
        stopped = kin is not None and kin.sample.state in "Tt"
        if family.is_supervisor(pid):
            return Parent(pid, name, "supervisor", stopped)
        if pid == INIT:
            return Parent(pid, name, "init", stopped, family.own_name(pid))
        if family.adopters.is_init(pid):
            return Parent(pid, name, "init", stopped, container=True)
        if kin is not None and kin.bound is not None:
            return Parent(pid, name, "worker", stopped)
        if kin is not None and kin.helper == "fork server":
            return Parent(pid, name, "fork server", stopped)
        return Parent(pid, name, "process", stopped)

    def _culprit(self, kin: Kin) -> int | None:
        """Token of the parent that has not joined this zombie, where that is worth saying."""
        parent = self._family.living(kin.sample.ppid)
        if parent is None or self.key(parent) is None or parent.helper:
            return None
        return parent.token

    def _not_reaping(self, kin: Kin) -> bool:
        """Whether its adopter, or init, had time enough; asks for another look where not."""
        reaps = kin.orphan or self._family.adopters.is_init(kin.sample.ppid)
        if kin.zombie_since is None or not (reaps and kin.sample.is_zombie):
            return False
        due = max(kin.zombie_since, kin.lineage.adopted_at or 0.0) + REAP_PATIENCE
        if self._now < due:
            self.waiting.append((due, kin.token))
        return self._now >= due

    def _command(self, kin: Kin) -> str:
        """What runs; what was forked and executed nothing would show its parent's line.

        By whom is said only where the kernel told of the fork.
        """
        parent = None if kin.parent is None else self._family.kin.get(kin.parent)
        if kin.command and parent is not None and parent.helper == "fork server":
            return kin.command if kin.command != parent.command else "forked by the fork server"
        supervisor = self._family.supervisor
        if supervisor is None or not kin.command or kin.command != supervisor.command:
            return kin.command
        first = kin.lineage.first_parent
        if first and kin.lineage.birth_told:
            return f"forked by {first}"
        if first:  # whoever adopts might have been its parent when it was first seen
            return f"once a child of {first}" if kin.orphan else f"child of {first}"
        return f"descends from {kin.worker}" if kin.worker else "forked"
