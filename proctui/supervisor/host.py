"""What a supervisor asks of the kernel for itself, once, at its start."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

PR_SET_CHILD_SUBREAPER = 36
"""prctl(2), PR_SET_CHILD_SUBREAPER(2const)."""


def set_subreaper(on: bool) -> None:
    """Whether orphans of this process's descendants become its children.

    Raises OSError where the kernel can't.
    """
    import ctypes  # only for those who adopt

    libc: Any = ctypes.CDLL(None, use_errno=True)
    prctl = getattr(libc, "prctl", None)
    if sys.platform != "linux" or prctl is None:
        raise OSError("adopting orphans needs Linux")
    if prctl(PR_SET_CHILD_SUBREAPER, int(on), 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def ignore_terminal_signals() -> None:
    """The supervisor leads its own session: what ends a terminal's programs doesn't concern it."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def multiprocessing_helpers() -> list[int]:
    """Pids of the fork server and the resource tracker; they end by themselves with us."""
    server: Any = sys.modules.get("multiprocessing.forkserver")
    tracker: Any = sys.modules.get("multiprocessing.resource_tracker")
    found = []
    if server is not None:
        found.append(server._forkserver._forkserver_pid)
    if tracker is not None:
        found.append(tracker._resource_tracker._pid)
    return [pid for pid in found if pid is not None]
