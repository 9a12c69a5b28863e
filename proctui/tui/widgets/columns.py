"""Which columns the process table has and how wide they are.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import msgspec

from proctui.views.view import COLUMNS, Column


class Spec(msgspec.Struct, frozen=True):
    """One column: its title and how wide it is in cells."""

    title: str
    tight: int
    """What it gets where others need the room and it does not."""
    least: int
    """Narrower than this it is left out."""
    usual: int
    """What it gets where there is room."""
    most: int
    """What it gets at most for what stands in it; TARGET takes what is over."""
    right: bool = False
    """Numbers stand at the right."""


SPECS: dict[Column, Spec] = {
    "name": Spec("NAME", 10, 15, 20, 44),
    "pid": Spec("PID", 5, 7, 7, 7, right=True),
    "ppid": Spec("PPID", 5, 7, 7, 7, right=True),
    "alive": Spec("ALIVE", 5, 5, 5, 5),
    "exitcode": Spec("EXITCODE", 8, 10, 11, 13),
    "daemon": Spec("DAEMON", 6, 6, 6, 6),
    "state": Spec("STATE", 10, 16, 18, 60),
    "cpu": Spec("CPU%", 5, 5, 5, 5, right=True),
    "mem": Spec("MEM", 5, 5, 5, 5, right=True),
    "age": Spec("AGE", 7, 7, 7, 7, right=True),
    "target": Spec("TARGET", 6, 12, 24, 60),
}

WORTH: tuple[Column, ...] = (
    "name", "state", "pid", "exitcode", "alive", "daemon", "age", "cpu", "mem", "target", "ppid",
)  # fmt: skip
"""Which columns stay when room gets scarce, dearest first."""

_SHORTEST_FIRST: tuple[Column, ...] = (
    "alive", "daemon", "cpu", "mem", "age", "pid", "ppid", "exitcode", "state", "name", "target",
)  # fmt: skip
"""Who gets first what it needs: little helps there."""

_LIVELY: tuple[Column, ...] = ("state", "name")
"""What is likely to need more in a moment."""

GAP = 1
"""Cells between two columns."""
_WIDE_GAP = 2
"""The same where a right-aligned one meets a left-aligned one, and there is room."""
GUTTER = 1
"""Cells before the first one, for the mark of a row."""
BAR = 1
"""Cells after the last one, for the scroll bar."""


class Placed(msgspec.Struct, frozen=True):
    """A column where it is drawn."""

    column: Column
    x: int
    """First cell, counted from the left edge of the table before scrolling sideways."""
    width: int
    right: bool
    gap: int = GAP
    """Cells after it."""


class Layout(msgspec.Struct, frozen=True):
    """The columns of one width."""

    placed: tuple[Placed, ...]
    width: int
    """Cells in all, gutter included, scroll bar not; above the table's where it can be scrolled."""
    fixed: int
    """Cells at the left that stay when the rest is scrolled sideways."""

    @property
    def aging(self) -> tuple[int, int]:
        """The cells that time alone changes, from STATE to AGE; (0, 0) where it changes none.

        In one piece, because each is written to the terminal from the line's beginning.
        """
        cells = [each for each in self.placed if each.column in ("state", "age")]
        if not cells:
            return 0, 0
        return min(each.x for each in cells), max(each.x + each.width for each in cells)

    def column_at(self, x: int, left: int = 0) -> Column | None:
        """The column at cell `x` of a table scrolled sideways by `left` cells."""
        virtual = x if x < self.fixed else x + left
        for placed in self.placed:
            if placed.x <= virtual < placed.x + placed.width + placed.gap:
                return placed.column
        return None

    def find(self, column: Column) -> Placed | None:
        """Where a column stands, None where it does not."""
        return next((placed for placed in self.placed if placed.column == column), None)


