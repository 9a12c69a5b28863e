"""Zombies and orphans of the whole machine, against the real kernel."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
from pathlib import Path

import pytest

from proctui.commands import scan as command
from proctui.linux import procfs
from proctui.machine.reading import SLICE
from proctui.machine.scan import (
    Found,
    Orphan,
    Zombie,
    collect,
    collect_in_turns,
    still_there,
)
from proctui.machine.witness import KnownSession
from tests.conftest import Supervise
from tests.supervisor.kin import family, in_pid_namespace, until
from tests.supervisor.specs import ends, target
from tests.support import children_of

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="another user's process needs root")


def zombie(found: Found, pid: int) -> Zombie | None:
    return next((z for z in found.zombies if z.pid == pid), None)


def orphan(found: Found, pid: int) -> Orphan | None:
    return next((o for o in found.orphans if o.pid == pid), None)


def test_a_zombie_with_its_negligent_parent_and_its_exit_code() -> None:
    with family("say(child=fork(lambda: os._exit(3)))\nrename(b'neglect')\nhang()") as kin:
        until(lambda: procfs.read_stat(kin["child"]).is_zombie)
        until(lambda: procfs.name(kin["actor"]) == "neglect")
        found = zombie(collect(), kin["child"])
        assert found is not None
        assert (found.ppid, found.parent, found.exitcode) == (kin["actor"], "neglect", 3)
        assert 0 <= found.age_seconds < 60
        os.kill(kin["child"], signal.SIGKILL)
        assert zombie(collect(), kin["child"]) == found._replace(
            age_seconds=pytest.approx(found.age_seconds, abs=60)  # type: ignore[arg-type]
        )


def test_one_ended_by_a_signal() -> None:
    with family("say(child=fork())\nhang()") as kin:
        os.kill(kin["child"], signal.SIGSEGV)
        until(lambda: procfs.read_stat(kin["child"]).is_zombie)
        found = zombie(collect(), kin["child"])
        assert found is not None
        assert found.exitcode == -signal.SIGSEGV


def test_a_zombie_that_is_reaped_meanwhile_is_dropped() -> None:
    with family("say(child=fork(lambda: None))\ntold()\nos.waitpid(-1, 0)\nhang()") as kin:
        until(lambda: procfs.read_stat(kin["child"]).is_zombie)
        found = collect()
        assert zombie(still_there(found), kin["child"]) is not None
        kin.tell()
        until(lambda: kin["child"] not in procfs.pids())
        assert zombie(still_there(found), kin["child"]) is None


def test_a_leader_that_exited_while_its_threads_live_on_is_no_zombie() -> None:
    leader = """
    import threading
    def lead():
        go_on = threading.Event()
        threading.Thread(target=go_on.wait).start()
        say(leader=os.getpid())
        ctypes.CDLL(None).pthread_exit(None)
    fork(lead)
    hang()
    """
    with family(leader) as kin:
        until(lambda: procfs.read_stat(kin["leader"]).state == "Z")
        assert zombie(collect(), kin["leader"]) is None


def test_an_orphan_whose_session_leader_is_gone() -> None:
    orphaning = """
    def lead():
        os.setsid()
        os.chdir("/tmp")
        say(leader=os.getpid(), orphan=fork())
    os.waitpid(fork(lead), 0)
    say(done=1)
    hang()
    """
    with family(orphaning) as kin:
        assert kin["done"]
        found = orphan(collect(), kin["orphan"])
        assert found is not None
        assert (found.ppid, found.first_parent) == (kin["keeper"], None)
        assert found.adopter.startswith("python")
        assert found.why == f"its session leader {kin['leader']} is gone"
        assert (found.session, found.worker) == (None, None)
        assert orphan(collect(), kin["actor"]) is None
        assert orphan(collect(), kin["keeper"]) is None


DOUBLE_FORK = """
def parent():
    def work():
        os.chdir({cwd!r})
        null = os.open(os.devnull, os.O_RDWR)
        if {quiet}:
            for number in (0, 1, 2):
                os.dup2(null, number)
        hang()
    say(orphan=fork(work))
