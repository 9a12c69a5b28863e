"""The lessons about the Process object."""

from __future__ import annotations

from pathlib import Path

import pytest

from proctui.protocol import Join, Start
from tests.supervisor.classroom import Supervise, classroom
from tests.support import children_of, kernel_state

pytestmark = pytest.mark.insides

FOUR = ("ada", "ben", "cleo", "dora")


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def modules_in(log: str) -> int:
    (line,) = [line for line in log.splitlines() if line.startswith("modules in memory")]
    return int(line.rpartition(" ")[2])


async def test_function_target(supervise: Supervise) -> None:
    async with classroom("function-target", supervise, quicken=0.1) as room:
        await room.sees(1)
        assert room.row("dora").pid is None
        await room.do(Start(workers=("dora",)), 2)
        await room.sees(3)
        pids = {room.pid(worker) for worker in FOUR}
        assert len(pids) == 4
        assert set(children_of(room.supervisor.pid)) == pids
        assert {kernel_state(pid) for pid in pids} == {"Z"}
        assert [room.row(worker).exitcode for worker in FOUR] == [0] * 4
        assert room.row("cleo").name == "Cleo the patient"
        await room.do(Join(workers=FOUR), 4)
        assert {kernel_state(pid) for pid in pids} == {None}
        for worker in FOUR:
            assert f"{worker.title()} begins, in process {room.pid(worker)}" in room.log(worker)


async def test_process_subclass(supervise: Supervise) -> None:
    async with classroom("process-subclass", supervise, quicken=0.1) as room:
        await room.sees(1, 2)
        pids = {room.pid(worker) for worker in FOUR}
        assert len(pids) == 4
        assert {kernel_state(pid) for pid in pids} == {"Z"}
        assert room.row("ada").command == "working.py:Work('Ada', 0.2)"
        assert "Dora is done" in room.log("dora")
        await room.do(Join(workers=FOUR), 3)
        assert {kernel_state(pid) for pid in pids} == {None}


async def test_names(supervise: Supervise) -> None:
    async with classroom("names", supervise) as room:
        await room.sees(1, 2)
        assert room.row("too-early").name.removeprefix("TooEarly-").isdigit()
        await room.log_says("in-time", "'my own name'")
        await room.log_says("too-early", f"I am called {room.row('too-early').name!r}")


async def test_run_directly(supervise: Supervise) -> None:
    async with classroom("run-directly", supervise, quicken=0.4) as room:
        await room.sees(1)
        (child,) = children_of(room.pid("calls-start"))
        assert children_of(room.pid("calls-run")) == []
        await room.log_says("calls-start", f"pid of the Process object: {child}")
        await room.sees(2, 3)
        assert "pid of the Process object: None" in room.log("calls-run")
        assert "can only join a started process" in room.log("calls-run")
        assert kernel_state(child) is None


async def test_start_methods(supervise: Supervise) -> None:
    async with classroom("start-methods", supervise) as room:
        await room.sees(1, 2, 3, 4, 5)
        supervisor = room.supervisor.pid
        assert parent_of(room.pid("forked")) == parent_of(room.pid("spawned")) == supervisor
        server = parent_of(room.pid("forkserved"))
        assert "multiprocessing.forkserver" in Path(f"/proc/{server}/cmdline").read_text()
        assert parent_of(server) == supervisor
        await room.log_says("spawned", "modules in memory")
        await room.log_says("forked", "modules in memory")
        assert modules_in(room.log("spawned")) < modules_in(room.log("forked"))
        assert "RuntimeError" in room.log("without-guard")
        assert "hello from a spawned process" not in room.log("without-guard")
        assert "hello from a spawned process" in room.log("with-guard")


async def test_isolated_memory(supervise: Supervise) -> None:
    async with classroom("isolated-memory", supervise, quicken=0.4) as room:
        await room.sees(1, 2)
        assert room.row("parent").exitcode == 100
        assert "I have set value to 0" in room.log("parent")
        assert "my value is still 100" in room.log("parent")


async def test_authkey(supervise: Supervise) -> None:
    async with classroom("authkey", supervise) as room:
        await room.sees(2, 3)
        await room.looks_at("w:listener", 1)
        assert "my key has 32 bytes" in room.log("listener")
        assert "relative: welcome" in room.log("listener")
        assert "AuthenticationError" in room.log("listener")
        worker = room.row("listener").worker
        assert worker is not None
        assert len(worker.authkey_fingerprint) == 8
