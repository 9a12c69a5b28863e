"""Ends: told by the kernel, with their exit status, whoever reaps."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time

import pytest

from proctui.linux import pidfd, procfs
from proctui.linux.procconn import ProcConnector
from tests.supervisor.kin import family, until
from tests.supervisor.watching import Watching, watching


def _connector_missing() -> bool:
    connector = ProcConnector.open()
    if connector is not None:
        connector.close()
    return connector is None


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="another user's process needs root")
needs_connector = pytest.mark.skipif(
    _connector_missing(), reason="the proc connector may not be opened here"
)


def _exit_after_reap() -> bool:
    """PIDFD_GET_INFO with the exit status: Linux 6.15 on."""
    child = os.posix_spawn("/bin/true", ["true"], {})
    descriptor = os.pidfd_open(child)
    try:
        os.waitpid(child, 0)
        return pidfd.wait_status(descriptor) is not None
    finally:
        os.close(descriptor)


needs_exit_info = pytest.mark.skipif(
    not _exit_after_reap(), reason="this kernel does not tell exit statuses after the reap"
)

NEGLIGENT = """
child = fork(lambda: (told(), os._exit(3)))
say(child=child)
hang()
"""


async def test_an_end_is_told_without_a_refresh_and_stays_a_zombie() -> None:
    with family(NEGLIGENT) as kin:
        child = kin["child"]
        async with watching(kin["actor"]) as view:
            before = time.time()
            kin.tell()
            await view.until(lambda: view.of(child).sample.is_zombie)
            seen = view.of(child)
            assert seen.sample.wait_status == 3 << 8
            assert seen.ended_at is not None
            assert before <= seen.ended_at <= time.time()
            for _ in range(5):
                await view.refresh()
            assert procfs.read_stat(child).is_zombie, "looking does not reap"
            assert view.departure_of(child) is None


async def test_a_zombie_found_dead_has_no_exact_end() -> None:
    with family("say(child=fork(lambda: None))\nhang()") as kin:
        until(lambda: procfs.read_stat(kin["child"]).is_zombie)
        async with watching(kin["actor"]) as view:
            assert view.of(kin["child"]).ended_at is None
            assert view.of(kin["child"]).sample.wait_status == 0
            os.kill(kin["actor"], signal.SIGKILL)
            await view.until(lambda: view.of(kin["actor"]).sample.is_zombie)
            assert view.of(kin["child"]).sample.ppid == kin["keeper"]
            assert view.of(kin["child"]).ended_at is None


async def test_the_reap_is_told_too() -> None:
    """Linux 6.9 on hangs the pidfd up; before, the next refresh finds it."""
    reaping = NEGLIGENT.replace("hang()", "told()\nos.waitpid(child, 0)\nhang()")
    with family(reaping) as kin:
        child = kin["child"]
        async with watching(kin["actor"]) as view:
            os.kill(child, signal.SIGKILL)
            await view.until(lambda: view.of(child).sample.is_zombie)
            told = view.of(child).ended_at
            kin.tell()
            await view.until(lambda: view.departure_of(child) is not None, refresh=True)
            departure = view.departure_of(child)
            assert departure is not None
            assert (departure.wait_status, departure.exact) == (signal.SIGKILL, True)
            assert departure.ended_at == told


@needs_exit_info
async def test_exit_status_though_somebody_else_reaped_at_once() -> None:
    """SIGCHLD ignored: the kernel reaps, and there never is a zombie."""
    ignoring = """
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    say(child=fork(lambda: (told(), os._exit(7))))
    hang()
    """
    with family(ignoring) as kin:
        child = kin["child"]
        async with watching(kin["actor"]) as view:
            kin.tell()
            await view.until(lambda: view.departure_of(child) is not None)
            departure = view.departure_of(child)
            assert departure is not None
            assert (departure.wait_status, departure.exact) == (7 << 8, True)
            with pytest.raises(ProcessLookupError):
                view.view.send_signal(view.of(child).token, signal.SIGTERM)


async def test_a_zombie_under_a_stopped_parent() -> None:
    stopped = """
    signal.signal(signal.SIGCHLD, lambda *_: os.waitpid(-1, 0))
    say(child=fork(lambda: (told(), os._exit(1))))
    while True:
        signal.pause()
    """
    with family(stopped) as kin:
        child, parent = kin["child"], kin["actor"]
        async with watching(parent) as view:
            view.view.send_signal(view.of(parent).token, signal.SIGSTOP)
            until(lambda: procfs.read_stat(parent).state == "T")
            kin.tell()
            await view.until(lambda: view.of(child).sample.is_zombie)
            await view.refresh()
            assert view.of(parent).sample.state == "T"
            view.view.send_signal(view.of(parent).token, signal.SIGCONT)
            await view.until(lambda: view.departure_of(child) is not None, refresh=True)


async def test_children_of_the_dead_are_looked_at_at_once() -> None:
    tree = """
    def parent():
        say(one=fork(), two=fork())
        hang()
    say(parent=fork(parent))
    hang()
    """
    with family(tree) as kin:
        parent, children = kin["parent"], [kin["one"], kin["two"]]
        async with watching(kin["actor"]) as view:
            view.view.send_signal(view.of(parent).token, signal.SIGKILL)
            await view.until(lambda: view.of(parent).sample.is_zombie)
            assert [view.of(pid).sample.ppid for pid in children] == [kin["keeper"]] * 2
            assert kin["keeper"] in view.names


@needs_root
async def test_another_users_zombie_keeps_its_status_from_us_until_the_reap() -> None:
    """Read as nobody: 0 in the stat line means not known, and is never called success."""
    code = """
