"""Draws the lines of the process table: one header, one strip per row."""

from __future__ import annotations

from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from proctui.model import Row
from proctui.tui import text
from proctui.tui.widgets.cells import CELLS, Tone
from proctui.tui.widgets.columns import BAR, GAP, GUTTER, SPECS, Layout, Placed
from proctui.tui.widgets.needs import state_cells
from proctui.tui.widgets.palette import Palette
from proctui.tui.widgets.scrollbar import BarCell
from proctui.views.view import Column, Hidden

_EDGE = "▌"
_MONO_EDGES = {"zombie": "▒", "orphan": "░"}
_TAG = "◆"
_THUMB = "▐"
_LOUD = ("zombie", "orphan")
_MARKED_LOOKS = ("zombie", "orphan", "failed")


class Mark(NamedTuple):
    """Everything beside the row itself that decides what its line looks like."""

    guide: str = ""
    hidden: Hidden | None = None
    cursor: bool = False
    hover: bool = False
    tagged: bool = False
    context: bool = False
    bar: BarCell = ""


class LinePainter:
    """Makes strips for one layout; `rows_formatted` counts the rows it has made text of."""

    def __init__(self, palette: Palette, layout: Layout) -> None:
        self.palette = palette
        self.layout = layout
        self.left = 0
        """Cells that everything but the first column is scrolled sideways by."""
        self.width = 0
        """Cells of the table, scroll bar included."""
        self.mono = False
        """No colours: loud rows get shaded edges instead."""
        self.border: Column | None = None
        """The column whose right border the mouse could take hold of."""
        self.rows_formatted = 0

    # ------------------------------------------------------------------ header

    def header(self, sort: Column | None, reverse: bool, hover: Column | None) -> Strip:
        """The line of titles, the sorted one marked."""
        pieces = _Pieces()
        base = self.palette.style("header")
        pieces.add(" " * GUTTER, base)
        for placed in self.layout.placed:
            classes = ["header"]
            if placed.column == sort:
                classes.append("sorted")
            if placed.column == hover:
                classes.append("header-hover")
            mark = "" if placed.column != sort else text.plain("▼" if reverse else "▲")
            title, style = _title(placed, mark), self.palette.style(*classes)
            if placed.column == self.border:
                title = (title[: placed.width] + text.plain("│")).ljust(len(title))
            pieces.add(title, style)
        return self._finish(pieces, base, " " * BAR, base)

    # -------------------------------------------------------------------- rows

    def row(self, row: Row, mark: Mark, now: float) -> Strip:
        """One row's line, exactly as wide as the table."""
        self.rows_formatted += 1
        paint = _Paint(self.palette, row, mark)
        pieces = _Pieces()
        pieces.add(self._gutter(paint), paint.edge)
        columns = self.layout.placed
        at = 0
        while at < len(columns):
            placed = columns[at]
            at += 1
            if placed.column == "name":
                self._name(pieces, placed, paint)
                continue
            shown, tone = CELLS[placed.column](row, now)
            if placed.column == "state":
                fitted, covered = state_cells(row, text.plain(shown), columns[at - 1 :])
                at += covered
                placed = columns[at - 1]
            else:
                fitted = text.fit(text.plain(shown), placed.width, right=placed.right)
            pieces.add(fitted + " " * placed.gap, paint.style(tone))
        bar, bar_style = self._bar(paint)
        return self._finish(pieces, paint.style(""), bar, bar_style)

    def blank(self) -> Strip:
        """A line without a row."""
        return Strip([Segment(" " * self.width, self.palette.style())], self.width)

    def message(self, said: str) -> Strip:
        """A line that says why there are no rows; `said` may be untrusted."""
        style = self.palette.style("placeholder")
        shown = text.safe(said, max(0, self.width - 2 * GUTTER))
        return Strip([Segment(f"{' ' * GUTTER}{shown}{' ' * GUTTER}", style)], None)

    def _gutter(self, paint: _Paint) -> str:
        if paint.mark.tagged:
            return text.plain(_TAG)
        if paint.look not in _MARKED_LOOKS:
            return " "
        return text.plain(_MONO_EDGES.get(paint.look, _EDGE) if self.mono else _EDGE)

    def _bar(self, paint: _Paint) -> tuple[str, Style]:
        if paint.mark.bar == "thumb":
            return text.plain(_THUMB), paint.style("", "thumb")
        if self.mono and paint.look in _LOUD:
            return text.plain(_MONO_EDGES[paint.look]), paint.edge
        return " ", paint.style("")

    def _name(self, pieces: _Pieces, placed: Placed, paint: _Paint) -> None:
        """Tree lines, glyph, name, and what a fold hides."""
        mark = paint.mark
        folded = fold(mark.hidden)
        guide = _short_guide(mark.guide, placed.width - len(folded) - 8)
        room = placed.width - len(guide) - 2 - len(folded)
        if room < 1:
            guide, folded, room = "", "", placed.width - 2
        name = paint.row.helper or paint.row.name  # TARGET may have no room
        shown = text.safe(name, max(0, room)).rstrip(" ") if folded else ""
        shown = shown or text.safe(name, max(0, room))
        rest = max(0, room - text.cells(shown))
        pieces.add(text.plain(guide), paint.style("", "guide"))
        pieces.add(text.state_glyph(paint.row)[: placed.width], paint.glyph)
        pieces.add((" " + shown)[: placed.width], paint.style("name"))
        if folded:
            loud = mark.hidden is not None and (mark.hidden.zombies or mark.hidden.orphans)
            pieces.add(text.plain(folded), paint.style("bad" if loud else "dim"))
        pieces.add(" " * (rest + GAP), paint.style(""))

    def _finish(self, pieces: _Pieces, base: Style, bar: str, bar_style: Style) -> Strip:
        """Scrolls sideways, cuts and fills to the table's width, and adds the bar."""
        inner = max(0, self.width - BAR)
        if not self.left and inner >= self.layout.width:
            # Each strip comes with seven caches: the fewer are made on the way, the better.
            pieces.end(GAP)
            pieces.add(" " * (inner - self.layout.width), base)
            pieces.add(bar, bar_style)
            return Strip(pieces.segments(), self.width)
        line = Strip(pieces.segments())
        if self.left:
            fixed = min(self.layout.fixed, inner)
            moved = line.crop(fixed + self.left, self.left + inner)
            line = Strip.join([line.crop(0, fixed), moved])
        line = line.adjust_cell_length(inner, base)
        return Strip([*line, Segment(bar, bar_style)], self.width)


