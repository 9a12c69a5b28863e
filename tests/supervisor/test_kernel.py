"""What the kernel view finds, against the real kernel."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from proctui.kernel.watched import Budget
from proctui.linux import procfs
from proctui.linux.grip import hold
from tests.supervisor.kin import family, unique_tag, until
from tests.supervisor.watching import watching

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="another user's process needs root")


async def test_finds_all_descendants_and_only_them() -> None:
    tree = """
    def parent():
        say(grandchild=fork())
        hang()
    say(child=fork(parent))
    hang()
    """
    with family(tree) as kin, family("hang()") as stranger:
        mine = {kin["actor"], kin["child"], kin["grandchild"]}
        async with watching(kin["actor"]) as view:
            assert view.pids() == mine
            assert stranger["actor"] not in view.pids()
            sample = view.of(kin["grandchild"]).sample
            assert sample.ppid == kin["child"]
            assert sample.sid == kin["actor"]
            assert sample.uid == os.geteuid()
            assert sample.rss_bytes > 100_000
            assert view.of(kin["actor"]).sample.key == (
                kin["actor"],
                procfs.read_stat(kin["actor"]).start_ticks,
            )


async def test_says_only_what_has_changed() -> None:
    with family("fork()\nsay(ready=1)\nhang()") as kin:
        assert kin["ready"]
        async with watching(kin["actor"]) as view:
            await asyncio.sleep(0.25)
            shares = await view.refresh()
            assert {seen.cpu_percent for seen in shares.observations} == {0.0}
            await asyncio.sleep(0.25)
            assert (await view.refresh()).observations == ()
            os.kill(kin["actor"], signal.SIGSTOP)
            until(lambda: procfs.read_stat(kin["actor"]).state == "T")
            (stopped,) = (await view.refresh()).observations
            assert stopped.sample.state == "T"
            assert stopped.command is None, "the command line was told before"


async def test_cpu_share_of_a_busy_process() -> None:
    with family("say(ready=1)\nwhile True: pass") as kin:
        assert kin["ready"]
        async with watching(kin["actor"]) as view:
            assert view.of(kin["actor"]).cpu_percent is None, "nothing to compare with yet"
            await view.until(lambda: (view.of(kin["actor"]).cpu_percent or 0) > 10, refresh=True)
            assert (view.of(kin["actor"]).cpu_percent or 0) < 150


async def test_finds_newcomers() -> None:
    with family("told()\nsay(child=fork())\nhang()") as kin:
        async with watching(kin["actor"]) as view:
            kin.tell()
            child = kin["child"]
            assert child not in view.pids()
            await view.refresh()
            assert child in view.pids()


async def test_born_and_orphaned_between_two_samples_the_session_tells() -> None:
    double_fork = """
    def parent():
        say(orphan=fork())
    told()
    os.waitpid(fork(parent), 0)
    say(done=1)
    hang()
    """
    with family(double_fork) as kin:
        async with watching(kin["actor"]) as view:
            kin.tell()
            assert kin["done"]
            await view.refresh()
            orphan = view.of(kin["orphan"]).sample
            assert orphan.ppid == kin["keeper"]
            assert orphan.sid == kin["actor"]
            assert view.names[kin["keeper"]].startswith("python")
            assert kin["keeper"] in view.subreapers


ESCAPE = """
def parent():
    def escape():
        os.setsid()
        if os.fork():
            os._exit(0)
        say(escapee=os.getpid())
        hang()
    fork(escape)
