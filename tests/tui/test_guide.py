"""The guide through a lesson, and starting lessons from the screen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.widgets import OptionList

from proctui.lessons import LESSONS, TOPICS, Lesson, find
from proctui.sessions.client import ConnectionLost
from proctui.sessions.session import SessionPaths
from proctui.tui import keymap, visiting
from proctui.tui.feed import Feed
from proctui.tui.screens.help import Help
from proctui.tui.screens.lessons import LessonPicker
from proctui.tui.screens.new_worker import NewWorker
from proctui.tui.screens.workers import WorkersScreen
from proctui.tui.visiting import NotStarted
from proctui.tui.widgets.guide import Guide
from tests.tui.fakes import Clock
from tests.tui.lesson_scene import (
    CHILDREN,
    end_what_it_left,
    kill_grandparent,
    left_behind,
    orphan_tree,
)
from tests.tui.screens import Stage, opened


@asynccontextmanager
async def lesson(size: tuple[int, int] = (120, 40)) -> AsyncIterator[tuple[Stage, Guide]]:
    """The program with the lesson `orphan-tree`."""
    async with opened(size, orphan_tree(Clock())) as stage:
        yield stage, stage.workers.guide


def step(guide: Guide, number: int) -> str:
    """The first line of a step: its mark, its number, the beginning of its words."""
    marks = tuple(f"{mark} {number} " for mark in "✓►○")
    return next(line for line in guide.lines if line.startswith(marks))


async def ticked(stage: Stage, guide: Guide, *numbers: int) -> None:
    """Waits until exactly these steps are ticked off."""
    steps = range(1, 5)

    def so() -> bool:
        return [n for n in steps if step(guide, n)[0] == "✓"] == list(numbers)

    await stage.until(so, f"{numbers} ticked, where there is {guide.lines}")


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_steps_tick_when_they_are_observed_and_only_then(size: tuple[int, int]) -> None:
    async with lesson(size) as (stage, guide):
        await ticked(stage, guide, 1)
        assert step(guide, 2).startswith("► 2 Press  k  on grandparent")
        assert step(guide, 3).startswith("○ 3")
        stage.clock.now += 3600  # time alone ticks nothing
        stage.client.change("grandparent", "changed", "nothing of importance")
        await stage.pilot.pause(0.6)
        await ticked(stage, guide, 1)
        kill_grandparent(stage.client, stage.kernel)
        await ticked(stage, guide, 1, 2, 3)
        end_what_it_left(stage.kernel)
        await ticked(stage, guide, 1, 2, 3, 4)
        await stage.sees("Every step was seen.")


async def test_ending_what_a_worker_left_takes_whole_subtrees() -> None:
    async with opened((120, 40), left_behind(Clock())) as stage:
        guide = stage.workers.guide
        await ticked(stage, guide, 1, 2, 3)
        await stage.sees(" O  End what it left behind")
        await stage.press("O")
        await stage.sees("End what grandparent left behind?", "child-1", "grandchild-1")
        await stage.press("y")
        await stage.until(lambda: len(stage.kernel.signals) == 4, "signals")
        assert sorted(stage.kernel.signals) == [(pid, 15) for pid in sorted(CHILDREN)]
        await ticked(stage, guide, 1, 2, 3, 4)
        await stage.told("4 of 4 gone")


async def test_what_was_seen_stays_seen() -> None:
    async with lesson() as (stage, guide):
        await ticked(stage, guide, 1)
        end_what_it_left(stage.kernel)
        await stage.until(lambda: len(stage.workers.feed.store.rows) == 1)
        await ticked(stage, guide, 1, 4)


async def test_it_says_what_is_about_to_happen_and_why() -> None:
    async with lesson() as (stage, guide):
        await ticked(stage, guide, 1)
        said = " ".join(" ".join(guide.lines).split())
        taught = find("orphan-tree")
        assert taught.explanation in said
        for one in taught.steps[:2]:
            assert one.why in said
        assert taught.steps[2].why not in said  # nothing is given away


async def test_it_stands_beside_the_list_or_above_it() -> None:
    async with lesson() as (stage, guide):
        await ticked(stage, guide, 1)
        table = stage.workers.table
        assert guide.region.x == table.region.right
        assert guide.region.bottom == stage.app.size.height - 1
        await stage.pilot.resize_terminal(80, 24)
        await stage.until(lambda: guide.region.bottom == table.region.y)
        assert guide.region.width == 80
        assert table.region.height >= 4
        await stage.until(lambda: "► 2 Press  k  on" in stage.text())


async def test_it_is_folded_with_a_key() -> None:
    async with lesson((80, 24)) as (stage, guide):
        await ticked(stage, guide, 1)
        before = guide.region.height
        await stage.press("w")
        await stage.until(lambda: guide.region.height == 1)
        await stage.sees("1 of 4", "► Press k on")
        await stage.until(lambda: stage.text().splitlines()[2].rstrip().endswith("w unfolds"))
        await stage.press("w")
        await stage.until(lambda: guide.region.height == before)


async def test_it_is_scrolled_to_the_step_that_is_due() -> None:
    async with lesson((120, 28)) as (stage, guide):
        await ticked(stage, guide, 1)
        kill_grandparent(stage.client, stage.kernel)
        await stage.sees("► 4 Put the cursor on")
        guide.focus()
        await stage.press("home")
        await stage.sees("What a killed worker leaves behind")
        assert "► 4" not in stage.text()


async def test_it_names_the_keys_that_are_in_force() -> None:
    async with lesson() as (stage, guide):
        await ticked(stage, guide, 1)
        keymap.put_in_force({"kill": ("K",)})
        try:
            stage.client.change("grandparent", "changed", "so that there is news")
            await stage.sees("► 2 Press  K  on")
        finally:
            keymap.put_in_force({})


async def test_a_summary_is_shown() -> None:
    async with lesson() as (stage, guide):
        lecture = stage.workers.teaching.lecture
        assert lecture is not None
        guide.show(lecture.lesson, lecture.seen, "The program took 4.0 s.")
        await stage.sees("The program took 4.0 s.")


async def test_other_sessions_have_none() -> None:
    async with opened() as stage:
        assert not stage.workers.guide.display
        await stage.press("w")
        await stage.told("no lesson")


# ------------------------------------------------------------------------- starting lessons


@pytest.fixture
def launched(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> list[tuple[str, Mapping[str, int]]]:
    """What was started, without starting it."""
    started: list[tuple[str, Mapping[str, int]]] = []

    async def launch(taught: Lesson, numbers: Mapping[str, int]) -> SessionPaths:
        if taught.id == "crash":
            raise NotStarted("there is no room for it.")
        started.append((taught.id, numbers))
        return SessionPaths(taught.id, tmp_path, tmp_path / "socket")

    monkeypatch.setattr(visiting, "launch", launch)
    return started


def teach(stage: Stage) -> Feed:
    """Every session that is gone to from now on is the lesson."""
    client, kernel = orphan_tree(stage.clock)
    feed = Feed(client, kernel, clock=stage.clock, totals=lambda: (0.0, 0, 0))

    async def open_feed(where: SessionPaths) -> Feed:
        if where.name == "stubborn":
            raise ConnectionLost("the supervisor is gone")
        return feed

    stage.app._open_feed = open_feed
    return feed


async def choose(stage: Stage, name: str) -> LessonPicker:
    """Puts the picker's cursor on a lesson."""
    await stage.until(lambda: isinstance(stage.app.screen, LessonPicker))
    picker = stage.app.screen
    assert isinstance(picker, LessonPicker)
    options = picker.query_one(OptionList)
    options.highlighted = options.get_option_index(name)
    await stage.until(lambda: picker.lesson.id == name)
    return picker


