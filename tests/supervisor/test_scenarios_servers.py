"""The lessons about many processes."""

from __future__ import annotations

import re
import resource

import pytest

from proctui.protocol import Restart, Signal, Start
from tests.supervisor.classroom import Supervise, classroom
from tests.support import children_of, kernel_state, until

pytestmark = pytest.mark.insides


async def test_echo_server(supervise: Supervise) -> None:
    async with classroom("echo-server", supervise, quicken=0.4, clients=3) as room:
        await room.sees(1)
        await room.log_says("client-1", "HELLO")
        server = room.pid("server")
        until(lambda: len(children_of(server)) == 4, what="for one for each client and the guest")
        await room.sees(2)
        zombies = [pid for pid in children_of(server) if kernel_state(pid) == "Z"]
        assert len(zombies) == 1
        await room.do(Signal(workers=("client-2",), signal="SIGTERM"), 3)

        def states() -> list[str]:
            return sorted(filter(None, map(kernel_state, children_of(server))))

        until(lambda: states() == ["S", "S", "Z", "Z"], what="for two that wait and two zombies")
        await room.do(Restart(workers=("guest",)), 4)
        until(lambda: kernel_state(zombies[0]) is None, what="for the guest's first child")


async def test_pool(supervise: Supervise) -> None:
    async with classroom("pool", supervise, quicken=0.12, clients=5) as room:
        await room.sees(1, 2)
        assert len(children_of(room.pid("one-child-each"))) == 5
        workers = children_of(room.pid("pool"))
        assert len(workers) == 3
        names = sorted(row.name for row in room.below("pool"))
        assert names == ["PoolWorker-2:1", "PoolWorker-2:2", "PoolWorker-2:3"]
        room.sees_not_yet(3)
        await room.sees(3)
        assert children_of(room.pid("pool")) == workers
        assert "Z" not in {kernel_state(pid) for pid in workers}
        states = {kernel_state(pid) for pid in children_of(room.pid("one-child-each"))}
        assert "Z" in states
        await room.log_says("visitor-5", "HELLO")


async def test_too_many(supervise: Supervise) -> None:
    async with classroom("too-many", supervise, count=40) as room:
        await room.sees(1, 2)
        assert len(children_of(room.supervisor.pid)) == 41
        said = room.told()
        assert re.fullmatch(
            r"40 of 40 were started, \d+ per second\. Each had \d+\.\d MB resident, "
            r"shared pages included\. The kernel refused none\.",
            said,
        ), said
        await room.log_says("report", "40 of 40 workers run", "MB of memory of its own per worker")


async def test_too_many_for_the_kernel(supervise: Supervise) -> None:
    """The supervisor may have so few descriptors open that not all workers can be watched."""
    async with classroom("too-many", supervise, count=60, quicken=0.2, autostart=False) as room:
        resource.prlimit(room.supervisor.pid, resource.RLIMIT_NOFILE, (64, 64))
        room.sees_not_yet(1)
        started = await room.do(Start(workers=tuple(one.id for one in room.spec.workers)), 1, 2)
        failed = [r for r in room.store.rows.values() if r.worker and r.worker.phase == "failed"]
        refused = {one.worker for one in started if not one.ok}
        assert refused == {r.worker.id for r in failed if r.worker}
        running = len(children_of(room.supervisor.pid)) - 1
        assert running + len(failed) == 60
        said = room.told()
        assert f"{running} of 60 were started" in said
        assert f"{len(failed)} were refused: the kernel refused to start a process (EMFILE)" in said
        await room.log_says("report", f"the kernel refused {len(failed)}")
