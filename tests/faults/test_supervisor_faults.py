"""What the kernel refuses the supervisor: it says so, loses nothing, and goes on."""

from __future__ import annotations

import asyncio
import functools
import os
import resource
import signal
import time
from pathlib import Path

import pytest

from proctui.kernel import KernelView
from proctui.linux.clock import Clock
from proctui.model import State
from proctui.protocol import Join, Note, Shutdown, Signal, Start, Stop
from proctui.sessions import journal
from proctui.sessions.client import Client
from proctui.spec import StartMethod
from proctui.tui.feed import Feed
from tests.conftest import Supervise
from tests.faults.injecting import Faults
from tests.supervisor.specs import command, ends, sleeper, target
from tests.support import RawClient, Supervisor, kernel_state, until


def descriptors(supervisor: Supervisor) -> int:
    return len(os.listdir(f"/proc/{supervisor.pid}/fd"))


def limit(supervisor: Supervisor, what: int, soft: int) -> int:
    """Sets a soft limit of the supervisor; answers the one before."""
    before, hard = resource.prlimit(supervisor.pid, what)
    resource.prlimit(supervisor.pid, what, (soft, hard))
    return before


# ---------------------------------------------------------------------------- fork


@pytest.mark.parametrize(
    ("method", "error", "pidfd"),
    [
        ("fork", "EAGAIN", True),
        ("fork", "ENOMEM", False),
        ("spawn", "ENOMEM", True),
        ("forkserver", "EAGAIN", True),
    ],
)
def test_a_refused_fork(
    supervise: Supervise, faults: Faults, method: StartMethod, error: str, pidfd: bool
) -> None:
    if not pidfd:
        faults.on("pidfd_open", "ENOSYS")
    names = tuple(f"w{n}" for n in range(3))
    workers = (target(n, "targets:sleep", autostart=False, start_method=method) for n in names)
    supervisor = supervise(*workers, sleeper("other"), env=faults.env)
    client = supervisor.client(subscribe=True)
    other = client.pid_of("other")
    faults.on("fork", error)
    client.request(Start(workers=names))
    before = descriptors(supervisor)
    for _ in range(3):
        for outcome in client.request(Start(workers=names)).outcomes:
            assert not outcome.ok
            assert f"the kernel refused to start a process ({error})" in outcome.text
    assert descriptors(supervisor) <= before
    assert {client.worker(n).phase for n in names} == {"failed"}
    assert client.worker("other").pid == other
    faults.off("fork")
    outcomes = client.request(Start(workers=names)).outcomes
    assert all(outcome.ok for outcome in outcomes), outcomes
    supervisor.complaints.write_text("")


def test_what_was_left_behind_is_ended_although_a_fork_was_refused(
    supervise: Supervise, faults: Faults, tmp_path: Path
) -> None:
    supervisor = supervise(
        target("l", "behaviours:leave_behind", str(tmp_path / "pid")), env=faults.env
    )
    client = supervisor.client(subscribe=True)
    client.until("l", lambda worker: worker.phase == "ended")
    left = int((tmp_path / "pid").read_text())
    faults.on("fork", "EAGAIN")
    asked = client.ask(Shutdown())
    until(lambda: "helper can't be started" in supervisor.complaints.read_text())
    faults.off("fork")
    client.reply(asked)
    assert supervisor.process.wait(20) == 0
    assert kernel_state(left) in (None, "Z")
    supervisor.complaints.write_text("")


# ---------------------------------------------------------------------------- descriptors


