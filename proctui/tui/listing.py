"""How the list is to look: sorted by what, filtered by what, tree or flat.  Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from proctui.model import Row
from proctui.views.filters import FilterError, parse
from proctui.views.view import DESCENDING_FIRST, Arrangement, Column, Predicate, arrange


class Forest(Protocol):
    """What of `proctui.core.store.Store` is needed here."""

    rows: dict[str, Row]

    @property
    def roots(self) -> list[str]:
        """Keys of the rows at the root."""

    def children(self, key: str) -> list[str]:
        """Keys of the rows that hang under `key`."""


class Tagged(Protocol):
    """What of the process table is needed here."""

    @property
    def tagged(self) -> frozenset[str]:
        """Keys of the tagged rows, listed or not."""

    @property
    def rows(self) -> Sequence[Row]:
        """Those that are listed, in the order of the screen."""


class Listing:
    """The choices about the list, and the list that comes of them."""

    def __init__(self) -> None:
        self.sort: Column | None = None
        self.reverse = False
        self.tree = True
        self.filter = ""
        """The filter that is in force, as it was typed."""
        self._predicate: Predicate | None = None

    @property
    def shifting(self) -> bool:
        """Whether rows may change their place or vanish although none came or went."""
        return self.sort is not None or self._predicate is not None

    def sort_by(self, column: Column | None) -> None:
        """Sorts by a column, the natural way round first, the other way the second time."""
        if column == self.sort:
            self.reverse = not self.reverse
        else:
            self.reverse = column in DESCENDING_FIRST
        self.sort = column

    def begin(self, sort: Column | None, *, reverse: bool, tree: bool) -> None:
        """As the settings have it; `reverse` is the other way round than is natural."""
        self.sort, self.tree = sort, tree
        self.reverse = (sort in DESCENDING_FIRST) != reverse

    def filter_by(self, typed: str) -> str:
        """Takes a filter; returns what is wrong with it, and keeps the one before then."""
        try:
            self._predicate = parse(typed) if typed.strip() else None
        except FilterError as error:
            return str(error)
        self.filter = typed.strip()
        return ""

    def matching(self, arrangement: Arrangement) -> int | None:
        """How many of these rows the filter lets through; None where there is none."""
        return len(arrangement) - len(arrangement.context) if self.filter else None

    def arrange(self, forest: Forest, folded: Collection[str]) -> Arrangement:
        """The rows to draw."""
        return arrange(
            forest.rows,
            forest.roots,
            forest.children,
            sort=self.sort,
            reverse=self.reverse,
            tree=self.tree,
            folded=folded,
            filter=self._predicate,
        )


def asked(rows: Mapping[str, Row], table: Tagged, cursor: Row | None) -> list[Row]:
    """Whom an action means: the tagged rows, in the order of the screen, or the one at the cursor.

    Tagged ones that are not listed come after those that are.
    """
    if not table.tagged:
        return [cursor] if cursor is not None else []
    shown = [row.key for row in table.rows if row.key in table.tagged]
    rest = table.tagged.difference(shown)
    hidden = [key for key in rows if key in rest]
    return [rows[key] for key in (*shown, *hidden) if key in rows]
