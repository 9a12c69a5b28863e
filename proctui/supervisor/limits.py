"""How many descriptors and processes there may be: raised where allowed, told of where not.

Standard library only.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

WANTED = 1 << 16
"""Descriptors that a supervisor gives itself even beyond its hard limit, where it may: each worker
costs one, and two while it starts."""
MOST = 1 << 20
"""No more than that, though some machines allow everybody a thousand times as many: what
fs.nr_open has unless somebody changed it (proc_sys_fs(5))."""

_RESERVED_PIDS = 300
"""Pids that the kernel does not give again once it has come round (kernel/pid.c)."""
_CGROUPS = Path("/sys/fs/cgroup")
_PROC = Path("/proc")


class Limit(NamedTuple):
    """A soft and a hard limit (getrlimit(2))."""

    soft: int
    hard: int


_former: list[Limit] = []
"""What was allowed before it was raised; empty where it was not."""


def raise_descriptors() -> None:
    """Lets this process have as many descriptors as it may (CAP_SYS_RESOURCE: even more)."""
    former = Limit(*resource.getrlimit(resource.RLIMIT_NOFILE))
    allowed = _lower(former.hard, MOST)
    wanted = max(allowed, WANTED)
    if _lower(former.soft, wanted) == wanted:
        return
    beyond = former.hard if _lower(former.hard, wanted) == wanted else wanted
    for limit in (Limit(wanted, beyond), Limit(allowed, former.hard)):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, limit)
        except (ValueError, OSError):
            continue
        _former.append(former)
        return


def descriptors_of_workers() -> Limit | None:
    """What a forked child has to set, so that user code finds what it would without us.

    None where that is so already.
    """
    if not _former:
        return None
    hard = _lower(resource.getrlimit(resource.RLIMIT_NOFILE)[1], _former[0].hard)
    return Limit(_lower(_former[0].soft, hard), hard)


def end_of_descriptors() -> int:
    """Every open descriptor of this process is below; not much more than there are, if possible.

    `os.closerange` asks for each one where the C library has no close_range(2).
    """
    for line in _text(_PROC / "self/status").splitlines():
        if line.startswith("FDSize:"):
            return int(line.split()[1])
    return os.sysconf("SC_OPEN_MAX")


def most_descriptors() -> str:
    """Of this process, for a sentence: ``1024``."""
    return _shown(resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def full() -> str | None:
    """Which limit leaves no room for another process (fork(2), EAGAIN), for a sentence.

    None where it can't be told.
    """
    return _full_cgroup() or _full_machine() or _full_user()


def _full_cgroup() -> str | None:
    """A control group of ours, or one around it, that is full (cgroups(7): pids)."""
    for folder in _cgroups():
        most, there = _number(folder / "pids.max"), _number(folder / "pids.current")
        if most is not None and there is not None and there >= most:
            name = f"/{folder.relative_to(_CGROUPS)}"
            return f"the control group {name} may have {most} processes and threads (pids.max)"
    return None


def _cgroups() -> Iterator[Path]:
    """From the innermost on."""
    for line in _text(_PROC / "self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers in ("", "pids"):
            # In a container the path may be one of the host's: then only the root is to be seen.
            folder = _CGROUPS / controllers / path.lstrip("/")
            yield from (one for one in (folder, *folder.parents) if one.is_relative_to(_CGROUPS))


def _full_machine() -> str | None:
    words = _text(_PROC / "loadavg").split()
    there = int(words[3].partition("/")[2]) if len(words) > 3 else 0
    for name, reserve in (("pid_max", _RESERVED_PIDS), ("threads-max", 0)):
        most = _number(_PROC / "sys/kernel" / name)
        if most is not None and there >= most - reserve:
            return f"the machine may have {most} processes and threads (kernel.{name})"
    return None


def _full_user() -> str | None:
    """The user's own limit; that can't be compared cheaply, and holds for all but root."""
    most = resource.getrlimit(resource.RLIMIT_NPROC)[0]
    if os.geteuid() == 0 or most == resource.RLIM_INFINITY:
        return None
    return f"user {os.geteuid()} may have {most} processes and threads (RLIMIT_NPROC)"


def _lower(one: int, other: int) -> int:
    infinite = resource.RLIM_INFINITY
    if infinite in (one, other):
        return other if one == infinite else one
    return min(one, other)


def _shown(limit: int) -> str:
    return "unlimited" if limit == resource.RLIM_INFINITY else str(limit)


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _number(path: Path) -> int | None:
    """None for what is missing, or says ``max``."""
    text = _text(path).strip()
    return int(text) if text.isdigit() else None
