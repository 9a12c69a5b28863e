"""Ending whole trees of real processes, escapees included."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from proctui.commands.worker_trees import hold_trees
from proctui.linux import procfs
from proctui.linux.grip import Grip, hold
from proctui.linux.protect import all_stats
from proctui.linux.trails import tagged
from proctui.linux.treekill import Trail, TreeKill, end_tree, end_tree_async
from proctui.model import Worker
from proctui.protocol import Hello
from tests.supervisor.kin import Family, family, unique_tag, until

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="another user's process needs root")

TREE = """
def escape():
    os.setsid()
    say(escapee=fork())
    hang()
def parent():
    say(grandchild=fork())
    fork(escape)
    hang()
say(child=fork(parent))
hang()
"""


def nobody(pid: int) -> None:
    return None


def is_running(pid: int) -> bool:
    try:
        return not procfs.read_stat(pid).is_zombie
    except ProcessLookupError:
        return False


def test_a_root_and_all_below_it_and_nobody_else() -> None:
    with family(TREE) as kin:
        below = [kin["child"], kin["grandchild"], kin["escapee"]]
        report = end_tree(TreeKill(nobody, [hold(kin["child"], procfs)]))
        assert {ended.pid for ended in report.ended} >= set(below)
        assert {ended.signum for ended in report.ended} == {signal.SIGTERM}
        assert report.left == ()
        assert not any(map(is_running, below))
        assert is_running(kin["actor"])


async def test_the_loop_keeps_running_meanwhile() -> None:
    with family("signal.signal(signal.SIGTERM, signal.SIG_IGN)\nsay(ready=1)\nhang()") as kin:
        assert kin["ready"]
        ending = asyncio.create_task(
            end_tree_async(TreeKill(nobody, [hold(kin["actor"], procfs)]), grace=0.3)
        )
        turns = 0
        while not ending.done():
            turns += 1
            await asyncio.sleep(0.01)
        assert turns > 5
        (ended,) = (await ending).ended
        assert (ended.pid, ended.signum) == (kin["actor"], signal.SIGKILL)


def test_a_killed_root_leaves_its_session_behind_which_is_ended_too() -> None:
    """The root is a zombie already: its children hang elsewhere, its session tells."""
    orphaning = """
    def lead():
        os.setsid()
        say(leader=os.getpid(), orphan=fork())
    fork(lead)
    hang()
    """
    with family(orphaning) as kin:
        leader, orphan = kin["leader"], kin["orphan"]
        until(lambda: procfs.read_stat(leader).is_zombie)
        report = end_tree(TreeKill(nobody, [hold(leader, procfs)]), signal.SIGKILL)
        assert [ended.pid for ended in report.ended] == [orphan]


def test_orphans_of_its_process_group() -> None:
    """A group of its own in its parent's session, its member orphaned."""
    grouped = """
    def lead():
        os.setpgid(0, 0)
        def parent():
            say(member=fork())
        os.waitpid(fork(parent), 0)
        say(leader=os.getpid())
        hang()
    say(other=fork())
    fork(lead)
    hang()
    """
    with family(grouped) as kin:
        until(lambda: procfs.read_stat(kin["member"]).ppid == kin["keeper"])
        report = end_tree(TreeKill(nobody, [hold(kin["leader"], procfs)]))
        assert {ended.pid for ended in report.ended} == {kin["leader"], kin["member"]}
        assert is_running(kin["other"])


def test_the_tag_of_one_worker() -> None:
    env = {"PROCTUI_SESSION": unique_tag(), "PROCTUI_WORKER": "w"}
    with (
        family("hang()", env=env) as kin,
        family("hang()", env={**env, "PROCTUI_WORKER": "v"}) as o,
    ):
        trail = Trail(tag=env["PROCTUI_SESSION"], counts=lambda worker: worker == "w")
        report = end_tree(TreeKill({kin["keeper"]: "keeper"}.get, trail=trail))
        assert [ended.pid for ended in report.ended] == [kin["actor"]]
        assert is_running(o["actor"])


HOPPING = """
def hop():
    for signum in {ignored}:
        signal.signal(signum, signal.SIG_IGN)
    while not os.path.exists({stop!r}):
        if os.fork() > 0:
            os._exit(0)
        os.setsid()
        time.sleep({pause})
fork(hop)
hang()
"""


def hopping(stop: Path, pause: float, ignored: list[int] | None = None) -> str:
    """Each process forks, its child leaves the session, and it ends: only the tag leads on."""
    return HOPPING.format(stop=str(stop), pause=pause, ignored=ignored or [])


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("pause", [0.02, 0.1])
def test_a_moving_target_is_caught(pause: float, signum: int, tmp_path: Path) -> None:
    env = {"PROCTUI_SESSION": unique_tag()}
    ignored = [signal.SIGTERM.value] if pause == 0.02 else []
    with family(hopping(tmp_path / "stop", pause, ignored), env=env) as kin:
        trail = Trail(tag=env["PROCTUI_SESSION"])
        report = end_tree(TreeKill({kin["keeper"]: "keeper"}.get, trail=trail), signum, grace=0.3)
        left = list(tagged(all_stats().values(), env["PROCTUI_SESSION"], procfs.tags))
        (tmp_path / "stop").touch()
        assert report.left == ()
        assert [stat.pid for stat, _ in left] == [kin["keeper"]]


