"""The lessons about orphans."""

from __future__ import annotations

import os
import signal

import pytest

from proctui.protocol import Signal
from tests.supervisor.classroom import Supervise, classroom
from tests.supervisor.test_scenarios_processes import parent_of
from tests.support import kernel_state, until

pytestmark = pytest.mark.insides


async def test_orphan(supervise: Supervise) -> None:
    async with classroom("orphan", supervise, quicken=0.8) as room:
        await room.sees(1)
        parent, (child,) = room.pid("parent"), room.pids_below("parent")
        assert parent_of(child) == parent
        await room.until(lambda: [row.orphan for row in room.below("parent")] == [True])
        (row,) = room.below("parent")
        await room.looks_at(row.key, 2)
        assert row.pid == child
        assert parent_of(child) == row.lineage.adopter_pid == os.getpid(), "the nearest subreaper"
        assert row.lineage.first_ppid == parent
        ended = (await room.hears("ended", "parent")).time
        assert row.lineage.adopted_at is not None
        assert abs(row.lineage.adopted_at - ended) < 1
        await room.log_says(
            "parent",
            f"child {child}: my parent is {parent}",
            f"child {child}: now my parent is {os.getpid()}",
        )
        room.sees_not_yet(3)
        assert row.token is not None
        room.feed.kernel.send_signal(row.token, signal.SIGTERM)
        await room.sees(3)
        assert kernel_state(child) is None


async def test_orphan_tree(supervise: Supervise) -> None:
    async with classroom("orphan-tree", supervise) as room:
        await room.sees(1)
        names = {"child-1", "child-2", "grandchild-1", "grandchild-2"}
        await room.until(lambda: {row.name for row in room.below("grandparent")} == names)
        four = room.below("grandparent")
        pids = {row.name: row.pid for row in four}
        room.sees_not_yet(2, 3)
        await room.do(Signal(workers=("grandparent",), signal="SIGKILL"), 2, 3)
        until(lambda: {kernel_state(pid) for pid in pids.values() if pid} == {"S"})
        left = room.below("grandparent")
        assert {row.name: row.pid for row in left} == pids
        assert {row.lineage.worker for row in left} == {"grandparent"}
        adopted = {row.name for row in left if row.orphan}
        assert adopted == {"child-1", "child-2"}
        assert {parent_of(row.pid) for row in left if row.orphan and row.pid} == {os.getpid()}
        room.sees_not_yet(4)
        for row in left:
            assert row.token is not None
            room.feed.kernel.send_signal(row.token, signal.SIGTERM)
        await room.sees(4)
        assert {kernel_state(pid) for pid in pids.values() if pid} == {None}
