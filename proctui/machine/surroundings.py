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
        lines = procfs.control_groups(pid)
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


def folder_of(pid: int) -> str | None:
    """Working directory, as far as readable."""
    try:
        return os.readlink(f"/proc/{pid}/cwd")  # noqa: PTH115 (a Path costs five times as much)
    except OSError:
        return None


def standard_of(pid: int) -> tuple[str, ...]:
    """Where the three standard descriptors lead; empty where one is closed or not readable.

    They may be read where the folder may (ptrace(2)).
    """
    return tuple(_target(pid, str(number)) for number in range(3))


def hears(pid: int) -> frozenset[str]:
    """What it holds the other side of: pipes on other than its standard descriptors, and the
    terminals (pty(7)) that it has opened, as far as readable."""
    try:
        numbers = os.listdir(f"/proc/{pid}/fd")  # noqa: PTH208
    except OSError:
        return frozenset()
    heard = set()
    for number in numbers:
        target = _target(pid, number)
        if target.startswith("pipe:") and number not in ("0", "1", "2"):
            heard.add(target)
        elif target.endswith("/ptmx"):
            heard.add(_terminal_of(pid, number))
    return frozenset(heard)


def _terminal_of(pid: int, number: str) -> str:
    """The terminal whose other side a descriptor of /dev/ptmx is (proc_pid_fdinfo(5))."""
    try:
        lines = Path(f"/proc/{pid}/fdinfo/{number}").read_text("ascii").splitlines()
    except OSError:
        return ""
    index = next((line for line in lines if line.startswith("tty-index:")), "")
    return f"/dev/pts/{index.partition(':')[2].strip()}"


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
