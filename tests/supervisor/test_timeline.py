"""What the timeline shows of a lesson that really runs."""

from __future__ import annotations

import pytest

from proctui.core.history import History
from proctui.views.lifelines import Segment, lifeline
from proctui.views.timeline import Cell, cells, fitting
from tests.supervisor.classroom import Supervise, classroom

pytestmark = pytest.mark.insides

WIDTH = 80


def lives(drawn: list[Cell]) -> int:
    """Cells from the start to the end of what is drawn."""
    lived = [place for place, cell in enumerate(drawn) if cell]
    return lived[-1] - lived[0] + 1


async def test_four_joins_one_after_another_take_as_long_as_the_longest(
    supervise: Supervise,
) -> None:
    async with classroom("join-all", supervise, quicken=0.5) as room:
        await room.sees(1)
        await room.sees(2, 3)
        await room.until(lambda: all(_joined(past) for past in room.pasts("program")), "for joins")
        children = [lifeline(past) for past in room.pasts("program")]
        past = room.store.history("w:program")
        assert past is not None
        program = lifeline(past, room.row("program"))
    begins = [line.segments[0].start for line in children]
    ends = [end for line in children if (end := line.segments[0].end) is not None]
    assert sorted(round(end - start, 1) for start, end in zip(begins, ends, strict=True)) == [
        pytest.approx(length, abs=0.2) for length in (0.5, 1.0, 1.5, 2.0)
    ]
    window = fitting(min(begins), max(ends), WIDTH)
    drawn = [cells(line, window, max(ends)) for line in children]
    longest, total = max(map(lives, drawn)), sum(map(lives, drawn))
    assert lives([*map(_any, zip(*drawn, strict=True))]) <= longest + 4
    assert total > 2 * longest
    alive = program.segments[0]
    assert isinstance(alive, Segment)
    assert alive.end is not None
    assert alive.end - alive.start < 2.0 + 1.0, "the longest, not the sum of 5"


def _joined(past: History) -> bool:
    """Whether its line ends with that, which may be seen after its parent has ended."""
    moments = lifeline(past).moments
    return bool(moments) and moments[-1].sign == "done"


def _any(column: tuple[Cell, ...]) -> Cell:
    """What all lifelines show in one column, laid over one another."""
    return next((cell for cell in column if cell), "")
