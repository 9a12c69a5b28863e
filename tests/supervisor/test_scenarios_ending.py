"""The lessons about how processes end."""

from __future__ import annotations

import functools
import os
import signal

import pytest

from proctui.lessons.seen import is_zombie
from proctui.protocol import Join, Shutdown, Signal, Stop
from tests.supervisor.classroom import Supervise, classroom
from tests.support import children_of, kernel_state, until

pytestmark = pytest.mark.insides


async def test_terminate_is_alive(supervise: Supervise) -> None:
    async with classroom("terminate-is-alive", supervise, quicken=0.5) as room:
        await room.sees(1)
        first, last = room.log("program").splitlines()
        assert first.startswith("right after terminate(): alive "), "mostly True, on any machine"
        assert last.endswith("alive False, exitcode -15")
        await room.do(Signal(workers=("victim",), signal="SIGTERM"), 2, 3)
        assert kernel_state(room.pid("victim")) == "Z"
        assert room.row("victim").exitcode == -15
        sent, ended = room.event("signalled", "victim"), room.event("ended", "victim")
        assert sent.seq < ended.seq
        assert sent.state is not None
        assert ended.state is not None
        assert (sent.state.alive, ended.state.alive) == (True, False)


async def test_stubborn(supervise: Supervise) -> None:
    async with classroom("stubborn", supervise, quicken=0.2) as room:
        await room.hears("started", "stubborn")
        await room.log_says("stubborn", "ready to be terminated")
        pid = room.pid("stubborn")
        await room.do(Signal(workers=("stubborn",), signal="SIGTERM"))
        await room.log_says("stubborn", "SIGTERM came, and I go on")
        until(lambda: kernel_state(pid) == "S")
        await room.do(Stop(workers=("stubborn",)), 1, 2, 3)
        assert kernel_state(pid) is None
        steps = [e for e in room.store.events if e.kind == "stopping"]
        assert [e.signal for e in steps] == ["SIGTERM", "SIGKILL"]
        assert steps[1].time - steps[0].time >= 0.6, "the grace period"


async def test_crash(supervise: Supervise) -> None:
    async with classroom("crash", supervise) as room:
        await room.sees(1, 2, 3)
        ends = {"exception": 1, "exit-3": 3, "segfault": -11, "well": 0}
        for worker, exitcode in ends.items():
            row = room.row(worker)
            await room.until(functools.partial(is_zombie, row), worker)
            sample = row.sample
            assert sample is not None
            assert sample.wait_status is not None
            assert os.waitstatus_to_exitcode(sample.wait_status) == exitcode, "the kernel agrees"
        assert "ZeroDivisionError" in room.log("exception")
        await room.do(Join(workers=tuple(ends)), 4)
        assert [room.row(worker).exitcode for worker in ends] == list(ends.values())


async def test_deadlock(supervise: Supervise) -> None:
    async with classroom("deadlock", supervise, quicken=0.3) as room:
        await room.sees(1, 2)
        (waiter,) = room.pids_below("program", "waiter")
        assert children_of(room.pid("program")) == [waiter]
        until(lambda: kernel_state(waiter) == "S")
        room.sees_not_yet(3, 4)
        await room.log_says("program", "holder terminated, exitcode -15")
        assert "waiter: I have it" not in room.log("program")
        os.kill(waiter, signal.SIGKILL)
        await room.sees(3, 4)
        assert kernel_state(waiter) is None
        assert "waiter ended, exitcode -9" in room.log("program")


async def test_daemon(supervise: Supervise) -> None:
    async with classroom("daemon", supervise, quicken=0.7) as room:
        await room.sees(1)
        assert "AssertionError: daemonic processes are not allowed" in room.log("childless")
        await room.until(lambda: len(room.below("has-daemonic-child")) == 1)
        (child,) = room.pids_below("has-daemonic-child")
        room.sees_not_yet(2, 3)
        await room.sees(2)
        assert kernel_state(child) is None, "it would have lived for 600 seconds"
        until(lambda: kernel_state(room.pid("has-ordinary-child")) == "S")
        await room.sees(3, 4)
        parent = room.row("has-ordinary-child").worker
        assert parent is not None
        assert parent.started_at is not None
        assert parent.ended_at is not None
        # It was done after 2.8 seconds, its child after 8.4 of another clock, which may be slewed.
        assert parent.ended_at - parent.started_at > 7, "as long as its child"
        daemonic = room.pid("daemonic")
        await room.feed.client.request(Shutdown(mode="wait"))
        until(lambda: kernel_state(daemonic) is None, what="for the daemonic worker")