def fitted(
    width: int,
    columns: Sequence[Column] = COLUMNS,
    widths: Mapping[Column, int] | None = None,
    needs: Mapping[Column, int] | None = None,
    needed: Sequence[Column] = (),
) -> Layout:
    """As many of `columns` as fit into `width` cells, wide ones where there is room.

    What a person set in `widths` is kept to.  The name column always stays, and those of them
    that are `needed` come before the others.  `needs` are the cells that what stands in the
    columns takes: none is cut while another has blanks.
    """
    room = max(1, width - GUTTER - BAR)
    chosen = widths or {}
    least = {column: chosen.get(column, SPECS[column].least) for column in columns}
    if "target" in needed and "target" in columns:  # its arguments stand at its end
        least["target"] = chosen.get("target", SPECS["target"].usual)
    kept: dict[Column, int] = {}
    dearest = dict.fromkeys(("name", *needed, *WORTH))
    for column in (column for column in dearest if column in columns):
        if not kept:
            kept[column] = min(least[column], room)
        elif sum(kept.values()) + GAP * len(kept) + least[column] <= room:
            kept[column] = least[column]
    order = [column for column in columns if column in kept]
    gaps = _grow(order, kept, room, chosen, needs or {})
    return _place([(column, kept[column], gaps.get(column, GAP)) for column in order])


def _grow(
    order: Sequence[Column],
    kept: dict[Column, int],
    room: int,
    chosen: Mapping[Column, int],
    needs: Mapping[Column, int],
) -> dict[Column, int]:
    """Shares what is left; returns wider gaps.

    First what all need, then the gaps, then everyone's usual width, the rest for TARGET.
    """
    free = [column for column in _SHORTEST_FIRST if column in kept and column not in chosen]
    wants = {column: needs.get(column, SPECS[column].usual) for column in free}
    for column in free:
        kept[column] = min(kept[column], max(SPECS[column].tight, wants[column]))
    spare = room - sum(kept.values()) - GAP * (len(kept) - 1)
    for column in free:
        spare -= _widen(kept, column, min(wants[column], SPECS[column].usual), spare)
    for column in free:
        if column != "target":
            spare -= _widen(kept, column, min(wants[column], SPECS[column].most), spare)
    gaps: dict[Column, int] = {}
    for column, following in pairwise(order):
        if SPECS[column].right and not SPECS[following].right and spare:
            gaps[column] = _WIDE_GAP
            spare -= _WIDE_GAP - GAP
    for column in (*_LIVELY, *free):
        if column in free:
            spare -= _widen(kept, column, SPECS[column].usual, spare)
    last = next((column for column in ("target", "state", "name") if column in free), None)
    if last is not None:
        kept[last] += spare
    return gaps


def _widen(kept: dict[Column, int], column: Column, goal: int, spare: int) -> int:
    """Brings a column nearer to `goal`; how much of `spare` that took."""
    more = max(0, min(spare, goal - kept[column]))
    kept[column] += more
    return more


def stretched(
    width: int,
    target: int,
    columns: Sequence[Column] = COLUMNS,
    widths: Mapping[Column, int] | None = None,
    needs: Mapping[Column, int] | None = None,
) -> Layout:
    """All of `columns`, for scrolling sideways, TARGET at least `target` cells wide."""
    fits = fitted(width, columns, widths, needs)
    chosen = widths or {}
    sizes: list[tuple[Column, int, int]] = []
    for column in columns:
        placed = fits.find(column)
        size = placed.width if placed is not None else chosen.get(column, SPECS[column].usual)
        gap = GAP if placed is None else placed.gap
        sizes.append((column, max(size, target) if column == "target" else size, gap))
    return _place(sizes)


def _place(sizes: Sequence[tuple[Column, int, int]]) -> Layout:
    placed: list[Placed] = []
    x = GUTTER
    for column, size, gap in sizes:
        placed.append(Placed(column, x, size, SPECS[column].right, gap))
        x += size + gap
    fixed = placed[0].x + placed[0].width + GAP if placed and placed[0].column == "name" else GUTTER
    return Layout(tuple(placed), max(x - GAP, GUTTER), fixed)