def test_what_keeps_escaping_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is found is gone before it can be held, time and again."""
    monkeypatch.setattr("proctui.linux.treekill.hold", _too_late)
    env = {"PROCTUI_SESSION": unique_tag()}
    with family("hang()", env=env) as kin:
        kill = TreeKill({kin["keeper"]: "keeper"}.get, trail=Trail(tag=env["PROCTUI_SESSION"]))
        report = end_tree(kill, signal.SIGKILL, patience=0.2)
        (left,) = report.left
        assert left.pid == kin["actor"]
        assert left.why.startswith("something of it keeps escaping")


def _too_late(pid: int, source: object) -> Grip:
    raise ProcessLookupError(pid)


def told(kin: Family, env: dict[str, str]) -> tuple[Worker, Hello]:
    """What the keeper would tell if it were a supervisor that adopts."""
    tag, pid = env["PROCTUI_SESSION"], kin["keeper"]
    hello = Hello(version=1, session="s", pid=pid, started_at=0.0, python="3", tag=tag, adopt=True)
    actor = kin["actor"]
    return Worker(id="w", name="w", pid=actor, alive=True, started_at=1.0), hello


def test_a_worker_that_moves_on_is_caught_with_its_tree(tmp_path: Path) -> None:
    env = {"PROCTUI_SESSION": unique_tag(), "PROCTUI_WORKER": "w"}
    with (
        family(hopping(tmp_path / "stop", 0.05), env=env) as kin,
        family("hang()", env={**env, "PROCTUI_WORKER": "v"}) as other,
    ):
        own, hello = told(kin, env)
        end_tree(hold_trees([own], hello, lambda: [own]), signal.SIGKILL)
        left = list(tagged(all_stats().values(), hello.tag, procfs.tags))
        (tmp_path / "stop").touch()
        assert {stat.pid for stat, name in left if name == "w"} <= {kin["keeper"]}
        assert is_running(other["actor"])


def test_the_next_run_of_a_worker_is_not_of_its_tree() -> None:
    env = {"PROCTUI_SESSION": unique_tag(), "PROCTUI_WORKER": "w"}
    with family("hang()", env=env) as first:
        own, hello = told(first, env)
        held = hold_trees([own], hello, lambda: [again])
        with family("hang()", env=env) as second:
            again = msgspec.structs.replace(own, pid=second["actor"], started_at=2.0)
            report = end_tree(held, signal.SIGKILL)
            assert first["actor"] in {ended.pid for ended in report.ended}
            assert is_running(second["actor"])
            assert is_running(second["keeper"])


def test_spared_ones_are_reported_with_the_reason() -> None:
    with family(TREE) as kin:
        spared = {kin["grandchild"]: "somebody is fond of it"}
        report = end_tree(TreeKill(spared.get, [hold(kin["child"], procfs)]))
        (left,) = report.left
        assert (left.pid, left.why) == (kin["grandchild"], "somebody is fond of it")
        assert is_running(kin["grandchild"])


def test_a_root_whose_pid_another_has_by_now_is_not_looked_for() -> None:
    child = os.posix_spawn("/bin/true", ["true"], {})
    grip = hold(child, procfs)
    os.waitpid(child, 0)
    report = end_tree(TreeKill(nobody, [grip]))
    assert report == ((), ())


def test_a_stopped_tree_is_ended_and_nobody_stays_frozen() -> None:
    with family(TREE) as kin:
        os.kill(kin["grandchild"], signal.SIGSTOP)
        until(lambda: procfs.read_stat(kin["grandchild"]).state == "T")
        began = time.monotonic()
        report = end_tree(TreeKill(nobody, [hold(kin["child"], procfs)]))
        assert time.monotonic() - began < 4, "SIGTERM and SIGCONT end it within the grace period"
        assert report.left == ()


@needs_root
def test_what_may_not_be_signalled_is_left_with_its_owners_name() -> None:
    code = """
import json, os, sys
from proctui.linux import procfs
from proctui.linux.grip import Grip, hold
from proctui.linux.protect import all_stats
from proctui.linux.trails import tagged
from proctui.linux.treekill import TreeKill, end_tree
os.setgid(65534); os.setuid(65534)
report = end_tree(TreeKill(lambda pid: None, [hold(int(sys.argv[1]), procfs)]), grace=0.2)
print(json.dumps(report))
"""
    with family(TREE) as kin:
        child = kin["child"]
        assert kin["escapee"]
        done = subprocess.run(
            [sys.executable, "-c", code, str(child)], capture_output=True, text=True, timeout=60
        )
        ended, left = json.loads(done.stdout)
        assert ended == []
        assert [child, "it belongs to root: not permitted to signal it"] in [
            [pid, why] for pid, _, why in left
        ]
        assert is_running(child)


def test_nothing_stays_open() -> None:
    before = os.listdir("/proc/self/fd")
    with family(TREE) as kin:
        assert kin["escapee"]
        kill = TreeKill(nobody, [hold(kin["child"], procfs)])
        kill.look()
        kill.close()
    assert len(os.listdir("/proc/self/fd")) == len(before)
