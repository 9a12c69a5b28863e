"""Which row hangs under which: parents, children, order.  Pure, of keys only."""

from __future__ import annotations

from collections.abc import Iterator

Rank = tuple[int, float, int]
"""What siblings are ordered by."""


class Forest:
    """Rows by key, each under another or at the root.

    Siblings stand in the order of their ranks; a change costs what moved, and
    a list is sorted when it is asked for.  `structure` grows with each change.
    """

    def __init__(self) -> None:
        self.structure = 0
        self._parent: dict[str, str | None] = {}
        self._rank: dict[str, Rank] = {}
        self._below: dict[str | None, set[str]] = {}
        self._sorted: dict[str | None, list[str]] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._parent

    @property
    def roots(self) -> list[str]:
        """Keys at the root in order.  Not to be changed by the caller."""
        return self.children(None)

    def children(self, key: str | None) -> list[str]:
        """Keys under `key` in order.  Not to be changed by the caller."""
        below = self._below.get(key)
        if not below:
            return []
        found = self._sorted.get(key)
        if found is None:
            found = self._sorted[key] = sorted(below, key=self._rank.__getitem__)
        return found

    def parent(self, key: str) -> str | None:
        """Key that `key` hangs under, None at the root."""
        return self._parent[key]

    def depth(self, key: str) -> int:
        """Number of rows above."""
        return sum(1 for _ in self._above(key))

    def subtree(self, key: str) -> Iterator[str]:
        """Everything below `key`, parents before children."""
        stack = list(self._below.get(key, ()))
        while stack:
            below = stack.pop()
            yield below
            stack.extend(self._below.get(below, ()))

    def place(self, key: str, parent: str | None, rank: Rank) -> bool:
        """Puts `key` under `parent`; True where that changes anything.

        Where it would hang below itself, which stale parents can ask for, it
        goes to the root.
        """
        if parent is not None and (parent == key or key in self._above(parent)):
            parent = None
        known = key in self._parent
        if known and self._parent[key] == parent and self._rank[key] == rank:
            return False
        if known:
            self._unlink(key)
        self._parent[key] = parent
        self._rank[key] = rank
        self._below.setdefault(parent, set()).add(key)
        self._sorted.pop(parent, None)
        self.structure += 1
        return True

    def remove(self, key: str) -> list[str]:
        """Takes `key` out; what hung under it goes to the root and is returned."""
        left = sorted(self._below.get(key, ()), key=self._rank.__getitem__)
        for child in left:
            self.place(child, None, self._rank[child])
        self._unlink(key)
        del self._parent[key], self._rank[key]
        self.structure += 1
        return left

    def _above(self, key: str) -> Iterator[str]:
        above = self._parent.get(key)
        while above is not None:
            yield above
            above = self._parent.get(above)

    def _unlink(self, key: str) -> None:
        parent = self._parent[key]
        below = self._below[parent]
        below.discard(key)
        if not below:
            del self._below[parent]
        self._sorted.pop(parent, None)