async def test_the_picker_lists_all_lessons_by_topic() -> None:
    async with opened() as stage:
        await stage.press("b")
        picker = await choose(stage, "echo-server")
        options = picker.query_one(OptionList).options
        assert [option.id for option in options if option.id] == list(LESSONS)
        assert [str(option.prompt) for option in options if not option.id] == [
            topic.title for topic in TOPICS
        ]
        await stage.sees("clients: how many clients connect and stay", "proctui scenario echo-")
        await stage.sees(find("echo-server").explanation[:30])


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_a_number_of_ones_own(
    launched: list[tuple[str, Mapping[str, int]]], size: tuple[int, int]
) -> None:
    async with opened(size) as stage:
        teach(stage)
        await stage.press("b")
        await choose(stage, "too-many")
        await stage.press("tab", *"5", "enter")
        await stage.sees("count must be from 10 to 10000, not 5")
        assert launched == []
        await stage.press(*"00", "enter")
        await stage.until(lambda: bool(launched), "launched")
        assert launched == [("too-many", {"count": 500})]


async def test_a_lesson_lies_over_the_session_that_one_came_from(
    launched: list[tuple[str, Mapping[str, int]]],
) -> None:
    async with opened() as stage:
        feed = teach(stage)
        await stage.press("n")
        await stage.until(lambda: isinstance(stage.app.screen, NewWorker))
        await stage.press("ctrl+l")
        await choose(stage, "orphan-tree")
        await stage.press("enter")
        await stage.sees("proctui  orphan-tree", "✓ 1 Four processes")
        assert launched == [("orphan-tree", {})]
        visited = stage.app.screen
        assert isinstance(visited, WorkersScreen)
        assert visited.feed is feed
        await stage.press("3")
        await stage.until(lambda: stage.app.screen is not visited, "the machine")
        await stage.press("d")
        await stage.until(lambda: stage.app.screen is stage.workers, "back")
        await stage.told("Session orphan-tree goes on")
        await stage.sees("proctui  lessons", "piao-1")
        await stage.until(lambda: feed.kernel.closed)  # type: ignore[attr-defined]
        assert not stage.client.closed


