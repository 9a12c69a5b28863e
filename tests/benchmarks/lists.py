"""Sort and filter → frame, while 30 % of the rows change each second, beside a DataTable.

Both run in a real terminal.  Ours is sorted by a click on a heading and filtered by a letter of
its filter line; the other by a key for each, which does what its API has for that.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from typing import NamedTuple

from tests.benchmarks.figures import Figures, Scale, distribution
from tests.benchmarks.keys import NAME, screen
from tests.benchmarks.terminals import LINES, Pty, drain

SCALES = {
    "full": Scale((1000, 10_000), rounds=8),
    "quick": Scale((1000,), rounds=4),
    "tiny": Scale((60,), rounds=1),
}
QUIET = 0.2
"""Seconds without output after which what came is looked at: that takes longer than a frame, and
what comes meanwhile would seem to come later."""
PAUSE = (0.6, 0.8)
"""Seconds between two: clicks that follow sooner are a double click."""
_ROW = re.compile(r"w-\d{5}")


class Ways(NamedTuple):
    """What is typed."""

    ready: tuple[bytes, ...]
    """Before sorting: afterwards each of `sort` turns the list round."""
    sort: bytes
    open: bytes
    """Before filtering."""
    filter: tuple[bytes, bytes]
    """To see fewer, and all again."""


TABLE = Ways((), b"s", b"", (b"f", b"f"))


def figures(scale: Scale) -> Figures:
    """Both programs, one after the other, at each number of rows."""
    for count in scale.counts:
        ours, theirs = _measured("ours", count, scale), _measured("datatable", count, scale)
        for what, own, other in zip(("sort", "filter"), ours, theirs, strict=True):
            yield from distribution(f"{what} → frame, {count:,} rows", own, "DataTable", other)


def _measured(which: str, count: int, scale: Scale) -> tuple[list[float], list[float]]:
    """Seconds of each sorting, and of each filtering and going back."""
    with screen(which, count) as term:
        ways = TABLE if which == "datatable" else _ours(term)
        _type(term, ways.ready)
        sorting = [_turned(term, ways.sort) for _ in range(2 * scale.rounds)]
        _type(term, [ways.open])
        filtering = [_turned(term, key) for _ in range(scale.rounds) for key in ways.filter]
        return sorting, filtering


def _ours(term: Pty) -> Ways:
    """The heading is clicked at where it stands (SGR mouse reports, xterm's ctlseqs)."""
    line = next(y for y in range(LINES) if "NAME" in term.line(y))
    at = f"{term.line(line).index('NAME') + 2};{line + 1}"
    click = f"\x1b[<0;{at}M\x1b[<0;{at}m".encode()
    return Ways((click,), click, b"/", (b"9", b"\x7f"))


def _type(term: Pty, keys: Iterable[bytes]) -> None:
    for key in filter(None, keys):
        term.type(key)
        drain([term], 0.5)
    term.draw()


def _turned(term: Pty, key: bytes) -> float:
    """Seconds from a key until other rows stand there."""
    drain([term], random.uniform(*PAUSE))
    term.draw()
    before = _names(term)

    def turned() -> bool:
        return _names(term) != before

    began = term.type(key)
    return term.when(turned, QUIET) - began


def _names(term: Pty) -> list[str]:
    """The names in their order."""
    found = (_ROW.search(term.line(y)[NAME]) for y in range(LINES))
    return [row[0] for row in found if row is not None]