os.waitpid(fork(parent), 0)
say(done=1)
hang()
"""


def test_a_daemon_let_go_on_purpose_and_a_leak_did_not() -> None:
    for cwd, quiet, leaks in (("/", True, False), ("/tmp", True, True), ("/", False, True)):
        with family(DOUBLE_FORK.format(cwd=cwd, quiet=quiet)) as kin:
            assert kin["done"]
            place = Path(f"/proc/{kin['orphan']}/cwd")
            until(lambda: str(place.readlink()) == cwd)  # noqa: B023
            until(lambda: quiet == _is_null(kin["orphan"]))  # noqa: B023
            assert (orphan(collect(), kin["orphan"]) is not None) == leaks


def _is_null(pid: int) -> bool:
    return all(str(Path(f"/proc/{pid}/fd/{n}").readlink()) == os.devnull for n in range(3))


TAGGED = """
def worker():
    os.setsid()
    def parent():
        def escape():
            os.setsid()
            if os.fork():
                os._exit(0)
            say(escapee=os.getpid())
            hang()
        fork(escape)
    os.waitpid(fork(parent), 0)
    hang()
say(worker=fork(worker))
hang()
"""


def test_orphans_of_a_session_with_its_name_and_their_worker() -> None:
    with family(TAGGED, env={"PROCTUI_SESSION": "web.1f"}) as kin:
        worker, supervisor = kin["worker"], kin["actor"]
        until(lambda: procfs.read_stat(kin["escapee"]).ppid == kin["keeper"])
        known = KnownSession("web", supervisor, True, lambda: {worker: "w-1"})
        found = collect(sessions={"web.1f": known})
        assert orphan(found, worker) is None, "its parent is the supervisor"
        assert orphan(found, supervisor) is None
        escapee = orphan(found, kin["escapee"])
        assert escapee is not None
        assert escapee.session == "web"


def test_workers_of_a_supervisor_that_is_gone() -> None:
    """A session leader under an adopter: the tag tells, since its parent has another."""
    adopting = """
    os.environ["PROCTUI_SESSION"] = "web.3c"
    code = "import os, signal\\nos.setsid()\\nif os.fork() == 0:\\n os.setsid(); signal.pause()\\n"
    code += "signal.pause()"
    supervisor = os.posix_spawn(sys.executable, [sys.executable, "-c", code], os.environ)
    until(lambda: os.path.exists(f"/proc/{supervisor}") and children_of(supervisor))
    say(supervisor=supervisor, worker=children_of(supervisor)[0])
    hang()
    """
    helper = """
def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as children:
        return [int(child) for child in children.read().split()]
"""
    body = "\n".join(line.removeprefix("    ") for line in adopting.splitlines())
    with family(helper + body) as kin:
        worker, supervisor = kin["worker"], kin["supervisor"]
        until(lambda: procfs.read_stat(worker).sid == worker)
        os.kill(supervisor, signal.SIGKILL)
        until(lambda: procfs.read_stat(worker).ppid == kin["keeper"])
        known = KnownSession("web", supervisor, False, lambda: {worker: "w-3"})
        found = orphan(collect(sessions={"web.3c": known}), worker)
        assert found is not None
        assert (found.session, found.worker, found.first_parent) == ("web", "w-3", supervisor)
        assert found.why == f"the supervisor {supervisor} of session web is gone"


@needs_root
def test_other_users_only_where_asked_for() -> None:
    foreign = """
    def drop():
        os.setgid(65534)
        os.setuid(65534)
        def parent():
            say(orphan=fork())
        os.waitpid(fork(parent), 0)
        os._exit(2)
    say(zombie=fork(drop))
    hang()
    """
    with family(foreign) as kin:
        until(lambda: procfs.read_stat(kin["zombie"]).is_zombie)
        own, everybodys = collect(), collect(all_users=True)
        assert zombie(own, kin["zombie"]) is None
        assert orphan(own, kin["orphan"]) is None
        seen = zombie(everybodys, kin["zombie"])
        assert seen is not None
        assert (seen.user, seen.exitcode) == ("nobody", 2)
        assert orphan(everybodys, kin["orphan"]) is not None


# ---------------------------------------------------------------- the command


@pytest.fixture(autouse=True)
def _no_sessions(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PROCTUI_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("PROCTUI_RUNTIME_DIR", str(tmp_path / "run"))


BOTH = ("pid", "name", "ppid", "age_seconds", "user")


def arguments(**chosen: bool) -> argparse.Namespace:
    usual = {"json": False, "check": False, "all": False, "all_users": False}
    return argparse.Namespace(**usual | chosen)


def test_json_has_exactly_the_documented_shape(capsys: pytest.CaptureFixture[str]) -> None:
    with (
        family(DOUBLE_FORK.format(cwd="/tmp", quiet=False) + "\n") as kin,
        family("say(child=fork(lambda: None))\nhang()") as other,
    ):
        assert kin["done"]
        until(lambda: procfs.read_stat(other["child"]).is_zombie)
        assert command.scan(arguments(json=True)) == 0
        printed = json.loads(capsys.readouterr().out)
        assert set(printed) == {"zombies", "orphans"}
        assert {tuple(z) for z in printed["zombies"]} == {
            (*BOTH[:3], "parent", "exitcode", *BOTH[3:])
        }
        assert {tuple(o) for o in printed["orphans"]} == {
            (*BOTH[:3], "adopter", "first_parent", "session", "worker", *BOTH[3:], "why")
        }
        assert other["child"] in {z["pid"] for z in printed["zombies"]}
        assert command.scan(arguments(check=True)) == 1


def test_check_succeeds_where_there_is_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "collect", lambda **_: Found((), ()))
    assert command.scan(arguments(check=True)) == 0
    assert "no zombies, no orphans" in capsys.readouterr().out


_LAZY_INIT = """
import argparse, os, sys, time
from proctui.commands import scan as command
from proctui.linux import procfs

