"""What is said in the room under the rows: where there are none, and where none of them lives."""

from __future__ import annotations

import pytest

from proctui.model import Counts
from proctui.tui import emptiness
from tests.tui.fakes import Clock
from tests.tui.pictures.scenes import all_ended, all_failed, nothing
from tests.tui.screens import opened


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (Counts(), ""),
        (Counts(workers=2, alive=1, ended=1), ""),
        (Counts(workers=2, ended=1), ""),  # the other was not started yet
        (Counts(workers=2, ended=2, zombies=1), ""),  # there is something louder to say
        (Counts(workers=2, ended=2, orphans=1), ""),
        (Counts(workers=2, failed=2), "None of the 2 workers could be started"),
        (Counts(workers=1, failed=1), "The worker could not be started"),
        (Counts(workers=3, ended=2, failed=1), "All 3 workers have ended"),
        (Counts(workers=1, ended=1), "The worker has ended"),
    ],
)
def test_what_is_said_where_nothing_runs(counts: Counts, said: str) -> None:
    assert emptiness.nothing_runs(counts).split("\n")[0] == said


def block(said: str, width: int, height: int) -> list[str]:
    return [emptiness.line(said, number, width, height) for number in range(height)]


def test_a_block_stands_in_the_upper_middle() -> None:
    assert block("ab\nc", 10, 8) == ["", "", "   ab", "   c", "", "", "", ""]


def test_what_is_too_long_is_broken_and_nothing_is_lost() -> None:
    lines = block("one two three four", 12, 4)
    assert max(map(len, lines)) <= 10
    assert [line.strip() for line in lines if line] == ["one two", "three four"]


def test_where_room_is_short_the_blank_lines_go_first() -> None:
    assert block("title\n\none\ntwo", 12, 3) == ["  title", "  one", "  two"]


def test_where_it_is_shorter_still_the_last_lines_go() -> None:
    assert block("title\n\none\ntwo", 12, 2) == ["  title", "  one"]
    assert block("title\n\none\ntwo", 12, 0) == []


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (120, 40)])
async def test_an_empty_session_tells_how_to_begin(size: tuple[int, int]) -> None:
    async with opened(size, nothing(Clock())) as stage:
        await stage.sees(
            "No workers yet", "n  starts a worker", "b  begins a lesson", "?  explains"
        )


async def test_where_all_failed_the_way_out_is_told_until_one_lives() -> None:
    async with opened((120, 40), all_failed(Clock())) as stage:
        await stage.sees("None of the 4 workers could be started", "r  starts it again")
        stage.kernel.put(40999)
        stage.client.change(
            "job-1", "started", "started as process 40999 (fork)",
            pid=40999, phase="alive", alive=True, failure=None,
        )  # fmt: skip
        await stage.until(lambda: "None of the" not in stage.text(), "the rows alone")


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (120, 40)])
async def test_where_all_ended_it_is_said(size: tuple[int, int]) -> None:
    async with opened(size, all_ended(Clock())) as stage:
        await stage.sees("All 4 workers have ended", "s  starts the worker")
        if size == (120, 40):
            await stage.sees("q  leaves, and ends the session")


async def test_a_filter_without_a_match_says_how_to_get_rid_of_it() -> None:
    async with opened((60, 15)) as stage:
        await stage.press("slash", *"nosuch", "enter")
        await stage.sees("Nothing matches  nosuch", "/  changes the filter", "shows the 10 rows")
        await stage.press("escape")
        await stage.sees("piao-1")


async def test_what_an_ended_session_left_is_counted() -> None:
    async with opened() as stage:
        stage.client.tell("session-ended", None, "the session was ended", by="cli (99)")
        await stage.sees("The session was ended by cli (99). 1 orphan of it is left.")
        stage.kernel.reap(40352)
        await stage.sees("Nothing of it runs any more. q leaves.")
