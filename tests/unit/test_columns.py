"""How wide the columns of the table are: what stands in them is not cut beside blanks."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctui.tui.widgets.columns import BAR, GAP, GUTTER, SPECS, Layout, fitted
from proctui.views.view import COLUMNS, Column

LITTLE: dict[Column, int] = {
    "name": 9, "pid": 5, "ppid": 5, "exitcode": 4, "state": 12, "target": 20
}  # fmt: skip


def sizes(layout: Layout) -> dict[Column, int]:
    return {placed.column: placed.width for placed in layout.placed}


@pytest.mark.parametrize("width", [60, 80, 90, 120])
@pytest.mark.parametrize(
    ("column", "cells"), [("exitcode", 11), ("state", 18), ("name", 16), ("pid", 7)]
)
def test_who_needs_more_gets_what_others_have_in_blanks(
    width: int, column: Column, cells: int
) -> None:
    assert sizes(fitted(width, needs={**LITTLE, column: cells}))[column] >= cells


def test_a_state_gets_more_than_usual_from_blanks_and_not_from_what_is_needed() -> None:
    needs: dict[Column, int] = {**LITTLE, "state": 30, "target": 24}
    got = sizes(fitted(120, needs=needs))
    assert got["state"] > SPECS["state"].usual
    assert got["target"] == 24
    assert got["name"] < SPECS["name"].usual


def test_with_room_all_get_what_is_usual_and_the_rest_is_the_targets() -> None:
    got = sizes(fitted(300, needs=LITTLE))
    assert all(got[column] == SPECS[column].usual for column in COLUMNS if column != "target")
    assert got["target"] > 100


def test_what_a_state_says_of_a_failure_is_seen_where_there_is_room() -> None:
    assert sizes(fitted(300, needs={**LITTLE, "state": 58}))["state"] == 58


@pytest.mark.parametrize(("width", "wide"), [(80, set()), (120, {"ppid", "age"})])
def test_numbers_and_words_stand_apart_where_there_is_room(width: int, wide: set[Column]) -> None:
    needs: dict[Column, int] = {**LITTLE, "name": 15, "state": 18, "exitcode": 11}
    layout = fitted(width, needs=needs)
    apart = {
        one.column for one, other in pairwise(layout.placed) if other.x - one.x - one.width > 1
    }
    assert apart == wide
    for one, other in pairwise(layout.placed):
        assert layout.column_at(other.x - 1) == one.column


@given(
    st.integers(1, 320),
    st.dictionaries(st.sampled_from(COLUMNS), st.integers(0, 120)),
    st.dictionaries(st.sampled_from(COLUMNS), st.integers(3, 60), max_size=2),
)
def test_all_fit_and_what_was_chosen_is_kept(
    width: int, needs: dict[Column, int], chosen: dict[Column, int]
) -> None:
    layout = fitted(width, COLUMNS, chosen, needs)
    same = fitted(width, COLUMNS, chosen)
    assert [each.column for each in layout.placed] == [each.column for each in same.placed]
    assert layout.width <= max(width - BAR, GUTTER + 1)
    for one, other in pairwise(layout.placed):
        assert other.x == one.x + one.width + one.gap >= one.x + one.width + GAP
    for placed in layout.placed[1:]:
        assert placed.width == chosen.get(placed.column, placed.width)
