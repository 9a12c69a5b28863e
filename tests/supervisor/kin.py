"""Small families of real processes for the tests of what proctui makes of them.

The keeper is a subreaper: whoever is orphaned below it comes to it, and when
the test is over it ends and reaps everything that is left.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator

import pytest

DEADLINE = 20.0

_KEEPER = """
import ctypes, json, os, signal, sys, time
ACTOR, GO = sys.argv[1], int(sys.argv[2])

def prctl(*args):
    if ctypes.CDLL(None, use_errno=True).prctl(*args):
        raise OSError(ctypes.get_errno(), "prctl")

def subreaper():
    prctl(36, 1, 0, 0, 0)

def rename(name):
    prctl(15, name, 0, 0, 0)

def say(**what):
    os.write(1, json.dumps(what).encode() + b"\\n")

def told():
    if not os.read(GO, 1):
        hang()

def hang():
    while True:
        signal.pause()

def fork(run=hang):
    pid = os.fork()
    if pid == 0:
        try:
            run()
        finally:
            os._exit(0)
    return pid

def is_zombie(pid):
    with open(f"/proc/{pid}/stat", "rb") as stat:
        return stat.read().rpartition(b")")[2].split()[0] == b"Z"

def until(condition):
    while not condition():
        time.sleep(0.002)

def below():
    with open(f"/proc/self/task/{os.getpid()}/children") as children:
        return [int(pid) for pid in children.read().split()]

subreaper()

actor = os.fork()
if actor == 0:
    os.setsid()
    exec(compile(sys.argv[3], "actor", "exec"))
    os._exit(0)
until(lambda: os.getsid(actor) == actor)
say(actor=actor, keeper=os.getpid())
sys.stdin.buffer.read()
while left := below():
    for pid in left:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
"""


def unique_tag() -> str:
    """A value for PROCTUI_SESSION that no other test, here or elsewhere, has."""
    return f"test-{os.getpid()}-{secrets.token_hex(6)}"


class Family:
    """What the test has of it: pids by name, and the way to let it go on."""

    def __init__(self, process: subprocess.Popen[bytes], go: int) -> None:
        self._process = process
        self._go = go
        self._buffer = b""
        self.pids: dict[str, int] = {}

    def __getitem__(self, name: str) -> int:
        """The pid said under this name; waits until it was said."""
        deadline = time.monotonic() + DEADLINE
        while name not in self.pids:
            self._hear(deadline)
        return self.pids[name]

    def tell(self) -> None:
        """Lets one `told()` go on."""
        os.write(self._go, b".")

    def _hear(self, deadline: float) -> None:
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
        assert ready, f"nothing was said in time; heard {self.pids}"
        piece = os.read(descriptor, 65536)
        assert piece, f"the family is gone; heard {self.pids}"
        *lines, self._buffer = (self._buffer + piece).split(b"\n")
        for line in lines:
            self.pids |= json.loads(line)


@contextlib.contextmanager
def family(actor: str, *, env: dict[str, str] | None = None) -> Iterator[Family]:
    """Runs `actor` in a session of its own, with the words of the keeper at hand.

    ``say(name=pid)``, ``told()``, ``hang()``, ``fork(run)``, ``rename(b"…")``,
    ``subreaper()``, ``is_zombie(pid)``, ``until(condition)``.
    """
    go_read, go_write = os.pipe()
    arguments = ["kin", str(go_read), textwrap.dedent(actor)]
    process = subprocess.Popen(
        [sys.executable, "-c", _KEEPER, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pass_fds=[go_read],
        env={**os.environ, **(env or {})},
    )
    os.close(go_read)
    try:
        yield Family(process, go_write)
    finally:
        os.close(go_write)
        process.communicate(timeout=DEADLINE)
        assert process.returncode == 0, "the keeper failed"


def in_pid_namespace(code: str, *arguments: str, timeout: float = 100.0) -> str:
    """What `code` prints as process 1 of a pid namespace of its own; skips where that may not be.

    Ordinary users get a user namespace with it (user_namespaces(7)).
    """
    unshare = ["unshare", "--pid", "--fork", "--mount-proc"]
    if os.geteuid() != 0:
        unshare += ["--user", "--map-root-user"]
    done = subprocess.run(
        [*unshare, sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    if done.returncode != 0 and done.stderr.startswith("unshare:"):
        pytest.skip(f"pid namespaces are not permitted here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    return done.stdout


def until(condition: Callable[[], object], what: str = "") -> None:
    """Waits until the condition holds."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"never came true: {what}"
        time.sleep(0.005)
