"""A real supervisor and real workers: what becomes of them, beside what the kernel says."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from proctui.protocol import (
    CancelJoin,
    Join,
    Remove,
    Restart,
    Shutdown,
    Signal,
    Start,
    Stop,
)
from proctui.spec import StartMethod
from tests.conftest import Supervise
from tests.supervisor.specs import command, ends, sleeper, target
from tests.support import ROOT, RawClient, kernel_state, until

Z = "Z"


def ended(client: RawClient, name: str) -> int:
    """Waits for its end; answers its pid."""
    worker = client.until(name, lambda worker: worker.ended_at is not None)
    assert worker.pid is not None
    return worker.pid


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_zombie_stays_until_it_is_joined(supervise: Supervise, method: StartMethod) -> None:
    supervisor = supervise(
        target("z", "targets:end_with", 3, start_method=method),
        *(ends(f"s{n}", 0, autostart=False) for n in range(10)),
    )
    client = supervisor.client(subscribe=True)
    pid = ended(client, "z")
    for n in range(10):
        assert client.outcome(Start(workers=(f"s{n}",))).ok
        assert client.worker("z").phase == "ended"
        assert kernel_state(pid) == Z
    worker = client.worker("z")
    assert (worker.alive, worker.exitcode, worker.exitcode_lost) == (False, 3, False)
    outcome = client.outcome(Join(workers=("z",)))
    assert outcome.ok and outcome.exitcode == 3
    assert kernel_state(pid) is None
    worker = client.worker("z")
    assert (worker.phase, worker.exitcode) == ("joined", 3) and worker.joined_at is not None


def test_a_forkserver_worker_is_ended_and_joined_like_the_others(supervise: Supervise) -> None:
    supervisor = supervise(target("f", "targets:end_with", 7, start_method="forkserver"))
    client = supervisor.client()
    ended(client, "f")
    assert client.outcome(Join(workers=("f",))).exitcode == 7


def test_reap_auto_and_implicit(supervise: Supervise) -> None:
    supervisor = supervise(
        ends("auto", 1, reap="auto"),
        ends("implicit", 2, reap="implicit"),
        sleeper("next", autostart=False),
    )
    client = supervisor.client(subscribe=True)
    auto = client.until("auto", lambda worker: worker.phase == "joined")
    assert auto.pid is not None and kernel_state(auto.pid) is None
    pid = ended(client, "implicit")
    assert kernel_state(pid) == Z
    client.request(Start(workers=("next",)))
    assert kernel_state(pid) is None
    event = client.event(lambda event: event.kind == "joined" and event.worker == "implicit")
    assert event.by == "start of next" and event.exitcode == 2


def test_join_waits_gives_up_and_can_be_cancelled(supervise: Supervise) -> None:
    supervisor = supervise(sleeper("w"))
    client, other = supervisor.client(), supervisor.client("other")
    short = client.ask(Join(workers=("w",), timeout=0.0001))
    cancelled = client.ask(Join(workers=("w",)))
    (gave_up,) = client.reply(short).outcomes
    assert gave_up.text == "join gave up after 0.0001 s: still alive" and not gave_up.ok
    client.until("w", lambda worker: worker.joining == 1)
    assert other.outcome(CancelJoin(workers=("w",))).ok
    (outcome,) = client.reply(cancelled).outcomes
    assert outcome.text.startswith("join cancelled by other ")
    waiting = client.ask(Join(workers=("w",)))
    assert other.outcome(Signal(workers=("w",), signal="SIGTERM")).ok
    (joined,) = client.reply(waiting).outcomes
    assert joined.ok and joined.exitcode == -15


def test_one_join_for_many_takes_as_long_as_the_longest(supervise: Supervise) -> None:
    times = {"a": 0.1, "b": 0.5, "c": 0.3}
    supervisor = supervise(*(command(name, "sleep", str(time)) for name, time in times.items()))
    client = supervisor.client(subscribe=True)
    reply = client.request(Join(workers=("a", "b", "c", "nobody")))
    assert [outcome.ok for outcome in reply.outcomes] == [True, True, True, False]
    assert reply.outcomes[3].text == "there is no worker of this name"
    workers = [client.worker(name) for name in times]
    starts = [worker.started_at or 0.0 for worker in workers]
    ends = [worker.joined_at or 0.0 for worker in workers]
    assert max(ends) - min(starts) < sum(times.values())


def test_a_client_that_goes_takes_only_its_own_joins_along(supervise: Supervise) -> None:
    supervisor = supervise(sleeper("w"))
    leaver, stayer = supervisor.client("leaver"), supervisor.client("stayer", subscribe=True)
    leaver.ask(Join(workers=("w",)))
    kept = stayer.ask(Join(workers=("w",)))
    stayer.until("w", lambda worker: worker.joining == 2)
    leaver.close()
    stayer.until("w", lambda worker: worker.joining == 1)
    event = stayer.event(lambda event: event.kind == "join-cancelled")
    assert event.by is not None and event.by.startswith("leaver ")
    stayer.request(Signal(workers=("w",), signal="SIGKILL"))
    assert stayer.reply(kept).outcomes[0].exitcode == -9


def test_a_stubborn_worker_is_stopped_by_steps(supervise: Supervise) -> None:
    supervisor = supervise(target("s", "behaviours:stubborn", stop_timeout=0.3))
    client = supervisor.client(subscribe=True)
    until(lambda: "ignoring" in supervisor.log("s"))
    outcome = client.outcome(Stop(workers=("s",)))
    assert outcome.ok and outcome.exitcode == -9
    assert outcome.pid is not None and kernel_state(outcome.pid) is None
    steps = [
        (event.kind, event.signal)
        for event in client.events
        if event.worker == "s" and event.kind in ("stopping", "ended", "joined")
    ]
    assert steps == [
        ("stopping", "SIGTERM"), ("stopping", "SIGKILL"), ("ended", None), ("joined", None),
    ]  # fmt: skip


def test_stop_ends_a_suspended_worker_without_sigkill(supervise: Supervise) -> None:
    supervisor = supervise(sleeper("s"))
    client = supervisor.client()
    worker = client.until("s", lambda worker: worker.phase == "alive")
    assert worker.pid is not None
    client.request(Signal(workers=("s",), signal="SIGSTOP"))
    until(lambda: kernel_state(worker.pid or 0) == "T")
    assert client.outcome(Stop(workers=("s",))).exitcode == -15


def test_restarts_are_counted_marked_and_given_up(supervise: Supervise) -> None:
    supervisor = supervise(
        command("r", "sh", "-c", "echo run; exit 1", restart="on-failure", backoff=0.02,
                max_restarts=3, restart_window=30.0)
    )  # fmt: skip
    client = supervisor.client(subscribe=True)
    worker = client.until("r", lambda worker: worker.phase == "failed")
    how = "the last run ended with exitcode 1"
    assert worker.failure == f"restarted 3 times in 30 s, then given up: {how}"
    assert worker.restarts == 3
    assert supervisor.log("r").count("run\n") == 4
    assert supervisor.log("r").count("restarted by restart policy") == 3
    assert worker.pid is not None and kernel_state(worker.pid) is None
    history = client.subscribe().history
    pauses = [event.text for event in history if event.kind == "backoff"]
    assert pauses == [f"is restarted in {pause} s" for pause in ("0.02", "0.04", "0.08")]


def test_stop_ends_the_back_off(supervise: Supervise) -> None:
    supervisor = supervise(ends("r", 1, restart="always", backoff=600.0, backoff_max=600.0))
    client = supervisor.client()
    client.until("r", lambda worker: worker.phase == "backoff")
    assert client.outcome(Stop(workers=("r",))).text == "its restart was cancelled"
    assert client.worker("r").phase == "joined"


def test_restart_makes_a_new_process(supervise: Supervise) -> None:
    supervisor = supervise(sleeper("w"))
    client = supervisor.client()
    before = client.until("w", lambda worker: worker.phase == "alive").pid
    outcome = client.outcome(Restart(workers=("w",)))
    assert outcome.ok and outcome.pid != before
    assert kernel_state(before or 0) is None and kernel_state(outcome.pid or 0) in ("S", "R")


@pytest.mark.parametrize(
    ("called", "reason"),
    [
        ("no_such_module:f", "module 'no_such_module' not found"),
        ("targets:no_such_name", "has no 'no_such_name'"),
        ("targets:not_callable", "is not callable"),
    ],
)
def test_a_start_that_fails_stays_on_its_own_row(
    supervise: Supervise, called: str, reason: str
) -> None:
    supervisor = supervise(target("bad", called), sleeper("good"))
    client = supervisor.client(subscribe=True)
    worker = client.until("bad", lambda worker: worker.phase == "failed")
    assert worker.failure is not None and reason in worker.failure
    assert reason in supervisor.log("bad")
    assert worker.pid is not None and kernel_state(worker.pid) is None, "joined at once"
    client.until("good", lambda worker: worker.phase == "alive")
    outcome = client.outcome(Start(workers=("bad",)))
    assert not outcome.ok and outcome.text == f"failed: {worker.failure}"


def test_a_command_that_does_not_exist(supervise: Supervise) -> None:
    supervisor = supervise(command("c", "no-such-command"))
    worker = supervisor.client().until("c", lambda worker: worker.phase == "failed")
    assert worker.failure == "command not found: 'no-such-command'"


def test_no_descriptor_left_refuses_one_start_and_hurts_nobody(supervise: Supervise) -> None:
    supervisor = supervise(sleeper("good"), sleeper("more", autostart=False))
    client = supervisor.client()
    client.until("good", lambda worker: worker.phase == "alive")
    hard = resource.prlimit(supervisor.pid, resource.RLIMIT_NOFILE)[1]
    resource.prlimit(supervisor.pid, resource.RLIMIT_NOFILE, (3, hard))
    outcome = client.outcome(Start(workers=("more",)))
    assert not outcome.ok and outcome.text.startswith("failed: ")
    assert client.worker("more").phase == "failed" and client.worker("good").phase == "alive"
    resource.prlimit(supervisor.pid, resource.RLIMIT_NOFILE, (hard, hard))
    assert client.outcome(Start(workers=("more",))).ok
    assert "can't be marked" in supervisor.complaints.read_text()
    supervisor.complaints.write_text("")


LimitProcesses = Callable[[int, bool], None]
"""Lets the process with that pid make no other, or lets it again."""


@pytest.fixture
def limit_processes() -> Iterator[LimitProcesses]:
    """By RLIMIT_NPROC, which doesn't hold for root (getrlimit(2)); for that by a cgroup."""
    if os.geteuid() != 0:
        hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]

        def limit_user(pid: int, on: bool) -> None:
            resource.prlimit(pid, resource.RLIMIT_NPROC, (1 if on else hard, hard))

        yield limit_user
        return
    root = Path("/sys/fs/cgroup/pids")
    if not os.access(root, os.W_OK):
        pytest.skip("needs a writable cgroup v1 pids controller")
    group = root / f"test-{os.getpid()}"
    group.mkdir()

    def limit(pid: int, on: bool) -> None:
        (group / "cgroup.procs").write_text(str(pid))
        (group / "pids.max").write_text("1" if on else "max")

    yield limit
    until(lambda: not (group / "cgroup.procs").read_text().strip())
    group.rmdir()


