"""How many lines the list has, and how many the panes under it.  Pure.

The list has what it needs and some lines more; the panes have the rest.  It keeps its height
while processes come and go: the panes move when the terminal changes, when rows would be out of
sight, and when far fewer are left.
"""

from __future__ import annotations

_HEAD = 1
"""Lines of the list that are no rows."""
_SPARE, _SPARE_SHARE = 3, 3
"""Free lines under the last row at least, and the part of the rows that may come besides."""
_FALLOW = 12
"""Free lines more than that, from which on the list gives some back."""
_LOW = 33
"""Lines for both below which the panes have at least `_PANES_LOW`, else a share of them."""
_PANES_LOW, _PANES_SHARE = 9, 0.4
_LIST_LOW, _LIST = 8, 11
"""Lines that the list has at least: room also for the words that stand where no rows are."""


class Room:
    """The lines of the list, as they were told last."""

    def __init__(self) -> None:
        self._lines = 0
        self._both = 0

    def panes(self, both: int, rows: int, *, filtered: bool = False) -> int:
        """Lines for the panes, of `both` together, where the list has so many rows.

        While it is `filtered` nothing shrinks: the next letter may bring the rows back.
        """
        wanted = _wanted(both, rows)
        fits = rows + _HEAD <= self._lines
        fallow = self._lines - wanted > _FALLOW and not filtered
        if both != self._both or fallow or (not fits and wanted > self._lines):
            self._both, self._lines = both, wanted
        return max(0, both - self._lines)


def _wanted(both: int, rows: int) -> int:
    """Lines for the list."""
    panes = max(_PANES_LOW, round(both * _PANES_SHARE)) if both >= _LOW else _PANES_LOW
    least = _LIST if both >= _LOW else _LIST_LOW
    needed = _HEAD + rows + max(_SPARE, rows // _SPARE_SHARE)
    return max(1, min(max(needed, least), both - panes))
