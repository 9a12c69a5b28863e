"""What hostile workers do.  Each is bounded: no test machine is hurt."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from typing import NoReturn

MEGABYTE = b"x" * 1023 + b"\n"


def flood(megabytes: int) -> None:
    """Prints that much as fast as it can, and a last line."""
    block = MEGABYTE * 1024
    for _ in range(megabytes):
        os.write(1, block)
    os.write(1, b"the end\n")
    time.sleep(600)


def endless_line(megabytes: int) -> None:
    """One line, and it does not end."""
    for _ in range(megabytes):
        os.write(1, b"y" * (1 << 20))
    time.sleep(600)


def close_everything(code: int) -> None:
    """Closes every descriptor it was given, standard ones too."""
    os.closerange(0, 65_536)
    time.sleep(0.1)
    os._exit(code)


def ignore_everything() -> None:
    """Ignores and blocks whatever can be ignored or blocked."""
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    for signum in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        with contextlib.suppress(OSError):
            signal.signal(signum, signal.SIG_IGN)
    print("deaf", flush=True)
    while True:
        time.sleep(600)


def stop_itself() -> None:
    """Stops before it does anything, and then ends with 9."""
    os.kill(os.getpid(), signal.SIGSTOP)
    sys.exit(9)


def bomb(depth: int) -> None:
    """Forks, and each child too: 2 to the power of `depth`; about half leave the session."""
    for _ in range(depth):
        if os.fork() == 0 and os.getpid() % 2:
            os.setsid()
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.write(1, b"up\n")
    time.sleep(600)


def become(uid: int) -> None:
    """Gives up what it was."""
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
    print("am", os.getuid(), flush=True)
    time.sleep(600)


def become_another_program() -> NoReturn:
    """The same process, and nothing of Python is left."""
    print("before", flush=True)
    os.execvp("sh", ["a new name", "-c", "echo after; exec sleep 600"])


def delete_log(instead: str) -> None:
    """Deletes the file that it prints to and puts a link, a folder or a pipe in its place."""
    path = os.readlink("/proc/self/fd/1")
    os.unlink(path)
    if instead == "link":
        os.symlink("/etc/hostname", path)
    elif instead == "folder":
        os.mkdir(path)
    elif instead == "pipe":
        os.mkfifo(path)
    print("still printing", flush=True)
    time.sleep(600)


def rename_itself(comm: str) -> None:
    """Calls itself something (PR_SET_NAME, prctl(2))."""
    with open("/proc/self/comm", "wb") as file:
        file.write(comm.encode("utf-8", "surrogateescape"))
    print("renamed", flush=True)
    time.sleep(600)


def short_lives(count: int) -> None:
    """As many children as asked for, each ended as soon as begun and reaped at once."""
    for _ in range(count):
        if (pid := os.fork()) == 0:
            os._exit(0)
        os.waitpid(pid, 0)
    print("all ended", flush=True)
    time.sleep(600)


def neglected_lives(count: int) -> None:
    """The same, and none is reaped."""
    for _ in range(count):
        if os.fork() == 0:
            os._exit(3)
    print("all ended", flush=True)
    time.sleep(600)


def signal_parent(signum: int) -> None:
    """Sends its supervisor a signal that asks for nothing."""
    os.kill(os.getppid(), signum)
    print("sent", flush=True)
    time.sleep(600)
