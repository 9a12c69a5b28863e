"""A fork server that is killed leaves its children alive: they can be seen, signalled, joined."""

from __future__ import annotations

import os
import select
import signal
from multiprocessing import connection, forkserver
from pathlib import Path
from typing import Any

import pytest

from proctui.protocol import Join, Restart, Signal, Start
from proctui.supervisor import popen, process, served
from tests.conftest import Supervise
from tests.supervisor import targets
from tests.supervisor.specs import target
from tests.supervisor.test_process import helpers_end
from tests.support import Supervisor, children_of, kernel_state, until

pytestmark = pytest.mark.insides
__all__ = ["helpers_end"]


def kill_server() -> None:
    """That of this process."""
    server: Any = forkserver
    pid = server._forkserver._forkserver_pid
    os.kill(pid, signal.SIGKILL)
    until(lambda: kernel_state(pid) == "Z")


def started() -> Any:
    p = process.get_context("forkserver").Process(target=targets.sleep)
    p.start()
    return p


def test_a_process_outlives_its_fork_server_and_is_known_to() -> None:
    p = started()
    first = p.sentinel
    kill_server()
    assert connection.wait([first], 20), "the pipe ends with the server, as in stock"
    assert (p.is_alive(), p.exitcode) == (True, None)
    assert connection.wait([p.sentinel], 0) == []
    p.join(0.01)
    assert p.is_alive()
    with pytest.raises(ValueError, match="still running"):
        p.close()
    p.terminate()
    assert connection.wait([p.sentinel], 20) == [p.sentinel]
    p.join()
    assert (p.is_alive(), p.exitcode) == (False, -signal.SIGTERM)
    assert kernel_state(p.pid) is None, "it came to us, and join reaped it"
    p.close()


def test_an_exit_code_that_nobody_tells_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served, "_status_of_stranger", lambda pid, pidfd: None)
    p = started()
    kill_server()
    until(lambda: p.is_alive() and p.sentinel == p._popen._pidfd)
    p.kill()
    os.waitpid(p.pid, 0)
    p.join(20)
    assert (p.is_alive(), p.exitcode) == (False, None)
    p.kill()
    p.close()


def test_without_a_pidfd_nothing_is_known_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(popen, "pidfd_open", lambda pid: None)
    p = started()
    kill_server()
    until(lambda: not p.is_alive())
    assert p.exitcode is None
    p.join()
    os.kill(p.pid, signal.SIGKILL)
    os.waitpid(p.pid, 0)


def test_the_status_of_a_process_of_somebody_else() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(7)
    pidfd = os.pidfd_open(pid)
    select.select([pidfd], [], [])
    assert served._status_of_stranger(pid, pidfd) == 7 << 8, "as its zombie says"
    os.waitpid(pid, 0)
    assert served._status_of_stranger(pid, pidfd) in (7 << 8, None), "as newer kernels say"
    os.close(pidfd)


def reap(pid: int) -> None:
    """One that comes to this process, perhaps in a moment, while its parent is ending."""

    def reaped() -> bool:
        try:
            return os.waitpid(pid, os.WNOHANG)[0] == pid
        except ChildProcessError:
            return False

    until(reaped)


def server_of(supervisor: Supervisor) -> int:
    """Pid of its fork server."""

    def find() -> int | None:
        for pid in children_of(supervisor.pid):
            if "forkserver" in Path(f"/proc/{pid}/cmdline").read_text():
                return pid
        return None

    found = until(find)
    assert found is not None
    return found


@pytest.mark.parametrize("adopt", [False, True])
def test_a_worker_whose_fork_server_was_killed(supervise: Supervise, adopt: bool) -> None:
    supervisor = supervise(
        target("f", "targets:sleep", start_method="forkserver", restart="on-failure"), adopt=adopt
    )
    client = supervisor.client(subscribe=True)
    pid, server = client.pid_of("f"), server_of(supervisor)
    os.kill(server, signal.SIGKILL)
    until(lambda: kernel_state(server) is None, what="for the server to be reaped")
    refused = client.outcome(Start(workers=("f",)))
    assert (refused.ok, refused.text) == (False, f"is already running (pid {pid})")
    assert client.worker("f").alive and kernel_state(pid) == "S"
    again = client.outcome(Restart(workers=("f",)))
    assert again.ok and again.pid != pid
    joined = client.event(lambda event: event.kind == "joined")
    assert (joined.exitcode, joined.by) == (-signal.SIGTERM, f"test {os.getpid()}")
    if not adopt:
        reap(pid)
    assert kernel_state(pid) is None
    assert server_of(supervisor) != server


@pytest.mark.parametrize("group", [False, True])
def test_it_can_be_signalled_and_joined(supervise: Supervise, group: bool) -> None:
    supervisor = supervise(target("f", "targets:sleep", start_method="forkserver"))
    client = supervisor.client(subscribe=True)
    pid = client.pid_of("f")
    os.kill(server_of(supervisor), signal.SIGKILL)
    number = client.ask(Join(workers=("f",)))
    assert client.outcome(Signal(workers=("f",), signal="SIGKILL", group=group)).ok
    outcome = client.reply(number).outcomes[0]
    assert (outcome.ok, outcome.exitcode, outcome.pid) == (True, -9, pid)
    reap(pid)
