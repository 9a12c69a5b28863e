"""What stands in each line of the timeline: runs of text with the names of their styles.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
_LOW, _TALL = 8, 12
"""Lines below which the legend is left out, and from which on it may have two."""
_HINTS = (
    "+ - zoom  ← → pan  0 all  [ ] marks ",
    "+ - zoom  ← → pan  [ ] marks ",
    "+ - ← → 0 [ ] ",
)
"""The keys of the timeline, shorter and shorter."""
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


def feet(width: int, height: int) -> int:
    """Lines below the lifelines: what is selected, and where there is room the legend."""
    return 1 + len(legend(width, height))


# ------------------------------------------------------------------------- the axis


def axis(window: Window, width: int, follow: bool) -> Line:
    """The first line: what a cell stands for, and the labels of the axis."""
    room = first_column(width)
    said = f" {duration(window.scale)}/cell"
    live = " live" if follow and len(said) + len(" live") < room else ""
    runs = [Run(said, ("scale",)), Run(live.ljust(room - len(said)), ("follow",))]
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


def info(one: Lane | None, said: str, width: int, now: float) -> Line:
    """What is selected: a mark with its moment, or a process and how long it was what.

    At the right the keys, as many as there is room for.
    """
    if one is None:
        return _filled([], _HINTS, width)
    name = text.safe(one.line.name)
    if one.row.pid is not None:
        name = f"{name} ({one.row.pid})"
    runs = [Run(" ", ("info",))]
    if one.chosen is not None:
        number = one.line.moments.index(one.chosen) + 1
        runs.append(Run(f"{clock(one.chosen.time)}  ", ("when",)))
        runs += [Run(f"{name}  ", ("who",)), Run(text.safe(said), ("info",))]
        count = f"{number} of {len(one.line.moments)}  "
        tails = [f"{count}{hints}" for hints in _HINTS]
    elif one.fold:
        runs += [Run(f"{name}  ", ("who",)), Run(_between(one.row), ("info",))]
        tails = ["Enter: show them " if one.fold == "folded" else "Enter: hide them "]
    else:
        runs += [Run(f"{name}  ", ("who",)), Run(_history(one.line, now), ("info",))]
        tails = list(_HINTS)
    return _filled(runs, tails, width)


def _history(line: Lifeline, now: float) -> str:
    """How long it was what."""
    words = {"alive": "alive", "orphaned": "an orphan", "stopped": "stopped",
             "zombie": "a zombie", "unseen": "not looked at for"}  # fmt: skip
    lasted = spans(line, now)
    least = {"zombie": text.AT_LEAST} if "unseen" in lasted else {}
    was = [
        f"{words[kind]} {least.get(kind, '')}{text.age(seconds)}"
        for kind, seconds in lasted.items()
    ]
    starts = sum(1 for one in line.moments if one.sign == "start")
    runs = [f"{starts} runs"] if starts > 1 else []
    return ", ".join([*runs, *was]) if was else "has not run"


def _between(row: Row) -> str:
    """When those lived for whom a row stands."""
    first, last = row.started_at or row.first_seen, row.ended_at or row.first_seen
    return f"between {clock(first)} and {clock(last)}"


def _filled(runs: list[Run], tails: Sequence[str], width: int) -> Line:
    """Cut or filled so that, with one of `tails` at the right, the line has exactly that width.

    That is the first that leaves room for all the rest, else the last.
    """
    used = sum(text.cells(run.text) for run in runs)
    fitting = (tail for tail in tails if used + 2 + len(tail) <= width)
    tail = text.plain(next(fitting, tails[-1]))
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


def legend(width: int, height: int) -> list[Line]:
    """What the signs mean, in as many lines as a timeline of that height has room for."""
    most = 0 if height < _LOW else 1 if height < _TALL else 2
    found: list[Line] = []
    items = list(LEGEND)
    while items and len(found) < most:
        last = len(found) == most - 1
        runs, room = [Run(" ")], width - 1
        while items and len(items[0][2]) + 4 <= room - (1 if last and len(items) > 1 else 0):
            cell, mark, said = items.pop(0)
            style = f"mark-{cell}" if mark else cell
            runs += [Run(glyph(cell, mark=mark), (style,)), Run(f" {said}  ", ("legend",))]
            room -= len(said) + 4
        if last and items and room > 0:
            runs.append(Run(text.ellipsis(), ("legend",)))
            room -= 1
        found.append((*runs, Run(" " * max(0, room))))
    return found


def words(moment: Moment, told: str) -> str:
    """What a mark tells: the event's own sentence, or ours; untrusted."""
    return told or sentence(moment)


def find_grid(window: Window) -> tuple[int, ...]:
    """The columns in which the axis has its labels."""
    return tuple(tick.column for tick in ticks(window))


def span_of(lines: Iterable[Lifeline]) -> float | None:
    """When the first thing happened to any of them."""
    return min((one.began for one in lines if one.began is not None), default=None)