class _Paint:
    """The styles of one row."""

    def __init__(self, palette: Palette, row: Row, mark: Mark) -> None:
        self.palette = palette
        self.row = row
        self.mark = mark
        self.look = text.look(row)
        self.loud = self.look in _LOUD
        self.base = self._base()

    def _base(self) -> tuple[str, ...]:
        mark = self.mark
        if mark.cursor:
            return (f"cursor-{self.look}",) if self.loud else ("cursor",)
        base: tuple[str, ...] = (self.look,) if self.loud else ()
        if mark.tagged and not self.loud:
            base += ("tagged",)
        if mark.hover:
            base += ("hover",)
        if mark.context or self.row.gone or self.look == "ended":
            base += ("faint",)
        return base

    @property
    def quiet(self) -> bool:
        """Whether the row's own style says all: tones would only be harder to read on it."""
        return self.loud or self.mark.cursor

    def style(self, tone: Tone, extra: str = "") -> Style:
        """The style of a cell."""
        if self.quiet and tone != "name":
            return self.palette.style(*self.base)
        if extra:
            return self.palette.style(*self.base, extra)
        if tone and not (tone in ("name", "dim") and "faint" in self.base):
            return self.palette.style(*self.base, tone)
        return self.palette.style(*self.base)

    @property
    def glyph(self) -> Style:
        """The style of the state's glyph."""
        if self.quiet:
            return self.palette.style(*self.base, "name")
        return self.palette.style(*self.base, f"glyph-{self.look}")

    @property
    def edge(self) -> Style:
        """The style of the first cell."""
        if self.mark.tagged:
            return self.palette.style(*self.base, "" if self.mark.cursor else "tag")
        if self.mark.cursor or self.look not in _MARKED_LOOKS:
            return self.palette.style(*self.base)
        return self.palette.style(*self.base, f"edge-{self.look}")


class _Pieces:
    """Collects text and joins neighbours of the same style: fewer segments, less to write."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._styles: list[Style] = []

    def add(self, shown: str, style: Style) -> None:
        if not shown:
            return
        if self._styles and self._styles[-1] is style:
            self._texts[-1] += shown
        else:
            self._texts.append(shown)
            self._styles.append(style)

    def end(self, gap: int) -> None:
        """Takes the gap after the last column away."""
        self._texts[-1] = self._texts[-1][:-gap]

    def segments(self) -> list[Segment]:
        return list(map(Segment, self._texts, self._styles))


def _title(placed: Placed, mark: str) -> str:
    """A column's title with its sort mark, which may use the gap at the right."""
    title = SPECS[placed.column].title
    if placed.right:
        return (mark + title).rjust(placed.width)[-placed.width :] + " " * placed.gap
    return (title + mark).ljust(placed.width + placed.gap)[: placed.width + placed.gap]


def fold(hidden: Hidden | None) -> str:
    """`` ▸3`` where three rows are hidden, with the loud ones among them counted."""
    if hidden is None:
        return ""
    loud = f" Z{hidden.zombies}" if hidden.zombies else ""
    loud += f" O{hidden.orphans}" if hidden.orphans else ""
    return f" ▸{hidden.rows}{loud}"


def _short_guide(guide: str, room: int) -> str:
    """Tree lines of a deep row, cut at the left so that some of the name is always seen."""
    if len(guide) <= room:
        return guide
    return "…" + guide[len(guide) - room + 1 :] if room > 2 else ""