def test_a_refused_fork_says_so_and_hurts_nobody(
    limit_processes: LimitProcesses, supervise: Supervise
) -> None:
    supervisor = supervise(sleeper("good"), sleeper("more", autostart=False))
    client = supervisor.client()
    client.pid_of("good")
    limit_processes(supervisor.pid, True)
    outcome = client.outcome(Start(workers=("more",)))
    which = "pids.max" if os.geteuid() == 0 else "RLIMIT_NPROC"
    assert "the kernel refused to start a process (EAGAIN): " in outcome.text
    assert "may have 1 processes" in outcome.text and which in outcome.text
    assert "EAGAIN" in supervisor.log("more")
    assert client.worker("good").phase == "alive"
    limit_processes(supervisor.pid, False)
    assert client.outcome(Start(workers=("more",))).ok


def test_what_cannot_be_done_says_why(supervise: Supervise) -> None:
    supervisor = supervise(sleeper("on"), ends("z", 0), sleeper("idle", autostart=False))
    client = supervisor.client()
    pid = ended(client, "z")
    on = client.until("on", lambda worker: worker.phase == "alive")
    texts = {
        client.outcome(asked).text
        for asked in (
            Start(workers=("on",)),
            Join(workers=("idle",)),
            Signal(workers=("z",), signal="SIGKILL"),
            Signal(workers=("on",), signal="SIGTREM"),
            Remove(workers=("on",)),
        )
    }
    assert texts == {
        f"is already running (pid {on.pid})",
        "can only join a started process",
        f"already dead: only its parent {supervisor.pid} can join it",
        "can't be signalled: there is no signal 'SIGTREM'; did you mean SIGTERM?",
        f"not removed: it runs (pid {on.pid}), stop it first",
    }
    assert kernel_state(pid) == Z