told()
os.waitpid(fork(parent), 0)
hang()
"""


async def test_escaped_from_the_session_between_two_samples_the_tag_tells() -> None:
    tag = unique_tag()
    with family(ESCAPE, env={"PROCTUI_SESSION": tag, "PROCTUI_WORKER": "w-3"}) as kin:
        async with watching(kin["actor"], tag=tag) as view:
            kin.tell()
            until(lambda: procfs.read_stat(kin["escapee"]).ppid == kin["keeper"])
            await view.refresh()
            escapee = view.of(kin["escapee"])
            assert escapee.sample.sid not in (kin["actor"], kin["keeper"])
            assert (escapee.tag_session, escapee.tag_worker) == (tag, "w-3")
            assert kin["keeper"] in view.pids(), "its environment has the tag too"


async def test_without_any_trail_nothing_is_claimed() -> None:
    with family(ESCAPE) as kin:
        async with watching(kin["actor"], tag=unique_tag()) as view:
            kin.tell()
            until(lambda: procfs.read_stat(kin["escapee"]).ppid == kin["keeper"])
            await view.refresh()
            assert kin["escapee"] not in view.pids()


async def test_a_root_older_than_the_view_brings_its_tree_later() -> None:
    with family("say(child=fork())\nhang()") as kin, family("hang()") as other:
        async with watching(other["actor"]) as view:
            child = kin["child"]
            view.view.follow([kin["actor"]])
            await view.refresh()
            assert {kin["actor"], child} <= view.pids()


async def test_an_orphan_and_its_adopter_by_name() -> None:
    """A subreaper of the test's own, which is not watched itself."""
    adopter = """
    rename(b"my adopter")
    def top():
        def parent():
            say(child=fork())
            told()
        say(parent=fork(parent))
        os.waitpid(-1, 0)
        hang()
    say(top=fork(top))
    hang()
    """
    with family("subreaper()\n" + adopter.replace("\n    ", "\n")) as kin:
        child, parent = kin["child"], kin["parent"]
        async with watching(kin["top"]) as view:
            assert view.of(child).sample.ppid == parent
            kin.tell()
            await view.until(lambda: view.of(child).sample.ppid == kin["actor"])
            assert view.names[kin["actor"]] == "my adopter"
            assert view.subreapers == {kin["actor"]}


async def test_the_init_of_a_pid_namespace_is_one_seen_from_outside_too() -> None:
    """An orphan in there goes to it, and it is no subreaper; by its last number it is known."""
    unshare = ["unshare", "--pid", "--fork"]
    if os.geteuid() != 0:
        unshare += ["--user", "--map-root-user"]
    command = "import os, signal\nif os.fork() == 0:\n os._exit(3)\nsignal.pause()"
    process = subprocess.Popen([*unshare, sys.executable, "-c", command], stderr=subprocess.DEVNULL)
    try:
        until(lambda: process.poll() is not None or procfs.children(process.pid))
        if process.poll() is not None:
            pytest.skip("pid namespaces are not permitted here")
        (init,) = procfs.children(process.pid)
        assert procfs.is_namespace_init(init)
        until(lambda: process.poll() is not None or procfs.children(init), "its init forks")
        assert not procfs.is_namespace_init(procfs.children(init)[0])
        async with watching(process.pid) as view:
            await view.until(lambda: view.inits == {init})
            assert not view.subreapers
        os.kill(init, signal.SIGKILL)
    finally:
        process.wait()


async def test_a_process_that_calls_itself_anything() -> None:
    with family('told()\nrename(b") R 1 (\\xff\\n")\nsay(renamed=1)\nhang()') as kin:
        async with watching(kin["actor"]) as view:
            command = view.of(kin["actor"]).command
            assert command is not None
            assert "python" in command
            kin.tell()
            assert kin["renamed"]
            await view.until(lambda: view.of(kin["actor"]).sample.comm != "python", refresh=True)
            await view.until(lambda: view.of(kin["actor"]).sample.state == "S", refresh=True)
            sample = view.of(kin["actor"]).sample
            assert sample.comm.encode("utf-8", "surrogateescape") == b") R 1 (\xff\n"
            assert sample.ppid == kin["keeper"]


async def test_an_exec_brings_a_new_command_line_even_under_the_same_name() -> None:
    again = 'told()\nos.execv(sys.executable, [sys.executable, "-c", "input()", "again"])'
    with family(again) as kin:
        async with watching(kin["actor"]) as view:
            token = view.of(kin["actor"]).token
            kin.tell()
            await view.until(lambda: view.texts[token].endswith("again"), refresh=True)
            assert view.of(kin["actor"]).token == token


