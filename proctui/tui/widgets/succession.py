"""Who takes the place of a row that has left the list.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence

from proctui.model import Row
from proctui.views.view import Arrangement

PlaceOf = Callable[[str], int | None]
"""Where a row of this key stands in the new list; None where it does not."""


def same(row: Row, rows: Sequence[Row], place_of: PlaceOf) -> int | None:
    """Where `row` itself stands now; without an index of `rows`, which may be long, if it can."""
    found = next((place for place, other in enumerate(rows) if other is row), None)
    return place_of(row.key) if found is None else found


def fold_above(
    old: Sequence[Row], index: int, hidden: Container[str], place_of: PlaceOf
) -> int | None:
    """Where the row stands under whose fold the row at `index` of the old list went."""
    wanted = old[index].parent
    for place in range(index - 1, -1, -1):  # in a tree what is above comes before
        if wanted is None:
            break
        if old[place].key == wanted:
            if wanted in hidden:
                return place_of(wanted)
            wanted = old[place].parent
    return None


def neighbour(
    old: Sequence[Row], index: int, place_of: PlaceOf, *, forwards_only: bool = False
) -> int | None:
    """Where the nearest row stands that is left, those below first; None where none is."""
    for distance in range(1, len(old)):
        if index + distance < len(old):
            found = place_of(old[index + distance].key)
            if found is not None:
                return found
        if not forwards_only and distance <= index:
            found = place_of(old[index - distance].key)
            if found is not None:
                return found
    return None


def successor(
    old: Sequence[Row],
    index: int,
    shown: Arrangement,
    place_of: PlaceOf,
    *,
    cursor: bool = False,
) -> int | None:
    """Where the row at `index` of the old list stands in what is shown now, or who took its place.

    The `cursor` may go backwards for that, and to the row that has folded its own away.
    """
    if not 0 <= index < len(old):
        return None
    found = same(old[index], shown.rows, place_of)
    if found is None and cursor and shown.hidden:
        found = fold_above(old, index, shown.hidden, place_of)
    if found is None:
        found = neighbour(old, index, place_of, forwards_only=not cursor)
    return found
