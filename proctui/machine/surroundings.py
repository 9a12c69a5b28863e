"""What the kernel shows of a process's surroundings: control group, folder, descriptors, tags.

Nothing here raises where a process is gone or may not be read: then nothing is known of it.
"""

from __future__ import annotations

import os
from pathlib import Path

from proctui.linux import procfs


def unit_of(pid: int) -> tuple[str, str]:
    """Path of the control group and its last part; both empty where there is none."""
    try:
        lines = Path(f"/proc/{pid}/cgroup").read_text("utf-8", "replace").splitlines()
    except OSError:
        return "", ""
    for line in lines:
        number, controllers, path = (*line.split(":", 2), "", "")[:3]
        if (number == "0" and not controllers) or controllers == "name=systemd":
            return path, path.rpartition("/")[2]
    return "", ""


def members_of_unit(path: str) -> list[int]:
    """Pids in a control group (cgroups(7)); empty where that can't be read."""
    for root in ("/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"):
        try:
            text = Path(f"{root}{path}/cgroup.procs").read_text("ascii")
        except OSError:
            continue
        return [int(pid) for pid in text.split()]
    return []


def place_of(pid: int) -> tuple[str | None, tuple[str, ...] | None]:
    """Working directory and where the three standard descriptors lead, as far as readable."""
    try:
        cwd = os.readlink(f"/proc/{pid}/cwd")  # noqa: PTH115 (a Path costs five times as much)
    except OSError:
        return None, None
    return cwd, tuple(_target(pid, str(number)) for number in range(3))


def pipes_of(pid: int) -> frozenset[str]:
    """The pipes that it holds on other than its standard descriptors, as far as readable."""
    try:
        numbers = os.listdir(f"/proc/{pid}/fd")  # noqa: PTH208
    except OSError:
        return frozenset()
    others = (_target(pid, number) for number in numbers if number not in ("0", "1", "2"))
    return frozenset(target for target in others if target.startswith("pipe:"))


def _target(pid: int, number: str) -> str:
    """Empty where the descriptor is closed."""
    try:
        return os.readlink(f"/proc/{pid}/fd/{number}")  # noqa: PTH115
    except OSError:
        return ""


def tag_of(pid: int) -> tuple[str | None, str | None]:
    """Session and worker tag, None where absent or not readable."""
    try:
        return procfs.tags(pid)
    except OSError:
        return None, None


def numbers_of(pid: int) -> tuple[int, ...]:
    """Its pids from this pid namespace down to its own."""
    try:
        return procfs.namespace_pids(pid)
    except OSError:
        return (pid,)
