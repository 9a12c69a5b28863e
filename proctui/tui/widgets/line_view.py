"""A pane of many lines of which only those in sight are ever rendered: base of log and events."""

from __future__ import annotations

from collections import deque
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from proctui.tui import text


class _Piece(NamedTuple):
    """One screen line: which line of the content, and from which cell on."""

    number: int
    """Counted from the first line there ever was."""
    start: int


class LineView(ScrollView, can_focus=True):
    """Shows lines that a subclass makes on demand; stays at the end while it stands there."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"line-view--match"}

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_up", "Up", show=False, id="move_up"),
        Binding("down", "scroll_down", "Down", show=False, id="move_down"),
        Binding("left", "scroll_left", "Left", show=False, id="move_left"),
        Binding("right", "scroll_right", "Right", show=False, id="move_right"),
        Binding("pageup", "page_up", "Page up", show=False, id="move_page_up"),
        Binding("pagedown", "page_down", "Page down", show=False, id="move_page_down"),
        Binding("home,g", "scroll_home", "To the beginning", show=False, id="move_first"),
        Binding("end,G", "scroll_end", "To the end", show=False, id="move_last"),
    ]

    DEFAULT_CSS = """
    LineView {
        scrollbar-size: 1 1;
        overflow-x: auto;
        overflow-y: auto;
    }
    """

    cut: ClassVar[bool] = False
    """Lines are as wide as the pane, whatever they hold: nothing needs to be measured."""

    follows: ClassVar[bool] = False
    """Whether it keeps its end in sight until somebody scrolls up."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.following = self.follows
        """Whether the end is kept in sight; ends by scrolling up, begins again at the end."""
        self._adjusting = False
        self.wrapping = False
        self.marked: str = ""
        """Text that is highlighted wherever it stands."""
        self._pieces: deque[_Piece] = deque()
        self._known = 0
        self._widest = 0

    # ------------------------------------------------------------------ for the subclass

    def line_count(self) -> int:
        """How many lines there are; none, until a subclass has some."""
        return 0

    def first_number(self) -> int:
        """How many lines stood before the first and were given up."""
        return 0

    def line_text(self, index: int) -> Text:
        """One line; what it holds must have come through `text.safe`."""
        return Text()

    def lines_changed(self) -> None:
        """Everything may be different: measures and draws anew."""
        self._pieces.clear()
        self._widest = 0
        self._known = self.first_number()
        self.lines_added()

    def lines_added(self) -> None:
        """Lines came at the end, and maybe some were given up at the beginning."""
        first, count = self.first_number(), self.line_count()
        given_up = self._give_up(first)
        start = max(self._known, first)
        for number in range(start, first + count):
            self._measure(number, 0 if self.cut else self.line_text(number - first).cell_len)
        self._known = max(start, first + count - 1)  # the last line may still grow
        self.virtual_size = Size(self._widest, len(self._pieces))
        if self.following:
            self._to_end()
        elif given_up and self.scroll_y:
            self._adjust(max(0.0, self.scroll_y - given_up))
        self.refresh()

    # ------------------------------------------------------------------ scrolling

    def _adjust(self, y: float) -> None:
        """Scrolls without that meaning anything."""
        self._adjusting = True
        try:
            self.scroll_to(y=y, animate=False, immediate=True, force=True)
        finally:
            self._adjusting = False

    def _to_end(self) -> None:
        self._adjust(max(0, len(self._pieces) - self.scrollable_content_region.height))

    def watch_show_horizontal_scrollbar(self, _: bool) -> None:
        """The bar takes a line away, or gives it back."""
        if self.following:
            self.call_after_refresh(self._to_end)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Scrolling up ends the following, arriving at the end begins it again."""
        super().watch_scroll_y(old_value, new_value)
        if not self._adjusting:
            self.following = self.follows and new_value >= self.max_scroll_y

    # ------------------------------------------------------------------ measuring

    def _give_up(self, first: int) -> int:
        dropped = 0
        while self._pieces and self._pieces[0].number < first:
            self._pieces.popleft()
            dropped += 1
        return dropped

    def _measure(self, number: int, cells: int) -> None:
        while self._pieces and self._pieces[-1].number >= number:
            self._pieces.pop()
        width = self.scrollable_content_region.width
        if self.wrapping and width > 0:
            self._pieces.extend(_Piece(number, at) for at in range(0, max(cells, 1), width))
            return
        self._pieces.append(_Piece(number, 0))
        self._widest = max(self._widest, cells)

    def on_resize(self, event: events.Resize) -> None:
        """Wrapped lines break elsewhere in another width."""
        if self.wrapping:
            self.lines_changed()
        elif self.following:
            self._to_end()

    def set_wrapping(self, wrapping: bool) -> None:
        """Breaks long lines instead of letting them run out of sight."""
        self.wrapping = wrapping
        self.scroll_to(x=0, animate=False, immediate=True)
        self.lines_changed()

    def show_line(self, index: int) -> None:
        """Brings a line into sight."""
        number = self.first_number() + index
        for y, piece in enumerate(self._pieces):
            if piece.number == number:
                height = self.scrollable_content_region.height
                if not self.scroll_y <= y < self.scroll_y + height:
                    self.scroll_to(y=max(0, y - height // 2), animate=False, immediate=True)
                break
        self.refresh()

    # ------------------------------------------------------------------ drawing

    def render_line(self, y: int) -> Strip:
        """One screen line."""
        scroll_x, scroll_y = self.scroll_offset
        width, base = self.size.width, self.rich_style
        y += scroll_y
        if y >= len(self._pieces):
            return Strip.blank(width, base)
        shown = self._row(y)
        if self.marked:
            shown.highlight_words([self.marked], self._mark_style(), case_sensitive=False)
        self._stylize_selection(shown, y)
        strip = Strip(shown.render(self.app.console), shown.cell_len)
        room = self.scrollable_content_region.width
        if strip.cell_length > scroll_x + room > 0:  # it goes on beyond the edge
            strip = Strip([*strip.crop(0, scroll_x + room - 1), Segment(text.ellipsis())])
        strip = strip.crop_extend(scroll_x, scroll_x + width, base).apply_style(base)
        return strip.apply_offsets(scroll_x, y)

    def _row(self, y: int) -> Text:
        piece = self._pieces[y]
        shown = self.line_text(piece.number - self.first_number())
        if self.wrapping:
            width = self.scrollable_content_region.width
            shown = _between(shown, piece.start, piece.start + width)
        shown.no_wrap, shown.end = True, ""
        return shown

    def _mark_style(self) -> Style:
        return self.get_component_rich_style("line-view--match", partial=True)

    # ------------------------------------------------------------------ copying with the mouse

    @property
    def allow_select(self) -> bool:
        """The mouse marks text here, ctrl+c copies it."""
        return True

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The marked text."""
        rows = "\n".join(self._row(y).plain for y in range(len(self._pieces)))
        return selection.extract(rows), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Draws what is marked now."""
        self.refresh()

    def _stylize_selection(self, shown: Text, y: int) -> None:
        selection = self.text_selection
        if selection is None or (span := selection.get_span(y)) is None:
            return
        start, end = span
        style = self.screen.get_component_rich_style("screen--selection")
        shown.stylize(style, start, len(shown) if end == -1 else end)


def _between(shown: Text, start: int, end: int) -> Text:
    """The part of a line that stands between two cells."""
    if shown.cell_len == len(shown):
        return shown[start:end]
    position, first, last = 0, None, len(shown)
    for index, character in enumerate(shown.plain):
        if first is None and position >= start:
            first = index
        if position >= end:
            last = index
            break
        position += text.cells(character)
    return shown[len(shown) if first is None else first : last]
