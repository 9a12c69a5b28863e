"""Who is an orphan under init, under PID 1 of a container and under a subreaper, for real."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from proctui.commands import scan as command
from proctui.commands import texts
from proctui.linux import procfs
from proctui.machine.scan import Found, Orphan, collect
from tests.supervisor.kin import DEADLINE, family, in_pid_namespace, until

_LEADERS = """
import json, os, signal, sys, time
from proctui.machine.scan import collect

names = {}

def fork(run, *arguments):
    pid = os.fork()
    if pid == 0:
        run(*arguments)
        os._exit(0)
    return pid

def rest():
    os.write(ready[1], b".")
    while True:
        signal.pause()

def lead(before=lambda: None):
    os.setsid()
    before()
    rest()

def let_go():
    os.chdir("/")
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)

def detach():
    # as daemon(3) with nochdir: tmux and screen
    let_go()
    os.chdir("/tmp")

def listened_to():
    os.dup2(pipe[1], 1)

def in_a_terminal():
    import fcntl, termios
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    os.dup2(slave, 1)

def out_of(parent):
    # the child is told by pid, its parent ends, and PID 1 has it
    told, tell = os.pipe()
    def between():
        os.write(tell, str(parent()).encode())
    middle = fork(between)
    os.waitpid(middle, 0)
    return int(os.read(told, 20))

def with_a_pipe():
    ours = os.pipe()
    return fork(lead, lambda: os.dup2(ours[1], 1))

def with_a_terminal():
    master, slave = os.openpty()
    return fork(lead, lambda: os.dup2(slave, 1))

ready = os.pipe()
names["second process"] = fork(lead)
assert names["second process"] == 2
pipe = os.pipe()
master, slave = os.openpty()
os.chdir("/tmp")
names["own child"] = fork(rest)
names["listened to"] = fork(lead, listened_to)
os.close(pipe[1])
names["login"] = fork(lead, in_a_terminal)
os.close(slave)
names["daemon"] = out_of(lambda: fork(lead, let_go))
names["server in its folder"] = out_of(lambda: fork(lead, detach))
names["escapee"] = out_of(lambda: fork(lead))
names["escapee with a pipe"] = out_of(with_a_pipe)
names["escapee with a terminal"] = out_of(with_a_terminal)
there = 0
while there < len(names):
    there += len(os.read(ready[0], 100))
found = {orphan.pid: orphan.why for orphan in collect().orphans}
why = {name: found.pop(pid, None) for name, pid in names.items()}
print(json.dumps({"why": why, "others": found}))
"""


def test_leaders_of_sessions_under_an_init() -> None:
    told = json.loads(in_pid_namespace(_LEADERS))
    assert told["others"] == {}
    assert told["why"] == {
        "second process": None,
        "own child": None,
        "listened to": None,
        "login": None,
        "daemon": None,
        "server in its folder": None,
        "escapee": "it leads its own session: perhaps a daemon",
        "escapee with a pipe": (
            "it leads its own session and holds a pipe, its parent does not: perhaps an orphan"
        ),
        "escapee with a terminal": told["why"]["escapee with a terminal"],
    }
    held = told["why"]["escapee with a terminal"]
    assert re.fullmatch(
        "it leads its own session and holds /dev/pts/[0-9]+, its parent does not: "
        "perhaps an orphan",
        held,
    )


_STARTED_BY_PID_1 = """
import os, subprocess, time
from proctui.machine.scan import collect

def started(name, *command, **more):
    pid = subprocess.Popen(command, start_new_session=True, **more).pid
    names[pid] = name

names = {}
os.chdir("/tmp")
started("second process of all", "sleep", "600")
source, sink = os.pipe()
master, slave = os.openpty()
started("writes", "sleep", "600", stdout=sink)
started("reads", "cat", stdin=source)
started("in a terminal", "sleep", "600", stdin=slave, stdout=slave)
for end in (source, sink, slave):
    os.close(end)
started("parent", "sh", "-c", "(sleep 600 & ) & wait")
found = ()
while all(orphan.pid in names for orphan in found):
    time.sleep(0.01)
    found = collect().orphans
for orphan in found:
    print(names.get(orphan.pid, "adopted"), "perhaps" if orphan.doubtful else "surely", sep=": ")
"""


def test_what_pid_1_started_itself_is_not_accused() -> None:
    """It closed the ends of the pipe that it had no use for, as everybody does."""
    told = in_pid_namespace(_STARTED_BY_PID_1).splitlines()
    assert [line for line in told if "surely" in line] == ["adopted: surely"]
    assert "reads: perhaps" in told, "nobody can know who started it"
    assert "in a terminal: perhaps" not in told, "its parent has the other side"


def test_what_a_subreaper_started_itself_is_not_accused() -> None:
    started = """
    subreaper()
    os.waitpid(fork(lambda: (os.setsid(), say(adopted=fork()))), 0)
    def lead(*held):
        os.setsid()
        os.dup2(held[0], 1)
        hang()
    ours, theirs = os.pipe()
    master, slave = os.openpty()
    say(piped=fork(lambda: lead(theirs)), terminal=fork(lambda: lead(slave)))
    for end in (ours, theirs, slave):
        os.close(end)
    hang()
    """
    with family(started) as kin:
        for name in ("piped", "terminal"):
            until(lambda: procfs.read_stat(kin[name]).sid == kin[name])  # noqa: B023
        under = {orphan.pid: orphan for orphan in of(collect(), kin["actor"]).orphans}
        assert list(under) == [kin["adopted"]]
        assert not under[kin["adopted"]].doubtful


def test_a_check_is_not_failed_by_a_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Orphan(9, "x", 1, "init", None, None, None, 3.0, "me", "perhaps", doubtful=True)
    for found, status in (
        (Found((), (one,)), 0),
        (Found((), (one, one._replace(doubtful=False))), 1),
    ):
        monkeypatch.setattr(command, "collect", lambda **_: found)  # noqa: B023
        assert command.scan(arguments(check=True)) == status
        assert command.scan(arguments(json=True)) == 0


def test_guesses_stand_apart_from_what_is_certain(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Orphan(9, "x", 1, "init", None, None, None, 3.0, "me", "surely")
    other = one._replace(pid=8, why="perhaps", doubtful=True)
    monkeypatch.setattr(command, "collect", lambda **_: Found((), (other, one)))
    command.scan(arguments())
    certain, guesses = capsys.readouterr().out.split("\n\n")
    assert certain.startswith("1 orphan:\n") and "surely" in certain
    assert guesses.startswith("perhaps 1 orphan:\n") and guesses.endswith("perhaps\n")


_CONTAINER = """
import os, signal
os.setsid()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.pause()
    os._exit(7)
