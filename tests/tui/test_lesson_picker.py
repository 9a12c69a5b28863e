"""Starting lessons from the screen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from textual.widgets import OptionList

from proctui.lessons import LESSONS, TOPICS, Lesson, find
from proctui.sessions.client import ConnectionLost
from proctui.sessions.session import SessionPaths
from proctui.tui import visiting
from proctui.tui.feed import Feed
from proctui.tui.screens.help import Help
from proctui.tui.screens.lessons import LessonPicker
from proctui.tui.screens.new_worker import NewWorker
from proctui.tui.screens.workers import WorkersScreen
from proctui.tui.visiting import NotStarted
from tests.tui.fakes import Clock
from tests.tui.lesson_scene import (
    orphan_tree,
)
from tests.tui.screens import Stage, opened


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
    async with opened((120, 40), orphan_tree(Clock())) as stage:
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
