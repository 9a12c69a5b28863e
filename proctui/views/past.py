"""The rows of a store together with those of processes that are gone, for the timeline.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from proctui.core.history import History
from proctui.model import Row, State

KEPT = 5
"""The gone of one parent that stand for themselves where there are many, the latest."""
MANY = 8
"""The gone of one parent that are not too many to stand for themselves, all of them."""
_BUNDLE = "past:"


class Present(Protocol):
    """What of `proctui.core.store.Store` is needed here."""

    rows: dict[str, Row]

    @property
    def roots(self) -> list[str]:
        """Keys of the rows at the root."""

    def children(self, key: str) -> list[str]:
        """Keys of the rows that hang under `key`."""


class WithPast:
    """A forest in which the gone hang where they hung last, in the order of their starts."""

    def __init__(self, present: Present, gone: Iterable[History], *, bundled: bool = False) -> None:
        """Those of `gone` whose rows are still there are left out.

        `bundled`: where a parent has many of the gone, all but the latest hang under a row of
        their own that stands for them.
        """
        self._present = present
        self._below: dict[str, list[str]] = {}
        self._roots: list[str] = []
        self.bundles: dict[str, list[str]] = {}
        """Keys of the rows that stand for others, and whom for."""
        ghosts = {one.key: ghost(one) for one in gone if one.key not in present.rows}
        self.rows: dict[str, Row] = {**present.rows, **ghosts} if ghosts else present.rows
        for key, row in ghosts.items():
            if row.parent in self.rows:
                self._below.setdefault(row.parent, []).append(key)
            else:
                self._roots.append(key)
        self._roots.sort(key=self._began)
        if bundled:
            self._roots = self._bundle(None, self._roots)
            for parent, keys in list(self._below.items()):
                self._below[parent] = self._bundle(parent, sorted(keys, key=self._began))

    def _bundle(self, parent: str | None, keys: list[str]) -> list[str]:
        """What hangs there instead of these, which are in the order of their starts."""
        if len(keys) <= MANY:
            return keys
        older = keys[:-KEPT]
        row = _row_for([self.rows[key] for key in older], parent)
        self.rows[row.key] = row
        self.bundles[row.key] = self._below[row.key] = older
        return [row.key, *keys[-KEPT:]]

    @property
    def roots(self) -> list[str]:
        """The store's, then the gone that hang nowhere."""
        return [*self._present.roots, *self._roots]

    def children(self, key: str) -> list[str]:
        """Living and gone, by start."""
        living = self._present.children(key) if key in self._present.rows else []
        gone = self._below.get(key)
        return sorted([*living, *gone], key=self._began) if gone else living

    def _began(self, key: str) -> float:
        row = self.rows[key]
        return row.started_at or row.first_seen


def ghost(history: History) -> Row:
    """A row that stands for a process of which nothing but its history is left."""
    began = next((mark.time for mark in history.marks if mark.kind == "started"), None)
    first = history.marks[0].time if history.marks else history.ended_at or 0.0
    return Row(
        key=history.key,
        name=history.name,
        state=State.ENDED,
        parent=history.parent if history.parent != history.key else None,
        started_at=began,
        first_seen=first,
        ended_at=history.ended_at,
        gone=True,
    )


def _row_for(rows: Sequence[Row], parent: str | None) -> Row:
    """A row that stands for many of the gone."""
    return Row(
        key=f"{_BUNDLE}{parent or ''}",
        name=f"{len(rows)} more ended",
        state=State.ENDED,
        parent=parent,
        started_at=min(row.started_at or row.first_seen for row in rows),
        first_seen=min(row.first_seen for row in rows),
        ended_at=max(row.ended_at or row.first_seen for row in rows),
        gone=True,
    )
