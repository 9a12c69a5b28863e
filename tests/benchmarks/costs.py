"""What a process has taken of the machine so far, as the kernel counts it."""

from __future__ import annotations

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_of(pid: int) -> float:
    """Seconds of CPU time, those of children it joined included (proc_pid_stat(5): 10 ms steps)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS


def main_thread_cpu(pid: int) -> float:
    """Seconds of CPU time of its first thread, to the nanosecond (proc_pid_schedstat)."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def memory_of(pid: int) -> tuple[float, float]:
    """Megabytes: resident, and what would be free without it (USS)."""
    resident = unique = 0
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name == "Rss":
            resident = int(rest.split()[0])
        elif name in ("Private_Clean", "Private_Dirty"):
            unique += int(rest.split()[0])
    return resident / 1024, unique / 1024
