"""Which rows stand where: tree, folds, filters, sorting, searching."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctui.model import ProcessSample, Row, State, Worker
from proctui.views.view import (
    COLUMNS,
    Arrangement,
    Column,
    Hidden,
    above,
    arrange,
    below,
    containing,
    is_orphan,
    is_zombie,
    natural,
    next_matching,
    ordered_by,
)


def row(key: str, parent: str | None = None, **changes: object) -> Row:
    known: dict[str, object] = {"name": key, "state": State.SLEEPING, "parent": parent}
    return Row(key=key, **{**known, **changes})  # type: ignore[arg-type]


def sample(pid: int, rss: int = 0, ppid: int = 1) -> ProcessSample:
    return ProcessSample(
        pid=pid, ppid=ppid, pgid=pid, sid=pid, state="S", start_ticks=1, comm="x", rss_bytes=rss
    )


class Forest:
    """Rows with their roots and children, as the store has them."""

    def __init__(self, *rows: Row) -> None:
        self.rows = {row.key: row for row in rows}
        self.roots = [row.key for row in rows if row.parent is None]
        self.kin: dict[str, list[str]] = {}
        for row in rows:
            if row.parent is not None:
                self.kin.setdefault(row.parent, []).append(row.key)

    def children(self, key: str) -> list[str]:
        return self.kin.get(key, [])

    def arrange(
        self,
        *,
        sort: Column | None = None,
        reverse: bool = False,
        tree: bool = True,
        folded: frozenset[str] = frozenset(),
        filter: Callable[[Row], bool] | None = None,
    ) -> Arrangement:
        return arrange(
            self.rows, self.roots, self.children,
            sort=sort, reverse=reverse, tree=tree, folded=folded, filter=filter,
        )  # fmt: skip


def keys(rows: Arrangement | list[Row]) -> list[str]:
    return [row.key for row in rows]


FAMILY = Forest(
    row("a"),
    row("a1", "a"),
    row("a11", "a1", state=State.ZOMBIE),
    row("a12", "a1", orphan=True),
    row("a2", "a"),
    row("b", cpu_percent=5.0),
)


def test_a_tree_has_lines_to_its_rows() -> None:
    shown = FAMILY.arrange()
    assert list(zip(keys(shown), shown.guides, strict=True)) == [
        ("a", ""),
        ("a1", "├ "),
        ("a11", "│ ├ "),
        ("a12", "│ └ "),
        ("a2", "└ "),
        ("b", ""),
    ]
    assert shown.parents == {"a", "a1"}
    assert shown.tree


def test_below_a_last_branch_no_line_goes_on() -> None:
    shown = Forest(row("a"), row("b", "a"), row("c", "b")).arrange()
    assert shown.guides == ["", "└ ", "  └ "]


def test_a_fold_hides_and_counts() -> None:
    shown = FAMILY.arrange(folded=frozenset({"a", "b"}))
    assert keys(shown) == ["a", "b"]
    assert shown.hidden == {"a": Hidden(rows=4, zombies=1, orphans=1)}
    assert shown.parents == {"a"}


def test_a_filter_keeps_what_leads_to_its_matches() -> None:
    shown = FAMILY.arrange(filter=is_zombie, folded=frozenset({"a"}))
    assert keys(shown) == ["a", "a1", "a11"]
    assert shown.context == {"a", "a1"}
    assert shown.guides == ["", "└ ", "  └ "]
    assert keys(FAMILY.arrange(filter=is_zombie, tree=False)) == ["a11"]
    assert keys(FAMILY.arrange(filter=lambda row: False)) == []


def test_a_flat_list_has_the_order_of_the_tree() -> None:
    shown = FAMILY.arrange(tree=False, folded=frozenset({"a"}))
    assert keys(shown) == ["a", "a1", "a11", "a12", "a2", "b"]
    assert set(shown.guides) == {""}
    assert not shown.tree


def test_siblings_are_sorted_among_themselves() -> None:
    shown = FAMILY.arrange(sort="name", reverse=True)
    assert keys(shown) == ["b", "a", "a2", "a1", "a12", "a11"]
    assert (shown.sort, shown.reverse) == ("name", True)


def test_very_deep_chains_are_no_problem() -> None:
    chain = [row("0")] + [row(str(n), str(n - 1)) for n in range(1, 3000)]
    shown = Forest(*chain).arrange()
    assert len(shown) == 3000
    assert max(map(len, shown.guides)) < 60


def test_a_child_that_has_no_row_is_left_out() -> None:
    forest = Forest(row("a"), row("b", "a"))
    forest.kin["a"].append("gone")
    forest.roots.append("gone too")
    shown = forest.arrange(folded=frozenset({"a"}))
    assert shown.hidden["a"].rows == 1
    assert keys(forest.arrange()) == ["a", "b"]


# --------------------------------------------------------------------------------- sorting


@pytest.mark.parametrize(
    ("column", "order"),
    [
        ("name", ["w-2", "w-10", "w-9x"]),
        ("pid", ["w-9x", "w-2", "w-10"]),
        ("mem", ["w-10", "w-9x", "w-2"]),
        ("cpu", ["w-9x", "w-10", "w-2"]),
        ("age", ["w-2", "w-9x", "w-10"]),  # the youngest first
        ("exitcode", ["w-10", "w-9x", "w-2"]),
    ],
)
def test_sorting_by_numbers_with_the_unknown_last(column: Column, order: list[str]) -> None:
    rows = [
        row("w-10", sample=sample(9000, 5), cpu_percent=50.0, started_at=10.0, exitcode=-9),
        row("w-9x", sample=sample(99, 80), cpu_percent=7.0, started_at=20.0, exitcode=0),
        row("w-2", sample=sample(800, 700), cpu_percent=None, started_at=30.0),
    ]
    assert keys(ordered_by(rows, column)) == order
    unknown = "w-2" if column in ("cpu", "exitcode") else None
    known = [key for key in order if key != unknown]
    assert keys(ordered_by(rows, column, reverse=True)) == known[::-1] + [unknown] * bool(unknown)


def test_the_loudest_states_sort_last() -> None:
    rows = [
        row("both", state=State.ZOMBIE, orphan=True),
        row("zombie", state=State.ZOMBIE),
        row("orphan", orphan=True),
        row("running", state=State.RUNNING),
        row("ended", state=State.ENDED),
    ]
    assert keys(ordered_by(rows, "state")) == ["ended", "running", "orphan", "zombie", "both"]


ROWS = st.lists(
    st.builds(
        lambda number, cpu, rss, code, started, state, alive: row(
            f"k{number}",
            sample=None if rss is None else sample(number, rss),
            worker=Worker(id="x", name="x", alive=alive, pid=number, label=f"t{number}"),
            cpu_percent=cpu,
            exitcode=code,
            started_at=started,
            state=state,
        ),
        st.integers(1, 9),
        st.none() | st.floats(0, 100),
        st.none() | st.integers(0, 3),
        st.none() | st.integers(-15, 3),
        st.none() | st.floats(0, 9),
        st.sampled_from(State),
        st.sampled_from([True, False, None]),
    ),
    max_size=30,
)


@given(ROWS, st.sampled_from(COLUMNS), st.booleans())
def test_sorting_keeps_all_rows_and_is_stable(rows: list[Row], column: Column, back: bool) -> None:
    once = ordered_by(rows, column, reverse=back)
    assert sorted(map(id, once)) == sorted(map(id, rows))
    assert list(map(id, ordered_by(once, column, reverse=back))) == list(map(id, once))
    place = {id(row): index for index, row in enumerate(rows)}
    for one, other in pairwise(once):
        if keys(ordered_by([one, other], column)) != keys(ordered_by([other, one], column)):
            assert place[id(one)] < place[id(other)]  # equal ones stay in order


@given(st.text(max_size=8), st.integers(0, 10**30), st.integers(0, 10**30))
def test_names_sort_by_their_numbers(stem: str, one: int, other: int) -> None:
    if stem.rstrip("0123456789") == stem:
        assert (natural(f"{stem}{one}") < natural(f"{stem}{other}")) == (one < other)


def test_a_name_of_ten_thousand_digits_sorts() -> None:
    assert natural("9" * 10_000) > natural("1" * 9_999)


# ------------------------------------------------------------------------------- searching


def test_the_next_match_goes_round() -> None:
    rows = [row("a", state=State.ZOMBIE), row("b"), row("c", state=State.ZOMBIE), row("d")]

    def go(start: str | None, *, backwards: bool = False, inclusive: bool = False) -> str | None:
        found = next_matching(rows, start, is_zombie, backwards=backwards, inclusive=inclusive)
        return None if found is None else found.key

    assert go("a") == "c"
    assert go("c") == "a"
    assert go("d") == "a"
    assert go("a", inclusive=True) == "a"
    assert go("a", backwards=True) == "c"
    assert go("b", backwards=True) == "a"
    assert go("nowhere") == "a"
    assert go(None, backwards=True) == "c"
    assert next_matching(rows, "a", is_orphan) is None
    assert next_matching([], None, is_zombie) is None
    only = [row("x"), row("y", orphan=True)]
    assert next_matching(only, "y", is_orphan) is only[1]


@pytest.mark.parametrize("wanted", ["WORK", "er-7", "crash(3)", "SLEEP 9", "4711", ""])
def test_containing_looks_at_name_target_and_pid(wanted: str) -> None:
    worker = Worker(id="w", name="Worker-7", label="lessons:crash(3)", pid=4711)
    found = row("w", worker=worker, command="sleep 9")
    found.name = "Worker-7"
    assert containing(wanted)(found)
    assert not containing(f"{wanted}?")(found)


def test_what_to_unfold_to_see_a_row() -> None:
    assert above(FAMILY.rows, "a11") == ["a1", "a"]
    assert above(FAMILY.rows, "b") == []
    assert above(FAMILY.rows, "nowhere") == []


def test_everything_below() -> None:
    assert below(FAMILY.children, "a") == ["a1", "a11", "a12", "a2"]
    assert below(FAMILY.children, "b") == []


def test_a_plain_list_is_an_arrangement() -> None:
    shown = Arrangement.flat([row("a"), row("b")])
    assert keys(shown) == ["a", "b"]
    assert shown.guides == ["", ""]
