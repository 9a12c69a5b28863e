"""How wide the columns of one table are: what was chosen, and what stood in them so far.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from proctui.model import Row
from proctui.tui import text
from proctui.tui.widgets.columns import Layout, fitted, stretched
from proctui.tui.widgets.needs import needs
from proctui.views.view import COLUMNS, Column


class Widths:
    """Places the columns.

    They grow with what is seen in them at once, and shrink only where all is fitted anew, so that
    nothing jumps to and fro.
    """

    def __init__(self) -> None:
        self.columns: tuple[Column, ...] = COLUMNS
        self.chosen: dict[Column, int] = {}
        """Cells that a person gave to columns."""
        self.needed: tuple[Column, ...] = ()
        """Those that are spoken of, and come before the others."""
        self._needs: dict[Column, int] = {}
        self._target = 0

    def choose(self, columns: Sequence[Column], widths: Mapping[Column, int] | None) -> None:
        """Takes columns, their order and, where given, their widths in cells."""
        self.columns, self.chosen = tuple(columns), dict(widths or {})

    def forget(self) -> None:
        """Nothing was seen in them yet."""
        self._needs.clear()

    def see(self, row: Row, now: float, layout: Layout, beside: int) -> bool:
        """Looks at a row; whether it needs more room than all before.

        `beside` are the cells of tree lines and folds beside its name.
        """
        grown = False
        for column, cells in needs(row, now, layout, beside):
            if cells > self._needs.get(column, 0):
                self._needs[column] = cells
                grown = True
        return grown

    def fitted(self, width: int) -> Layout:
        """What fits into so many cells."""
        self._target = 0
        return fitted(width, self.columns, self.chosen, self._needs, self.needed)

    def stretched(self, width: int, seen: Sequence[Row] = ()) -> Layout:
        """All columns, TARGET as wide as any of the rows `seen` since they last fitted needs."""
        longest = (text.cells(text.safe(text.target_text(row))) for row in seen)
        self._target = max([self._target, *longest])
        return stretched(width, self._target, self.columns, self.chosen, self._needs)
