"""The rows of the Machine view: who stands under whom, and one pass laid over what stands there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from proctui.core.rowmaking import differences
from proctui.machine.holding import Holds
from proctui.machine.neglect import Neglect
from proctui.machine.rows import zombie_key
from proctui.machine.scan import Orphan, Zombie
from proctui.model import Counts, Row


class Board:
    """All rows by key, in order, with what is remembered of each from one pass to the next."""

    def __init__(self, holds: Holds) -> None:
        self.rows: dict[str, Row] = {}
        self.roots: list[str] = []
        self.structure = 0
        """Grows when rows come, go or change their place."""
        self.counts = Counts()
        self.holds = holds
        self.first: dict[str, float] = {}
        """When each zombie was first seen."""
        self.orphaned: dict[int, Orphan] = {}
        """By token: whose parent was seen to end.  They stay orphans until they end."""
        self.touched: set[str] | None = None
        """Keys of rows that changed while a pass is under way, which knows no better."""
        self._neglects: dict[str, Neglect] = {}
        self._zombies: dict[str, Zombie] = {}
        self._below: dict[str, list[str]] = {}

    def children(self, key: str) -> list[str]:
        """Keys of the rows under `key`."""
        return self._below.get(key, [])

    def listed(self, pid: int) -> str | None:
        """Key of the row of a living process, where there is one."""
        key = self.holds.key_of(pid)
        return key if key in self.rows else None

    # ------------------------------------------------------------ one row

    def touch(self, key: str) -> None:
        """This row is newer than the pass under way, where there is one."""
        if self.touched is not None:
            self.touched.add(key)

    def entomb(self, zombie: Zombie) -> None:
        """A row of this zombie is there, or comes: its reaping is waited for."""
        key = zombie_key(zombie)
        self._zombies[key] = _ageless(zombie)
        self.holds.bury(key, zombie.pid, zombie.start_ticks)

    def is_known(self, zombie: Zombie) -> bool:
        """Whether its row says already all that there is to say."""
        return self._zombies.get(zombie_key(zombie)) == _ageless(zombie)

    def become(self, old: Row, new: Row) -> bool:
        """Lets a row that is shown be as this one; False where it was already."""
        new.first_seen, new.depth = old.first_seen, old.depth
        fields = differences(old, new)
        for name in fields:
            setattr(old, name, getattr(new, name))
        old.version += bool(fields)
        return bool(fields)

    def remove(self, row: Row) -> None:
        """Takes a row out and lets go of its process."""
        del self.rows[row.key]
        self.first.pop(row.key, None)
        self._neglects.pop(row.key, None)
        self._zombies.pop(row.key, None)
        if row.token is None:
            self.holds.unbury(row.key)
        else:
            self.holds.let_go(row.token)
            self.orphaned.pop(row.token, None)

    # ------------------------------------------------------------ all rows

    def merge(
        self, made: dict[str, Row], neglects: Mapping[str, Neglect] | None = None
    ) -> frozenset[str]:
        """Takes what a pass has found; keys of the rows that changed.

        `neglects` says of whom it has found zombies, by key of the parent's row.
        """
        self._neglects = dict(neglects or {})
        for key in self.touched or ():
            made.pop(key, None)
            if key in self.rows:
                made[key] = self.rows[key]
        changed: set[str] = set()
        for row in [row for key, row in self.rows.items() if key not in made]:
            self.remove(row)
        self._tell(made)
        for key, new in made.items():
            old = self.rows.get(key)
            if old is None:
                self.rows[key] = new
            elif old is not new and self.become(old, new):
                changed.add(key)
        self.holds.keep({row.token for row in self.rows.values()}, self.rows.keys())
        self.arrange()
        return frozenset(changed | made.keys())

    def settle(self) -> frozenset[str]:
        """Arranges the rows after some have gone; keys of the parents that are told otherwise."""
        self.arrange()
        return self._tell(self.rows)

    def _tell(self, rows: Mapping[str, Row]) -> frozenset[str]:
        """Says of each parent how many of these rows are zombies that it has not joined."""
        if not self._neglects:
            return frozenset()
        dead: dict[str | None, list[int | None]] = {}
        for row in rows.values():
            if row.zombie:
                dead.setdefault(row.parent, []).append(row.exitcode)
        told = [(key, one) for key, one in self._neglects.items() if key in rows]
        return frozenset(key for key, one in told if one.tell(rows[key], dead.get(key, ())))

    def arrange(self) -> None:
        """Who stands under whom: the worst parents first, then the orphans, then the rest."""
        below: dict[str, list[str]] = {}
        roots: list[str] = []
        for key, row in self.rows.items():
            if row.parent in self.rows:
                below.setdefault(row.parent or "", []).append(key)
            else:
                roots.append(key)
        dead = Counter(row.parent for row in self.rows.values() if row.zombie)
        order = self._order(dead)
        roots.sort(key=order)
        for keys in below.values():
            keys.sort(key=lambda key: not self.rows[key].zombie)
        if (roots, below) != (self.roots, self._below):
            self.roots, self._below = roots, below
            self.structure += 1
            self._tell_depths()
        rows = self.rows.values()
        self.counts = Counts(
            zombies=sum(row.zombie for row in rows), orphans=sum(row.orphan for row in rows)
        )

    def _order(self, dead: Counter[str | None]) -> Callable[[str], tuple[int, bool, int]]:
        return lambda key: (-dead[key], not self.rows[key].orphan, self.rows[key].pid or 0)

    def _tell_depths(self) -> None:
        level, depth = self.roots, 0
        while level:
            for key in level:
                self.rows[key].depth = depth
            level = [child for key in level for child in self.children(key)]
            depth += 1


def _ageless(zombie: Zombie) -> Zombie:
    return zombie._replace(age_seconds=0.0)
