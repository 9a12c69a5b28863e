"""The Machine view with real processes, and what watching foreign processes looks like."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from proctui.kernel.foreign import ForeignClient
from proctui.linux import procfs
from proctui.machine.scan import Found
from proctui.model import Row
from proctui.tui import curing
from proctui.tui.app import ProctuiApp
from proctui.tui.feed import Feed
from proctui.tui.machine_feed import MachineFeed
from proctui.tui.screens.machine import MachineScreen
from tests.supervisor.kin import family, until
from tests.tui.screens import Stage, opened

MILL = """
def reap(*_):
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
for code in range(3):
    fork(lambda code=code: os._exit(code))
until(lambda: len(below()) == 3 and all(map(is_zombie, below())))
rename(b"mill")
{handler}
say(mill=os.getpid())
hang()
"""
HEEDS = MILL.format(handler="signal.signal(signal.SIGCHLD, reap)")
IGNORES = MILL.format(handler="")


def machine(stage: Stage) -> MachineScreen:
    screen = stage.app.screen
    assert isinstance(screen, MachineScreen)
    return screen


async def go_to(stage: Stage, pid: int) -> None:
    """Opens the view and puts the cursor on a process."""
    await stage.press("3")
    await stage.until(lambda: isinstance(stage.app.screen, MachineScreen), "the view")
    screen = machine(stage)
    await stage.until(lambda: screen.feed.store.key_of(pid) is not None, f"a row for {pid}")
    key = screen.feed.store.key_of(pid)
    await stage.until(lambda: screen.table.move_to(key), "the row in the list")
    await stage.pilot.pause()


async def test_zombies_by_parent_and_the_nudge_that_helps() -> None:
    with family(HEEDS) as kin:
        mill = kin["mill"]
        zombies = procfs.children(mill)
        async with opened() as stage:
            await go_to(stage, mill)
            await stage.sees("machine, own", f"mill {mill}"[:4], "It has not joined 3 children")
            await stage.press("j")
            await stage.sees("3 zombies", f"mill ({mill}) has not joined them")
            await stage.press("enter")
            await stage.told(f"3 zombies gone: mill ({mill}) has joined them.")
        assert not any(_exists(pid) for pid in zombies)
        assert _exists(mill)


async def test_one_that_ignores_it_is_terminated_after_a_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(curing, "_PATIENCE", {"SIGCHLD": 0.3})
    with family(IGNORES + "\n") as kin:
        mill = kin["mill"]
        async with opened() as stage:
            await go_to(stage, mill)
            await stage.press("j", "enter")
            await stage.sees(f"mill ({mill}) ignored SIGCHLD: terminate it?")
            assert procfs.read_stat(mill).state == "S"
            await stage.press("y")
            # the keeper of the family adopts and does not reap until its end
            await stage.told("zombies are there still", f"({kin['keeper']}) has not joined them")
        assert procfs.read_stat(mill).is_zombie


async def test_orphans_with_adopter_end_one() -> None:
    with family("def parent(): say(orphan=fork())\nfork(parent)\nhang()") as kin:
        orphan = kin["orphan"]
        until(lambda: procfs.read_stat(orphan).ppid == kin["keeper"])
        async with opened() as stage:
            await go_to(stage, orphan)
            await stage.sees("O orphan", f"({kin['keeper']}", "has adopted it.", "Leave it alone")
            await stage.press("k")
            await stage.sees("Kill", f"({orphan})?")
            await stage.press("y")
            await stage.told(f"({orphan}) has ended.")


async def test_an_end_shows_at_once_and_not_with_the_next_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def never_again(feed: MachineFeed) -> None:
        await feed.refresh()
        await asyncio.Event().wait()

    monkeypatch.setattr(MachineFeed, "watch", never_again)
    tree = "def parent():\n    def orphan(): say(below=fork(), orphan=os.getpid()); hang()\n"
    with family(f"{tree}    fork(orphan)\nfork(parent)\nhang()") as kin:
        orphan, below = kin["orphan"], kin["below"]
        until(lambda: procfs.read_stat(orphan).ppid == kin["keeper"])
        async with opened() as stage:
            await go_to(stage, below)

            def listed(pid: int) -> Row:
                (row,) = [row for row in machine(stage).table.rows if row.pid == pid]
                return row

            assert listed(below).parent == listed(orphan).key and not listed(below).orphan
            os.kill(orphan, signal.SIGKILL)
            await stage.until(lambda: listed(orphan).zombie, "its end")
            await stage.until(lambda: listed(below).orphan, "what it left")
            await stage.sees(f"({orphan}) has ended")


async def test_its_very_first_picture_says_what_is_being_done() -> None:
    """Under load a second goes by before the screen is there and the first pass is through."""
    async with opened() as stage:
        screen = MachineScreen(stage.workers)
        list(screen.compose())
        assert (screen.status_bar.status.session, screen.status_bar.status.counts) == (
            "machine, own",
            None,
        )
        assert screen.table._beneath.startswith("Looking at every process")
        await screen.machine_feed.close()


async def test_own_or_everyones(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    async def found(*, all_users: bool, **_: object) -> Found:
        asked.append(all_users)
        return Found((), ())

    monkeypatch.setattr("proctui.machine.live.collect_in_turns", found)
    async with opened() as stage:
        await stage.press("u")
        await stage.told("Everyone's processes are in the Machine view.")
        await stage.press("3")
        await stage.sees("machine, own", "No zombie, no orphan of yours")
        await stage.press("u")
        await stage.sees("machine, everyone's", "All parents join their children.")
        assert asked[0] is False and asked[-1] is True


async def test_there_and_back_to_each_view() -> None:
    async with opened() as stage:
        home = stage.app.screen
        await stage.press("3")
        await stage.until(lambda: isinstance(stage.app.screen, MachineScreen))
        first = stage.app.screen
        await stage.press("3")
        assert stage.app.screen is first
        await stage.press("1")
        assert stage.app.screen is home
        await stage.press("3")
        await stage.until(lambda: stage.app.screen is first, "the same screen")
        await stage.press("2")
        await stage.until(lambda: stage.app.screen is home)
        assert stage.workers.views.current == "view_timeline"
        await stage.press("3", "q")
        await stage.sees("Leave lessons?")


async def test_a_large_group_is_folded_at_first() -> None:
    many = "for _ in range(12): fork(lambda: os._exit(1))\nsay(mill=os.getpid())\nhang()"
    with family(many) as kin:
        mill = kin["mill"]
        until(lambda: all(procfs.read_stat(pid).is_zombie for pid in procfs.children(mill)))
        async with opened() as stage:
            await go_to(stage, mill)
            await stage.sees("▸12 Z12")

            def children() -> list[str]:
                return re.findall(rf"Z \S+ .*\b{mill}\b.* zombie", stage.text())

            assert not children()
            await stage.press("right")
            await stage.until(lambda: len(children()) > 1, "rows of its children")


# ------------------------------------------------------------------------- watching


@asynccontextmanager
async def watching(pid: int) -> AsyncIterator[Stage]:
    client = ForeignClient([pid])
    feed = Feed(client, client.make_kernel, totals=lambda: (0.0, 0, 0))
    app = ProctuiApp(feed)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        stage = Stage(app, pilot, None, None, None)  # type: ignore[arg-type]
        await stage.until(lambda: feed.store.key_of(pid) is not None, "its row")
        yield stage


async def test_watched_processes_have_the_same_views_and_cures() -> None:
    with family(HEEDS) as kin:
        mill = kin["mill"]
        async with watching(mill) as stage:
            await stage.sees("3 ZOMBIES", "Not known: no Process object")
            await stage.press("z", "j")
            await stage.sees("In the order of harm.")
            await stage.press("enter")
            await stage.told(f"3 zombies gone: mill ({mill}) has joined them.")


ESCAPED = """
def parent():
    os.setsid()
    say(root=os.getpid())
    fork(lambda: fork(lambda: (say(orphan=os.getpid()), hang())))
    hang()
