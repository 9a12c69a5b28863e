"""The guide through a lesson."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from textual.widgets._toast import Toast

from proctui.lessons import Attention, find
from proctui.lessons.ticks import Ticks
from proctui.protocol import Start
from proctui.tui import keymap
from proctui.tui.teaching import Lecture
from proctui.tui.widgets.guide import Guide
from tests.tui.fakes import NOW, Clock, worker
from tests.tui.lesson_scene import (
    CHILDREN,
    GRANDPARENT,
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
        await stage.pilot.pause(0.6)
        await ticked(stage, guide, 1)  # nobody was left behind: grandparent lives


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
        await stage.sees("1 of 4 done", "► Press k on")
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


@pytest.mark.parametrize("size", [(120, 28), (80, 24)])
async def test_its_head_stays_when_the_rest_is_scrolled(size: tuple[int, int]) -> None:
    async with lesson(size) as (stage, guide):
        await ticked(stage, guide, 1)
        kill_grandparent(stage.client, stage.kernel)
        await ticked(stage, guide, 1, 2, 3)
        guide.focus()
        for key in ("end", "home", "pagedown"):
            await stage.press(key)
            await stage.sees("3 of 4 done", "w folds")
        guide.action_move_to(10_000)
        await stage.until(lambda: guide.lines[-1].strip() in stage.text(), "the last line")
        end_what_it_left(stage.kernel)
        await stage.sees("4 of 4 done", "Every step was seen.")


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_it_says_what_plays_a_step_again_that_was_missed(size: tuple[int, int]) -> None:
    async with opened(size, orphan_tree(Clock())) as stage:
        guide = stage.workers.guide
        await ticked(stage, guide, 1)
        end_what_it_left(stage.kernel)  # with it: its whole tree was killed
        stage.kernel.end(GRANDPARENT, 9)
        stage.client.change(
            "grandparent", "ended", "ended", phase="ended", alive=False, exitcode=-9, ended_at=NOW
        )

        def said() -> str:
            return " ".join(" ".join(guide.lines).split())

        wanted = "put the cursor on grandparent and press r , which plays it again"
        await stage.until(lambda: wanted in said(), said())
        await ticked(stage, guide, 1)
        assert guide.has_class("-beside") or guide.region.height <= 9
        await stage.press("w")
        await stage.sees("► r on grandparen")


async def test_many_that_must_begin_anew_are_tagged() -> None:
    async with lesson() as (stage, guide):
        await ticked(stage, guide, 1)
        guide.show(find("crash"), frozenset(), "", ("a", "b"))
        assert "tag a and b with space and press r ," in " ".join(" ".join(guide.lines).split())
        guide.show(find("crash"), frozenset(), "", tuple("abcdef"))
        assert "tag a, b, c and 3 more with" in " ".join(" ".join(guide.lines).split())


async def test_messages_do_not_lie_on_it() -> None:
    async with lesson() as (stage, guide):
        await ticked(stage, guide, 1)
        await stage.press("s")
        await stage.until(lambda: bool(stage.app.screen.query(Toast)), "a message")
        await stage.until(lambda: stage.app.screen.query(Toast).first().region.width > 0)
        toast = stage.app.screen.query(Toast).first().region
        assert toast.right <= guide.region.x
        assert toast.bottom < stage.app.size.height


async def test_ticks_are_kept_for_whoever_comes_later(tmp_path: Path) -> None:
    client, kernel = orphan_tree(Clock())
    client.hello = msgspec.structs.replace(client.hello, journal=str(tmp_path / "journal"))
    async with opened((120, 40), (client, kernel)) as stage:
        await ticked(stage, stage.workers.guide, 1)
        Ticks(client.hello.journal).add({2})  # another screen of the session
        await ticked(stage, stage.workers.guide, 1, 3)
    again = msgspec.structs.replace(client.hello)
    client, kernel = orphan_tree(Clock())
    client.hello = again
    end_what_it_left(kernel)
    async with opened((120, 40), (client, kernel)) as stage:
        await ticked(stage, stage.workers.guide, 1, 3)


async def test_what_waited_for_the_screen_is_started_once_it_is_there() -> None:
    client, kernel = orphan_tree(Clock())
    waiting = worker("grandparent", None, "orphans.py:family_tree(900.0)", phase="idle")
    later = msgspec.structs.replace(waiting, id="later", autostart=False)
    client.workers = {"grandparent": waiting, "later": later}
    async with opened((120, 40), (client, kernel)) as stage:
        starts = [Start(workers=("grandparent",))]
        await stage.until(lambda: client.sent == starts, f"a start, where there is {client.sent}")
        client.change("grandparent", "changed", "nothing of importance")
        await stage.pilot.pause(0.6)
        assert client.sent == starts, "once"


async def test_the_last_figures_stay() -> None:
    async with lesson() as (stage, _):
        lecture = Lecture(find("too-many"), Ticks(""))
        told = iter([("10 ran.", "9 MB.", ""), ("9 ran.", "", "1 was refused.")])
        taught = msgspec.structs.replace(lecture.lesson, summary=lambda store: next(told))
        lecture.lesson = taught
        for said in ("10 ran. 9 MB.", "9 ran. 9 MB. 1 was refused."):
            lecture.look(stage.workers.feed.store, Attention())
            assert lecture.summary == said


async def test_a_summary_is_shown() -> None:
    async with lesson() as (stage, guide):
        lecture = stage.workers.teaching.lecture
        assert lecture is not None
        guide.show(lecture.lesson, lecture.seen, "The program took 4.0 s.")
        await stage.sees("The program took 4.0 s.")


async def test_other_sessions_have_none() -> None:
    async with opened() as stage:
        assert not stage.workers.query(Guide)
        await stage.press("w")
        await stage.told("no lesson")
