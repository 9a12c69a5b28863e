"""The rows of the Machine view, from real processes."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable

import pytest

from proctui.linux import procfs
from proctui.machine import holding, scan
from proctui.machine import live as module
from proctui.machine.live import Machine
from proctui.machine.scan import Found
from proctui.model import Row
from proctui.tui.plan import plan
from tests.supervisor.kin import DEADLINE, family, in_pid_namespace, until

MILL = """
for code in (0, 3, 3):
    fork(lambda code=code: os._exit(code))
say(ready=os.getpid(), busy=fork())
hang()
"""

ORPHANS = """
def parent():
    say(orphan=fork())
fork(parent)
hang()
"""


def machine() -> Machine:
    return Machine(dict)


def by_pid(machine: Machine, pid: int) -> Row:
    (row,) = [row for row in machine.rows.values() if row.pid == pid]
    return row


def zombies_of(pid: int) -> list[int]:
    return [child for child in procfs.children(pid) if procfs.read_stat(child).is_zombie]


async def test_zombies_stand_under_the_parent_that_neglects_them() -> None:
    with family(MILL) as kin:
        parent = kin["ready"]
        until(lambda: len(zombies_of(parent)) == 3)
        seen = machine()
        await seen.refresh()
        row = by_pid(seen, parent)
        *below, living = [seen.rows[key] for key in seen.children(row.key)]
        assert living.pid == kin["busy"] and not living.zombie, "the dead come first"
        assert sorted(child.pid or 0 for child in below) == sorted(zombies_of(parent))
        assert sorted(child.exitcode or 0 for child in below) == [0, 3, 3]
        assert all(child.zombie and child.token is None for child in below)
        assert row.token is not None
        # under nobody, unless these tests themselves were started by what is an orphan now
        assert row.key in seen.roots or row.parent in seen.rows
        assert "has not joined 3 children" in row.findings[0].text
        assert "3 ×2" in row.findings[0].text
        kinds = [cure.kind for cure in row.findings[0].cures]
        assert kinds == ["nudge-parent", "terminate-parent", "kill-parent"]
        assert "3 zombies (exit codes 3 ×2, 0)" in row.command
        seen.close()


async def test_an_orphan_has_its_adopter() -> None:
    with family(ORPHANS) as kin:
        orphan = kin["orphan"]
        until(lambda: procfs.read_stat(orphan).ppid == kin["keeper"])
        seen = machine()
        await seen.refresh()
        row = by_pid(seen, orphan)
        assert row.orphan and row.lineage.adopter_pid == kin["keeper"]
        assert row.findings[0].kind == "orphan"
        assert [cure.kind for cure in row.findings[0].cures] == ["leave", "terminate", "kill"]
        assert seen.counts.orphans >= 1
        seen.close()


TREE = """
def parent():
    def child():
        say(grandchild=fork())
        fork(lambda: os._exit(4))
        hang()
    def orphan():
        say(child=fork(child))
        hang()
    say(orphan=fork(orphan))
fork(parent)
hang()
"""


async def test_who_lives_under_an_orphan_stands_there_and_counts_for_what_an_end_would_bring() -> (
    None
):
    with family(TREE) as kin:
        orphan, child, grandchild = kin["orphan"], kin["child"], kin["grandchild"]
        until(lambda: procfs.read_stat(orphan).ppid == kin["keeper"])
        until(lambda: zombies_of(child))
        seen = machine()
        await seen.refresh()
        rows = [by_pid(seen, pid) for pid in (orphan, child, grandchild)]
        assert [row.parent for row in rows[1:]] == [row.key for row in rows[:2]]
        assert [row.depth - rows[0].depth for row in rows] == [0, 1, 2]
        assert [row.orphan for row in rows] == [True, False, False]
        (zombie,) = zombies_of(child)
        assert by_pid(seen, zombie).parent == rows[1].key, "a negligent parent below an orphan"
        whole = plan(seen, rows[:1], "tree")
        assert [member.pid for member in whole.members] == [orphan, child, grandchild]
        alone = plan(seen, rows[:1], "process")
        assert f"({child})" in alone.warnings[0].text
        seen.close()


class Told:
    """A machine whose ends are heard of, as a screen does."""

    def __init__(self) -> None:
        self.machine = Machine(dict, on_end=self._soon)

    def _soon(self) -> None:
        asyncio.get_running_loop().call_soon(self.machine.urgent)

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Without another pass."""
        async with asyncio.timeout(DEADLINE):
            while not condition():
                await asyncio.sleep(0.002)


