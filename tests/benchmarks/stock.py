"""Stock multiprocessing, doing what a session does:
``python -m tests.benchmarks.stock starts|ends|joins|trees|flood METHOD COUNT [ARGUMENT …]``.

Prints one JSON object, then ends what it started as soon as its standard input is closed.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any

from tests.benchmarks import targets
from tests.benchmarks.costs import memory_of

SAMPLE = 25
"""Processes whose memory is looked at."""
SETTLE = 1.0
"""Seconds in which those that were started come to their rest."""


def main() -> None:
    """Measures one thing."""
    what, method, count, *arguments = sys.argv[1:]
    context: Any = multiprocessing.get_context(method)
    children: list[BaseProcess] = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        print(json.dumps(MEASURES[what](context, children, int(count), *arguments)), flush=True)
        sys.stdin.buffer.read()
    finally:
        for child in children:
            child.kill()
        for child in children:
            child.join()


def starts(context: Any, children: list[BaseProcess], count: int) -> dict[str, Any]:
    """Until each has said that it runs its target; what each start took; memory of some."""
    reader, writer = context.Pipe(duplex=False)
    began = time.perf_counter()
    moments = [began]
    for _ in range(count):
        child = context.Process(target=targets.announce, args=(writer,))
        child.start()
        children.append(child)
        moments.append(time.perf_counter())
    for _ in range(count):
        os.read(reader.fileno(), 1)
    seconds = time.perf_counter() - began
    memory = [
        memory_of(child.pid)[1] for child in children[:: max(1, count // SAMPLE)] if child.pid
    ]
    return {"seconds": seconds, "moments": [one - began for one in moments], "memory": memory}


def ends(context: Any, children: list[BaseProcess], count: int) -> dict[str, Any]:
    """Killing all at once, until the kernel has ended the last: nobody is told of any.

    The pipe that is its sentinel closes a moment before a process is a zombie.
    """
    for _ in range(count):
        child = context.Process(target=targets.pause)
        child.start()
        children.append(child)
    time.sleep(SETTLE)
    began = time.perf_counter()
    for child in children:
        child.kill()
    for child in children:
        wait([child.sentinel])
    return {"seconds": time.perf_counter() - began}


def joins(context: Any, children: list[BaseProcess], count: int) -> dict[str, Any]:
    """Joining those that have ended; together, since the next start would reap who ended before."""
    for _ in range(count):
        child = context.Process(target=targets.pause)
        child.start()
        children.append(child)
    for child in children:
        child.kill()
    waiting = {child.sentinel for child in children}
    while waiting:
        waiting.difference_update(wait(list(waiting)))
    began = time.perf_counter()
    for child in children:
        child.join()
    return {"seconds": time.perf_counter() - began}


def trees(
    context: Any, children: list[BaseProcess], count: int, below: str, folder: str
) -> dict[str, Any]:
    """Killing each with its children, as psutil's documentation shows it."""
    import psutil  # spawned children import this module, and should be no larger for it

    for number in range(count):
        child = context.Process(target=targets.parent, args=(int(below), f"{folder}/{number}"))
        child.start()
        children.append(child)
    targets.wait_for_files(folder, count)
    began = time.perf_counter()
    for child in children:
        root = psutil.Process(child.pid)
        tree = [*root.children(recursive=True), root]
        for process in tree:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        for process in tree:
            _wait_for_end(process)
    return {"seconds": time.perf_counter() - began}


def _wait_for_end(process: Any) -> None:
    """Not until it is reaped, as psutil's own waiting does: whoever adopts it may never do that."""
    import psutil

    with contextlib.suppress(psutil.NoSuchProcess):
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.001)


def flood(
    context: Any, children: list[BaseProcess], count: int, seconds: str, folder: str
) -> dict[str, Any]:
    """Printing straight into files."""
    for number in range(count):
        child = context.Process(target=_into, args=(float(seconds), folder, number))
        child.start()
        children.append(child)
    return {"bytes": sum(targets.wait_for_files(folder, count))}


def _into(seconds: float, folder: str, number: int) -> None:
    with _output_in(f"{folder}/{number}.log"):
        targets.flood(seconds, f"{folder}/{number}")


@contextlib.contextmanager
def _output_in(path: str) -> Iterator[None]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(descriptor, 1)
    os.close(descriptor)
    yield


MEASURES: dict[str, Callable[..., dict[str, Any]]] = {
    "starts": starts, "ends": ends, "joins": joins, "trees": trees, "flood": flood,
}  # fmt: skip


if __name__ == "__main__":
    main()