async def test_what_can_not_be_started_or_reached_is_said(
    launched: list[tuple[str, Mapping[str, int]]],
) -> None:
    async with opened() as stage:
        teach(stage)
        for name, said in (("crash", "no room"), ("stubborn", "the supervisor is gone")):
            await stage.press("b")
            await choose(stage, name)
            await stage.press("enter")
            await stage.told(said)
            assert stage.app.screen is stage.workers


async def test_the_lesson_that_one_is_in_is_not_opened_twice(
    launched: list[tuple[str, Mapping[str, int]]],
) -> None:
    async with lesson() as (stage, _):
        await stage.press("b")
        await stage.until(lambda: isinstance(stage.app.screen, LessonPicker))
        await stage.press("enter")
        await stage.told("that is this session")
        assert launched == [("orphan-tree", {})]


async def test_the_palette_finds_lessons(
    launched: list[tuple[str, Mapping[str, int]]],
) -> None:
    async with opened() as stage:
        await stage.press("ctrl+p")
        await stage.press(*"lesson factory")
        await stage.sees("Lesson: The zombie factory")
        await stage.press("down", "enter")
        await stage.until(lambda: isinstance(stage.app.screen, LessonPicker))
        picker = stage.app.screen
        assert isinstance(picker, LessonPicker)
        await stage.until(lambda: picker.lesson.id == "zombie-factory")


async def test_the_help_tells_every_lesson() -> None:
    async with opened() as stage:
        await stage.press("question_mark")
        await stage.until(lambda: isinstance(stage.app.screen, Help))
        taught = str(stage.app.screen.query_one("#taught").render())
        for one in LESSONS.values():
            assert one.explanation in taught
            assert one.id in taught