async def test_an_end_is_an_event_and_so_is_what_it_does_to_those_below() -> None:
    with family(TREE) as kin:
        orphan, child, grandchild = kin["orphan"], kin["child"], kin["grandchild"]
        until(lambda: procfs.read_stat(orphan).ppid == kin["keeper"])
        until(lambda: zombies_of(child))
        (zombie,) = zombies_of(child)
        told = Told()
        seen = told.machine
        await seen.refresh()
        os.kill(child, signal.SIGKILL)
        await told.until(lambda: by_pid(seen, child).zombie, "the end")
        dead = by_pid(seen, child)
        assert (dead.exitcode, dead.since_exact) == (-9, True)
        assert dead.parent == by_pid(seen, orphan).key
        left = by_pid(seen, grandchild)
        assert left.orphan and left.lineage.adopter_pid == kin["keeper"]
        assert left.lineage.first_ppid == child and f"({child}) has ended" in left.lineage.why
        assert by_pid(seen, zombie).lineage.adopter_pid == kin["keeper"]
        await seen.refresh()
        kept = by_pid(seen, grandchild)
        assert kept is left and kept.orphan and kept.lineage.first_ppid == child
        assert by_pid(seen, child).parent == by_pid(seen, orphan).key
        seen.close()


@pytest.mark.skipif(
    tuple(map(int, os.uname().release.split(".")[:2])) < (6, 9),
    reason="a pidfd tells of the reaping from Linux 6.9 on",
)
async def test_a_reaping_is_an_event() -> None:
    actor = "child = fork(lambda: None)\nsay(child=child)\ntold()\nos.waitpid(child, 0)\nhang()"
    with family(actor) as kin:
        until(lambda: procfs.read_stat(kin["child"]).is_zombie)
        told = Told()
        await told.machine.refresh()
        assert by_pid(told.machine, kin["child"]).zombie
        kin.tell()
        pids = {kin["child"]}
        await told.until(
            lambda: pids.isdisjoint(row.pid for row in told.machine.rows.values()), "the reaping"
        )
        told.machine.close()


async def test_what_ends_during_a_pass_does_not_come_back_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with family(TREE) as kin:
        orphan, child = kin["orphan"], kin["child"]
        until(lambda: procfs.read_stat(orphan).ppid == kin["keeper"])
        until(lambda: zombies_of(child))
        told = Told()
        seen = told.machine
        await seen.refresh()
        look = scan.collect_in_turns

        async def killed_after(**asked: object) -> Found:
            found = await look(**asked)  # type: ignore[arg-type]
            os.kill(orphan, signal.SIGKILL)
            await told.until(lambda: by_pid(seen, orphan).zombie, "the end")
            return found

        monkeypatch.setattr(module, "collect_in_turns", killed_after)
        await seen.refresh()
        assert by_pid(seen, orphan).zombie
        assert by_pid(seen, child).orphan, "although the scan saw it with its parent"
        seen.close()


async def test_rows_stay_the_same_and_go_with_their_processes() -> None:
    with family(MILL) as kin:
        parent = kin["ready"]
        until(lambda: len(zombies_of(parent)) == 3)
        seen = machine()
        await seen.refresh()
        row, structure = by_pid(seen, parent), seen.structure
        zombies = [seen.rows[key] for key in seen.children(row.key)]
        await seen.refresh()
        assert by_pid(seen, parent) is row
        assert [seen.rows[key] for key in seen.children(row.key)] == zombies
        os.kill(parent, signal.SIGKILL)
        until(lambda: procfs.read_stat(parent).is_zombie)
        await seen.look()
        assert all(one.pid != parent or one.zombie for one in seen.rows.values())
        assert seen.structure > structure
        now = [seen.rows[zombie.key] for zombie in zombies if zombie.key in seen.rows]
        assert all(zombie.lineage.adopter_pid == kin["keeper"] for zombie in now)
        seen.close()


async def test_a_held_process_is_signalled_and_no_other() -> None:
    with family(MILL) as kin:
        parent = kin["ready"]
        until(lambda: len(zombies_of(parent)) == 3)
        seen = machine()
        await seen.refresh()
        token = by_pid(seen, parent).token
        assert token is not None
        grip = seen.grip(token)
        assert grip.pid == parent and grip.pidfd is not None
        grip.send(signal.SIGKILL)
        until(lambda: procfs.read_stat(parent).is_zombie)
        seen.close()
        with pytest.raises(ProcessLookupError):
            seen.grip(token)


