"""The stand-in for /proc, tried where /proc can tell whether it is right."""

from __future__ import annotations

import os
import signal

import pytest

from proctui.kernel import portable
from proctui.linux import procfs
from tests.supervisor.kin import family, unique_tag, until
from tests.supervisor.watching import watching


async def test_watches_a_tree_with_what_psutil_gives() -> None:
    tag = unique_tag()
    env = {"PROCTUI_SESSION": tag, "PROCTUI_WORKER": "w"}
    parent = "child = fork()\nsay(child=child)\ntold()\nos.waitpid(child, 0)\nhang()"
    with family(parent, env=env) as kin:
        child, actor = kin["child"], kin["actor"]
        async with watching(actor, source=portable) as view:
            assert {child, actor} <= view.pids()
            seen = view.of(child)
            assert (seen.tag_session, seen.tag_worker) == (tag, "w")
            assert abs(seen.started_at - _started(child)) < 1
            view.view.send_signal(seen.token, signal.SIGKILL)
            await view.until(lambda: view.of(child).sample.is_zombie, refresh=True)
            assert view.of(child).sample.wait_status is None, "not known is not success"
            kin.tell()
            await view.until(lambda: view.departure_of(child) is not None, refresh=True)
            departure = view.departure_of(child)
            assert departure is not None
            assert not departure.exact


def _started(pid: int) -> float:
    return procfs.boot_time() + procfs.read_stat(pid).start_ticks / procfs.CLOCK_TICKS


def test_says_the_same_as_proc() -> None:
    with family("say(child=fork())\nhang()") as kin:
        child = kin["child"]
        until(lambda: procfs.read_stat(child).state == "S")
        mine, true = portable.read_stat(child), procfs.read_stat(child)
        assert (mine.pid, mine.ppid, mine.pgid, mine.sid, mine.state, mine.threads) == (
            true.pid,
            true.ppid,
            true.pgid,
            true.sid,
            true.state,
            true.threads,
        )
        assert mine.comm.startswith(true.comm)
        assert portable.children(kin["actor"]) == procfs.children(kin["actor"])
        assert portable.owner(child) == procfs.owner(child)
        assert portable.command_line(child) == procfs.command_line(child)
        assert child in portable.pids()


def test_nobody_there_is_a_process_lookup_error() -> None:
    child = os.posix_spawn("/bin/true", ["true"], {})
    os.waitpid(child, 0)
    for read in (
        portable.read_stat,
        portable.owner,
        portable.name,
        portable.tags,
        portable.command_line,
        portable.children,
        portable.read_details,
    ):
        with pytest.raises(ProcessLookupError):
            read(child)


def test_a_zombie_is_one_here_too() -> None:
    with family("say(child=fork(lambda: None))\nhang()") as kin:
        until(lambda: procfs.read_stat(kin["child"]).is_zombie)
        stat = portable.read_stat(kin["child"])
        assert stat.is_zombie
        details = portable.read_details(kin["child"])
        assert details.cwd is None
        assert details.command is None


def test_machine_totals_are_of_a_plausible_size() -> None:
    share, used, total = portable.machine_totals()
    assert 0 <= share <= 100
    assert 0 < used < total
