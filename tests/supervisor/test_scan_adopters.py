"""Who is an orphan under init, under PID 1 of a container and under a subreaper, for real."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from proctui.commands import scan as command
from proctui.linux import procfs
from proctui.machine.scan import Found, collect
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
        "escapee": "it leads its own session: perhaps a daemon",
        "escapee with a pipe": "it holds a pipe of somebody else's, which its parent does not",
        "escapee with a terminal": told["why"]["escapee with a terminal"],
    }
    held = told["why"]["escapee with a terminal"]
    assert held.startswith("it holds the terminal /dev/pts/") and "deleted" not in held


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
    return argparse.Namespace(**{"json": False, "check": False, "all_users": False} | chosen)


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
