"""Which columns the process table has and how wide they are.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from proctui.views.view import COLUMNS, Column


@dataclass(frozen=True, slots=True)
class Spec:
    """One column: its title and how wide it is in cells."""

    title: str
    least: int
    """Narrower than this it is left out."""
    usual: int
    """What it gets where there is room."""
    most: int
    """What it gets at most where there is a lot of room; TARGET takes what is over."""
    right: bool = False
    """Numbers stand at the right."""


SPECS: dict[Column, Spec] = {
    "name": Spec("NAME", 15, 20, 44),
    "pid": Spec("PID", 7, 7, 7, right=True),
    "ppid": Spec("PPID", 7, 7, 7, right=True),
    "alive": Spec("ALIVE", 5, 5, 5),
    "exitcode": Spec("EXITCODE", 10, 11, 13),
    "daemon": Spec("DAEMON", 6, 6, 6),
    "state": Spec("STATE", 16, 18, 36),
    "cpu": Spec("CPU%", 5, 5, 5, right=True),
    "mem": Spec("MEM", 5, 5, 5, right=True),
    "age": Spec("AGE", 7, 7, 7, right=True),
    "target": Spec("TARGET", 12, 24, 60),
}

WORTH: tuple[Column, ...] = (
    "name", "state", "pid", "exitcode", "alive", "daemon", "age", "cpu", "mem", "target", "ppid",
)  # fmt: skip
"""Which columns stay when room gets scarce, dearest first."""

GAP = 1
"""Cells between two columns."""
GUTTER = 1
"""Cells before the first one, for the mark of a row."""
BAR = 1
"""Cells after the last one, for the scroll bar."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A column where it is drawn."""

    column: Column
    x: int
    """First cell, counted from the left edge of the table before scrolling sideways."""
    width: int
    right: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of one width."""

    placed: tuple[Placed, ...]
    width: int
    """Cells in all, gutter included, scroll bar not; above the table's where it can be scrolled."""
    fixed: int
    """Cells at the left that stay when the rest is scrolled sideways."""

    def column_at(self, x: int, left: int = 0) -> Column | None:
        """The column at cell `x` of a table scrolled sideways by `left` cells."""
        virtual = x if x < self.fixed else x + left
        for placed in self.placed:
            if placed.x <= virtual < placed.x + placed.width + GAP:
                return placed.column
        return None

    def find(self, column: Column) -> Placed | None:
        """Where a column stands, None where it does not."""
        return next((placed for placed in self.placed if placed.column == column), None)


def fitted(
    width: int,
    columns: Sequence[Column] = COLUMNS,
    widths: Mapping[Column, int] | None = None,
    needed: Sequence[Column] = (),
) -> Layout:
    """As many of `columns` as fit into `width` cells, wide ones where there is room.

    What a person set in `widths` is kept to.  The name column always stays, and those of them
    that are `needed` come before the others.
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
    _grow(kept, room, chosen)
    return _place([(column, kept[column]) for column in columns if column in kept])


def _grow(kept: dict[Column, int], room: int, chosen: Mapping[Column, int]) -> None:
    """Shares what is left: first everyone's usual width, then a part each, the rest for TARGET."""
    spare = room - sum(kept.values()) - GAP * (len(kept) - 1)
    free = [column for column in WORTH if column in kept and column not in chosen]
    for column in free:
        more = min(spare, SPECS[column].usual - kept[column])
        kept[column] += max(0, more)
        spare -= max(0, more)
    part = spare // 4
    for column in free:
        if column != "target":
            more = max(0, min(part, spare, SPECS[column].most - kept[column]))
            kept[column] += more
            spare -= more
    for column in ("target", "state", "name"):
        if column in free:
            kept[column] += spare
            return


def stretched(
    width: int,
    target: int,
    columns: Sequence[Column] = COLUMNS,
    widths: Mapping[Column, int] | None = None,
) -> Layout:
    """All of `columns`, for scrolling sideways, TARGET at least `target` cells wide."""
    fits = fitted(width, columns, widths)
    chosen = widths or {}
    sizes: list[tuple[Column, int]] = []
    for column in columns:
        placed = fits.find(column)
        size = placed.width if placed is not None else chosen.get(column, SPECS[column].usual)
        sizes.append((column, max(size, target) if column == "target" else size))
    return _place(sizes)


def _place(sizes: Sequence[tuple[Column, int]]) -> Layout:
    placed: list[Placed] = []
    x = GUTTER
    for column, size in sizes:
        placed.append(Placed(column, x, size, SPECS[column].right))
        x += size + GAP
    fixed = placed[0].x + placed[0].width + GAP if placed and placed[0].column == "name" else GUTTER
    return Layout(tuple(placed), max(x - GAP, GUTTER), fixed)
