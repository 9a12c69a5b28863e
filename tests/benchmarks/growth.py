"""How cost grows with the number of workers: each figure beside the same at the smallest number."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator
from typing import NamedTuple

from proctui.protocol import Command, Join, Signal, Snapshot, Start, encode
from proctui.sessions.session import SessionPaths
from proctui.sessions.sync_client import SyncClient
from tests.benchmarks.costs import main_thread_cpu, memory_of
from tests.benchmarks.figures import Figure, Figures, Scale, crowded
from tests.benchmarks.sessions import many, running, supervisor_of, wait_for
from tests.benchmarks.terminals import Pty, drain, proctui, pty

SCALES = {
    "full": Scale((10, 100, 1000, 10_000), seconds=20.0, rounds=20),
    "quick": Scale((10, 200), seconds=3.0, rounds=3),
    "tiny": Scale((2, 3), seconds=0.3, rounds=1),
}
SETTLE = 4.0
"""Seconds at most until what follows a start is over."""


class Cost(NamedTuple):
    """Of one number of workers."""

    what: str
    value: float
    unit: str


def figures(scale: Scale) -> Figures:
    """One session per number; the same things are done in each."""
    first: dict[str, float] = {}
    for count in scale.counts:
        if why := crowded(count):
            yield f"{count:,} workers: left out, {why}"
            continue
        with running(many(count, "pause")) as where:
            wait_for(where, "alive", count)
            for what, value, unit in _costs(where, count, scale):
                theirs = first.get(what)
                baseline = f"at {scale.counts[0]:,}" if theirs is not None else ""
                first.setdefault(what, value)
                yield Figure(f"{count:,} workers: {what}", value, unit, baseline, theirs)


def _costs(where: SessionPaths, count: int, scale: Scale) -> Iterator[Cost]:
    took, size, parsed = _attached(where, scale.rounds)
    yield Cost("client attaches", took * 1000, "ms")
    yield Cost("the same bytes through json.loads", parsed * 1000, "ms")
    yield Cost("snapshot", size / 1e6, "MB")
    with pty(proctui("attach", where.name)) as term:
        shown = term.when(term.shows(f"{count} alive"), 0.3) - term.began
        yield Cost("exec → all of them counted on the screen", shown * 1000, "ms")
        drain([term], min(SETTLE, scale.seconds))
        yield Cost("screen's CPU per tick at rest", _per_tick(term, scale.seconds), "ms")
        yield Cost("screen's memory", memory_of(term.pid)[0], "MB")
        yield from _one_more(where, scale.rounds)
    yield Cost("supervisor's memory", memory_of(supervisor_of(where))[0], "MB")


def _attached(where: SessionPaths, rounds: int) -> tuple[float, int, float]:
    """Seconds from connecting to the snapshot, its bytes, seconds json takes for them."""
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        with SyncClient(where.socket) as client:
            snapshot: Snapshot = client.subscribe()
        taken.append(time.perf_counter() - began)
    line = encode(snapshot)
    began = time.perf_counter()
    json.loads(line)
    return statistics.median(taken), len(line), time.perf_counter() - began


def _per_tick(term: Pty, seconds: float) -> float:
    """Milliseconds of CPU time; it refreshes once a second."""
    before = term.cpu()
    drain([term], seconds)
    return 1000 * (term.cpu() - before) / seconds


def _one_more(where: SessionPaths, rounds: int) -> Iterator[Cost]:
    """One worker is killed, joined and started again while all others are alive."""
    supervisor = supervisor_of(where)
    with SyncClient(where.socket) as client:
        client.subscribe()
        starts = []
        cpu = main_thread_cpu(supervisor)
        for _ in range(rounds):
            _do(client, Signal(workers=("w-1",), signal="SIGKILL"))
            _do(client, Join(workers=("w-1",)))
            began = time.perf_counter()
            _do(client, Start(workers=("w-1",)))
            while getattr(next(client.messages()), "kind", "") != "started":
                pass
            starts.append(time.perf_counter() - began)
        cpu = main_thread_cpu(supervisor) - cpu
    yield Cost("one more start", 1000 * statistics.median(starts), "ms")
    yield Cost("supervisor's CPU per kill, join and start", 1000 * cpu / rounds, "ms")


def _do(client: SyncClient, command: Command) -> None:
    reply = client.request(command)
    if reply.error or not all(outcome.ok for outcome in reply.outcomes):
        raise RuntimeError(f"{command} was not done: {reply}")
