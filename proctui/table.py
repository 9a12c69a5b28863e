"""The rows: made from what family and roster know, changed only where that shows.

Pure.  A refresh costs what is asked for and what that tells others about: their
children where a name or a place changed, the parent that neglects them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from proctui.blame import Blame
from proctui.chronicle import Chronicle
from proctui.classify import Facts, Parent
from proctui.family import Family
from proctui.kin import Kin
from proctui.model import Row, State
from proctui.naming import INIT
from proctui.roster import Post, Roster
from proctui.rowmaking import (
    Grounds,
    grounds,
    judge,
    process_facts,
    process_row,
    visible,
    worker_facts,
    worker_row,
)
from proctui.tally import Tally
from proctui.tree import Forest, Rank

REAP_PATIENCE = 5.0
"""Seconds an adopter may take to reap before it is said that it does not."""
_COPIED = tuple(name for name in Row.__struct_fields__ if name not in ("key", "version"))


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
        self._grounds: dict[str, Grounds] = {}
        self._homeless: dict[str, set[int]] = {}
        """Whom a worker's row would have under it, if there were one."""
        self._versions = itertools.count(1)
        self._now = 0.0
        self._tokens: set[int] = set()
        self._workers: set[str] = set()
        self._changed: set[str] = set()

    # ------------------------------------------------------------ from outside

    def refresh(self, tokens: Iterable[int], workers: Iterable[str], now: float) -> frozenset[str]:
        """Makes these rows anew; keys of all that changed since the last refresh."""
        self._now = now
        self._tokens.update(tokens)
        self._workers.update(workers)
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
        changed, self._changed = self._changed, set()
        return frozenset(changed.intersection(self.rows))

    def drop(self, key: str, when: float) -> None:
        """Takes a row out; what hung under it finds its place with the next refresh."""
        row = self.rows.pop(key, None)
        if row is None:
            return
        self.tally.drop(key)
        del self._grounds[key]
        self.chronicle.left(row, when)
        self._tokens |= self._neglect.put(key, None)
        self._workers |= self._left.put(key, None)
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
        facts = worker_facts(worker, kin, post.departure, self._family.supervisor_pid)
        if facts.sample is None:
            kin = None
        facts = facts._replace(
            parent=self._parent(worker.ppid if kin is None else kin.sample.ppid),
            not_reaping=kin is not None and self._not_reaping(kin),
            neglected=0 if kin is None else self._neglect.count(kin.token),
            left_behind=self._left.count(worker.id),
            searched=post.searched,
            lost_at=self.lost_at,
        )
        row = worker_row(facts, worker, kin)
        old = self.rows.get(row.key)
        seen = self._now if old is None else old.first_seen
        row.first_seen = seen if kin is None else kin.first_seen
        self._commit(row, facts, None, (0, post.order, 0))

    def _show_process(self, kin: Kin) -> None:
        facts = process_facts(kin)._replace(
            parent=self._parent(kin.sample.ppid),
            not_reaping=self._not_reaping(kin),
            neglected=self._neglect.count(kin.token),
        )
        row = process_row(facts, kin, self._command(kin))
        self._commit(row, facts, self._home(kin), (1, kin.started_at, kin.token))
        dead = kin.sample.is_zombie
        self._tokens |= self._neglect.put(row.key, self._culprit(kin) if dead else None)
        self._workers |= self._left.put(row.key, kin.worker if kin.orphan and not dead else None)

    def _commit(self, row: Row, facts: Facts, parent: str | None, rank: Rank) -> None:
        """Lets the row that stands become this one, where a difference shows."""
        key = row.key
        old = self.rows.get(key)
        reasons = grounds(facts)
        if old is not None and self._grounds[key] == reasons:
            row.state, row.findings = old.state, old.findings
        else:
            judge(row, facts)
            self._grounds[key] = reasons
        self.forest.place(key, parent, rank)
        row.parent, row.depth = self.forest.parent(key), self.forest.depth(key)
        if old is not None and visible(old) == visible(row):
            old.sample = row.sample
            return
        self._tell_others(old, row)
        self.chronicle.row(old, row)
        if old is None:
            old = self.rows[key] = row
            self._tokens |= self._homeless.pop(key, set())
        else:
            for name in _COPIED:
                setattr(old, name, getattr(row, name))
        old.version = next(self._versions)
        self.tally.put(old)
        self._changed.add(key)

    def _tell_others(self, old: Row | None, row: Row) -> None:
        """Has those looked at again that a change of this row concerns."""
        if old is not None and old.depth != row.depth:
            self._tell(self.forest.subtree(row.key))
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
        if kin.worker is None:
            return None
        worker = f"w:{kin.worker}"
        if worker in self.rows:
            return worker
        self._homeless.setdefault(worker, set()).add(kin.token)
        return None

    def _parent(self, pid: int | None) -> Parent | None:
        if not pid:
            return None
        family = self._family
        name = family.name(pid)
        kin = family.living(pid)
        stopped = kin is not None and kin.sample.state in "Tt"
        if family.is_supervisor(pid):
            return Parent(pid, name, "supervisor", stopped)
        if pid == INIT:
            return Parent(pid, name, "init", stopped, family.own_name(pid))
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
        """Whether its adopter had time enough; asks for another look where it had not."""
        if kin.zombie_since is None or not (kin.orphan and kin.sample.is_zombie):
            return False
        due = max(kin.zombie_since, kin.lineage.adopted_at or 0.0) + REAP_PATIENCE
        if self._now < due:
            self.waiting.append((due, kin.token))
        return self._now >= due

    def _command(self, kin: Kin) -> str:
        """What runs; what was forked and executed nothing would show the supervisor's line."""
        supervisor = self._family.supervisor
        if supervisor is None or not kin.command or kin.command != supervisor.command:
            return kin.command
        first = kin.lineage.first_parent or kin.worker
        return f"forked by {first}" if first else "forked"
