"""The timeline: one lifeline per process, drawn line by line on Textual's line API.

Only lines that changed are drawn again.  Time is zoomed, panned and followed by the keys;
the cursor is on a process, and may select one of the marks on its lifeline.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.strip import Strip

from proctui.model import Row
from proctui.tui import text
from proctui.tui.chronology import Chronology
from proctui.tui.widgets import scrollbar
from proctui.tui.widgets import timeline_lines as lines
from proctui.tui.widgets.dragging import HEADER, Dragging
from proctui.tui.widgets.looking import Looking
from proctui.tui.widgets.palette import Painted, Palette
from proctui.tui.widgets.timeline_style import COMPONENT_CLASSES, CSS, ORNAMENTS
from proctui.tui.widgets.view import ViewActivated, ViewListed, ViewMoved
from proctui.views.lifelines import Lifeline, Moment
from proctui.views.timeline import Window, moment_after, moment_before, moments_at
from proctui.views.view import Arrangement

_BEAT = 0.25
"""Seconds between two looks at the clock."""
_WHEEL = 3


class Timeline(Painted, Dragging, can_focus=True):
    """Lifelines with a cursor, a window of time and a scroll offset of their own."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = COMPONENT_CLASSES
    DEFAULT_CSS = CSS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "cursor(-1)", "Process above", show=False, id="move_up"),
        Binding("down", "cursor(1)", "Process below", show=False, id="move_down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="move_page_up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="move_page_down"),
        Binding("g", "cursor(-1000000)", "First process", show=False),
        Binding("G", "cursor(1000000)", "Last process", show=False),
        Binding("plus,equals_sign", "zoom(1)", "Zoom in", show=False),
        Binding("minus", "zoom(-1)", "Zoom out", show=False),
        Binding("left", "pan(-1)", "Earlier", show=False, id="move_left"),
        Binding("right", "pan(1)", "Later", show=False, id="move_right"),
        Binding("home", "beginning", "To the beginning", show=False),
        Binding("end", "follow", "Follow what happens now", show=False),
        Binding("0", "fit", "Show everything so far", show=False),
        Binding(
            "right_square_bracket,shift+right", "mark(1)", "Next mark of the process", show=False
        ),
        Binding("left_square_bracket,shift+left", "mark(-1)", "Mark before", show=False),
        Binding("enter", "activate", "Details", show=False),
    ]

    def __init__(
        self, source: Chronology, *, clock: Callable[[], float] = time.time, id: str | None = None
    ) -> None:
        """`clock` tells seconds since the epoch; tests bring their own."""
        super().__init__(id=id)
        self.source = source
        self.placeholder = ""
        """What is said where there are no processes; may be untrusted."""
        self._looking = Looking()
        self._clock = clock
        self._frozen: float | None = None
        self._arrangement = Arrangement()
        self._cursor_key: str | None = None
        self._chosen: Moment | None = None
        self._palette = Palette(self, "timeline", ORNAMENTS)
        self._painted: dict[int, lines.Line] = {}

    # ------------------------------------------------------------------ what is shown

    @property
    def window(self) -> Window:
        """The stretch of time that is seen."""
        return self._looking.window

    @property
    def following(self) -> bool:
        """Whether the right edge is now."""
        return self._looking.following

    @property
    def listed(self) -> bool:
        """Whether it has a list yet; before it was drawn for the first time it has none."""
        return bool(self._arrangement.rows)

    @property
    def cursor_row(self) -> Row | None:
        """The row under the cursor; `gone` where nothing of the process is left."""
        index = self.view.cursor
        return self._arrangement.rows[index] if index >= 0 else None

    @property
    def chosen(self) -> Moment | None:
        """The mark that is selected."""
        return self._chosen

    @property
    def now(self) -> float:
        """Seconds since the epoch; stands still while the display is paused."""
        return self._clock() if self._frozen is None else self._frozen

    def freeze(self, when: float | None) -> None:
        """Shows everything as it was at `when`; None lets time run."""
        self._frozen = when
        self.update()

    def update(self) -> None:
        """Something may have changed, or time has gone by: draws the lines that differ."""
        if not self.size.width or not self.display:
            return
        self._looking.place(lines.columns(self.size.width), self.now, self.source.began())
        arrangement = self.source.arrange(self.window)
        if arrangement is not self._arrangement:
            self._arrange(arrangement)
        self._repaint()

    def move_to(self, key: str | None) -> bool:
        """Puts the cursor on a process; False where it is not listed.

        Before anything is listed it is remembered for when something is.
        """
        place = self._place_of(key)
        if place is None:
            if not self.listed:
                self._cursor_key = key
            return False
        self._go(place)
        return True

    def _place_of(self, key: str | None) -> int | None:
        rows = self._arrangement.rows
        return next((i for i, row in enumerate(rows) if row.key == key), None)

    def _arrange(self, arrangement: Arrangement) -> None:
        old, self._arrangement = self.view.cursor, arrangement
        count = len(arrangement.rows)
        cursor = self._place_of(self._cursor_key)
        if cursor is None:
            cursor = self._place_of(self.source.stands_for(self._cursor_key))
        if cursor is None:
            cursor = max(0, min(old, count - 1)) if count else -1
        if count != self.view.count:
            self.post_message(ViewListed())
        self.view.replace(count, cursor, None)
        self._take_cursor()

    def _take_cursor(self) -> None:
        row = self.cursor_row
        key = None if row is None else row.key
        if key != self._cursor_key:
            self._cursor_key, self._chosen = key, None
            self.post_message(ViewMoved(row))

    # ------------------------------------------------------------------ the window

    def action_zoom(self, steps: int) -> None:
        """Closer or further, around the selected mark, else around now or the middle."""
        seen = self._chosen is not None and self._looking.shows(self._chosen.time)
        around = self._chosen.time if self._chosen is not None and seen else None
        self._looking.zoom(steps, self.now, around)
        self.update()

    def action_pan(self, step: int) -> None:
        """Earlier or later by an eighth; not beyond now."""
        self._looking.pan(step, self.now)
        self.update()

    def action_beginning(self) -> None:
        """To where the first thing happened."""
        began = self.source.began()
        if began is not None:
            self._looking.begin(began, self.now)
            self.update()

    def action_follow(self) -> None:
        """The right edge is now, from now on."""
        self._looking.follow(self.now)
        self.update()

    def action_fit(self) -> None:
        """Everything so far, also later."""
        self._looking.fit()
        self.update()

    # ------------------------------------------------------------------ cursor and marks

    def action_cursor(self, step: int) -> None:
        """Up or down by `step` processes."""
        self._go(self.view.cursor + step)

    def action_page(self, step: int) -> None:
        """Up or down by a screenful less one line."""
        self._go(self.view.cursor + step * max(1, self.view.height - 1))

    def action_activate(self) -> None:
        """Says that the process under the cursor is wanted, or shows whom its row stands for."""
        row = self.cursor_row
        if row is not None and self.source.fold_of(row.key):
            self.source.toggle(row.key)
            self.update()
        elif row is not None:
            self.post_message(ViewActivated())

    def action_mark(self, step: int) -> None:
        """To the next mark of the process, or the one before; begins with what is seen."""
        line = self._cursor_line()
        if line is None or not line.moments:
            return
        if self._chosen in line.moments:
            index = line.moments.index(self._chosen) + step
        elif step > 0:
            index = _or(moment_after(line, self.window.start - 1e-9), len(line.moments) - 1)
        else:
            index = _or(moment_before(line, self.window.end), 0)
        self._choose(line, max(0, min(len(line.moments) - 1, index)))

    def _choose(self, line: Lifeline, index: int) -> None:
        self._chosen = line.moments[index]
        if self._looking.reveal(self._chosen.time, self.now):
            self.update()
        self._repaint()

    def unchoose(self) -> bool:
        """Leaves the mark; False where none is selected."""
        was, self._chosen = self._chosen, None
        self._repaint()
        return was is not None

    def _cursor_line(self) -> Lifeline | None:
        row = self.cursor_row
        if row is None or self.source.fold_of(row.key):
            return None  # what happened to many can't be told of one
        return self.source.line(row)

    def _go(self, index: int) -> None:
        self.view.move_to(index)
        self._take_cursor()
        self._repaint()

    # ------------------------------------------------------------------ mouse

    def dragged(self, window: Window) -> None:
        """Shows the stretch of time to which the mouse has dragged it; not beyond now."""
        self._looking.drag(window, self.now)
        self.update()

    def scroll_rows_to(self, top: int) -> None:
        """Shows the list from this row on; the cursor stays where it is."""
        self.view.scroll_to(top)
        self._repaint()

    def on_click(self, event: events.Click) -> None:
        """Selects a process, and the mark that was hit; twice on a process opens its details."""
        if self.was_dragged:
            return
        index = self.view.top + event.y - HEADER
        if not 0 <= event.y - HEADER < self.view.height or index >= self.view.count:
            return
        self._go(index)
        self._chosen = None
        line, column = self._cursor_line(), event.x - lines.first_column(self.size.width)
        if line is not None and 0 <= column < self.window.width:
            near = (column, column - 1, column + 1)
            hit = (i for at in near for i in moments_at(line, self.window, at))
            if (found := next(hit, None)) is not None:
                self._chosen = line.moments[found]
        if column < 0 and (event.chain == 2 or self._on_fold(event.x, index)):
            self.action_activate()
        self._repaint()

    def _on_fold(self, x: int, index: int) -> bool:
        """Whether the sign was hit that shows and hides whom a row stands for."""
        arrangement = self._arrangement
        fold = self.source.fold_of(arrangement.rows[index].key)
        return bool(fold) and x == lines.GUTTER + len(arrangement.guides[index])

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Zooms out over the lifelines, scrolls over the names, goes later with shift."""
        self._wheel(event, 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Likewise, the other way."""
        self._wheel(event, -1)

    def _wheel(self, event: events.MouseEvent, step: int) -> None:
        event.stop()
        column = event.x - lines.first_column(self.size.width)
        if event.shift:
            self.action_pan(step)
        elif column >= 0:
            around = self.window.at(min(column, self.window.width - 1))
            self._looking.zoom(-step, self.now, around)
            self.update()
        else:
            self.scroll_rows_to(self.view.top + step * _WHEEL)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        """Earlier."""
        event.stop()
        self.action_pan(-1)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        """Later."""
        event.stop()
        self.action_pan(1)

    # ------------------------------------------------------------------ drawing

    def _lines(self) -> dict[int, lines.Line]:
        """What every line of the widget should show now."""
        width, height, now = self.size.width, self.size.height, self.now
        window, view = self.window, self.view
        found = {0: lines.axis(window, width, self.following)}
        grid = lines.find_grid(window)
        under: lines.Lane | None = None
        for index in range(view.top, min(view.count, view.top + view.height)):
            one = self._lane(index)
            y = HEADER + index - view.top
            found[y] = lines.lane(one, window, width, now, grid)
            under = one if one.cursor else under
        if under is None and view.cursor >= 0:
            under = self._lane(view.cursor)
        for index in range(view.count, view.top + view.height):
            found[HEADER + index - view.top] = lines.empty(window, width, grid)
        if not view.count:
            said = text.safe(self.placeholder, max(0, width - 1))
            found[HEADER] = (lines.Run(" "), lines.Run(said, ("placeholder",)))
        for number, line in enumerate(reversed(lines.legend(width, height))):
            found[height - 2 - number] = line
        if height > HEADER + 1:
            chosen = self._chosen
            said = "" if chosen is None else lines.words(chosen, self.source.told(chosen.seq))
            found[height - 1] = lines.info(under, said, width, now)
        return found

    def _lane(self, index: int) -> lines.Lane:
        arrangement, view = self._arrangement, self.view
        row = arrangement.rows[index]
        cursor = index == view.cursor
        bar = scrollbar.cell(index - view.top, view.count, view.height, view.top)
        return lines.Lane(
            row,
            arrangement.guides[index],
            self.source.line(row),
            cursor,
            self._chosen if cursor else None,
            "▐" if bar == "thumb" else "",
            self.source.fold_of(row.key),
        )

    def _repaint(self) -> None:
        """Asks for the lines to be drawn that are not as they should be."""
        before, self._painted = self._painted, self._lines()
        width = self.size.width
        changed = [
            Region(0, y, width, 1)
            for y in range(self.size.height)
            if before.get(y) != self._painted.get(y)
        ]
        if changed:
            self.refresh(*changed)

    def render_line(self, y: int) -> Strip:
        """One line, as it was found to be."""
        style, width = self._palette.style, self.size.width
        runs = self._painted.get(y, ())
        strip = Strip([Segment(run.text, style(*run.styles)) for run in runs])
        return strip.adjust_cell_length(width, style())

    def on_mount(self) -> None:
        """Lets time go by."""
        self.set_interval(_BEAT, self.update)

    def on_show(self) -> None:
        """Catches up with what happened unseen."""
        self.update()

    def on_resize(self, event: events.Resize) -> None:
        """Fits into the new size."""
        height = self.size.height
        self.view.resize(max(0, height - HEADER - lines.feet(self.size.width, height)))
        self._painted.clear()
        self.update()


def _or(index: int | None, otherwise: int) -> int:
    return otherwise if index is None else index
