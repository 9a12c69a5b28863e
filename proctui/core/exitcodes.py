"""Exit codes as `multiprocessing` counts them, from wait statuses and as text.  Pure."""

from __future__ import annotations

import os
import signal
from functools import lru_cache

UNKNOWN_EXIT = "?"
"""Stands for an exit code that can't be known: never a guess."""


def from_wait_status(status: int | None) -> int | None:
    """The exit code of a process that ended with this wait(2) status.

    `multiprocessing`'s convention: the exit status, or -N when signal N ended
    it.  None where the status is not known or tells no end (a stop).
    """
    if status is None:
        return None
    try:
        return os.waitstatus_to_exitcode(status)
    except ValueError:
        return None


def exitcode_text(code: int | None) -> str:
    """``0``, ``3``, ``-9 SIGKILL``; ``?`` where it is not known."""
    if code is None:
        return UNKNOWN_EXIT
    return f"{code} {signal_text(-code)}" if code < 0 else str(code)


@lru_cache(maxsize=128)
def signal_text(number: int) -> str:
    """``SIGKILL``, ``SIGRTMIN+3``; ``signal 70`` where this system has no name for it."""
    try:
        return signal.Signals(number).name
    except ValueError:
        pass
    low, high = int(signal.SIGRTMIN), int(signal.SIGRTMAX)
    return f"SIGRTMIN+{number - low}" if low < number < high else f"signal {number}"
