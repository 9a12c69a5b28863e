"""What the kernel itself refuses all of proctui: pidfds by a seccomp filter, descriptors by a
limit that can't be raised."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from proctui.protocol import Join, Shutdown, Signal, Stop
from proctui.sessions import startup
from proctui.sessions.session import find
from proctui.sessions.sync_client import SyncClient
from proctui.spec import SessionSpec
from tests.conftest import Supervise
from tests.e2e.commanding import CommandLine, proctui
from tests.e2e.terminal import terminal
from tests.faults.injecting import Faults
from tests.supervisor.specs import command, sleeper, target
from tests.support import kernel_state, until

__all__ = ["proctui"]

ERRORS = ("ENOSYS", "EPERM")
FILE = '[workers.one]\ncommand = ["sleep", "600"]\n[workers.two]\ncommand = ["sleep", "600"]\n'


@pytest.fixture
def seccomp(faults: Faults, request: pytest.FixtureRequest) -> Faults:
    """Whatever is started with its `env` gets no pidfd from the kernel; skips where none could."""
    error: str = request.param
    faults.on("seccomp", error)
    tried = subprocess.run(
        [sys.executable, "-c", "import os; os.close(os.pidfd_open(os.getpid()))"],
        env={**os.environ, **faults.env},
        capture_output=True,
        text=True,
        check=False,
    )
    if "KeyError" in tried.stderr or "prctl" in tried.stderr:
        pytest.skip("no seccomp filter for this machine")
    assert os.strerror(getattr(errno, error)) in tried.stderr, tried
    return faults


def is_filtered(pid: int) -> bool:
    return "\nSeccomp:\t2\n" in Path(f"/proc/{pid}/status").read_text()


@pytest.mark.parametrize("seccomp", ERRORS, indirect=True)
@pytest.mark.parametrize("method", ["fork", "forkserver"])
def test_a_supervisor_without_pidfds(supervise: Supervise, seccomp: Faults, method: str) -> None:
    supervisor = supervise(
        target("t", "targets:sleep", start_method=method),
        command("c", "sh", "-c", "exit 3"),
        sleeper("k"),
        env=seccomp.env,
    )
    assert is_filtered(supervisor.pid)
    client = supervisor.client(subscribe=True)
    client.pid_of("t")
    client.pid_of("k")
    assert client.outcome(Join(workers=("c",))).exitcode == 3
    assert client.outcome(Signal(workers=("t",), signal="SIGTERM")).ok
    assert client.outcome(Join(workers=("t",))).exitcode == -15
    assert client.outcome(Stop(workers=("k",))).exitcode == -15


@pytest.mark.parametrize("seccomp", ERRORS, indirect=True)
def test_the_command_line_and_the_screen_without_pidfds(
    proctui: CommandLine, seccomp: Faults
) -> None:
    proctui.environment |= seccomp.env
    proctui.write(FILE)
    proctui.right("run", "--detach")
    with terminal("attach", folder=proctui.folder, env=seccomp.env) as screen:
        screen.sees("2 workers", "one", "two", "sleeping")
        assert is_filtered(screen.process.pid) and is_filtered(find().facts.pid)
        two = proctui.workers()["two"]["pid"]
        os.kill(two, signal.SIGKILL)
        screen.until(lambda: "ZOMBIE" in screen.line(f" {two} ").upper(), "the zombie")
        assert "one: joined" not in proctui.right("stop", "one").out
        screen.until(lambda: "-15" in screen.line("one"), "the end")
        screen.type("d")
        assert screen.ended() == 0 and screen.is_restored()
    told = proctui.right("scan", "--json").json
    assert two in {zombie["pid"] for zombie in told["zombies"]}
    assert "joined" in proctui.right("join", "two").out
    assert "started" in proctui.right("start", "one").out
    assert "SIGKILL" in proctui.right("kill", "one").out
    proctui.right("shutdown")


def test_a_screen_that_may_hardly_open_anything(faults: Faults, tmp_path: Path) -> None:
    """Its limit is below the number of its workers: they are looked at, and all is shown."""
    names = tuple(f"w{n:03}" for n in range(120))
    where = startup.start(SessionSpec(name="s", workers=tuple(sleeper(name) for name in names)))
    with SyncClient(where.socket) as client:
        until(lambda: all(worker.phase == "alive" for worker in client.subscribe().workers))
        pids = {worker.id: worker.pid for worker in client.subscribe().workers}
        faults.on("descriptors", 64)
        with terminal("attach", "s", folder=tmp_path, env=faults.env) as screen:
            screen.sees("120 workers", "w000", "sleeping")
            limits = Path(f"/proc/{screen.process.pid}/limits").read_text()
            assert "Max open files            64                   64 " in limits
            for name in ("w000", "w001"):
                pid = pids[name]
                assert pid is not None
                os.kill(pid, signal.SIGKILL)
                until(lambda: kernel_state(pid) == "Z")  # noqa: B023
                screen.until(lambda: "-9" in screen.line(f" {pid} "), name)  # noqa: B023
            screen.type("3")
            screen.sees("2 zombies")
            screen.type("1")
            screen.sees("w002")
            screen.type("d")
            assert screen.ended() == 0 and screen.is_restored()
            assert "Too many open files" not in screen.written.decode("utf-8", "replace")
        client.request(Shutdown())
        client.wait_for_end()
