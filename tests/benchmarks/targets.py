"""What workers of the benchmarks run.  Imports nothing that costs memory."""

from __future__ import annotations

import signal
import sys


def pause() -> None:
    """Until a signal ends it."""
    while True:
        signal.pause()


def end() -> None:
    """At once."""


def parent(children: int) -> None:
    """Forks and pauses."""
    import os

    for _ in range(children):
        if os.fork() == 0:
            pause()
    pause()


def flood(seconds: float) -> None:
    """Prints lines as fast as it can for a while, then pauses."""
    import time

    line = "x" * 79 + "\n"
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for _ in range(100):
            sys.stdout.write(line)
    pause()
