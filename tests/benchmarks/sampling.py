"""What looking at many processes costs, and how soon an end is told, without a screen."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import statistics
import time
from collections.abc import Awaitable, Callable

import psutil

from proctui.kernel import KernelView
from proctui.linux.procconn import ProcConnector
from proctui.machine.scan import collect
from tests.benchmarks.figures import Figure, Figures, Scale, distribution
from tests.benchmarks.sleepers import sleepers

SCALES = {
    "full": Scale((100, 1000, 5000), rounds=9),
    "quick": Scale((1000,), rounds=3),
    "tiny": Scale((8,), rounds=2),
}
ATTRIBUTES = (
    "pid", "ppid", "name", "status", "uids", "cpu_times", "num_threads", "memory_info",
    "create_time",
)  # fmt: skip
"""What a sample of ours holds."""
ENDS = 100
"""Told one by one, at most."""


def figures(scale: Scale) -> Figures:
    """CPU time per process and pass beside the usual ways; kill to told."""
    for count in scale.counts:
        with sleepers(count) as (parent, pids):
            everything = sum(name.isdigit() for name in os.listdir("/proc"))
            bare = cost(bare_read, scale.rounds) / everything
            usual = cost(psutil_iter, min(3, scale.rounds)) / everything
            yield from asyncio.run(_passes(parent, count, scale.rounds, bare, usual))
            whole = cost(collect, scale.rounds) / everything
            what = f"scan of the machine, {everything:,} processes"
            yield Figure(what, whole * 1e6, "µs/process", "bare read loop", bare * 1e6)
            yield Figure(what, whole * 1e6, "µs/process", "psutil.process_iter", usual * 1e6)
            yield from asyncio.run(_ends(parent, pids))


def bare_read() -> None:
    """The least that any tool can do: every /proc/PID/stat."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                descriptor = os.open(f"/proc/{name}/stat", os.O_RDONLY)
                try:
                    os.read(descriptor, 1024)
                finally:
                    os.close(descriptor)


def psutil_iter() -> None:
    """The usual way."""
    for _ in psutil.process_iter([*ATTRIBUTES]):
        pass


def cost(run: Callable[[], object], rounds: int) -> float:
    """Seconds of CPU time, the median."""
    costs = []
    for _ in range(rounds):
        began = time.process_time()
        run()
        costs.append(time.process_time() - began)
    return statistics.median(costs)


async def _cost_of(run: Callable[[], Awaitable[object]], rounds: int) -> float:
    costs = []
    for _ in range(rounds):
        began = time.process_time()
        await run()
        costs.append(time.process_time() - began)
    return statistics.median(costs)


async def _passes(parent: int, count: int, rounds: int, bare: float, usual: float) -> list[Figure]:
    """Of the kernel view, at rest, with and without the kernel telling of forks."""
    found = []
    for what, connector in (("", ProcConnector.open), (" without proc connector", lambda: None)):
        view = KernelView("none", lambda: None, connector=connector)
        try:
            began = time.perf_counter()
            view.follow([parent])
            first = await view.refresh()
            taken = time.perf_counter() - began
            if len(first.observations) < count:
                raise RuntimeError(f"{len(first.observations)} of {count} processes were found")
            await view.refresh()
            each = 1e6 * await _cost_of(view.refresh, rounds) / count
        finally:
            view.close()
        name = f"a pass over {count:,} at rest{what}"
        found.append(Figure(name, each, "µs/process", "psutil.process_iter", usual * 1e6))
        found.append(Figure(name, each, "µs/process", "bare read loop", bare * 1e6))
    found.append(Figure(f"first pass, {count:,} found and held", taken * 1000, "ms"))
    return found


async def _ends(parent: int, pids: list[int]) -> list[Figure]:
    """Kill to told, with all of them watched."""
    told = asyncio.Event()
    view = KernelView("none", told.set)
    try:
        view.follow([parent])
        tokens = {seen.sample.pid: seen.token for seen in (await view.refresh()).observations}
        victims = random.sample(pids, min(len(pids), ENDS + len(pids) // 2))
        single = victims[: min(ENDS, len(pids) // 2)]
        delays = [await _one_end(view, told, tokens[pid]) for pid in single]
        found = [*distribution(f"kill → told, {len(pids):,} watched", delays)]
        together = victims[len(single) :]
        took = await _many_ends(view, told, together)
        found.append(Figure(f"{len(together):,} killed at once → all told", took * 1000, "ms"))
        return found
    finally:
        view.close()


async def _one_end(view: KernelView, told: asyncio.Event, token: int) -> float:
    told.clear()
    began = time.perf_counter()
    view.send_signal(token, signal.SIGKILL)
    while True:
        await told.wait()
        told.clear()
        brought = view.urgent()
        if any(seen.token == token and seen.sample.is_zombie for seen in brought.observations):
            return time.perf_counter() - began


async def _many_ends(view: KernelView, told: asyncio.Event, victims: list[int]) -> float:
    waiting = set(victims)
    began = time.perf_counter()
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    while waiting:
        await told.wait()
        told.clear()
        waiting -= {seen.sample.pid for seen in view.urgent().observations if seen.sample.is_zombie}
    return time.perf_counter() - began
