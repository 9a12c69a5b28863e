"""What psutil gives: details on demand, machine totals, and a stand-in for /proc.

The functions from `read_stat` on have the contracts of `proctui.linux.procfs`.  They
serve systems without /proc (macOS): nothing can be held open there, so
identity is pid and start time, ends are found by looking, and exit codes of
other programs' children are not known.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import TypeVar

import psutil

from proctui.linux import procfs
from proctui.linux.procfs import MAX_COMMAND, SESSION_VARIABLE, WORKER_VARIABLE, Stat
from proctui.model import ProcessDetails

KEEPS_OPEN = False
_STATES = {
    psutil.STATUS_RUNNING: "R",
    psutil.STATUS_SLEEPING: "S",
    psutil.STATUS_IDLE: "S",
    psutil.STATUS_DISK_SLEEP: "D",
    psutil.STATUS_STOPPED: "T",
    psutil.STATUS_TRACING_STOP: "t",
    psutil.STATUS_ZOMBIE: "Z",
    psutil.STATUS_DEAD: "X",
}
_Value = TypeVar("_Value")


def machine_totals() -> tuple[float, int, int]:
    """CPU use since the last call (100 = all cores), bytes of memory used, bytes in all."""
    memory = psutil.virtual_memory()
    return psutil.cpu_percent(None), memory.total - memory.available, memory.total


def read_details(pid: int) -> ProcessDetails:
    """Everything about one process; raises `ProcessLookupError` where there is none."""
    with _translated(pid):
        process = psutil.Process(pid)
        with process.oneshot():
            memory = _allowed(process.memory_info)
            times = _allowed(process.cpu_times)
            command = _allowed(process.cmdline)
            # USS reads every mapping and is asked for last: it may take milliseconds
            return ProcessDetails(
                pid=pid,
                user=_allowed(process.username),
                command=tuple(command) if command else None,
                executable=_allowed(process.exe) or None,
                cwd=_allowed(process.cwd) or None,
                terminal=_allowed(process.terminal),
                nice=_allowed(process.nice),
                threads=_allowed(process.num_threads),
                open_files=_allowed(process.num_fds),
                memory_rss=memory.rss if memory else None,
                memory_virtual=memory.vms if memory else None,
                memory_unique=_unique_memory(process),
                cpu_user=times.user if times else None,
                cpu_system=times.system if times else None,
            )


def _unique_memory(process: psutil.Process) -> int | None:
    full = _allowed(process.memory_full_info)
    return int(full.uss) if full is not None else None


def _allowed(read: Callable[[], _Value]) -> _Value | None:
    """None for what may not be read; a zombie has little of anything."""
    try:
        return read()
    except (psutil.AccessDenied, psutil.ZombieProcess, OSError):
        return None


@contextlib.contextmanager
def _translated(pid: int) -> Iterator[None]:
    """psutil's errors as the built-in ones."""
    try:
        yield
    except psutil.NoSuchProcess as error:
        raise ProcessLookupError(f"there is no process {pid}") from error
    except psutil.AccessDenied as error:
        raise PermissionError(f"process {pid} may not be read") from error


# ---------------------------------------------------------------- in the place of procfs


def read_stat(pid: int) -> Stat:
    """As `procfs.read_stat`; the exit code is never known and 0."""
    with _translated(pid):
        process = psutil.Process(pid)
        with process.oneshot():
            state = _STATES.get(process.status(), "S")
            times = None if state == "Z" else _allowed(process.cpu_times)
            memory = None if state == "Z" else _allowed(process.memory_info)
            return Stat(
                pid=pid,
                comm=_allowed(process.name) or "",
                state=state,
                ppid=process.ppid(),
                pgid=_number(os.getpgid, pid),
                sid=_number(os.getsid, pid),
                cpu_ticks=int((times.user + times.system) * procfs.CLOCK_TICKS) if times else 0,
                threads=1 if state == "Z" else _allowed(process.num_threads) or 1,
                start_ticks=int(process.create_time() * procfs.CLOCK_TICKS),
                rss_pages=memory.rss // procfs.PAGE_SIZE if memory else 0,
                stack=0,
                exit_code=0,
            )


def _number(read: Callable[[int], int], pid: int) -> int:
    try:
        return read(pid)
    except OSError:
        return 0


def pids() -> list[int]:
    """As `procfs.pids`."""
    return psutil.pids()


def given(after: int, last: int) -> list[int]:
    """As `procfs.given`."""
    return [pid for pid in pids() if after < pid <= last]


def last_pid() -> int | None:
    """None: nothing tells."""
    return None


def children(pid: int) -> list[int]:
    """As `procfs.children`, by reading every process."""
    with _translated(pid):
        return [child.pid for child in psutil.Process(pid).children()]


def owner(pid: int) -> int:
    """As `procfs.owner`."""
    with _translated(pid):
        return int(psutil.Process(pid).uids().effective)


def name(pid: int) -> str:
    """As `procfs.name`."""
    with _translated(pid):
        return psutil.Process(pid).name()


def command_line(pid: int) -> str | None:
    """As `procfs.command_line`."""
    with _translated(pid):
        return " ".join(psutil.Process(pid).cmdline())[:MAX_COMMAND] or None


def tags(pid: int) -> tuple[str | None, str | None]:
    """As `procfs.tags`."""
    with _translated(pid):
        environment = psutil.Process(pid).environ()
    worker = environment.get(WORKER_VARIABLE, "").rstrip(" ") or None
    return environment.get(SESSION_VARIABLE), worker


def may_read_exit(pid: int) -> bool:
    """Never."""
    return False


def is_namespace_init(pid: int) -> bool:
    """As `procfs.is_namespace_init`, where there are no namespaces."""
    return pid == 1


def boot_time() -> float:
    """Zero: `start_ticks` counts from the epoch here."""
    return 0.0