async def test_a_leader_that_exited_is_not_dead() -> None:
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
        pid = kin["leader"]
        until(lambda: procfs.read_stat(pid).state == "Z")
        async with watching(kin["actor"]) as view:
            sample = view.of(pid).sample
            assert (sample.state, sample.threads, sample.living) == ("Z", 2, "S")
            assert not sample.is_zombie
            assert sample.wait_status is None
            grip = hold(pid, procfs)
            assert not grip.has_ended()
            grip.close()
            assert not view.told.is_set()
            os.kill(pid, signal.SIGSTOP)
            await view.until(lambda: view.of(pid).sample.living == "T", refresh=True)


async def test_details_of_one_process() -> None:
    with family('os.chdir("/")\nsay(ready=1)\nhang()') as kin:
        assert kin["ready"]
        async with watching(kin["actor"]) as view:
            details = view.view.details(view.of(kin["actor"]).token)
            assert details.pid == kin["actor"]
            assert details.cwd == "/"
            assert details.command is not None
            assert details.memory_rss is not None
            assert details.memory_unique is not None
            assert (details.open_files or 0) >= 3
            with pytest.raises(ProcessLookupError):
                view.view.details(10**9)


async def test_everything_is_let_go_at_the_end() -> None:
    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = descriptors()
    with family("fork()\nsay(ready=1)\nhang()") as kin:
        assert kin["ready"]
        during = descriptors()
        async with watching(kin["actor"]) as view:
            assert descriptors() > during
            view.view.close()
            view.view.close()
            assert descriptors() == during
    assert descriptors() == before


async def test_without_descriptors_it_goes_on_by_pid_and_start_time() -> None:
    with family("say(child=fork())\nhang()") as kin:
        child = kin["child"]
        async with watching(kin["actor"], budget=Budget(limit=3)) as view:
            token = view.of(child).token
            assert view.pids() == {kin["actor"], child}
            view.view.send_signal(token, signal.SIGKILL)
            await view.until(lambda: view.of(child).sample.is_zombie, refresh=True)
            assert view.of(child).sample.wait_status == signal.SIGKILL
            assert view.of(child).ended_at is None, "nobody told when"
            os.kill(kin["actor"], signal.SIGKILL)
            await view.until(lambda: view.of(kin["actor"]).sample.is_zombie)


async def test_freed_descriptors_go_to_those_without() -> None:
    with family("hang()") as kin:
        poor = kin["actor"]
        budget = Budget(limit=0)
        async with watching(poor, budget=budget) as view:
            budget.give_back()
            await view.refresh()
            os.kill(poor, signal.SIGKILL)
            await view.until(lambda: view.of(poor).sample.is_zombie)
            assert view.of(poor).ended_at is not None, "told by a pidfd that it got later"


async def test_the_loop_gets_its_turns_between_slices() -> None:
    many = "for _ in range(600): fork()\nsay(ready=1)\nhang()"
    with family(many) as kin:
        assert kin["ready"]
        async with watching(kin["actor"]) as view:
            assert len(view.pids()) == 601
            turns = 0
            over = False

            async def count() -> None:
                nonlocal turns
                while not over:
                    turns += 1
                    await asyncio.sleep(0)

            counting = asyncio.create_task(count())
            await asyncio.sleep(0)
            before = turns
            await view.refresh()
            assert turns - before >= 3
            over = True
            await counting


@needs_root
async def test_a_permission_error_names_the_owner() -> None:
    code = f"""
import asyncio, os, signal, sys
from proctui.kernel import portable
from proctui.kernel import KernelView
async def main():
    os.setgid(65534); os.setuid(65534)
    view = KernelView("", lambda: None)
    view.follow([{os.getpid()}])
    (seen,) = (await view.refresh()).observations[:1]
    try:
        view.send_signal(seen.token, signal.SIGTERM)
    except PermissionError as error:
        print(error)
    view.close()
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert f"process {os.getpid()} belongs to root" in done.stdout, done.stderr
