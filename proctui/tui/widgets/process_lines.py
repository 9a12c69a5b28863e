"""Drawing the process table: a hand-written widget on Textual's line API.

It reads row objects straight from the model and formats nothing that is not drawn.
A line is drawn again only when its *stamp* changes: the row's key and version, its
marks (cursor, tag, tree line, …) and the beat of its ages.  What was drawn is kept, so
scrolling finds its lines ready.  Keys and mouse are `ProcessTable`'s.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, NamedTuple, Self

from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from proctui.model import Row
from proctui.tui import emptiness
from proctui.tui.widgets import scrollbar, succession
from proctui.tui.widgets.cells import beat
from proctui.tui.widgets.columns import Layout, fitted
from proctui.tui.widgets.lines import LinePainter, Mark, fold
from proctui.tui.widgets.palette import Palette
from proctui.tui.widgets.process_style import COMPONENT_CLASSES, CSS, ORNAMENTS
from proctui.tui.widgets.viewport import Viewport
from proctui.tui.widgets.widths import Widths
from proctui.views.view import COLUMNS, Arrangement, Column

HEADER = 1
"""Lines above the first row."""

_KEPT_STRIPS = 256


class Stamp(NamedTuple):
    """What a drawn line shows; as long as it stands the line need not be drawn again."""

    key: str = ""
    version: int = 0
    beat: int = 0
    mark: Mark = Mark()


_NOTHING = Stamp()
_SAID = -1
"""Stands for the version of a row where the line says something instead."""


class ProcessLines(Widget):
    """Lines of processes with a header, a cursor and a scroll offset of their own."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = COMPONENT_CLASSES
    DEFAULT_CSS = CSS

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """`clock` tells seconds since the epoch; tests bring their own."""
        super().__init__(name=name, id=id, classes=classes)
        self._beneath = ""
        self._clock = clock
        self._frozen: float | None = None
        self._now = clock()
        self._arrangement = Arrangement()
        self._places: dict[str, int] | None = None
        self._cursor_key: str | None = None
        self._tags: set[str] = set()
        self._hover = -1
        self._hover_title: Column | None = None
        self._sizes = Widths()
        self._view = Viewport()
        self._palette = Palette(self, "process-table", ORNAMENTS)
        self._painter = LinePainter(self._palette, fitted(1))
        self._strips: dict[Stamp, Strip] = {}
        self._painted: dict[int, Stamp] = {}
        self._drawn: dict[int, Strip] = {}

    # -------------------------------------------------------------------- what is shown

    @property
    def arrangement(self) -> Arrangement:
        """What was shown last."""
        return self._arrangement

    @property
    def rows(self) -> Sequence[Row]:
        """The rows in the order of the screen."""
        return self._arrangement.rows

    @property
    def cursor_key(self) -> str | None:
        """Identity of the row under the cursor; None where there are no rows."""
        return self._cursor_key

    @property
    def cursor_row(self) -> Row | None:
        """The row under the cursor."""
        index = self._view.cursor
        return self._arrangement.rows[index] if index >= 0 else None

    @property
    def visible_rows(self) -> Sequence[Row]:
        """The rows on the screen."""
        view = self._view
        return self._arrangement.rows[view.top : view.top + view.height]

    @property
    def rows_formatted(self) -> int:
        """How many times a row was made into text so far; only rows that are drawn count."""
        return self._painter.rows_formatted

    @property
    def column_layout(self) -> Layout:
        """Where the columns stand now."""
        return self._painter.layout

    @property
    def scrolled_sideways(self) -> int:
        """Cells that all columns but the first are scrolled by."""
        return self._painter.left

    def show(self, arrangement: Arrangement) -> None:
        """Takes another list: after rows came or went, and when order, filter or folds changed.

        The cursor stays on its process.  Where that is gone it goes to the nearest row that
        is left, and `cursor_moved` hears of it.
        """
        before, view = self._arrangement, self._view
        old, self._arrangement = before.rows, arrangement
        if (before.sort, before.reverse) != (arrangement.sort, arrangement.reverse):
            self._repaint_header()
        self._places = None
        top = succession.successor(old, view.top, arrangement, self.place_of)
        cursor = succession.successor(old, view.cursor, arrangement, self.place_of, cursor=True)
        if cursor is None:
            cursor = 0 if arrangement.rows else -1
        view.replace(len(arrangement.rows), cursor, top)
        self._hover = -1
        self._repaint()
        self._take_cursor()

    def touch(self, keys: frozenset[str] | None = None) -> None:
        """These rows changed (None: any may have); draws again what of them is on the screen.

        Costs as much as there are lines on the screen, however many keys there are.
        """
        if keys is None or any(row.key in keys for row in self.visible_rows):
            self._repaint()

    def move_to(self, key: str | None) -> bool:
        """Puts the cursor on a row; False where there is none of that key."""
        index = self.place_of(key)
        if index is None:
            return False
        self._move_cursor(index)
        return True

    def place_of(self, key: str | None) -> int | None:
        """Where in the list a row stands; None where it does not."""
        if self._places is None:  # made when first asked for: most lists are never asked
            self._places = {row.key: index for index, row in enumerate(self.rows)}
        return None if key is None else self._places.get(key)

    def say_beneath(self, said: str) -> None:
        """Says this in the room under the rows; may be untrusted, and of several lines."""
        if said != self._beneath:
            self._beneath = said
            self._repaint()

    def tick(self) -> None:
        """Lets ages advance: to be called each second; draws only cells that time has changed."""
        if self._frozen is None:
            self._now = self._clock()
            self._repaint()

    def freeze(self, when: float | None) -> None:
        """Shows ages as they were at `when` (seconds since the epoch); None lets them run."""
        self._frozen = when
        self._now = self._clock() if when is None else when
        self._repaint()

    def set_columns(
        self, columns: Sequence[Column] = COLUMNS, widths: Mapping[Column, int] | None = None
    ) -> None:
        """Chooses columns, their order and, where given, their widths in cells."""
        self._sizes.choose(columns, widths)
        self._fit()

    def cursor_moved(self) -> None:
        """Called when the cursor stands on another process than before."""

    # ------------------------------------------------------------------------- the cursor

    def _move_cursor(self, index: int) -> None:
        self._view.move_to(index)
        self._repaint()
        self._take_cursor()

    def _take_cursor(self) -> None:
        """Remembers whose row the cursor is on, and tells when that is somebody else now."""
        index = self._view.cursor
        key = self._arrangement.rows[index].key if index >= 0 else None
        if key != self._cursor_key:
            self._cursor_key = key
            self.cursor_moved()

    # --------------------------------------------------------------------------- drawing

    def _stamp(self, y: int) -> Stamp:
        """What line `y` of the widget should show now."""
        view, arrangement = self._view, self._arrangement
        index = view.top + y - HEADER
        if index >= view.count:
            return self._said(y - HEADER)
        row = arrangement.rows[index]
        key = row.key
        mark = Mark(
            arrangement.guides[index],
            arrangement.hidden.get(key),
            index == view.cursor,
            index == self._hover,
            key in self._tags,
            key in arrangement.context,
            scrollbar.cell(y - HEADER, view.count, view.height, view.top),
        )
        return Stamp(key, row.version, beat(row, self._now), mark)

    def _said(self, line: int) -> Stamp:
        """What stands on a line under the rows, which one is left free of."""
        taken = self._view.count and self._view.count + 1
        room = self._view.height - taken
        said = emptiness.line(self._beneath, line - taken, self.size.width, room)
        return Stamp(said, _SAID) if said else _NOTHING

    def render_line(self, y: int) -> Strip:
        """Draws one line, or finds it drawn."""
        if y < HEADER:
            shown = self._arrangement
            return self._painter.header(shown.sort, shown.reverse, self._hover_title)
        stamp = self._stamp(y)
        self._painted[y] = stamp
        if stamp is _NOTHING:
            return self._painter.blank()
        if stamp.version == _SAID:
            return self._painter.message(stamp.key)
        strip = self._strips.get(stamp)
        if strip is None:
            if len(self._strips) >= _KEPT_STRIPS:
                self._strips.clear()
            row = self._arrangement.rows[self._view.top + y - HEADER]
            strip = self._strips[stamp] = self._painter.row(row, stamp.mark, self._now)
        return strip

    def render_lines(self, crop: Region) -> list[Strip]:
        """As Textual's, but its own cache would wrap each line in a new strip, and what was
        made of the old one (filtered, turned into escape sequences) would be lost.

        So the table itself has no border, no padding and no opacity.
        """
        filters, background = self.get_line_filters(), self.background_colors[1]
        width, drawn = self.size.width, self._drawn
        strips: list[Strip] = []
        for y in crop.line_range:
            strip = drawn.get(y)
            if strip is None or strip.cell_length != width:
                strip = self.render_line(y).adjust_cell_length(width, self._palette.style())
                for line_filter in filters:
                    strip = strip.apply_filter(line_filter, background)
                drawn[y] = strip
            strips.append(strip)
        if crop.column_span == (0, width):
            return strips
        return [strip.crop(crop.x, crop.right) for strip in strips]

    def _repaint(self) -> None:
        """Asks for the lines to be drawn whose stamps are not those on the screen."""
        width = self.size.width
        regions: list[Region] = []
        painted, grown = self._painted, False
        for y in range(HEADER, HEADER + self._view.height):
            stamp, before = self._stamp(y), painted.get(y)
            if stamp == before:
                continue
            grown |= self._measure(y)
            aged = before is not None and stamp._replace(beat=before.beat) == before
            region = self._aging(y) if aged else Region(0, y, width, 1)
            last = regions[-1] if regions else region
            if last.bottom == y and last.column_span == region.column_span:
                regions[-1] = last.union(region)  # one block costs Textual less than its lines
            else:
                regions.append(region)
        if grown and self._lay_out():
            return
        if regions:
            self.refresh(*regions)

    def _aging(self, y: int) -> Region:
        """The part of a line that time alone changes."""
        start, end = (0, 0) if self._painter.left else self._painter.layout.aging
        return Region(start, y, (end or self.size.width) - start, 1)

    def _repaint_header(self) -> None:
        self.refresh(Region(0, 0, self.size.width, HEADER))

    def _repaint_all(self) -> None:
        self._strips.clear()
        self._painted.clear()
        self.refresh(self.size.region)

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """As Textual's; without regions it also forgets styles, which may have changed."""
        if not regions and repaint:
            self._forget()
        for region in regions:
            for y in region.line_range:
                self._drawn.pop(y, None)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def notify_style_update(self) -> None:
        """Forgets what was drawn in the old styles."""
        super().notify_style_update()
        self._forget()

    def _forget(self) -> None:
        self._palette.clear()
        self._strips.clear()
        self._painted.clear()
        self._drawn.clear()

    # ---------------------------------------------------------------------------- layout

    def on_mount(self) -> None:
        """Learns what the terminal has."""
        self._painter.mono = self.app.no_color

    def on_resize(self, event: events.Resize) -> None:
        """Fits the columns into the new size."""
        self._view.resize(max(0, self.size.height - HEADER))
        self._fit()

    def _fit(self) -> None:
        """Gives the columns the widths that what is seen now needs."""
        painter = self._painter
        painter.width = self.size.width
        self._sizes.forget()
        if not painter.left:  # what a state may flow over depends on what there is room for
            painter.layout = self._sizes.fitted(painter.width)
        for y in range(HEADER, HEADER + self._view.height):
            self._measure(y)
        self._lay_out()
        self._repaint_all()

    def _measure(self, y: int) -> bool:
        """Looks how much room the row on line `y` takes; whether that is more than any before."""
        index = self._view.top + y - HEADER
        if index >= self._view.count:
            return False
        shown = self._arrangement
        row = shown.rows[index]
        beside = len(shown.guides[index]) + len(fold(shown.hidden.get(row.key)))
        return self._sizes.see(row, self._now, self._painter.layout, beside)

    def _lay_out(self, seen: Sequence[Row] = ()) -> bool:
        """Places the columns; whether that changed anything, and all is drawn again."""
        painter, width = self._painter, self.size.width
        before = painter.layout, painter.left
        if painter.left:
            painter.layout = self._sizes.stretched(width, seen)
            painter.left = min(painter.left, max(0, painter.layout.width - (width - 1)))
        if not painter.left:
            painter.layout = self._sizes.fitted(width)
        if before == (painter.layout, painter.left):
            return False
        self._repaint_all()
        return True

    def scroll_sideways(self, cells: int) -> bool:
        """Scrolls all columns but the first; False where there is nothing more to see."""
        painter = self._painter
        before = painter.left
        painter.left = max(0, before + cells)
        self._lay_out(self.visible_rows)
        self._repaint_all()
        return painter.left != before
