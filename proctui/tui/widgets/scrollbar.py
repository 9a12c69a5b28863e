"""A scroll bar one cell wide, drawn as the last cell of each line.  Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

BarCell = Literal["", "track", "thumb"]
"""What of the bar a line shows; "" where everything fits and there is none."""


@lru_cache(maxsize=16)
def thumb(rows: int, height: int, top: int) -> range:
    """The lines that the thumb covers; empty where all `rows` fit into `height` lines."""
    if rows <= height or height <= 0:
        return range(0)
    length = max(1, height * height // rows)
    space = height - length
    furthest = rows - height
    # The ends are touched only when there is really nothing beyond them.
    start = (top * space + furthest // 2) // furthest
    if top > 0:
        start = max(start, 1 if space > 1 else 0)
    if top < furthest:
        start = min(start, space - 1 if space > 1 else space)
    return range(start, start + length)


def cell(line: int, rows: int, height: int, top: int) -> BarCell:
    """What `line`, counted from the first row's, shows of the bar."""
    covered = thumb(rows, height, top)
    if not covered:
        return ""
    return "thumb" if line in covered else "track"


def top_for(line: int, grip: int, rows: int, height: int) -> int:
    """The first row to show when the thumb, held `grip` lines below its start, is at `line`."""
    covered = thumb(rows, height, 0)
    space = height - len(covered)
    if not covered or space <= 0:
        return 0
    furthest = rows - height
    return max(0, min(furthest, round((line - grip) * furthest / space)))
