"""What workers of the benchmarks run.  Imports nothing that costs memory."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Any, NoReturn

PATIENCE = 120.0
"""Seconds until all are taken never to come."""


def pause() -> NoReturn:
    """Until a signal ends it."""
    while True:
        signal.pause()


def announce(writer: Any) -> NoReturn:
    """Says that it is there, and pauses."""
    os.write(writer.fileno(), b".")
    pause()


def end() -> None:
    """At once."""


def parent(children: int, told: str) -> NoReturn:
    """Forks some, says so by making a file, and pauses."""
    for _ in range(children):
        if os.fork() == 0:
            pause()
    _tell(told, children)
    pause()


def flood(seconds: float, told: str) -> NoReturn:
    """Prints lines as fast as it can for a while, tells how many bytes that were, and pauses."""
    line = "x" * 79 + "\n"
    written = 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for _ in range(100):
            sys.stdout.write(line)
        written += 100 * len(line)
    sys.stdout.flush()
    _tell(told, written)
    pause()


def _tell(path: str, number: int) -> None:
    """A file that is whole or not there."""
    with open(f"{path}.new", "w") as file:
        file.write(str(number))
    os.rename(f"{path}.new", f"{path}.told")


def wait_for_files(folder: str, count: int) -> list[int]:
    """What `count` of them told, once all have."""
    deadline = time.monotonic() + PATIENCE
    while True:
        told = [name for name in os.listdir(folder) if name.endswith(".told")]
        if len(told) >= count:
            break
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(told)} of {count} came")
        time.sleep(0.01)
    found = []
    for name in told:
        with open(f"{folder}/{name}") as file:
            found.append(int(file.read()))
    return found
