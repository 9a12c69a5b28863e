"""Windows of time, the axis, and what stands in each cell."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctui.core.history import History, Mark
from proctui.model import Row, State
from proctui.views.lifelines import Lifeline, Moment, Segment, together
from proctui.views.past import KEPT, MANY, WithPast
from proctui.views.timeline import (
    FINE,
    SCALES,
    Window,
    cells,
    clock,
    fitting,
    moment_after,
    moment_before,
    moments_at,
    sentence,
    spans,
    ticks,
)

NOON = 1_700_000_000.0


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def line(*segments: Segment, moments: tuple[Moment, ...] = ()) -> Lifeline:
    return Lifeline("w:a", "a", segments, moments)


def drawn(one: Lifeline, window: Window, now: float) -> str:
    letters = {"": ".", "tick": "'", "alive": "=", "orphaned": ":", "zombie": "#", "start": "*",
               "done": "+", "crashed": "x", "signal": "v", "restart": "r",
               "earlier": "<", "later": ">"}  # fmt: skip
    return "".join(letters[cell] for cell in cells(one, window, now))


# ------------------------------------------------------------------------- windows


@given(st.floats(0, 1e6), st.integers(1, 300))
def test_fitting_shows_everything_as_close_as_it_can(span: float, width: int) -> None:
    window = fitting(NOON - span, NOON, width)
    assert window.column(NOON) == width - 1
    if span <= SCALES[-1] * (width - 2):
        assert window.column(NOON - span) >= 0
    closer = [scale for scale in FINE if scale < window.scale]
    assert all(scale * max(1, width - 2) < NOON - (NOON - span) for scale in closer)


def test_fitting_goes_no_further_than_asked() -> None:
    assert fitting(NOON - 1e6, NOON, 80, widest=10).scale == 10


@given(st.sampled_from(SCALES), st.integers(0, 99), st.sampled_from([-2, -1, 1, 2]))
def test_zooming_keeps_the_moment_where_it_is(scale: float, column: int, steps: int) -> None:
    window = Window(0.0, scale, 100).ending(NOON)
    keep = window.at(column) + scale / 2
    closer = window.zoomed(steps, keep)
    assert abs(closer.column(keep) - column) <= 1


@given(st.sampled_from(SCALES), st.floats(0, 1e5))
def test_while_following_columns_never_shift_by_less_than_a_cell(scale: float, ago: float) -> None:
    one, other = (Window(0.0, scale, 50).ending(when) for when in (NOON, NOON - ago))
    assert (one.start - other.start) / scale == pytest.approx(
        round((one.start - other.start) / scale), abs=1e-3
    )


def test_panning_and_revealing() -> None:
    window = Window(100.0, 1.0, 20)
    assert window.panned(-5).start == 95
    assert window.revealing(110.0) == window
    assert window.revealing(80.0).column(80.0) == 4
    assert window.revealing(150.0).column(150.0) == 15


# ------------------------------------------------------------------------- the axis


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("width", [10, 60, 300])
def test_labels_never_touch_and_stand_where_their_time_is(scale: float, width: int) -> None:
    window = Window(0.0, scale, width).ending(NOON)
    found = ticks(window)
    for one, next_one in pairwise(found):
        assert one.column + len(one.label) < next_one.column
    assert all(0 <= tick.column < width for tick in found)
    if width >= 60 and scale <= 3600:
        assert len(found) >= 2


def test_labels_are_round_times() -> None:
    assert [t.label for t in ticks(Window(NOON, 1.0, 60))][:2] == ["22:13:30", "22:13:45"]
    assert ticks(Window(NOON, 0.02, 60))[1].label == "22:13:20.5"
    assert ticks(Window(NOON, 60.0, 60))[0].label == "22:15"


def test_a_moment_to_the_millisecond() -> None:
    assert clock(NOON + 0.0416) == "22:13:20.042"
    assert clock(NOON + 0.9999) == "22:13:21.000"


# ------------------------------------------------------------------------- cells


def test_segments_fill_their_cells_and_what_lasts_ends_now() -> None:
    window = Window(0.0, 1.0, 12)
    lived = line(Segment("alive", 2, 5), Segment("zombie", 5, None))
    assert drawn(lived, window, 8.0) == "..===####..."


def test_what_began_before_and_what_comes_after_the_window() -> None:
    window = Window(10.0, 1.0, 5)
    assert drawn(line(Segment("alive", 2, 12.5)), window, 99) == "<==.."
    assert drawn(line(Segment("alive", 13, 40)), window, 99) == "...=>"
    assert drawn(line(Segment("alive", 1, 2), Segment("alive", 30, 40)), window, 99) == "<...>"


def test_a_short_zombie_is_seen_and_the_loudest_wins_a_cell() -> None:
    window = Window(0.0, 10.0, 4)
    lived = line(Segment("alive", 0, 21), Segment("zombie", 21, 21.5), Segment("alive", 22, 40))
    assert drawn(lived, window, 99) == "==#="


def test_marks_lie_over_segments_and_the_last_word_over_others() -> None:
    window = Window(0.0, 1.0, 8)
    moments = (Moment(1.0, "start"), Moment(4.0, "signal"), Moment(4.1, "done"))
    assert drawn(line(Segment("alive", 1, 4), moments=moments), window, 99) == ".*==+..."


def test_the_edges_say_that_something_lies_beyond_them() -> None:
    window = Window(100.0, 1.0, 5)
    past = line(Segment("alive", 1, 2), moments=(Moment(1.0, "start"), Moment(2.0, "done")))
    assert cells(past, window, 200.0) == ["earlier", "", "", "", ""]
    assert cells(past, window.panned(-102), 200.0)[-1] == "done", "a mark at the edge stays"
    assert cells(past, window.panned(-105), 200.0) == ["", "", "", "", "later"]
    lives = line(Segment("alive", 1, None), moments=(Moment(1.0, "start"),))
    assert cells(lives, window, 200.0) == ["earlier", *["alive"] * 3, "later"]
    assert cells(lives, window.ending(104.0), 104.0)[-1] == "alive", "nothing is later than now"
    assert cells(line(), window, 200.0) == [""] * 5


def test_the_grid_shows_only_where_nothing_is() -> None:
    found = cells(line(Segment("alive", 0, 2)), Window(0.0, 1.0, 5), 9.0, grid=(1, 4))
    assert found == ["alive", "alive", "alive", "", "tick"]


def test_finding_marks() -> None:
    lived = line(moments=(Moment(1.0, "start"), Moment(1.2, "done"), Moment(5.0, "start")))
    assert list(moments_at(lived, Window(0.0, 1.0, 9), 1)) == [1, 0]
    assert (moment_after(lived, 1.0), moment_after(lived, 9.0)) == (1, None)
    assert (moment_before(lived, 5.0), moment_before(lived, 1.0)) == (1, None)


def test_how_long_it_was_what() -> None:
    lived = line(Segment("alive", 0, 2), Segment("zombie", 2, 3), Segment("alive", 4, None))
    assert spans(lived, 10.0) == {"alive": 8.0, "zombie": 1.0}


def test_sentences() -> None:
    assert sentence(Moment(0, "zombie", "3")) == "ended with exit code 3, not joined yet"
    assert sentence(Moment(0, "orphan", "init")) == "became an orphan: init adopted it"
    assert sentence(Moment(0, "signal", "SIGTERM")) == "got SIGTERM"
    assert sentence(Moment(0, "gone")) == "is gone"


# ------------------------------------------------------------------------- the gone


class Present:
    def __init__(self, *rows: Row) -> None:
        self.rows = {row.key: row for row in rows}

    @property
    def roots(self) -> list[str]:
        return [row.key for row in self.rows.values() if row.parent is None]

    def children(self, key: str) -> list[str]:
        return [row.key for row in self.rows.values() if row.parent == key]


def gone(key: str, parent: str | None, began: float) -> History:
    history = History(key)
    history.name, history.parent, history.ended_at = key, parent, began + 1
    history.mark(Mark(began, "started"))
    return history


def test_the_gone_stand_among_their_siblings_by_start() -> None:
    present = Present(
        Row(key="w:a"), Row(key="p:2", parent="w:a", started_at=2), Row(key="w:b", name="b")
    )
    past = WithPast(
        present, [gone("p:3", "w:a", 3), gone("p:1", "w:a", 1), gone("p:4", "p:1", 1.5)]
    )
    assert past.roots == ["w:a", "w:b"]
    assert past.children("w:a") == ["p:1", "p:2", "p:3"]
    assert past.children("p:1") == ["p:4"]
    assert past.rows["p:1"].gone
    assert past.rows["p:1"].state is State.ENDED


def test_the_gone_of_unknown_parents_stand_last_and_nobody_stands_twice() -> None:
    present = Present(Row(key="w:a"))
    past = WithPast(present, [gone("p:9", "p:77", 5), gone("w:a", None, 1)])
    assert past.roots == ["w:a", "p:9"]
    assert not past.rows["w:a"].gone
    assert "p:9" not in present.rows


def test_of_many_gone_all_but_the_latest_hang_under_a_row_of_their_own() -> None:
    present = Present(Row(key="w:a"), Row(key="p:living", parent="w:a", started_at=0.5))
    short = [gone(f"p:{n}", "w:a", n) for n in range(1, 31)]
    past = WithPast(present, short, bundled=True)
    ((bundle, older),) = past.bundles.items()
    latest = [f"p:{n}" for n in range(31 - KEPT, 31)]
    assert past.children("w:a") == ["p:living", bundle, *latest]
    assert past.children(bundle) == older == [f"p:{n}" for n in range(1, 31 - KEPT)]
    row = past.rows[bundle]
    assert (row.name, row.gone, row.started_at, row.ended_at) == ("25 more ended", True, 1, 26)
    assert not WithPast(present, short[:MANY], bundled=True).bundles
    assert bundle not in present.rows


def test_the_line_of_many_is_what_any_of_them_was() -> None:
    one = Lifeline(
        "a", "a", (Segment("alive", 0, 3), Segment("zombie", 3, 4)), (Moment(3, "zombie"),)
    )
    other = Lifeline(
        "b", "b", (Segment("alive", 2, 5), Segment("alive", 7, 8)), (Moment(2, "start"),)
    )
    line = together("k", "2 more", [one, other])
    assert line.segments == (
        Segment("alive", 0, 5),
        Segment("alive", 7, 8),
        Segment("zombie", 3, 4),
    )
    assert [moment.time for moment in line.moments] == [2, 3]
