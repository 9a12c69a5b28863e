"""What looking costs: ``python -m tests.benchmarks.sampling [NUMBER OF PROCESSES]``.

Prints CPU time per process and pass for several ways of reading, how long an
end takes to be told, and what a scan of the machine costs.  Compare figures of
one run only: they drift with the machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import random
import resource
import signal
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator

import psutil

from proctui.kernel import KernelView
from proctui.linux.procconn import ProcConnector
from proctui.machine.scan import collect

PASSES = 9


@contextlib.contextmanager
def sleepers(count: int) -> Iterator[tuple[int, list[int]]]:
    """A parent with `count` sleeping children that it never joins, and their pids."""
    reader, writer = os.pipe()
    parent = os.fork()
    if parent == 0:
        _be_parent(count, reader, writer)
    os.close(writer)
    with open(reader, "rb") as told:
        pids = [int(told.readline()) for _ in range(count)]
    try:
        yield parent, pids
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        os.kill(parent, signal.SIGTERM)
        os.waitpid(parent, 0)


def _be_parent(count: int, reader: int, writer: int) -> None:
    """Until SIGTERM; then it reaps everything, so that nothing goes to init."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    os.setsid()
    os.close(reader)
    pids = []
    for _ in range(count):
        pid = os.fork()
        if pid == 0:
            os.close(writer)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            while True:
                signal.pause()
        pids.append(pid)
        os.write(writer, b"%d\n" % pid)
    signal.sigwait({signal.SIGTERM})
    for pid in pids:
        os.waitpid(pid, 0)
    os._exit(0)


def bare_read() -> None:
    """What every reader of all processes does at least."""
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
    attributes = ["pid", "ppid", "name", "status", "username", "cpu_times", "num_threads"]
    for _ in psutil.process_iter([*attributes, "memory_info", "create_time"]):
        pass


def cost(run: Callable[[], object], passes: int = PASSES) -> float:
    """Seconds of CPU time, the median."""
    costs = []
    for _ in range(passes):
        began = time.process_time()
        run()
        costs.append(time.process_time() - began)
    return statistics.median(costs)


async def cost_of(run: Callable[[], Awaitable[object]]) -> float:
    costs = []
    for _ in range(PASSES):
        began = time.process_time()
        await run()
        costs.append(time.process_time() - began)
    return statistics.median(costs)


def line(what: str, seconds: float, count: int, bare: float) -> None:
    print(f"{what:44} {seconds * 1e6 / count:8.2f} µs  {seconds / bare:6.2f}")


async def passes(parent: int, count: int, bare: float) -> None:
    for what, connector in (("with", ProcConnector.open), ("without", lambda: None)):
        view = KernelView("none", lambda: None, connector=connector)
        try:
            began = time.perf_counter()
            view.follow([parent])
            first = await view.refresh()
            found = time.perf_counter() - began
            assert len(first.observations) >= count
            await asyncio.sleep(0.3)
            await view.refresh()
            line(
                f"KernelView at rest, {what} proc connector",
                await cost_of(view.refresh),
                count,
                bare,
            )
            print(f"{'':4}first pass, everything found and held: {found * 1000:.0f} ms")
        finally:
            view.close()


async def ends(parent: int, pids: list[int], one_by_one: int, at_once: int) -> None:
    """Kill to told, with all of them watched."""
    told = asyncio.Event()
    view = KernelView("none", told.set)
    try:
        view.follow([parent])
        tokens = {o.sample.pid: o.token for o in (await view.refresh()).observations}
        victims = random.sample(pids, one_by_one + at_once)
        delays = [await _one_end(view, told, tokens[pid]) for pid in victims[:one_by_one]]
        delays.sort()
        print(
            f"end to told, {len(pids)} watched: median {delays[len(delays) // 2] * 1000:.2f} ms, "
            f"p95 {delays[int(len(delays) * 0.95)] * 1000:.2f} ms, max {delays[-1] * 1000:.2f} ms"
        )
        print(
            f"{at_once} ends at once: all told after "
            f"{await _many_ends(view, told, victims[one_by_one:]) * 1000:.0f} ms"
        )
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
        if any(o.token == token and o.sample.is_zombie for o in brought.observations):
            return time.perf_counter() - began


async def _many_ends(view: KernelView, told: asyncio.Event, victims: list[int]) -> float:
    waiting = set(victims)
    began = time.perf_counter()
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    while waiting:
        await told.wait()
        told.clear()
        waiting -= {o.sample.pid for o in view.urgent().observations if o.sample.is_zombie}
    return time.perf_counter() - began


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with sleepers(count) as (parent, pids):
        gc.freeze()
        everything = sum(name.isdigit() for name in os.listdir("/proc"))
        print(
            f"{count} sleeping processes, {everything} on the machine; descriptors {soft}/{hard}\n"
        )
        print(f"{'CPU time per process and pass':44} {'':8}     × bare read")
        bare = cost(bare_read)
        line("bare read of every /proc/PID/stat", bare, everything, bare)
        line("psutil.process_iter, 9 attributes", cost(psutil_iter, 3), everything, bare)
        line("scan: all zombies and orphans", cost(collect), everything, bare)
        asyncio.run(passes(parent, count, bare))
        print()
        asyncio.run(ends(parent, pids, min(200, count // 4), min(1000, count // 2)))


if __name__ == "__main__":
    main()
