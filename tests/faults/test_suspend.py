"""The machine slept for hours, which CLOCK_BOOTTIME and CLOCK_REALTIME count and CLOCK_MONOTONIC,
by which everybody waits, does not (clock_gettime(2))."""

from __future__ import annotations

import asyncio
import functools
import os
import signal
import time

import pytest

from proctui.kernel import KernelView
from proctui.linux.clock import Clock
from proctui.model import State
from proctui.protocol import Join, Start, Stop
from proctui.sessions.client import Client
from proctui.tui.feed import Feed
from tests.conftest import Supervise
from tests.faults.injecting import Faults
from tests.supervisor.specs import ends, sleeper, target

HOURS = 9 * 3600.0


def test_waits_count_the_time_awake_and_ages_the_time_asleep_too(
    supervise: Supervise, faults: Faults
) -> None:
    again = {"backoff": 0.01, "backoff_max": 0.01, "max_restarts": 3, "restart_window": 600.0}
    supervisor = supervise(
        sleeper("w"),
        target("stubborn", "behaviours:stubborn", stop_timeout=0.5),
        ends("again", 1, restart="always", autostart=False, **again),
        env=faults.env,
    )
    client = supervisor.client(subscribe=True)
    client.pid_of("w")
    client.until("stubborn", lambda _: "ignoring" in supervisor.log("stubborn"))
    waiting = client.ask(Join(workers=("w",), timeout=600.0))
    client.event(lambda event: event.kind == "join-waiting")

    faults.on("suspend", HOURS)

    began = time.monotonic()
    killed = client.outcome(Stop(workers=("stubborn",)))
    assert killed.exitcode == -9, "it got SIGTERM first, and the grace period after that"
    assert time.monotonic() - began >= 0.5
    assert client.worker("w").joining == 1, "600 s have not passed for who waits"
    assert client.outcome(Stop(workers=("w",))).exitcode == -15
    [joined] = client.reply(waiting).outcomes
    assert joined.ok and joined.exitcode == -15

    worker = client.worker("w")
    assert worker.started_at is not None and worker.ended_at is not None
    assert HOURS <= worker.ended_at - worker.started_at < HOURS + 600
    client.request(Start(workers=("again",)))
    given_up = client.until("again", lambda worker: worker.phase == "failed")
    assert given_up.failure is not None
    assert given_up.failure.startswith("restarted 3 times in 600 s")
    events = client.subscribe(1000).history
    times = [event.time for event in events]
    assert times == sorted(times) and times[-1] - times[0] >= HOURS


async def test_a_client_that_runs_on_shows_the_same_processes_older(
    supervise: Supervise, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor = supervise(sleeper("w"), sleeper("other"), env=faults.env)
    pid = supervisor.client().pid_of("w")
    supervisor.client().pid_of("other")
    client = await Client.connect(supervisor.socket)
    feed = Feed(client, functools.partial(KernelView, clock=Clock(client.hello.boot_time)))
    tasks = [asyncio.create_task(feed.listen()), asyncio.create_task(feed.watch())]
    try:
        rows = feed.store.rows
        keys = {"w:w", "w:other"}
        assert await feed.until(
            lambda: keys <= rows.keys() and all(rows[key].sample is not None for key in keys), 20
        )
        started = rows["w:w"].started_at
        assert started is not None

        faults.on("suspend", HOURS)
        real, realtime = time.clock_gettime, time.time
        monkeypatch.setattr(
            time,
            "clock_gettime",
            lambda clock: real(clock) + (HOURS if clock == time.CLOCK_BOOTTIME else 0.0),
        )
        monkeypatch.setattr(time, "time", lambda: realtime() + HOURS)

        os.kill(pid, signal.SIGKILL)
        assert await feed.until(lambda: rows["w:w"].state is State.ZOMBIE, 20)
        ended = rows["w:w"].ended_at
        assert ended is not None and HOURS <= ended - started < HOURS + 600
        other = rows["w:other"]
        assert other.state in (State.SLEEPING, State.RUNNING) and not other.orphan
        assert other.started_at is not None
        assert HOURS <= feed.clock() - other.started_at < HOURS + 600
        assert set(rows) == keys
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await feed.close()