pid = os.fork()
if pid == 0:
    child = os.fork()
    if child == 0:
        while os.getppid() != 1:
            time.sleep(0.005)
        os._exit(5)
    os._exit(0)
os.waitpid(pid, 0)
while not any(procfs.read_stat(p).is_zombie for p in procfs.pids()):
    time.sleep(0.005)

class Time:
    monotonic = time.monotonic
    looks = 0
    def sleep(self, seconds):
        self.looks += 1
        if sys.argv[1] == "late" and self.looks == 3:
            os.waitpid(-1, 0)

command.time = Time()
command.REAPING = 30.0 if sys.argv[1] == "late" else 0.3
command.scan(argparse.Namespace(json=False, check=False, all=False, all_users=False))
"""


def test_an_init_that_does_not_reap_is_named_with_the_cure() -> None:
    printed = in_pid_namespace(_LAZY_INIT, "never")
    assert "(1) has not joined 1 zombie:" in printed
    assert "It is not reaping." in printed
    assert "docker run --init" in printed


def test_an_init_that_takes_its_time_is_not_accused() -> None:
    assert in_pid_namespace(_LAZY_INIT, "late") == "no zombies, no orphans\n"


def test_zombies_stand_under_their_parent_once(capsys: pytest.CaptureFixture[str]) -> None:
    many = "rename(b'a\\x1b[31mb')\nfor _ in range(3): fork(lambda: None)\nsay(done=1)\nhang()"
    with family(many) as kin:
        assert kin["done"]
        children = procfs.children(kin["actor"])
        until(lambda: all(procfs.read_stat(pid).is_zombie for pid in children))
        command.scan(arguments())
        printed = capsys.readouterr().out
        assert printed.count(f"({kin['actor']}) has not joined 3 zombies:") == 1
        assert "\x1b" not in printed


def test_long_groups_are_folded_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    many = "for _ in range(14): fork(lambda: None)\nsay(done=1)\nhang()"
    with family(many) as kin:
        assert kin["done"]
        children = procfs.children(kin["actor"])
        until(lambda: all(procfs.read_stat(pid).is_zombie for pid in children))
        command.scan(arguments())
        printed = capsys.readouterr().out
        assert f"({kin['actor']}) has not joined 14 zombies:" in printed
        listed = [pid for pid in children if re.search(rf"^ *{pid} ", printed, re.MULTILINE)]
        assert len(listed) == 10
        assert "and 4 more (--all lists them)" in printed
        command.scan(arguments(all=True))
        printed = capsys.readouterr().out
        listed = [pid for pid in children if re.search(rf"^ *{pid} ", printed, re.MULTILINE)]
        assert len(listed) == 14


async def test_turns_are_given_and_the_same_is_found() -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    with family("say(child=fork(lambda: None))\nhang()") as kin:
        until(lambda: procfs.read_stat(kin["child"]).is_zombie)
        counting = asyncio.create_task(count())
        found = await collect_in_turns()
        counting.cancel()
        assert zombie(found, kin["child"])
        processes = len(procfs.pids())
        assert turns >= processes // SLICE, (turns, processes)


def test_a_supervisor_is_called_that_and_what_it_forked_is_not(supervise: Supervise) -> None:
    supervisor = supervise(ends("e", 3), target("n", "neglecting:neglect"))
    client = supervisor.client()
    ended = client.until("e", lambda worker: worker.phase == "ended").pid
    neglecting = client.until("n", lambda worker: worker.phase == "alive").pid
    assert ended is not None and neglecting is not None
    until(lambda: children_of(neglecting) != [])
    (child,) = children_of(neglecting)
    until(lambda: procfs.read_stat(child).is_zombie)
    found = collect()
    told = zombie(found, ended)
    assert told is not None and told.parent == "proctui supervisor"
    told = zombie(found, child)
    assert told is not None and told.parent != "proctui supervisor"
