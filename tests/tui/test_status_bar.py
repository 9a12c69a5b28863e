"""The status bar: what it says, how it says it shorter, what its badges do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len
from textual.message import Message
from textual.pilot import Pilot

from proctui.model import Counts
from proctui.tui.widgets.status_bar import Status, StatusBar
from proctui.tui.widgets.status_line import compose
from tests.tui.rows import HOSTILE, NOW, Stage, lines

COUNTS = Counts(
    workers=8, alive=5, ended=2, failed=1, zombies=2, orphans=1, cpu_percent=12.3,
    rss_bytes=340 << 20,
)  # fmt: skip
USUAL = Status(session="lessons", counts=COUNTS)
EVERYTHING = Status(
    session="lessons", counts=COUNTS, machine_cpu=31.0, machine_used=4 << 30,
    machine_total=24 << 30, paused_since=NOW - 12, filter="state:zombie", shown=2, tagged=3,
    lost_since=NOW - 100,
)  # fmt: skip


def said(status: Status, width: int) -> str:
    return "".join(piece.text for piece in compose(status, width, NOW))


def test_the_usual_line() -> None:
    assert " ".join(said(USUAL, 120).split()) == (
        "proctui lessons 8 workers 5 alive 2 ended 1 failed 2 ZOMBIES 1 ORPHAN cpu 12% rss 340M"
    )


def test_everything_at_once() -> None:
    shown = said(EVERYTHING, 220)
    for sign in (
        "SUPERVISOR GONE 1:40", "PAUSED 0:12", "filter: state:zombie (2)", "3 tagged",
        "machine 31% 4.0G/24G", "2 ZOMBIES", "1 ORPHAN",
    ):  # fmt: skip
        assert sign in shown


def test_what_is_not_known_yet_is_not_counted() -> None:
    assert said(Status(session="lessons", counts=None), 80).split() == ["proctui", "lessons"]


def test_how_long_the_supervisor_has_been_gone_is_said_only_where_it_was_seen() -> None:
    gone = Status(session="lessons", lost_since=NOW - 100)
    assert "SUPERVISOR GONE 1:40" in said(gone, 120)
    unseen = said(replace(gone, lost_seen=False), 120)
    assert "SUPERVISOR GONE" in unseen
    assert "1:40" not in unseen


def test_watched_processes_are_no_workers() -> None:
    shown = said(
        Status(session="make (12)", counts=Counts(zombies=1), of="processes", listed=3), 80
    )
    assert " ".join(shown.split()) == "proctui make (12) 3 processes 1 ZOMBIE cpu 0% rss 0"


def test_of_the_machine_only_zombies_and_orphans_are_counted() -> None:
    """Figures of the session beside them would be read as the machine's."""
    machine = Status(
        session="machine, own", counts=COUNTS, of="machine", machine_cpu=31.0,
        machine_used=4 << 30, machine_total=24 << 30,
    )  # fmt: skip
    assert " ".join(said(machine, 120).split()) == (
        "proctui machine, own 2 ZOMBIES 1 ORPHAN machine 31% 4.0G/24G"
    )


def test_one_is_no_plural_and_nothing_is_not_said() -> None:
    one = said(Status(counts=Counts(workers=1, alive=1, zombies=1, orphans=2)), 120)
    assert "1 worker " in one
    assert "1 ZOMBIE " in one
    assert "2 ORPHANS" in one
    quiet = said(Status(counts=Counts(workers=3)), 120)
    assert "0 alive" in quiet
    for absent in ("ZOMBIE", "ORPHAN", "failed", "ended", "PAUSED", "filter", "tagged", "GONE"):
        assert absent not in quiet


@pytest.mark.parametrize(
    ("width", "badges"), [(120, "2 ZOMBIES 1 ORPHAN"), (60, "2 ZOMBIES 1 ORPHAN"), (16, "2Z 1O")]
)
def test_zombies_and_orphans_are_said_to_the_last(width: int, badges: str) -> None:
    shown = " ".join(said(USUAL, width).split())
    assert badges in shown


@pytest.mark.parametrize("width", [80, 60, 50])
def test_a_lost_supervisor_is_said_to_the_last(width: int) -> None:
    assert "GONE" in said(EVERYTHING, width)
    assert "2" in said(EVERYTHING, width)


TEXTS = st.text(max_size=60) | st.just(HOSTILE)
NUMBERS = st.integers(0, 10**6)


@given(
    st.builds(
        Status,
        session=TEXTS,
        counts=st.builds(
            Counts, workers=NUMBERS, alive=NUMBERS, ended=NUMBERS, failed=NUMBERS,
            zombies=NUMBERS, orphans=NUMBERS, cpu_percent=st.floats(0, 1e5), rss_bytes=NUMBERS,
        ),
        machine_cpu=st.none() | st.floats(0, 100),
        machine_used=NUMBERS,
        machine_total=NUMBERS,
        paused_since=st.none() | st.floats(0, 2e9),
        filter=TEXTS,
        shown=st.none() | NUMBERS,
        tagged=NUMBERS,
        lost_since=st.none() | st.floats(0, 2e9),
    ),
    st.integers(0, 200),
)  # fmt: skip
def test_the_line_is_exactly_as_wide_as_the_screen(status: Status, width: int) -> None:
    shown = said(status, width)
    assert cell_len(shown) == width
    assert "\x1b" not in shown


@asynccontextmanager
async def bar(width: int = 120) -> AsyncIterator[tuple[StatusBar, Pilot[None], list[Message]]]:
    kinds = (StatusBar.NextZombie, StatusBar.NextOrphan, StatusBar.Pressed)
    stage = Stage(StatusBar(clock=lambda: NOW), *kinds)
    async with stage.run_test(size=(width, 3), message_hook=stage.hear) as pilot:
        assert isinstance(stage.widget, StatusBar)
        yield stage.widget, pilot, stage.heard


async def test_badges_can_be_clicked() -> None:
    async with bar() as (widget, pilot, heard):
        widget.show(EVERYTHING)
        await pilot.pause()
        for word, kind, what in (
            ("ZOMBIES", StatusBar.NextZombie, None),
            ("ORPHAN", StatusBar.NextOrphan, None),
            ("filter", StatusBar.Pressed, "filter"),
            ("PAUSED", StatusBar.Pressed, "paused"),
        ):
            heard.clear()
            await pilot.click(StatusBar, offset=(lines(widget)[0].index(word), 0))
            await pilot.pause()
            (message,) = heard
            assert type(message) is kind
            assert what is None or getattr(message, "what", None) == what
        heard.clear()
        await pilot.click(StatusBar, offset=(lines(widget)[0].index("lessons"), 0))
        assert heard == []


async def test_a_resize_says_it_shorter() -> None:
    async with bar() as (widget, pilot, _):
        widget.show(USUAL)
        await pilot.pause()
        assert "cpu 12%" in lines(widget)[0]
        await pilot.resize_terminal(50, 3)
        await pilot.pause()
        assert "cpu" not in lines(widget)[0]
        assert "2 ZOMBIES" in lines(widget)[0]
        assert widget.shown_text == lines(widget)[0]


async def test_the_same_line_is_not_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with bar() as (widget, pilot, _):
        widget.show(USUAL)
        await pilot.pause()
        drawn = []
        monkeypatch.setattr("textual.widget.Widget.refresh", lambda *found, **_: drawn.append(1))
        widget.show(Status(session="lessons", counts=COUNTS))
        assert drawn == []
        widget.show(EVERYTHING)
        assert drawn == [1]
