"""How much room what stands in a row takes, and the cells that a state may flow over.  Pure.

Only rows that are drawn are looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from proctui.model import Row
from proctui.tui import text
from proctui.tui.widgets.columns import GAP, Layout, Placed
from proctui.views.view import Column

_EMPTY: tuple[Column, ...] = ("cpu", "mem", "age")
"""Columns that say nothing where there is no process."""
_GLYPH = 2
"""Cells before a name."""
_LONGEST = 100
"""Characters that are looked at: no column gets as wide as that."""


def needs(row: Row, now: float, layout: Layout, beside: int) -> Iterator[tuple[Column, int]]:
    """Cells that its columns take; `beside` are those of tree lines and folds beside the name."""
    yield "name", _cells(row.helper or row.name) + _GLYPH + beside
    yield "pid", len(str(row.pid or ""))
    yield "ppid", len(str(row.sample.ppid)) if row.sample is not None else 0
    yield "exitcode", len(text.exitcode_text(row))
    over = sum(placed.width + GAP for placed in flowing(row, layout.placed))  # gaps may get wider
    yield "state", max(0, _cells(text.shorter(text.state_text(row, now))) - over)
    yield "target", _cells(text.target_text(row))


def widest(rows: Iterable[Row], now: float, layout: Layout) -> dict[Column, int]:
    """What the columns need for all of these, which stand in no tree."""
    found: dict[Column, int] = {}
    for row in rows:
        for column, cells in needs(row, now, layout, 0):
            found[column] = max(cells, found.get(column, 0))
    return found


def _cells(said: str) -> int:
    return text.cells(text.safe(said[:_LONGEST]))


def flowing(row: Row, placed: Iterable[Placed]) -> Iterator[Placed]:
    """The columns behind STATE that a row without a process leaves to it."""
    behind = False
    for each in placed:
        if behind and (row.sample is not None or each.column not in _EMPTY):
            return
        if behind:
            yield each
        behind |= each.column == "state"


def state_cells(row: Row, said: str, placed: tuple[Placed, ...]) -> tuple[str, int]:
    """What STATE says in as many cells as it takes, and how many columns behind it those cover.

    `placed` is STATE and all behind it.
    """
    width, covered, last = placed[0].width, 0, placed[0]
    for each in flowing(row, placed):
        if text.cells(said) <= width:
            break
        width += last.gap + each.width
        covered, last = covered + 1, each
    if text.cells(said) > width or covered:
        brief = text.shorter(said)
        if brief != said:
            return state_cells(row, brief, placed)
    return text.fit(said, width), covered
