"""How many rows are blamed on whom.  Pure."""

from __future__ import annotations

from collections import Counter
from typing import Generic, TypeVar

_Culprit = TypeVar("_Culprit", int, str)


class Blame(Generic[_Culprit]):
    """Each row is blamed on at most one culprit; the number per culprit is kept up."""

    def __init__(self) -> None:
        self._on: dict[str, _Culprit] = {}
        self._count: Counter[_Culprit] = Counter()

    def count(self, culprit: _Culprit) -> int:
        """Rows blamed on it."""
        return self._count.get(culprit, 0)

    def put(self, key: str, culprit: _Culprit | None) -> set[_Culprit]:
        """Blames row `key` on this one or nobody; those whose number changed."""
        before = self._on.pop(key, None)
        if culprit is not None:
            self._on[key] = culprit
        if before == culprit:
            return set()
        if before is not None:
            self._count[before] -= 1
            if not self._count[before]:
                del self._count[before]
        if culprit is not None:
            self._count[culprit] += 1
        return {one for one in (before, culprit) if one is not None}
