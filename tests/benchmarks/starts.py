"""Starts per second, memory per worker and the cost of the N-th start, beside multiprocessing."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from proctui.protocol import Event, Start
from proctui.sessions.session import SessionPaths
from proctui.sessions.sync_client import SyncClient
from tests.benchmarks.costs import memory_of
from tests.benchmarks.figures import Figure, Figures, Scale, crowded
from tests.benchmarks.sessions import many, running
from tests.benchmarks.stock import SAMPLE
from tests.benchmarks.usual import stock

SCALES = {
    "full": Scale((100, 1000, 5000)),
    "quick": Scale((50,)),
    "tiny": Scale((2,)),
}
STOCK = "stock multiprocessing"
METHODS = ("fork", "forkserver", "spawn")
WINDOW = 50
"""Starts over which the cost of the N-th is taken."""
PLACES = (100, 500, 1000, 2000, 5000)
"""N of the N-th start."""
PATIENCE = 180.0
"""Seconds that a measurement may take, as far as a smaller one tells."""


class Started(NamedTuple):
    """What starting some took."""

    seconds: float
    """Until all of them ran their target."""
    moments: Sequence[float]
    """When each had been started, from the first's beginning on."""
    memory: float
    """MB that each has for itself (USS), the median of some."""


def figures(scale: Scale) -> Figures:
    """Per start method; of the largest number that was forked, the curve too."""
    for method in METHODS:
        each = apiece = 0.0
        for count in scale.counts:
            if why := crowded(count, each) or _slow(count * apiece):
                yield f"{method}, {count:,} alive: left out, {why}"
                break
            ours, theirs = _ours(method, count), _theirs(method, count)
            each = max(ours.memory, theirs.memory)
            apiece = max(ours.seconds, theirs.seconds) / count
            yield from _compared(f"{method}, {count:,} alive", count, ours, theirs)
            if method == "fork" and count == scale.counts[-1]:
                yield from _curve(count, ours.moments, theirs.moments)


def _compared(what: str, count: int, ours: Started, theirs: Started) -> Iterator[Figure]:
    own, other = count / ours.seconds, count / theirs.seconds
    yield Figure(f"{what}: starts", own, "per second", STOCK, other, more_is_better=True)
    yield Figure(f"{what}: memory of each (USS)", ours.memory, "MB", STOCK, theirs.memory)


def _curve(count: int, ours: Sequence[float], theirs: Sequence[float]) -> Iterator[Figure]:
    """What the N-th start costs while all before it are alive."""
    for place in PLACES:
        if WINDOW <= place <= count:
            mine, other = nth(ours, place), nth(theirs, place)
            yield Figure(f"fork: start number {place:,}", mine * 1000, "ms", STOCK, other * 1000)


def _slow(seconds: float) -> str | None:
    """Why something is not waited for; None where it is."""
    if seconds <= PATIENCE:
        return None
    return f"it would take {seconds:,.0f} s on this machine as it is now"


def nth(moments: Sequence[float], place: int) -> float:
    """Seconds that the N-th start takes."""
    return (moments[place] - moments[place - WINDOW]) / WINDOW


def _ours(method: str, count: int) -> Started:
    with running(many(count, "pause", autostart=False, start_method=method)) as where:
        return _start_all(where, count)


def _start_all(where: SessionPaths, count: int) -> Started:
    with SyncClient(where.socket) as client:
        names = tuple(worker.id for worker in client.subscribe().workers)
        began, clock = time.perf_counter(), time.time()
        client.request(Start(workers=names))
        moments, pids = [0.0], list[int]()
        messages = client.messages()
        while len(pids) < count:
            event = next(messages)
            if isinstance(event, Event) and event.state is not None:
                if event.kind == "start-failed":
                    raise RuntimeError(event.text)
                if event.kind == "starting":
                    moments.append(event.time - clock)
                if event.kind == "started" and event.pid is not None:
                    pids.append(event.pid)
        seconds = time.perf_counter() - began
    memory = [memory_of(pid)[1] for pid in pids[:: max(1, count // SAMPLE)]]
    return Started(seconds, sorted(moments), statistics.median(memory))


def _theirs(method: str, count: int) -> Started:
    with stock("starts", method, count) as found:
        memory = statistics.median(found["memory"])
        return Started(found["seconds"], found["moments"], memory)
