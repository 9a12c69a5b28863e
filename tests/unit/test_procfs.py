from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctui.linux import procfs
from proctui.linux.procfs import Stat, parse_stat
from proctui.linux.trails import tagged
from tests.supervisor.kin import until

numbers = st.integers(min_value=0, max_value=2**63 - 1)
names = st.binary(max_size=64).filter(lambda name: b"\0" not in name)


def line(comm: bytes, state: str = "S", **fields: int) -> bytes:
    """A line as the kernel writes it; fields by their number in proc_pid_stat(5)."""
    tail = [0] * 50
    for key, value in fields.items():
        tail[int(key.removeprefix("f")) - 3] = value
    return b"4711 (" + comm + b") " + b" ".join([state.encode(), *(b"%d" % n for n in tail[1:])])


@given(comm=names, ppid=numbers, code=numbers, threads=numbers)
def test_the_name_can_be_anything(comm: bytes, ppid: int, code: int, threads: int) -> None:
    stat = parse_stat(line(comm, "Z", f4=ppid, f52=code, f20=threads) + b"\n")
    assert stat.comm.encode("utf-8", "surrogateescape") == comm
    assert (stat.pid, stat.state, stat.ppid) == (4711, "Z", ppid)
    assert (stat.exit_code, stat.threads) == (code, threads)
    assert stat.is_zombie == (threads <= 1)


@given(st.binary(max_size=400))
def test_anything_else_is_a_value_error(raw: bytes) -> None:
    try:
        stat = parse_stat(raw)
    except ValueError:
        return
    assert isinstance(stat, Stat)


def test_fields_stand_where_the_manual_says() -> None:
    stat = parse_stat(
        line(b"x) R 1 (", f5=5, f6=6, f14=14, f15=15, f22=22, f24=24, f28=28, f4=4, f20=20)
    )
    assert stat == Stat(4711, "x) R 1 (", "S", 4, 5, 6, 29, 20, 22, 24, 28, 0)


def test_reads_this_process() -> None:
    pid = os.getpid()
    stat = procfs.read_stat(pid)
    assert (stat.pid, stat.ppid, stat.pgid, stat.sid) == (
        pid,
        os.getppid(),
        os.getpgid(0),
        os.getsid(0),
    )
    assert stat.state == "R"
    assert procfs.owner(pid) == os.geteuid()
    assert procfs.name(pid) == stat.comm
    assert pid in procfs.pids()
    assert procfs.available()
    assert not procfs.is_namespace_init(pid)
    assert procfs.is_namespace_init(1)
    assert procfs.may_read_exit(pid)
    command = procfs.command_line(pid)
    assert command is not None
    assert command.startswith(sys.orig_argv[0])


def test_children_and_newest_pid() -> None:
    child = subprocess.Popen(["sleep", "60"])
    try:
        assert child.pid in procfs.children(os.getpid())
        assert procfs.last_pid() is not None
        start = procfs.boot_time() + procfs.read_stat(child.pid).start_ticks / procfs.CLOCK_TICKS
        assert abs(start - time.time()) < 5
    finally:
        child.kill()
        child.wait()


def test_tags_are_read_from_the_environment_at_exec() -> None:
    environment = {"X": "y" * 100_000, "PROCTUI_SESSION": "s=1", "PROCTUI_WORKER": "w"}
    child = subprocess.Popen(["/bin/sleep", "60"], env=environment)
    try:
        # the environment is in place a moment after exec(2) has closed what it was to close
        until(lambda: procfs.tags(child.pid) == ("s=1", "w"))
        assert procfs.command_line(child.pid) == "/bin/sleep 60"
    finally:
        child.kill()
        child.wait()
    assert procfs.tags(os.getpid())[1] is None


def test_the_tags_of_a_process_whose_leader_has_exited_are_its_threads() -> None:
    leave = """
import ctypes, threading
threading.Thread(target=threading.Event().wait).start()
ctypes.CDLL(None).pthread_exit(None)
"""
    environment = {"PATH": os.defpath, "PROCTUI_SESSION": "s", "PROCTUI_WORKER": "w  "}
    child = subprocess.Popen([sys.executable, "-c", leave], env=environment)
    try:
        until(lambda: procfs.read_stat(child.pid).state == "Z")
        assert not procfs.read_stat(child.pid).is_zombie
        assert procfs.tags(child.pid) == ("s", "w")
        assert [stat.pid for stat, _ in tagged([procfs.read_stat(child.pid)], "s", procfs.tags)]
    finally:
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert procfs.tags(child.pid) == (None, None)
        child.wait()


def test_a_variable_that_only_ends_like_the_tag_is_none() -> None:
    child = subprocess.Popen(["sleep", "60"], env={"PATH": os.defpath, "MY_PROCTUI_SESSION": "s"})
    try:
        until(lambda: procfs.command_line(child.pid) == "sleep 60")
        assert procfs.tags(child.pid) == (None, None)
    finally:
        child.kill()
        child.wait()


def test_a_long_command_line_is_cut() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()", "a" * 50_000], stdin=subprocess.PIPE)
    try:
        until(lambda: len(procfs.command_line(child.pid) or "") == procfs.MAX_COMMAND)
    finally:
        child.communicate(b"\n")


def test_a_zombie_has_no_command_line_and_a_readable_exit_code() -> None:
    child = os.posix_spawn("/bin/sh", ["sh", "-c", "exit 9"], {})
    try:
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        stat = procfs.read_stat(child)
        assert stat.is_zombie
        assert stat.exit_code == 2304
        assert procfs.command_line(child) is None
        assert procfs.may_read_exit(child)
    finally:
        os.waitpid(child, 0)


@pytest.mark.parametrize(
    "read",
    [
        procfs.read_stat,
        procfs.owner,
        procfs.name,
        procfs.tags,
        procfs.command_line,
        procfs.children,
        procfs.may_read_exit,
        procfs.is_namespace_init,
    ],
)
def test_nobody_there_is_a_process_lookup_error(read: object) -> None:
    child = os.posix_spawn("/bin/true", ["true"], {})
    os.waitpid(child, 0)
    assert callable(read)
    with pytest.raises(ProcessLookupError):
        read(child)


def test_a_kept_descriptor_stays_with_its_process() -> None:
    child = os.posix_spawn("/bin/true", ["true"], {})
    descriptor = procfs.open_stat(child)
    try:
        os.waitpid(child, 0)
        with pytest.raises(ProcessLookupError):
            procfs.pread_stat(descriptor)
    finally:
        os.close(descriptor)


def test_given_names_processes_and_no_threads() -> None:
    mine = os.getpid()
    assert procfs.given(mine - 1, mine) == [mine]
    ready, done = threading.Event(), threading.Event()

    def wait() -> None:
        ready.set()
        done.wait()

    thread = threading.Thread(target=wait)
    thread.start()
    try:
        ready.wait()
        number = thread.native_id
        assert number is not None
        assert procfs.read_stat(number).pid == number, "it can be read, and is no process"
        assert procfs.given(number - 1, number) == []
    finally:
        done.set()
        thread.join()
