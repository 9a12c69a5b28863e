"""The lessons about zombies."""

from __future__ import annotations

import os
import time

import pytest

from proctui.lessons.seen import mark_of
from proctui.protocol import Join, Signal
from tests.supervisor.classroom import Supervise, classroom
from tests.support import children_of, kernel_state, until

pytestmark = pytest.mark.insides


def terminate(worker: str) -> Signal:
    return Signal(workers=(worker,), signal="SIGTERM")


async def test_zombie(supervise: Supervise) -> None:
    async with classroom("zombie", supervise) as room:
        await room.until(lambda: [row.zombie for row in room.below("negligent")] == [True])
        (row,) = room.below("negligent")
        await room.looks_at(row.key, 1)
        await room.looks_at("w:negligent", 2)
        assert children_of(room.pid("negligent")) == [row.pid]
        assert row.pid is not None
        assert kernel_state(row.pid) == "Z"
        assert row.exitcode == 1
        assert row.zombie_since is not None
        assert abs(time.time() - row.zombie_since) < 30
        assert row.lineage.first_ppid == room.pid("negligent")
        assert "negligent" in row.findings[0].text
        assert row.token is not None
        room.feed.kernel.send_signal(row.token, 9)
        assert kernel_state(row.pid) == "Z", "no signal helps"
        await room.do(terminate("negligent"), 3)
        assert kernel_state(row.pid) is None


async def test_zombie_lives_as_long_as_the_learner_says(supervise: Supervise) -> None:
    async with classroom("zombie", supervise, seconds=3, complete=False) as room:
        await room.is_over_for("negligent")
        assert room.row("negligent").exitcode == 0, "it has joined its child at its end"
        room.sees_not_yet(1, 2, 3)


async def test_zombie_cure_join(supervise: Supervise) -> None:
    async with classroom("zombie-cure-join", supervise, quicken=0.2) as room:
        await room.sees(1)
        (child,) = room.pids_below("joins-late")
        assert kernel_state(child) == "Z"
        await room.sees(2)
        assert kernel_state(child) is None
        until(lambda: kernel_state(room.pid("joins-late")) == "S")
        unjoined = room.pid("unjoined")
        assert kernel_state(unjoined) == "Z"
        await room.do(Join(workers=("unjoined",)), 3)
        assert kernel_state(unjoined) is None


async def test_zombie_cure_parent(supervise: Supervise) -> None:
    async with classroom("zombie-cure-parent", supervise, quicken=0.2) as room:
        await room.sees(1)
        zombies = children_of(room.pid("negligent"))
        assert len(zombies) == 3
        assert {kernel_state(pid) for pid in zombies} == {"Z"}
        room.sees_not_yet(2, 3)
        await room.do(terminate("negligent"), 2, 3)
        assert {kernel_state(pid) for pid in zombies} == {None}


async def test_zombies_of_an_ended_parent_wait_for_an_init_that_reaps(
    supervise: Supervise,
) -> None:
    async with classroom("zombie-cure-parent", supervise, quicken=0.2, reap=False) as room:
        await room.sees(1)
        zombies = room.pids_below("negligent")
        await room.do(terminate("negligent"), 2)
        await room.until(lambda: all(row.orphan for row in room.below("negligent")))
        assert {kernel_state(pid) for pid in zombies} == {"Z"}
        room.sees_not_yet(3)
        for pid in zombies:
            assert os.waitpid(pid, 0)[0] == pid
        await room.sees(3)


async def test_zombie_cure_sigchld(supervise: Supervise) -> None:
    async with classroom("zombie-cure-sigchld", supervise, quicken=0.3) as room:
        await room.sees(1, 2)
        gone = [history for history in room.pasts("attentive") if history.ended_at is not None]
        assert len(gone) >= 3
        for history in gone:
            died = mark_of(history, "zombie")
            assert died is None or history.ended_at is None or history.ended_at - died.time < 0.3
        until(lambda: kernel_state(room.pid("attentive")) == "S")


async def test_zombie_factory(supervise: Supervise) -> None:
    async with classroom("zombie-factory", supervise, quicken=0.1, children=8) as room:
        await room.sees(1)
        before = len(children_of(room.pid("factory")))
        await room.until(lambda: len(room.below("factory")) > before, "for the count to climb")
        await room.until(lambda: sum(row.zombie for row in room.below("factory")) == 8)
        zombies = children_of(room.pid("factory"))
        assert {kernel_state(pid) for pid in zombies} == {"Z"}
        assert room.told() == "8 zombies so far, all of one parent."
        await room.looks_at("w:factory", 2)
        cures = [
            cure
            for finding in room.row("factory").findings
            for cure in finding.cures
            if cure.kind == "terminate-parent"
        ]
        assert [cure.pid for cure in cures] == [room.pid("factory")], "once, naming the parent"
        assert "factory" in cures[0].text
        await room.do(terminate("factory"), 3)
        assert {kernel_state(pid) for pid in zombies} == {None}
