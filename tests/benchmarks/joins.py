"""Joins and tree kills per second, beside multiprocessing's joins and psutil's tree kills."""

from __future__ import annotations

import signal
import tempfile
import time

from proctui.commands.worker_trees import hold_trees
from proctui.linux.treekill import end_tree
from proctui.protocol import Join, Signal
from proctui.sessions.sync_client import SyncClient
from tests.benchmarks.figures import Figure, Figures, Scale
from tests.benchmarks.sessions import many, running, wait_for
from tests.benchmarks.targets import wait_for_files
from tests.benchmarks.usual import stock

SCALES = {
    "full": Scale((100, 1000)),
    "quick": Scale((100,)),
    "tiny": Scale((3,)),
}
BELOW = 3
"""Children of each process whose tree is killed."""


def figures(scale: Scale) -> Figures:
    """All in one command, as `proctui join` and `proctui kill --tree` send it."""
    for count in scale.counts:
        own, other = count / _joined(count), count / _stock_joined(count)
        what = f"joins of {count:,} ended workers"
        yield Figure(what, own, "per second", "stock multiprocessing", other, more_is_better=True)
        own, other = count / _killed(count), count / _psutil_killed(count)
        what = f"kills of {count:,} trees of {BELOW + 1}"
        yield Figure(what, own, "per second", "psutil, one by one", other, more_is_better=True)


def _joined(count: int) -> float:
    """Seconds."""
    with running(many(count, "end")) as where:
        wait_for(where, "ended", count)
        with SyncClient(where.socket) as client:
            names = tuple(worker.id for worker in client.subscribe().workers)
            began = time.perf_counter()
            reply = client.request(Join(workers=names))
            seconds = time.perf_counter() - began
        if not all(outcome.ok for outcome in reply.outcomes):
            raise RuntimeError("not all were joined")
    return seconds


def _stock_joined(count: int) -> float:
    with stock("joins", "fork", count) as found:
        return float(found["seconds"])


def _killed(count: int) -> float:
    """Seconds until nothing of any tree runs."""
    with tempfile.TemporaryDirectory(prefix="pb-") as folder:
        arguments = [(BELOW, f"{folder}/{number}") for number in range(count)]
        with running(many(count, "parent", each=arguments)) as where:
            wait_for_files(folder, count)
            with SyncClient(where.socket) as client:
                workers = client.subscribe().workers
                began = time.perf_counter()
                held = hold_trees(workers, client.hello)
                client.request(Signal(workers=tuple(one.id for one in workers), signal="SIGKILL"))
                report = end_tree(held, signal.SIGKILL)
                seconds = time.perf_counter() - began
    if report.left or len(report.ended) < count * BELOW:
        raise RuntimeError(f"{len(report.ended)} ended, {len(report.left)} are left")
    return seconds


def _psutil_killed(count: int) -> float:
    with (
        tempfile.TemporaryDirectory(prefix="pb-") as folder,
        stock("trees", "fork", count, BELOW, folder) as found,
    ):
        return float(found["seconds"])