fork(parent)
hang()
"""


async def test_all_that_a_watched_process_left_behind_is_ended_with_one_key() -> None:
    with family(ESCAPED) as kin:
        root, orphan = kin["root"], kin["orphan"]
        until(lambda: procfs.read_stat(orphan).ppid == kin["keeper"])
        async with watching(root) as stage:
            await stage.sees("orphan → ", "It left a process behind, orphaned.")
            await stage.press("O")
            await stage.sees(f"({root}) left behind?", f"{orphan}")
            await stage.press("y")
            await stage.told(f"({orphan}) has ended.")
        assert procfs.read_stat(orphan).is_zombie
        assert procfs.read_stat(root).state == "S"


async def test_what_only_a_supervisor_could_do_says_why_not() -> None:
    with family(IGNORES) as kin:
        async with watching(kin["mill"]) as stage:
            for key, reason in (
                ("n", "nobody here can start a worker"),
                ("J", "nobody here can join them"),
                ("r", "only workers can be restarted"),
            ):
                await stage.press(key)
                await stage.told(reason)


async def test_leaving_what_is_watched_asks_nothing() -> None:
    with family(IGNORES) as kin:
        async with watching(kin["mill"]) as stage:
            await stage.press("q")
            await stage.until(lambda: stage.app.return_value == 0)
        assert procfs.read_stat(kin["mill"]).state == "S"


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_stranger_s_orphan_is_not_what_an_ended_session_left() -> None:
    with family("def parent(): say(orphan=fork())\nfork(parent)\nhang()") as kin:
        until(lambda: procfs.read_stat(kin["orphan"]).ppid == kin["keeper"])
        async with opened() as stage:
            stage.kernel.reap(40352)
            stage.client.tell("session-ended", None, "the session was ended", by="cli (99)")
            await stage.sees("Nothing of it runs any more.")
            await go_to(stage, kin["orphan"])
            await stage.sees("Nothing of it runs any more.", f"{kin['orphan']}")
