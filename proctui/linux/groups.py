"""In which process groups anybody lives.  Standard library alone.

kill(2) can't tell: a group of zombies takes its signal 0 like any other.
"""

from __future__ import annotations

import os
from collections.abc import Collection

from proctui.linux import procfs


def living(groups: Collection[int]) -> set[int]:
    """Those of `groups` in which a process is left that has not ended.

    One pass over the machine's pids, however many groups; without /proc as the kernel answers
    a signal 0 to the group (BSD kernels leave out zombies themselves).
    """
    if not procfs.available():
        return {group for group in groups if _takes_signals(group)}
    asked, found = frozenset(groups), set[int]()
    for name in os.listdir("/proc"):  # noqa: PTH208 - a Path for each pid costs more than the look
        if name.isdecimal():
            pid = int(name)
            group = _group_of(pid)
            if group in asked and group not in found and _lives(pid):
                found.add(group)
    return found


def _group_of(pid: int) -> int:
    """0, which is no group, where the process has gone meanwhile."""
    try:
        return os.getpgid(pid)
    except OSError:
        return 0


def _lives(pid: int) -> bool:
    try:
        stat = procfs.read_stat(pid)
    except ProcessLookupError:
        return False
    except OSError:  # hidden from us, but there
        return True
    return not stat.is_zombie and stat.state not in ("X", "x")


def _takes_signals(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except OSError:
        return False
    return True
