"""Logs and journal: workers that print as fast as they can, and what it costs the supervisor."""

from __future__ import annotations

import os
import socket
import tempfile
import time
from pathlib import Path
from typing import NoReturn

from proctui.protocol import Describe, Note
from proctui.sessions.session import SessionPaths
from proctui.sessions.sync_client import SyncClient
from tests.benchmarks.costs import main_thread_cpu
from tests.benchmarks.figures import Figure, Figures, Scale, distribution
from tests.benchmarks.sessions import many, running, supervisor_of, wait_for
from tests.benchmarks.targets import wait_for_files
from tests.benchmarks.usual import stock

SCALES = {
    "full": Scale((200,), seconds=5.0, rounds=20_000),
    "quick": Scale((50,), seconds=1.0, rounds=2000),
    "tiny": Scale((2,), seconds=0.2, rounds=20),
}
"""The rounds are notes in the journal."""
LIMIT = 1 << 20
"""Bytes on disk that each log may take."""
PAUSE = 0.02
"""Seconds between two questions to the supervisor while workers print."""


def figures(scale: Scale) -> Figures:
    """Throughput beside processes that write into files of their own; then the journal's."""
    for count in scale.counts:
        yield from _flooded(count, scale.seconds)
    with running(many(1, "pause")) as where:
        yield from _journal(where, scale.rounds)


def _flooded(count: int, seconds: float) -> Figures:
    with tempfile.TemporaryDirectory(prefix="pb-") as folder:
        arguments = [(seconds, f"{folder}/{number}") for number in range(count)]
        with running(many(count, "flood", each=arguments), log_limit=LIMIT) as where:
            supervisor = supervisor_of(where)
            cpu, began = main_thread_cpu(supervisor), time.perf_counter()
            answers = _asked(where, folder, count)
            written = sum(wait_for_files(folder, count))
            took = time.perf_counter() - began
            share = 100 * (main_thread_cpu(supervisor) - cpu) / took
            kept = sum(path.stat().st_blocks * 512 for path in where.log_dir.iterdir())
    own, other = written / seconds / 1e6, _stock_flooded(count, seconds) / seconds / 1e6
    what = f"{count:,} workers print"
    yield Figure(what, own, "MB/s", "stock, plain files", other, more_is_better=True)
    yield Figure(f"{what}: kept of {written / 1e6:,.0f} MB", kept / 1e6, "MB")
    yield Figure(f"{what}: supervisor's CPU", share, "% of core")
    yield from distribution(f"{what}: supervisor answers", answers)


def _asked(where: SessionPaths, folder: str, count: int) -> list[float]:
    """Seconds that each answer took, asked again and again until all have printed."""
    wait_for(where, "alive", count)
    taken: list[float] = []
    with SyncClient(where.socket) as client:
        while len(list(Path(folder).glob("*.told"))) < count or not taken:
            began = time.perf_counter()
            client.request(Describe())
            taken.append(time.perf_counter() - began)
            time.sleep(PAUSE)
    return taken


def _stock_flooded(count: int, seconds: float) -> int:
    with (
        tempfile.TemporaryDirectory(prefix="pb-") as folder,
        stock("flood", "fork", count, seconds, folder) as found,
    ):
        return int(found["bytes"])


def _journal(where: SessionPaths, notes: int) -> Figures:
    """Events per second, each asked for by a client, written down, told and answered."""
    note = Note(text="what a client did", worker="w-1")
    size = where.journal.stat().st_size
    supervisor = supervisor_of(where)
    with SyncClient(where.socket) as client:
        cpu, began = main_thread_cpu(supervisor), time.perf_counter()
        for _ in range(notes):
            client.request(note)
        seconds = time.perf_counter() - began
        cpu = main_thread_cpu(supervisor) - cpu
    grown = where.journal.stat().st_size - size
    least = notes / _echoed(notes, grown // notes)
    what = "a process that only appends and answers"
    yield Figure("journal", notes / seconds, "events/s", what, least, more_is_better=True)
    yield Figure("journal: supervisor's CPU", 1e6 * cpu / notes, "µs/event")


def _echoed(times: int, size: int) -> float:
    """Seconds that lines take which another process appends to a file and sends back."""
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        ours.close()
        _echo(theirs)
    theirs.close()
    with ours:
        line = b"x" * (size - 1) + b"\n"
        began = time.perf_counter()
        for _ in range(times):
            ours.sendall(line)
            ours.recv(size)
        seconds = time.perf_counter() - began
    os.waitpid(child, 0)
    return seconds


def _echo(connection: socket.socket) -> NoReturn:
    """Until the other end is closed."""
    with tempfile.TemporaryFile() as file:
        while line := connection.recv(1 << 16):
            os.write(file.fileno(), line)
            connection.sendall(line)
    os._exit(0)