async def test_nothing_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def descriptors() -> int:
        return len(list(os.scandir("/proc/self/fd")))

    with family(MILL) as kin:
        until(lambda: len(zombies_of(kin["ready"])) == 3)
        before = descriptors()
        seen = machine()
        for _ in range(3):
            await seen.refresh()
        assert descriptors() > before
        seen.close()
        assert descriptors() == before
        monkeypatch.setattr(holding, "MOST_HELD", 0)
        seen = machine()
        watching = descriptors()
        await seen.refresh()
        assert descriptors() == watching, "past the limit nobody is held"
        token = by_pid(seen, kin["ready"]).token
        assert token is not None
        seen.grip(token).send(signal.SIGCHLD)
        seen.close()


async def test_a_zombie_for_a_moment_is_no_neglect(monkeypatch: pytest.MonkeyPatch) -> None:
    with family(
        "child = fork(lambda: None)\nsay(child=child)\ntold()\nos.waitpid(child, 0)\nhang()"
    ) as kin:
        until(lambda: procfs.read_stat(kin["child"]).is_zombie)
        seen = machine()
        sleep = asyncio.sleep

        async def joined_meanwhile(seconds: float) -> None:
            if seconds == module.SECOND_LOOK:
                kin.tell()
                until(lambda: not _exists(kin["child"]))
            await sleep(0)

        monkeypatch.setattr(asyncio, "sleep", joined_meanwhile)
        await seen.refresh()
        assert all(row.pid != kin["child"] for row in seen.rows.values())
        seen.close()


def _exists(pid: int) -> bool:
    try:
        procfs.read_stat(pid)
    except ProcessLookupError:
        return False
    return True


_MANY = """
import asyncio, os, signal, time
from proctui.linux import procfs
from proctui.machine.live import Machine

def sleeper():
    while True:
        signal.pause()

for _ in range(1500):
    if os.fork() == 0:
        sleeper()
if os.fork() == 0:
    for _ in range(500):
        if os.fork() == 0:
            os._exit(1)
    sleeper()

async def main():
    machine = Machine(dict)
    while machine.counts.zombies < 500:
        await machine.refresh()
    gaps = []
    async def beat():
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            gaps.append(now - last)
            last = now
    beating = asyncio.create_task(beat())
    await asyncio.sleep(0)
    await machine.refresh()
    beating.cancel()
    print(len(machine.rows), sorted(gaps)[int(len(gaps) * 0.99)])

asyncio.run(main())
for pid in procfs.pids():
    if pid != 1:
        os.kill(pid, signal.SIGKILL)
"""


def test_many_processes_do_not_stall_the_loop() -> None:
    """2,000 processes, 500 of them zombies: a pass gives the loop its turns."""
    rows, gap = in_pid_namespace(_MANY).split()
    assert int(rows) >= 501
    assert float(gap) < 0.05


_LAZY_INIT = """
import asyncio, os, time
from proctui.machine import rows as machine_rows
from proctui.linux import procfs
from proctui.machine.live import Machine

def parent():
    if os.fork() == 0:
        while os.getppid() != 1:
            time.sleep(0.005)
        os._exit(5)
    os._exit(0)

pid = os.fork()
if pid == 0:
    parent()
os.waitpid(pid, 0)
while not any(procfs.read_stat(p).is_zombie for p in procfs.pids()):
    time.sleep(0.005)

async def main():
    machine_rows.REAPING = 0.0
    machine = Machine(dict)
    await machine.refresh()
    await machine.refresh()
    for row in machine.rows.values():
        print(row.pid, row.zombie, row.exitcode, row.findings[0].text)
        for cure in row.findings[0].cures:
            print(cure.kind, cure.text)

asyncio.run(main())
"""


_ADOPTED_BY_PID_2 = """
import ctypes, os, signal, time
from proctui.machine.scan import collect

def orphan():
    while os.getppid() != 2:
        time.sleep(0.002)
    print(collect(), flush=True)

if os.fork() == 0:
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
    assert os.getpid() == 2
    parent = os.fork()
    if parent == 0:
        os.setsid()
        if os.fork() == 0:
            orphan()
        os._exit(0)
    os.waitpid(parent, 0)
    os.wait()
    os._exit(0)
os.wait()
"""


def test_pid_2_of_a_container_adopts_as_any_other() -> None:
    assert "Orphan(pid=4, " in in_pid_namespace(_ADOPTED_BY_PID_2)


def test_a_container_whose_pid_1_does_not_reap_gets_the_cure() -> None:
    printed = in_pid_namespace(_LAZY_INIT)
    assert "exit code 5. It is a child of PID 1, which is not reaping." in printed
    assert printed.count("real-init No signal helps. Give the container a real init") == 2
    assert "tini, `docker run --init`, or `init: true`" in printed
    assert "terminate" not in printed
