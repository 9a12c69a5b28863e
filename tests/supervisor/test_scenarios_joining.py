"""The lessons about join()."""

from __future__ import annotations

import re

import pytest

from proctui.protocol import Join, Signal, Start
from tests.supervisor.classroom import Supervise, classroom
from tests.support import children_of, kernel_state, until

pytestmark = pytest.mark.insides


async def test_join_timeout(supervise: Supervise) -> None:
    async with classroom("join-timeout", supervise, quicken=0.3) as room:
        await room.sees(1)
        sleeper = room.pid("sleeper")
        (outcome,) = await room.do(Join(workers=("sleeper",)), 2)
        assert not outcome.ok
        assert "still alive" in outcome.text
        until(lambda: kernel_state(sleeper) == "S")
        await room.do(Signal(workers=("sleeper",), signal="SIGTERM"), 3)
        assert kernel_state(sleeper) == "Z"
        (outcome,) = await room.do(Join(workers=("sleeper",)), 4)
        assert (outcome.ok, outcome.exitcode) == (True, -15)
        assert kernel_state(sleeper) is None
        await room.until(lambda: room.row("program").exitcode == 0)
        first, last = room.log("program").splitlines()
        assert first.endswith("alive: True, exitcode: None")
        assert last.endswith("alive: False, exitcode: 0")


async def test_join_all(supervise: Supervise) -> None:
    async with classroom("join-all", supervise, quicken=0.5) as room:
        await room.sees(1)
        assert children_of(room.pid("program"))
        room.sees_not_yet(3)
        await room.sees(2, 3)
        worker = room.row("program").worker
        assert worker is not None
        assert worker.started_at is not None
        assert worker.ended_at is not None
        assert 2.0 <= worker.ended_at - worker.started_at < 4.0, "the longest, not the sum of 5"
        assert len(room.pasts("program")) == 4
        (measured,) = re.findall(r"all joined after ([0-9.]+) s", room.log("program"))
        assert 2.0 <= float(measured) <= worker.ended_at - worker.started_at + 0.01
        assert room.told().startswith("The program took ")


async def test_implicit_reaping(supervise: Supervise) -> None:
    async with classroom("implicit-reaping", supervise, quicken=0.2) as room:
        await room.sees(1)
        (child,) = room.pids_below("looks")
        assert kernel_state(child) == "Z"
        await room.sees(2)
        assert kernel_state(child) is None
        until(lambda: kernel_state(room.pid("looks")) == "S")
        await room.log_says("looks", "alive: False")
        await room.sees(3)
        by_join, by_the_way = room.pid("by-join"), room.pid("by-the-way")
        assert kernel_state(by_join) == kernel_state(by_the_way) == "Z"
        await room.do(Start(workers=("sibling",)), 4)
        assert kernel_state(by_the_way) is None
        assert kernel_state(by_join) == "Z"
        assert room.event("joined", "by-the-way").by == "start of sibling"
        await room.do(Join(workers=("by-join",)), 5)
        assert kernel_state(by_join) is None