import asyncio, os, sys
from proctui.kernel import KernelView
from proctui.kernel import portable
child, parent = int(sys.argv[1]), int(sys.argv[2])
async def main():
    os.setgid(65534); os.setuid(65534)
    told = asyncio.Event()
    view = KernelView("", told.set, connector=lambda: None)
    view.follow([child])
    passed = await view.refresh()
    print(passed.observations[0].sample.wait_status, flush=True)
    input()
    async with asyncio.timeout(20):
        while not (passed := await view.refresh()).departures:
            await asyncio.sleep(0.01)
    print(passed.departures[0].wait_status, flush=True)
    view.close()
asyncio.run(main())
"""
    actor = """
    child = fork(lambda: os._exit(3))
    until(lambda: is_zombie(child))
    say(child=child)
    told()
    os.waitpid(child, 0)
    say(reaped=1)
    hang()
    """
    with family(actor) as kin:
        arguments = [str(kin["child"]), str(kin["actor"])]
        with subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as nobody:
            assert nobody.stdout is not None
            assert nobody.stdout.readline() == "None\n"
            kin.tell()
            assert kin["reaped"]
            rest, _ = nobody.communicate("\n", timeout=30)
            assert rest.strip() == (str(3 << 8) if _exit_after_reap() else "None")


@needs_root
async def test_root_reads_the_zombie_of_another_user() -> None:
    actor = """
    def drop():
        os.setgid(65534)
        os.setuid(65534)
        os._exit(5)
    say(child=fork(drop))
    hang()
    """
    with family(actor) as kin:
        until(lambda: procfs.read_stat(kin["child"]).is_zombie)
        async with watching(kin["actor"]) as view:
            sample = view.of(kin["child"]).sample
            assert (sample.uid, sample.wait_status) == (65534, 5 << 8)


# ---------------------------------------------------------------- the proc connector

SHORT = """
def parent():
    os.waitpid(fork(lambda: os._exit(4)), 0)
    os._exit(6)
told()
os.waitpid(fork(parent), 0)
say(done=1)
hang()
"""


@needs_connector
async def test_lives_shorter_than_a_sample_are_told() -> None:
    with family(SHORT) as kin:
        async with watching(kin["actor"], connector=ProcConnector.open) as view:
            kin.tell()
            assert kin["done"]
            await view.refresh()
            await view.refresh()
            statuses = {d.wait_status for d in view.gone.values()}
            assert statuses == {4 << 8, 6 << 8}
            for token in view.gone:
                assert view.seen[token].sample.sid == kin["actor"]
                assert view.seen[token].forked_by is not None


async def test_without_the_connector_they_are_missed() -> None:
    """The same without it, so that the test above tests what it says."""
    with family(SHORT) as kin:
        async with watching(kin["actor"]) as view:
            kin.tell()
            assert kin["done"]
            await view.refresh()
            assert view.gone == {}


@needs_connector
async def test_a_fork_is_told_at_once() -> None:
    with family("told()\nsay(child=fork())\nhang()") as kin:
        async with watching(kin["actor"], connector=ProcConnector.open) as view:
            kin.tell()
            await view.until(lambda: len(view.pids()) == 2)
            seen = view.of(kin["child"])
            assert seen.forked_by == kin["actor"]


ESCAPE = """
def parent():
    def child():
        os.setsid()
        say(escapee=os.getpid())
        told()
        hang()
    fork(child)
    os._exit(0)
told()
os.waitpid(fork(parent), 0)
say(done=1)
hang()
"""


@needs_connector
async def test_the_first_parent_of_an_escapee_is_known() -> None:
    """Double fork and setsid with no trail left but what the kernel told."""
    with family(ESCAPE) as kin:
        async with watching(kin["actor"], connector=ProcConnector.open) as view:
            kin.tell()
            assert kin["done"]
            await view.refresh()
            escapee = view.of(kin["escapee"])
            assert escapee.sample.ppid == kin["keeper"]
            assert escapee.forked_by not in (None, kin["keeper"], kin["actor"])


@needs_connector
async def test_what_happened_before_the_view_was_made_is_known() -> None:
    """The connector was opened first, as it is for a screen that is coming."""
    with ProcConnector.opened() as heard, family(ESCAPE) as kin:
        kin.tell()
        assert kin["done"]
        view = Watching("", lambda: heard, None, None)
        for _ in range(3):  # the loop has its turns before anybody is followed
            await asyncio.sleep(0)
        view.view.follow([kin["actor"]])
        await view.refresh()
        await view.refresh()
        escapee = view.of(kin["escapee"])
        assert escapee.forked_by not in (None, kin["keeper"], kin["actor"])
        middle = view.of(escapee.forked_by or 0)
        assert middle.forked_by == kin["actor"]
        assert view.departure_of(middle.sample.pid) is not None
        view.view.close()