signal.pause()
"""


@contextlib.contextmanager
def container() -> Iterator[int]:
    """PID 1 of one, as it is seen from here: it reaps nobody, and has adopted a child's child."""
    unshare = ["unshare", "--pid", "--fork", "--mount-proc"]
    if os.geteuid() != 0:
        unshare += ["--user", "--map-root-user"]
    process = subprocess.Popen(
        [*unshare, sys.executable, "-c", _CONTAINER], stderr=subprocess.PIPE, text=True
    )
    try:
        until(lambda: process.poll() is not None or procfs.children(process.pid))
        if process.poll() is not None:
            assert process.stderr is not None
            pytest.skip(f"pid namespaces are not permitted here: {process.stderr.read().strip()}")
        (init,) = procfs.children(process.pid)
        yield init
    finally:
        with contextlib.suppress(OSError):
            for init in procfs.children(process.pid):
                os.kill(init, signal.SIGKILL)
        process.communicate(timeout=DEADLINE)


def of(found: Found, init: int) -> Found:
    """What was found under this adopter."""
    return Found(
        tuple(z for z in found.zombies if z.ppid == init),
        tuple(o for o in found.orphans if o.ppid == init),
    )


def arguments(**chosen: bool) -> argparse.Namespace:
    usual = {"json": False, "check": False, "all": False, "all_users": False}
    return argparse.Namespace(**usual | chosen)


def test_pid_1_of_a_container_is_known_from_outside(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with container() as init:
        until(lambda: len(procfs.children(init)) == 2)
        until(lambda: any(procfs.read_stat(pid).is_zombie for pid in procfs.children(init)))
        found = collect()
        assert not any(orphan.pid == init for orphan in found.orphans)
        (zombie,), (orphan,) = of(found, init)
        assert zombie.init and zombie.in_container and zombie.exitcode == 7
        assert orphan.in_container
        assert orphan.why == f"its session leader {zombie.pid} is gone"
        monkeypatch.setattr(command, "REAPING", 0.0)
        monkeypatch.setattr(command, "collect", lambda **_: of(found, init))
        assert command.scan(arguments(json=True)) == 0
        printed = json.loads(capsys.readouterr().out)
        name = procfs.name(init)
        assert printed["orphans"][0]["adopter"] == f"PID 1 of a container ({name})"
        assert printed["zombies"][0]["parent"] == f"PID 1 of a container ({name})"
        command.scan(arguments())
        said = capsys.readouterr().out
        assert f"PID 1 of a container ({name}, {init}) has not joined 1 zombie:" in said
        assert "It is not reaping. No signal helps." in said
        assert "`docker run --init`" in said and "`init: true`" in said and "tini" in said
        assert said.count(f"PID 1 of a container ({name}, {init})") == 2


def test_a_subreaper_that_does_not_reap_what_it_adopted_is_told_apart(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    adopting = """
    subreaper()
    def parent():
        os.setsid()
        def child():
            until(lambda: os.getppid() == ADOPTER)
            os._exit(3)
        say(child=fork(child))
    ADOPTER = os.getpid()
    os.waitpid(fork(parent), 0)
    say(own=fork(lambda: None))
    hang()
    """
    with family(adopting) as kin:
        for name in ("child", "own"):
            until(lambda: procfs.read_stat(kin[name]).is_zombie)  # noqa: B023
        found = of(collect(), kin["actor"])
        assert {z.pid: z.reaped_soon for z in found.zombies} == {
            kin["child"]: True,
            kin["own"]: False,
        }
        alone = found._replace(zombies=tuple(z for z in found.zombies if z.adopted))
        monkeypatch.setattr(command, "REAPING", 0.0)
        monkeypatch.setattr(command, "collect", lambda **_: alone)
        command.scan(arguments())
        assert "It has adopted them, and is not reaping." in capsys.readouterr().out
        monkeypatch.setattr(command, "collect", lambda **_: found)
        command.scan(arguments())
        assert "It has adopted them" not in capsys.readouterr().out


_ONE_SESSION = """
import os, time
from proctui.machine.scan import collect

os.setsid()
read, write = os.pipe()
if os.fork() == 0:
    if os.fork() == 0:
        os.setpgid(0, 0)
        os.close(read)
        while os.getppid() != 1:
            time.sleep(0.005)
        os.write(write, b".")
        time.sleep(600)
    os._exit(0)
os.wait()
os.read(read, 1)
print(len(collect().orphans))
"""


def test_an_orphan_in_the_session_of_its_adopter_is_beyond_one_look() -> None:
    """What README and help say: should it be found one day, they are to be changed."""
    assert in_pid_namespace(_ONE_SESSION) == "0\n"
    assert "can't be told from a child and is not listed" in " ".join(texts.SCAN.split())