def test_no_descriptor_is_left(supervise: Supervise) -> None:
    names = tuple(f"w{n}" for n in range(60))
    supervisor = supervise(
        *(sleeper(n, autostart=False) for n in names), ends("e", 3, autostart=False)
    )
    client = supervisor.client(subscribe=True)
    before = limit(supervisor, resource.RLIMIT_NOFILE, descriptors(supervisor) + 20)
    outcomes = client.request(Start(workers=names)).outcomes
    running = {outcome.worker for outcome in outcomes if outcome.ok}
    assert 0 < len(running) < 60
    refused = {outcome.text for outcome in outcomes if not outcome.ok}
    assert all("descriptors open as it may" in text for text in refused), refused
    with RawClient(supervisor.socket) as late:
        phases = {worker.id: worker.phase for worker in late.subscribe(0).workers}
    assert {name for name in names if phases[name] == "alive"} == running
    assert all(phases[name] in ("alive", "failed") for name in names)
    some = tuple(running)[:3]
    assert all(one.ok for one in client.request(Stop(workers=some)).outcomes)
    assert client.outcome(Start(workers=("e",))).ok
    assert client.outcome(Join(workers=("e",))).exitcode == 3
    limit(supervisor, resource.RLIMIT_NOFILE, before)
    assert client.outcome(Start(workers=some[:1])).ok
    supervisor.complaints.write_text("")


# ---------------------------------------------------------------------------- disk


def test_a_full_disk_stops_nothing_and_no_event_is_lost(supervise: Supervise) -> None:
    supervisor = supervise(ends("w", 3, autostart=False), sleeper("s"))
    client = supervisor.client(subscribe=True)
    client.pid_of("s")
    before = limit(supervisor, resource.RLIMIT_FSIZE, 1)
    assert client.outcome(Start(workers=("w",))).ok
    assert client.outcome(Join(workers=("w",))).exitcode == 3
    assert client.outcome(Start(workers=("w",))).ok
    client.write(b"rubbish\n")
    client.event(lambda event: "journal can't be written" in event.text)
    client.request(Note(text="kept in mind"))
    assert [e.seq for e in journal.read(supervisor.journal)][-1] < client.events[-1].seq
    limit(supervisor, resource.RLIMIT_FSIZE, before)
    client.request(Note(text="kept"))
    client.event(lambda event: event.text == "kept")
    heard = client.subscribe(10_000).history
    said = [event.text for event in heard if event.text.startswith("the journal")]
    assert said == ["the journal can't be written: File too large", "the journal is written again"]
    kept = journal.load(supervisor.journal)
    assert [event.seq for event in kept.events] == list(range(1, len(kept.events) + 1))
    assert tuple(kept.events[: len(heard)]) == heard
    supervisor.complaints.write_text("")


# ---------------------------------------------------------------------------- pidfds


@pytest.mark.parametrize(
    ("method", "call", "error"),
    [
        ("fork", "pidfd_open", "ENOSYS"),
        ("fork", "pidfd_open", "EPERM"),
        ("spawn", "pidfd_open", "EPERM"),
        ("forkserver", "pidfd_open", "ENOSYS"),
        ("fork", "pidfd_send_signal", "EPERM"),
        ("fork", "pidfd_send_signal", "ENOSYS"),
        ("forkserver", "pidfd_send_signal", "EPERM"),
    ],
)
def test_without_pidfds(
    supervise: Supervise, faults: Faults, method: StartMethod, call: str, error: str
) -> None:
    faults.on(call, error)
    supervisor = supervise(
        target("t", "targets:sleep", start_method=method),
        command("c", "sh", "-c", "exit 3"),
        sleeper("k"),
        env=faults.env,
    )
    client = supervisor.client(subscribe=True)
    client.pid_of("t")
    client.pid_of("k")
    assert client.outcome(Join(workers=("c",))).exitcode == 3
    assert client.outcome(Signal(workers=("t",), signal="SIGTERM")).ok
    assert client.outcome(Join(workers=("t",))).exitcode == -15
    assert client.outcome(Stop(workers=("k",))).exitcode == -15


# ---------------------------------------------------------------------------- clock


