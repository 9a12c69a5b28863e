"""The titles under the mouse: a border that is dragged sizes its column, a title moves it."""

from __future__ import annotations

from typing import Literal, NamedTuple

from textual import events
from textual.message import Message

from proctui.files.settings import NARROWEST, WIDEST
from proctui.tui.widgets.columns import Layout
from proctui.tui.widgets.process_lines import HEADER, ProcessLines
from proctui.views.view import Column


class ColumnsChanged(Message):
    """Columns were sized or moved: what they are now is to be kept."""

    def __init__(self, columns: tuple[Column, ...], widths: dict[Column, int]) -> None:
        super().__init__()
        self.columns = columns
        self.widths = widths


class ColumnsWanted(Message):
    """A right click on the titles: which columns there are is to be chosen."""


class Hold(NamedTuple):
    """What the button went down on."""

    column: Column
    part: Literal["title", "border"]
    x: int
    width: int
    """Of the column, then."""


class TableHeader(ProcessLines):
    """Adds to the lines what the mouse does with their titles; the table passes its events on."""

    _hold: Hold | None = None
    _title_dragged = False

    def hold_title(self, event: events.MouseDown) -> None:
        """Takes hold of a border or a title."""
        self._title_dragged = False
        column = self._border_at(event.x) or self._title_at(event.x)
        if column is None or (placed := self.column_layout.find(column)) is None:
            return
        part: Literal["title", "border"] = "border" if self._border_at(event.x) else "title"
        self._hold = Hold(column, part, event.x, placed.width)
        self.capture_mouse()

    def drag_title(self, event: events.MouseMove) -> bool:
        """Sizes what is held, or shows where it would go; False where nothing is held."""
        hold = self._hold
        if hold is None:
            return False
        self._title_dragged |= event.x != hold.x
        if hold.part == "border" and self._title_dragged:
            width = min(max(hold.width + event.x - hold.x, NARROWEST), WIDEST)
            if width != self._sizes.chosen.get(hold.column):
                self.set_columns(self._sizes.columns, {**self._sizes.chosen, hold.column: width})
        elif self._title_dragged:
            self._point_at(self._title_at(event.x))
        return True

    def drop_title(self, event: events.MouseUp) -> bool:
        """Lets go; a title that was dragged goes where it is dropped."""
        hold, self._hold = self._hold, None
        if hold is None:
            return False
        self.release_mouse()
        if not self._title_dragged:
            return True
        over = self._title_at(event.x)
        if hold.part == "title" and over is not None and over != hold.column:
            self.set_columns(moved(self._sizes.columns, hold.column, over), self._sizes.chosen)
        elif hold.part == "title":
            return True
        self._tell()
        return True

    def click_title(self, event: events.Click) -> Column | None:
        """The column to sort by; two clicks on a border let its column fit by itself again."""
        if self._title_dragged:
            return None
        border = self._border_at(event.x)
        if border is None:
            return self._title_at(event.x)
        if event.chain == 2 and border in self._sizes.chosen:
            rest = dict(self._sizes.chosen)
            del rest[border]
            self.set_columns(self._sizes.columns, rest)
            self._tell()
        return None

    def hover_title(self, x: int, y: int) -> None:
        """Shows what a click or a drag would hit."""
        inside = 0 <= y < HEADER
        border = self._border_at(x) if inside else None
        if border != self._painter.border:
            self._painter.border = border
            self._repaint_header()
        self._point_at(self._title_at(x) if inside and border is None else None)

    def _point_at(self, title: Column | None) -> None:
        if title != self._hover_title:
            self._hover_title = title
            self._repaint_header()

    def _tell(self) -> None:
        self.post_message(ColumnsChanged(tuple(self._sizes.columns), dict(self._sizes.chosen)))

    def _title_at(self, x: int) -> Column | None:
        return self.column_layout.column_at(x, self.scrolled_sideways)

    def _border_at(self, x: int) -> Column | None:
        """The column whose right border is at this cell."""
        return border_at(self.column_layout, x, self.scrolled_sideways)


def border_at(layout: Layout, x: int, left: int = 0) -> Column | None:
    """The column that ends at cell `x` of a table scrolled sideways by `left`; the last never."""
    virtual = x if x < layout.fixed else x + left
    for placed in layout.placed[:-1]:
        if virtual == placed.x + placed.width:
            return placed.column
    return None


def moved(columns: tuple[Column, ...], column: Column, over: Column) -> tuple[Column, ...]:
    """The columns with one of them where another one stood."""
    rest = [each for each in columns if each != column]
    rest.insert(columns.index(over), column)
    return tuple(rest)
