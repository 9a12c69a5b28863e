"""Processes that do nothing, below a parent that never joins them."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
from collections.abc import Iterator
from typing import NoReturn


@contextlib.contextmanager
def sleepers(count: int) -> Iterator[tuple[int, list[int]]]:
    """A parent with `count` sleeping children, and their pids.

    However we end, they do: the parent ends them as soon as nobody holds its pipe any more.
    """
    told_reader, told = os.pipe()
    stay_reader, stay = os.pipe()
    parent = os.fork()
    if parent == 0:
        os.close(told_reader)
        os.close(stay)
        _be_parent(count, told, stay_reader)
    os.close(told)
    os.close(stay_reader)
    try:
        with open(told_reader, "rb") as lines:
            pids = [int(lines.readline()) for _ in range(count)]
        yield parent, pids
    finally:
        os.close(stay)
        os.waitpid(parent, 0)


def _be_parent(count: int, told: int, stay: int) -> NoReturn:
    """Until the other end of `stay` is closed; then reaps, so that nothing goes to init."""
    gc.freeze()
    os.setsid()
    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)
    pids = []
    for _ in range(count):
        pid = os.fork()
        if pid == 0:
            os.close(told)
            os.close(stay)
            while True:
                signal.pause()
        pids.append(pid)
        os.write(told, b"%d\n" % pid)
    os.read(stay, 1)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    os._exit(0)