def test_group_signals_reach_the_whole_group(supervise: Supervise) -> None:
    supervisor = supervise(command("g", "sh", "-c", "sleep 600 & echo $!; wait"))
    client = supervisor.client()
    child = int(until(lambda: supervisor.log("g").strip()))
    assert client.outcome(Signal(workers=("g",), signal="SIGTERM", group=True)).ok
    until(lambda: kernel_state(child) in (None, "Z"))
    ended(client, "g")


def test_daemonic_workers_end_with_a_killed_supervisor(supervise: Supervise) -> None:
    supervisor = supervise(target("d", "targets:sleep", daemon=True), target("n", "targets:sleep"))
    client = supervisor.client()
    daemon = client.until("d", lambda worker: worker.phase == "alive")
    other = client.until("n", lambda worker: worker.phase == "alive")
    assert daemon.daemon and not other.daemon
    assert daemon.pid is not None and other.pid is not None
    supervisor.kill()
    until(lambda: kernel_state(daemon.pid or 0) in (None, "Z"))
    assert kernel_state(other.pid) == "S", "an orphan now, and alive"
    os.kill(other.pid, signal.SIGKILL)


@pytest.fixture
def without_pidfds(short_tmp: Path) -> dict[str, str]:
    """The environment of a supervisor on a kernel, or in a sandbox, that has none."""
    (short_tmp / "sitecustomize.py").write_text("import os\ndel os.pidfd_open\n")
    return {"PYTHONPATH": f"{short_tmp}{os.pathsep}{ROOT}"}


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_all_that_without_pidfds(
    supervise: Supervise, without_pidfds: dict[str, str], tmp_path: Path, method: StartMethod
) -> None:
    supervisor = supervise(
        target("z", "targets:end_with", 3, start_method=method),
        target("s", "targets:sleep", start_method=method),
        target("l", "behaviours:leave_behind", str(tmp_path / "pid"), start_method=method),
        env=without_pidfds,
    )
    client = supervisor.client()
    pid = ended(client, "z")
    if method != "forkserver":
        assert kernel_state(pid) == Z
    assert client.outcome(Join(workers=("z",))).exitcode == 3
    assert client.outcome(Stop(workers=("s",))).exitcode == -15
    ended(client, "l")
    assert client.outcome(Join(workers=("l",))).exitcode == 0
    assert client.request(Shutdown()).error is None
    assert supervisor.process.wait(30) == 0
    assert kernel_state(int((tmp_path / "pid").read_text())) in (None, Z)


def test_an_interpreter_that_never_runs_the_target_is_said_to_be_none(
    supervise: Supervise,
) -> None:
    supervisor = supervise(target("w", "targets:end_with", 0, python="/bin/true"))
    client = supervisor.client(subscribe=True)
    worker = client.until("w", lambda worker: worker.phase == "failed")
    assert worker.failure == (
        "'/bin/true' ended before the target was reached (exit code 0); "
        "Python 3.8 or newer is needed"
    )
    assert f"failed: {worker.failure}" in supervisor.log("w")
    assert worker.pid is not None and kernel_state(worker.pid) is None