@pytest.mark.parametrize("jump", [-3600, 3600 * 9])
def test_the_clock_is_set(supervise: Supervise, faults: Faults, jump: int) -> None:
    supervisor = supervise(
        sleeper("w"),
        target("stubborn", "behaviours:stubborn", stop_timeout=0.5, autostart=False),
        ends(
            "again",
            1,
            restart="always",
            backoff=0.01,
            backoff_max=0.01,
            max_restarts=3,
            restart_window=600,
            autostart=False,
            reap="auto",
        ),
        env=faults.env,
    )
    client = supervisor.client(subscribe=True)
    client.pid_of("w")
    faults.on("clock", jump)
    ended = client.outcome(Stop(workers=("w",)))
    assert ended.exitcode == -15
    worker = client.worker("w")
    assert worker.started_at is not None and worker.ended_at is not None
    assert worker.joined_at is not None
    assert 0 <= worker.ended_at - worker.started_at < 60
    assert 0 <= worker.joined_at - worker.ended_at < 60
    times = [event.time for event in client.subscribe(1000).history]
    assert times == sorted(times)
    client.request(Start(workers=("again",)))
    faults.off("clock")
    worker = client.until("again", lambda worker: worker.phase == "failed")
    assert worker.restarts == 3 and worker.failure is not None
    assert worker.failure.startswith("restarted 3 times in 600 s, then given up: ")


# ---------------------------------------------------------------------------- stopped


def test_a_stopped_supervisor_loses_nothing(supervise: Supervise) -> None:
    names = tuple(f"w{n}" for n in range(100))
    supervisor = supervise(*(sleeper(n) for n in names))
    client = supervisor.client(subscribe=True)
    pids = {name: client.pid_of(name) for name in names}
    numbers = [client.ask(Join(workers=(name,), timeout=2)) for name in names]
    client.event(lambda event: (event.worker, event.kind) == (names[-1], "join-waiting"))
    supervisor.process.send_signal(signal.SIGSTOP)
    before = time.time()
    until(lambda: kernel_state(supervisor.pid) == "T")
    for pid in pids.values():
        os.kill(pid, signal.SIGKILL)
    until(lambda: all(kernel_state(pid) == "Z" for pid in pids.values()))
    stopped = time.monotonic()
    until(lambda: time.monotonic() > stopped + 2.1)  # every timeout passes meanwhile
    supervisor.process.send_signal(signal.SIGCONT)
    outcomes = [client.reply(number).outcomes[0] for number in numbers]
    early = {
        event.worker
        for event in client.events
        if event.kind == "join-timed-out" and event.time < before
    }  # on a slow machine
    for outcome in outcomes:
        assert outcome.worker in early or (outcome.ok and outcome.exitcode == -9), outcome
    client.request(Note(text="all told"))
    ended = [event.worker or "" for event in client.events if event.kind == "ended"]
    assert sorted(ended) == sorted(names)


@pytest.mark.parametrize("jump", [-3600, 3600 * 9])
async def test_a_client_that_comes_after_the_clock_was_set_sees_the_same(
    supervise: Supervise, faults: Faults, jump: int
) -> None:
    """To the supervisor the clock was wrong by `jump` all the time, to this client it is right."""
    faults.on("clock", jump)
    supervisor = supervise(sleeper("w"), env=faults.env)
    pid = supervisor.client().pid_of("w")
    client = await Client.connect(supervisor.socket)
    feed = Feed(client, functools.partial(KernelView, clock=Clock(client.hello.boot_time)))
    tasks = [asyncio.create_task(feed.listen()), asyncio.create_task(feed.watch())]
    try:
        rows = feed.store.rows
        assert await feed.until(lambda: "w:w" in rows and rows["w:w"].sample is not None, 20)
        row = rows["w:w"]
        assert row.pid == pid and row.state in (State.SLEEPING, State.RUNNING)
        assert [key for key in rows if key.startswith("p:")] == []
        assert row.started_at is not None and 0 <= feed.clock() - row.started_at < 60
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await feed.close()
