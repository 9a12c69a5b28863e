"""What stands in each line of the timeline: runs of text with the names of their styles.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from proctui.model import Row
from proctui.tui import text
from proctui.tui.widgets.timeline_style import LEGEND, glyph
from proctui.views.lifelines import Lifeline, Moment
from proctui.views.timeline import Cell, Window, cells, clock, sentence, spans, ticks

GUTTER = 1
"""Cells before the names."""
BAR = 1
"""Cells of the scroll bar, at the right."""
_GAP = 1
_LEAST_NAME, _MOST_NAME = 12, 26
_LOW = 8
"""Lines below which the legend is left out."""
_ENDS = ("done", "crashed", "gone", "failed")


class Run(NamedTuple):
    """Text of the program, or made safe already, in one style."""

    text: str
    styles: tuple[str, ...] = ()


Line = tuple[Run, ...]


def names_width(width: int) -> int:
    """Cells for the names, of so many in all."""
    return max(_LEAST_NAME, min(_MOST_NAME, width // 5))


def first_column(width: int) -> int:
    """Where the lifelines begin."""
    return GUTTER + names_width(width) + _GAP


def columns(width: int) -> int:
    """Cells for the lifelines."""
    return max(1, width - first_column(width) - BAR)


def feet(height: int) -> int:
    """Lines below the lifelines: what is selected, and where there is room the legend."""
    return 2 if height >= _LOW else 1


# ------------------------------------------------------------------------- the axis


def axis(window: Window, width: int, follow: bool) -> Line:
    """The first line: what a cell stands for, and the labels of the axis."""
    room = first_column(width)
    sign = text.plain(" ● ") if follow else "   "
    said = f"{duration(window.scale)}/cell"
    runs = [Run(sign, ("follow",)), Run(text.safe(said, room - len(sign)), ("scale",))]
    at = 0
    for column, label in ticks(window):
        cut = label[: window.width - column]
        if column >= at and len(cut) == len(label):
            runs += [Run(" " * (column - at), ("axis",)), Run(cut, ("axis",))]
            at = column + len(cut)
    return (*runs, Run(" " * (window.width - at + BAR), ("axis",)))


def duration(seconds: float) -> str:
    """``0.2 s``, ``5 s``, ``2 min``, ``4 h``, ``1 d``."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"


# ------------------------------------------------------------------------- a lifeline


class Lane(NamedTuple):
    """One process of the list."""

    row: Row
    guide: str
    line: Lifeline
    cursor: bool = False
    chosen: Moment | None = None
    """The mark that is selected on it."""
    bar: str = ""
    """Its cell of the scroll bar; empty for none."""
    fold: str = ""
    """``folded`` or ``open`` where it stands for many of the gone."""


def lane(one: Lane, window: Window, width: int, now: float, grid: tuple[int, ...]) -> Line:
    """Name and lifeline."""
    base = ("lane",) if one.cursor else ()
    runs = [*_name(one, names_width(width)), Run(" " * _GAP, base)]
    signs = {window.column(each.time) for each in one.line.moments}
    chosen = None if one.chosen is None else window.column(one.chosen.time)
    found = cells(one.line, window, now, grid)
    drawn = [_style(cell, column in signs, column == chosen, base)
             for column, cell in enumerate(found)]  # fmt: skip
    for styles, group in groupby(drawn, key=lambda pair: pair[1]):
        runs.append(Run("".join(pair[0] for pair in group), styles))
    return (*runs, Run(text.plain(one.bar or " "), (*base, "thumb")))


def _style(
    cell: Cell, is_mark: bool, chosen: bool, base: tuple[str, ...]
) -> tuple[str, tuple[str, ...]]:
    if chosen:
        return glyph(cell, mark=is_mark), ("selected",)
    if is_mark:
        return glyph(cell, mark=True), (*base, f"mark-{cell}")
    return glyph(cell), (*base, cell) if cell else base


def _name(one: Lane, room: int) -> Iterator[Run]:
    """Gutter, tree lines, the state's glyph and the name, in one colour under the cursor."""
    row = one.row
    guide = one.guide if len(one.guide) + 6 <= room else text.ellipsis()
    shown = text.safe(row.name, max(0, room - len(guide) - 2))
    ghost = row.gone and row.worker is None
    sign = _last_sign(one.line) if ghost else text.state_glyph(row)
    if one.fold:
        sign = text.plain("▸" if one.fold == "folded" else "▾")
    if one.cursor:
        yield Run(" " * GUTTER + text.plain(guide) + f"{sign} {shown}", ("cursor",))
        return
    look = "faint" if ghost else f"glyph-{text.look(row)}"
    yield Run(" " * GUTTER + text.plain(guide), ("guide",))
    yield Run(f"{sign} ", (look,))
    yield Run(shown, ("faint",) if ghost or row.state.value in _QUIET else ("name",))


