"""Finds what a test left behind.

pytest's own process is made a subreaper, so that whatever a test orphaned comes
to it and is found below it, however it escaped.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any

from tests.support import children_of, command_of, descendants_of, kernel_state

PATIENCE = 10.0
"""Seconds that what a test has ended may take to be gone."""
_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """From now on orphans below this process come to it (prctl(2))."""
    libc: Any = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def known() -> set[int]:
    """Processes below this one that are no test's fault, now."""
    return set(descendants_of(os.getpid()))


def multiprocessing_helpers() -> set[int]:
    """The fork server and the resource tracker of this process, which outlive a test."""
    server: Any = sys.modules.get("multiprocessing.forkserver")
    tracker: Any = sys.modules.get("multiprocessing.resource_tracker")
    pids = set()
    if server is not None:
        pids.add(server._forkserver._forkserver_pid)
    if tracker is not None:
        pids.add(tracker._resource_tracker._pid)
    return pids


def find(before: set[int]) -> list[str]:
    """What runs below this process and didn't before; gives it a moment, then ends it."""
    deadline = time.monotonic() + PATIENCE
    while strays := _strays(before):
        if time.monotonic() > deadline:
            return _end(strays)
        select.select([], [], [], 0.02)
    return []


def _strays(before: set[int]) -> list[int]:
    spared = before | multiprocessing_helpers()
    _reap_ended(spared)
    return [pid for pid in descendants_of(os.getpid()) if pid not in spared]


def _reap_ended(spared: set[int]) -> None:
    """Orphans that came to us and ended are nobody else's to reap."""
    for pid in children_of(os.getpid()):
        if pid not in spared and kernel_state(pid) == "Z":
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def _end(strays: list[int]) -> list[str]:
    told = [f"{pid} {command_of(pid)}" for pid in strays]
    for pid in strays:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and any(
        kernel_state(pid) not in (None, "Z") for pid in strays
    ):
        select.select([], [], [], 0.02)
    _reap_ended(set())
    return told


def entries(*directories: Path) -> set[Path]:
    """What stands in directories where no test has any business."""
    return {path for directory in directories if directory.is_dir() for path in directory.iterdir()}
