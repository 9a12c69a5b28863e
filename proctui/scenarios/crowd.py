"""What many processes cost, and what the kernel says when there are too many."""

import os
import time
from pathlib import Path

SAMPLE = 100
"""Whose memory is looked at, at most."""


def client(seconds: float) -> None:
    """One of many: does nothing, and is there."""
    time.sleep(seconds)


def report(count: int, seconds: float) -> None:
    """Waits until its `count` siblings are there, then tells what they cost.

    Once nobody has come for `seconds`, the others never will.
    """
    print(f"{count} workers are being started")
    family, since = siblings(), time.monotonic()
    while len(family) < count and time.monotonic() - since < seconds:
        time.sleep(0.1)
        before, family = family, siblings()
        if len(family) > len(before):
            since = time.monotonic()
    print(f"{len(family)} of {count} workers run")
    if len(family) < count:
        print(f"the kernel refused {count - len(family)}: their rows and the events say why")
    starts = sorted(started_at(pid) for pid in family)
    if len(starts) > 1 and starts[-1] > starts[0]:
        print(f"{(len(starts) - 1) / (starts[-1] - starts[0]):.0f} starts per second")
    memory = [own_memory(pid) for pid in family[:SAMPLE]]
    if memory:
        print(f"{sum(memory) / len(memory) / 1e6:.1f} MB of memory of its own per worker")


def siblings() -> list[int]:
    """Pids of all other children of our parent, from the kernel (proc_pid_task(5))."""
    parent = os.getppid()
    text = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(pid) for pid in text.split() if int(pid) != os.getpid()]


def started_at(pid: int) -> float:
    """Seconds from boot to the start of a process, in steps of 0.01 (proc_pid_stat(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[19]) / os.sysconf("SC_CLK_TCK")


def own_memory(pid: int) -> int:
    """Bytes that would come free if it ended: what it shares with others isn't counted."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Private_"))
