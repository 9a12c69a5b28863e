"""What the workers of `tests.load` run.  Imports nothing that costs memory or time."""

from __future__ import annotations

import sys
import time


def live(seconds: float, code: int) -> None:
    """A worker's whole life."""
    time.sleep(seconds)
    sys.exit(code)


def print_much(size: int) -> None:
    """So many bytes, in lines of a kilobyte."""
    lines = (b"x" * 1023 + b"\n") * 64
    for _ in range(0, size, len(lines)):
        sys.stdout.buffer.write(lines)
    print("that was all", flush=True)
