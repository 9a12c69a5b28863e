"""The first minute: what the red row is and which key cures it; and following what comes."""

from __future__ import annotations

import pytest

from proctui.model import Cure, Finding, State
from proctui.tui.actions import Scene
from proctui.tui.hints import Hints
from proctui.tui.text import short_command
from tests.tui import rows
from tests.tui.fakes import worker
from tests.tui.screens import opened


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_nobody_needs_a_manual_for_a_zombie(size: tuple[int, int]) -> None:
    async with opened(size) as stage:
        await stage.sees("Z: ended, not joined. z goes there, j joins it.")
        await stage.press("z")
        await stage.sees("Join it: proctui supervisor (40310) takes its exit code")
        await stage.sees("O: its parent is gone. o goes there, t ends it.")
        assert "z goes there" not in stage.text()
        await stage.press("o")
        await stage.until(lambda: "goes there" not in stage.text())


def test_what_has_been_used_is_not_explained_again() -> None:
    hints, scene = Hints(), Scene(zombies=2, orphans=1)
    hints.used("join_all")
    assert hints.sentence(scene).startswith("O:")
    hints.used("end_left")
    assert hints.sentence(scene) == ""
    assert Hints().sentence(Scene()) == ""


def test_what_is_under_the_cursor_is_not_gone_to() -> None:
    zombie, orphan = (
        rows.worker("w", 7, "ended", State.ZOMBIE),
        rows.child(1, 8, 1, "", orphan=True),
    )
    foreign = rows.child(2, 44, 30, "", State.ZOMBIE, lineage=rows.NEGLECTED)
    cured = rows.child(2, 44, 30, "", State.ZOMBIE, lineage=rows.NEGLECTED)
    cured.findings = (Finding("zombie", "", (Cure("nudge-parent", "Nudge it.", 30),)),)
    said = [Hints().sentence(Scene(row=row, zombies=1)) for row in (zombie, foreign, cured)]
    assert said == [
        "Z: ended, not joined. j joins it.",
        "Z: ended, not joined.",
        "Z: its parent does not join it. j shows cures.",
    ]
    assert Hints().sentence(Scene(row=orphan, orphans=1)) == ("O: its parent is gone. t ends it.")


def test_where_nothing_can_be_joined_the_key_shows_cures() -> None:
    assert Hints().sentence(Scene(zombies=1)).endswith("z goes there, j cures it.")
    assert Hints().sentence(Scene(zombies=1, joinable=True)).endswith("z goes there, j joins it.")


def test_nobody_can_join_when_the_supervisor_is_lost() -> None:
    assert Hints().sentence(Scene(zombies=1, lost=True)) == ""


async def test_times_go_on_although_nothing_happens() -> None:
    async with opened() as stage:
        await stage.sees("(0:12 ago)")
        stage.clock.now += 5
        await stage.sees("(0:17 ago)")


async def test_following_goes_to_each_process_that_comes() -> None:
    async with opened() as stage:
        await stage.press("F")
        await stage.sees("FOLLOWING")
        for pid in (50_001, 50_002):
            stage.clock.now += 1
            newcomer = worker(f"w-{pid}", pid, "m:f", started_at=stage.clock.now)
            stage.client.tell("added", newcomer, "added")
            stage.kernel.put(pid, age=0)
            key = f"w:w-{pid}"
            await stage.until(lambda key=key: stage.workers.table.cursor_key == key)  # type: ignore[misc]
            await stage.press("home")
            assert stage.workers.table.cursor_key != key
        await stage.press("F")
        await stage.until(lambda: "FOLLOWING" not in stage.text())


async def test_tag_all_that_match() -> None:
    async with opened() as stage:
        await stage.press("slash", *"state:zombie", "enter", "asterisk")
        await stage.sees("2 tagged")
        tagged = {stage.workers.feed.store.rows[key].pid for key in stage.workers.table.tagged}
        assert tagged == {40323, 40344}


@pytest.mark.parametrize(
    ("command", "short"),
    [
        ("/usr/bin/python3 /srv/x/executor.py --all /etc", "python3 executor.py --all /etc"),
        ("/usr/bin/python3 -u executor.py", "python3 -u executor.py"),
        ("/opt/x/bin/python -c import time /a.py", "python -c import time /a.py"),
        ("/usr/sbin/nginx -g /x.py", "nginx -g /x.py"),
        ("nginx: worker process", "nginx: worker process"),
        ("[kworker/0:1]", "[kworker/0:1]"),
        ("bin/run /srv/a.py", "bin/run /srv/a.py"),
        ("/", "/"),
        ("", ""),
    ],
)  # fmt: skip
def test_programs_without_their_folders(command: str, short: str) -> None:
    assert short_command(command) == short
