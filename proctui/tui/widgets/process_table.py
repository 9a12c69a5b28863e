"""The process table: cursor, tags, folds and mouse on top of what `ProcessLines` draws."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from proctui.model import Row
from proctui.tui.widgets import scrollbar
from proctui.tui.widgets.columns import BAR, GUTTER
from proctui.tui.widgets.process_lines import HEADER
from proctui.tui.widgets.table_header import ColumnsWanted, TableHeader
from proctui.views.view import Column, Predicate

_WHEEL = 3
_SIDE_STEP = 8
_RIGHT_BUTTON = 3


class ProcessTable(TableHeader, can_focus=True):
    """Rows of processes with a cursor that is bound to a process, not to a place.

    `show` brings the rows, `touch` says which changed.  Tags and folds are kept by row
    key; the one who arranges the rows reads `folded` and answers `FoldToggled` and
    `SortRequested` with another `show`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "cursor(-1)", "Up", show=False, id="move_up"),
        Binding("down", "cursor(1)", "Down", show=False, id="move_down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="move_page_up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="move_page_down"),
        Binding("home,g", "first", "First", show=False, id="move_first"),
        Binding("end,G", "last", "Last", show=False, id="move_last"),
        Binding("left", "left", "Fold, scroll left", show=False, id="move_left"),
        Binding("right", "right", "Unfold, scroll right", show=False, id="move_right"),
        Binding("shift+left", "side(-1)", "Scroll left", show=False, id="table.scroll-left"),
        Binding("shift+right", "side(1)", "Scroll right", show=False, id="table.scroll-right"),
        Binding("space", "tag", "Tag", show=False, id="table.tag"),
        Binding("shift+up", "tag_move(-1)", "Tag upwards", show=False, id="table.tag-up"),
        Binding("shift+down", "tag_move(1)", "Tag downwards", show=False, id="table.tag-down"),
        Binding("enter", "activate", "Open", show=False, id="table.activate"),
    ]

    class TableMessage(Message):
        """Base of what the table says."""

        def __init__(self, table: ProcessTable) -> None:
            super().__init__()
            self.table = table

        @property
        def control(self) -> ProcessTable:
            """The table, for `on` selectors."""
            return self.table

    class Highlighted(TableMessage):
        """The cursor stands on another process now; `key` is None where no row is left."""

        def __init__(self, table: ProcessTable, key: str | None) -> None:
            super().__init__(table)
            self.key = key

    class Activated(TableMessage):
        """Enter or a double click on a row."""

        def __init__(self, table: ProcessTable, key: str) -> None:
            super().__init__(table)
            self.key = key

    class ContextMenu(TableMessage):
        """A right click on a row, at these coordinates of the screen."""

        def __init__(self, table: ProcessTable, key: str, x: int, y: int) -> None:
            super().__init__(table)
            self.key = key
            self.x = x
            self.y = y

    class SortRequested(TableMessage):
        """A click on a column's title."""

        def __init__(self, table: ProcessTable, column: Column) -> None:
            super().__init__(table)
            self.column = column

    class FoldToggled(TableMessage):
        """`folded` has changed: the rows must be arranged and shown anew."""

        def __init__(self, table: ProcessTable, key: str, folded: bool) -> None:
            super().__init__(table)
            self.key = key
            self.folded = folded

    class TagsChanged(TableMessage):
        """`tagged` has changed."""

        def __init__(self, table: ProcessTable, tagged: frozenset[str]) -> None:
            super().__init__(table)
            self.tagged = tagged

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """`clock` tells seconds since the epoch; tests bring their own."""
        super().__init__(clock=clock, name=name, id=id, classes=classes)
        self.folded: set[str] = set()
        """Keys of rows whose descendants are hidden; hand it to `view.arrange`."""
        self._anchor: str | None = None
        self._grip: int | None = None

    def need(self, columns: Sequence[Column]) -> None:
        """Keeps these before others, as far as they are chosen, where there is little room."""
        self._sizes.needed = tuple(columns)
        self._fit()

    def cursor_moved(self) -> None:
        """Tells who shows details."""
        self.post_message(self.Highlighted(self, self.cursor_key))

    # ------------------------------------------------------------------------------ tags

    @property
    def tagged(self) -> frozenset[str]:
        """Keys of the tagged rows, also of those that a filter or a fold hides now."""
        return frozenset(self._tags)

    def tag(self, keys: Iterable[str], *, on: bool = True) -> None:
        """Tags rows, or takes their tags away."""
        before = frozenset(self._tags)
        if on:
            self._tags.update(keys)
        else:
            self._tags.difference_update(keys)
        if before != self._tags:
            self._repaint()
            self.post_message(self.TagsChanged(self, self.tagged))

    def toggle_tag(self, key: str | None = None) -> None:
        """Tags a row (default: the cursor's), or takes its tag away."""
        key = self.cursor_key if key is None else key
        if key is not None:
            self._anchor = key
            self.tag([key], on=key not in self._tags)

    def tag_range(self, key: str | None = None) -> None:
        """Tags all rows from the one tagged last to `key` (default: the cursor's)."""
        end = self.place_of(key or self.cursor_key)
        if end is None:
            return
        start = self.place_of(self._anchor)
        first, last = sorted((end if start is None else start, end))
        self.tag(row.key for row in self.rows[first : last + 1])

    def tag_all(self, wanted: Predicate | None = None) -> None:
        """Tags all rows in the list, or those of them that `wanted` picks, context left out."""
        context = self.arrangement.context
        self.tag(
            row.key
            for row in self.rows
            if row.key not in context and (wanted is None or wanted(row))
        )

    def clear_tags(self) -> None:
        """Takes all tags away."""
        self._anchor = None
        self.tag(self.tagged, on=False)

    def retain_tags(self, keys: Collection[str]) -> None:
        """Forgets tags and folds of rows that exist no more; `keys` are those that do."""
        self.folded.intersection_update(keys)
        self.tag([key for key in self._tags if key not in keys], on=False)

    def action_tag(self) -> None:
        """Tags the row and goes on to the next, as in htop."""
        self.toggle_tag()
        self.action_cursor(1)

    def action_tag_move(self, step: int) -> None:
        """Moves and tags all from where tagging began."""
        self._anchor = self._anchor or self.cursor_key
        self.action_cursor(step)
        self.tag_range()

    # ---------------------------------------------------------------------------- moving

    def action_cursor(self, step: int) -> None:
        """Up or down by `step` rows."""
        self._go(self._view.cursor + step)

    def action_page(self, step: int) -> None:
        """Up or down by a screenful less one line."""
        self._go(self._view.cursor + step * max(1, self._view.height - 1))

    def action_first(self) -> None:
        """To the first row."""
        self._go(0)

    def action_last(self) -> None:
        """To the last row."""
        self._go(self._view.count - 1)

    def action_side(self, step: int) -> None:
        """Scrolls sideways."""
        self.scroll_sideways(step * _SIDE_STEP)

    def action_activate(self) -> None:
        """Says that the row under the cursor is wanted."""
        if self.cursor_key is not None:
            self.post_message(self.Activated(self, self.cursor_key))

    def action_left(self) -> None:
        """Scrolls back; else folds; else goes to the row above in the tree."""
        if self.scrolled_sideways:
            self.scroll_sideways(-_SIDE_STEP)
        elif self.can_fold(self.cursor_key):
            self.fold(self.cursor_key)
        elif (row := self.cursor_row) is not None and self.arrangement.tree:
            self.move_to(row.parent)

    def action_right(self) -> None:
        """Unfolds; else scrolls sideways."""
        if self.cursor_key in self.arrangement.hidden:
            self.fold(self.cursor_key, on=False)
        else:
            self.scroll_sideways(_SIDE_STEP)

    def _go(self, index: int) -> None:
        if self._view.count:
            self._move_cursor(index)

    # ----------------------------------------------------------------------------- folds

    def can_fold(self, key: str | None) -> bool:
        """Whether rows stand under this one that could be hidden."""
        return key in self.arrangement.parents and key not in self.arrangement.hidden

    def fold(self, key: str | None, *, on: bool = True) -> None:
        """Hides or shows what descends from a row."""
        if key is None or (key in self.folded) == on:
            return
        self.folded.symmetric_difference_update((key,))
        self.post_message(self.FoldToggled(self, key, on))

    def toggle_fold(self, key: str | None = None) -> None:
        """Folds or unfolds a row (default: the cursor's) that has rows under it."""
        key = self.cursor_key if key is None else key
        if key in self.arrangement.parents:
            self.fold(key, on=key not in self.folded)

    # ----------------------------------------------------------------------------- mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Takes hold of the scroll bar or of a title, or puts the cursor on a row."""
        if event.y < HEADER:
            if event.button == _RIGHT_BUTTON:
                self.post_message(ColumnsWanted())
            else:
                self.hold_title(event)
            return
        if self._on_bar(event):
            self._take_grip(event)
            return
        row = self._row_at(event.y)
        if row is None:
            return
        if event.ctrl or event.x < GUTTER:
            self.toggle_tag(row.key)
        elif event.shift:
            self._anchor = self._anchor or self.cursor_key
            self.tag_range(row.key)
        self.move_to(row.key)
        if event.button == _RIGHT_BUTTON:
            menu = self.ContextMenu(self, row.key, event.screen_x, event.screen_y)
            self.post_message(menu)
        elif self._on_glyph(event, row):
            self.toggle_fold(row.key)

    def on_click(self, event: events.Click) -> None:
        """Sorts by a title, opens a row that was clicked twice."""
        if event.button == _RIGHT_BUTTON or self._on_bar(event):
            return
        if event.y < HEADER:
            if (column := self.click_title(event)) is not None:
                self.post_message(self.SortRequested(self, column))
        elif event.chain == 2 and self._row_at(event.y) is not None:
            self.action_activate()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Lets go of the scroll bar, or of a title."""
        if not self.drop_title(event) and self._grip is not None:
            self._grip = None
            self.release_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drags the scroll bar, or shows what a click would hit."""
        view = self._view
        if self._grip is not None:
            line = event.y - HEADER
            self._scroll_rows_to(scrollbar.top_for(line, self._grip, view.count, view.height))
        elif not self.drag_title(event):
            self._hover_over(event.x, event.y)

    def on_leave(self, event: events.Leave) -> None:
        """Nothing is pointed at any more."""
        self._hover_over(-1, -1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scrolls, sideways with shift; the cursor stays on its process."""
        self._wheel(event, 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Likewise."""
        self._wheel(event, -1)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        """Scrolls sideways."""
        event.stop()
        self.action_side(1)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        """Scrolls sideways."""
        event.stop()
        self.action_side(-1)

    def _wheel(self, event: events.MouseEvent, step: int) -> None:
        event.stop()
        if event.shift:
            self.action_side(step)
        else:
            self._scroll_rows_to(self._view.top + step * _WHEEL)

    def _scroll_rows_to(self, top: int) -> None:
        self._view.scroll_to(top)
        self._repaint()

    def _row_at(self, y: int) -> Row | None:
        index = self._view.top + y - HEADER
        return self.rows[index] if y >= HEADER and index < self._view.count else None

    def _on_bar(self, event: events.MouseEvent) -> bool:
        return event.x >= self.size.width - BAR and self._view.furthest > 0

    def _on_glyph(self, event: events.MouseEvent, row: Row) -> bool:
        """Whether the state's glyph was hit: it folds, for want of a mark of its own."""
        index = self._view.top + event.y - HEADER
        return event.x == GUTTER + len(self.arrangement.guides[index])

    def _take_grip(self, event: events.MouseDown) -> None:
        """Holds the thumb where it was hit, or brings its middle under the mouse."""
        view, line = self._view, event.y - HEADER
        covered = scrollbar.thumb(view.count, view.height, view.top)
        self._grip = line - covered.start if line in covered else len(covered) // 2
        self._scroll_rows_to(scrollbar.top_for(line, self._grip, view.count, view.height))
        self.capture_mouse()

    def _hover_over(self, x: int, y: int) -> None:
        hover = -1 if self._row_at(y) is None else self._view.top + y - HEADER
        if hover != self._hover:
            self._hover = hover
            self._repaint()
        self.hover_title(x, y)