_QUIET = ("idle", "ended")


def _last_sign(line: Lifeline) -> str:
    last = line.moments[-1].sign if line.moments else "gone"
    return glyph(last if last in _ENDS else "gone", mark=True)


def empty(window: Window, width: int, grid: tuple[int, ...]) -> Line:
    """A line without a process: the grid alone."""
    shown = [" "] * window.width
    for column in grid:
        shown[column] = glyph("tick")
    runs = (Run("".join(group), ("tick",)) for _, group in groupby(shown))
    return (Run(" " * first_column(width)), *runs)


# ------------------------------------------------------------------------- the last lines


def info(one: Lane | None, said: str, width: int, now: float, previous: str, next: str) -> Line:
    """What is selected: a mark with its moment, or a process and how long it was what."""
    if one is None:
        return (Run(" " * width, ("info",)),)
    name = text.safe(one.line.name)
    if one.row.pid is not None:
        name = f"{name} ({one.row.pid})"
    runs = [Run(" ", ("info",))]
    if one.chosen is not None:
        number = one.line.moments.index(one.chosen) + 1
        runs.append(Run(f"{clock(one.chosen.time)}  ", ("when",)))
        runs += [Run(f"{name}  ", ("who",)), Run(text.safe(said), ("info",))]
        tail = f"{number} of {len(one.line.moments)}  {previous} {next} "
    elif one.fold:
        runs += [Run(f"{name}  ", ("who",)), Run(_between(one.row), ("info",))]
        tail = "Enter: show them " if one.fold == "folded" else "Enter: hide them "
    else:
        runs += [Run(f"{name}  ", ("who",)), Run(_history(one.line, now), ("info",))]
        tail = f"{previous} {next}: marks " if one.line.moments else ""
    return _filled(runs, tail, width)


def _history(line: Lifeline, now: float) -> str:
    """How long it was what."""
    words = {"alive": "alive", "orphaned": "an orphan", "stopped": "stopped",
             "zombie": "a zombie"}  # fmt: skip
    was = [f"{words[kind]} {text.age(seconds)}" for kind, seconds in spans(line, now).items()]
    starts = sum(1 for one in line.moments if one.sign == "start")
    runs = [f"{starts} runs"] if starts > 1 else []
    return ", ".join([*runs, *was]) if was else "has not run"


def _between(row: Row) -> str:
    """When those lived for whom a row stands."""
    first, last = row.started_at or row.first_seen, row.ended_at or row.first_seen
    return f"between {clock(first)} and {clock(last)}"


def _filled(runs: list[Run], tail: str, width: int) -> Line:
    """Cut or filled so that, with `tail` at the right, the line has exactly that width."""
    room = max(0, width - len(tail))
    kept: list[Run] = []
    for run in runs:
        size = text.cells(run.text)
        if size > room:
            kept.append(run._replace(text=text.safe(run.text, room)))
            room = 0
            break
        kept.append(run)
        room -= size
    return (*kept, Run(" " * room + tail[:width], ("info",)))


def legend(width: int) -> Line:
    """What the signs mean, as many as there is room for."""
    runs, room = [Run(" ")], width - 1
    for cell, mark, said in LEGEND:
        if room < len(said) + 4:
            break
        style = f"mark-{cell}" if mark else cell
        runs += [Run(glyph(cell, mark=mark), (style,)), Run(f" {said}  ", ("legend",))]
        room -= len(said) + 4
    return (*runs, Run(" " * room))


def words(moment: Moment, told: str) -> str:
    """What a mark tells: the event's own sentence, or ours; untrusted."""
    return told or sentence(moment)


def find_grid(window: Window) -> tuple[int, ...]:
    """The columns in which the axis has its labels."""
    return tuple(tick.column for tick in ticks(window))


def span_of(lines: Iterable[Lifeline]) -> float | None:
    """When the first thing happened to any of them."""
    return min((one.began for one in lines if one.began is not None), default=None)
