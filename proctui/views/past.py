"""The rows of a store together with those of processes that are gone, for the timeline.  Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from proctui.core.history import History
from proctui.model import Row, State


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

    def __init__(self, present: Present, gone: Iterable[History]) -> None:
        """Those of `gone` whose rows are still there are left out."""
        self._present = present
        self._below: dict[str, list[str]] = {}
        self._roots: list[str] = []
        ghosts = {one.key: ghost(one) for one in gone if one.key not in present.rows}
        self.rows: dict[str, Row] = {**present.rows, **ghosts} if ghosts else present.rows
        for key, row in ghosts.items():
            if row.parent in self.rows:
                self._below.setdefault(row.parent, []).append(key)
            else:
                self._roots.append(key)
        self._roots.sort(key=self._began)

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
