"""Reading /proc with the standard library alone (proc(5)).

Nothing here signals, waits or keeps anything open.  Every function that takes
a pid raises `ProcessLookupError` where there is no such process and
`PermissionError` where the kernel does not show it.  A pid names a process
only for the moment of the call: whoever needs more holds a pidfd.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import NamedTuple

KEEPS_OPEN = True
"""A descriptor of /proc/PID/stat stays bound to its process."""
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
"""Ticks per second of the times in /proc/PID/stat."""
PAGE_SIZE = os.sysconf("SC_PAGE_SIZE")
"""Bytes per page of the resident set in /proc/PID/stat."""
SESSION_VARIABLE = "PROCTUI_SESSION"
WORKER_VARIABLE = "PROCTUI_WORKER"
STAT_BYTES = 1024
"""More than a line of /proc/PID/stat can have."""
PULSE_BYTES = 128
"""Likewise of /proc/PID/schedstat."""
MAX_COMMAND = 4096
"""Characters of a command line that are kept."""
MAX_ENVIRONMENT = 256 * 1024
"""Bytes of an environment that are searched for the tags."""

_MISSING = (FileNotFoundError, ProcessLookupError)


class Stat(NamedTuple):
    """What /proc/PID/stat holds (proc_pid_stat(5)), as far as proctui uses it."""

    pid: int
    comm: str
    """At most 15 bytes for a program, longer for kernel threads; surrogateescape; untrusted."""
    state: str
    ppid: int
    pgid: int
    sid: int
    cpu_ticks: int
    """utime + stime."""
    threads: int
    start_ticks: int
    """Since boot."""
    rss_pages: int
    stack: int
    """Where the stack starts: differs after an exec; 0 or 1 where it may not be read."""
    exit_code: int
    """wait(2) status of a zombie, 0 as well where it may not be read: see `may_read_exit`."""

    @property
    def is_zombie(self) -> bool:
        """Dead and not reaped; not a leader whose threads live on (num_threads)."""
        return self.state == "Z" and self.threads <= 1


def available() -> bool:
    """True where /proc is mounted and shows this process under the pid it has."""
    try:
        return Path("/proc/self").readlink() == Path(str(os.getpid()))
    except OSError:
        return False


def parse_stat(raw: bytes) -> Stat:
    """One line of /proc/PID/stat.

    The name stands in parentheses and may itself hold blanks, newlines and
    parentheses, so everything counts from the last one.  Raises `ValueError`
    where the line is none.
    """
    head, closing, tail = raw.rpartition(b")")
    number, opening, comm = head.partition(b" (")
    fields = tail.split()
    if not closing or not opening or len(fields) < 50:
        raise ValueError("not a line of /proc/PID/stat")
    return Stat(
        int(number),
        comm.decode("utf-8", "surrogateescape"),
        fields[0].decode("ascii"),
        int(fields[1]),
        int(fields[2]),
        int(fields[3]),
        int(fields[11]) + int(fields[12]),
        int(fields[17]),
        int(fields[19]),
        int(fields[21]),
        int(fields[25]),
        int(fields[49]),
    )


def open_stat(pid: int) -> int:
    """A descriptor of /proc/PID/stat.

    Kept open it stays bound to the process: once that is reaped, reading
    answers ESRCH, also when the pid has been given to another process.
    """
    try:
        return os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise _gone(pid) from None


def pread_stat(descriptor: int) -> bytes:
    """The present line behind a descriptor of `open_stat`."""
    return os.pread(descriptor, STAT_BYTES, 0)


def open_pulse(pid: int) -> int | None:
    """A descriptor of /proc/PID/schedstat; None where the kernel does not count there.

    What it says differs whenever the main thread has run (sched-stats.rst: time on the CPU,
    time in the queue, times it was given the CPU), and costs a third of /proc/PID/stat.
    """
    try:
        descriptor = os.open(f"/proc/{pid}/schedstat", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # a kernel without CONFIG_SCHED_INFO has no such file
        return None
    try:
        counted = os.pread(descriptor, PULSE_BYTES, 0).split() != [b"0", b"0", b"0"]
    except OSError:
        counted = False
    if not counted:
        os.close(descriptor)
    return descriptor if counted else None


def read_stat(pid: int) -> Stat:
    """What the process is at this moment."""
    descriptor = open_stat(pid)
    try:
        return parse_stat(os.read(descriptor, STAT_BYTES))
    finally:
        os.close(descriptor)


def pids() -> list[int]:
    """Every process that /proc shows, ascending."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 (5,000 names)


def given(after: int, last: int) -> list[int]:
    """The processes of `pids` that lie above `after` and up to `last`, without listing them all.

    Threads, whose numbers come from the same stock, are left out.
    """
    return [pid for pid in range(after + 1, last + 1) if _leads(pid)]


def _leads(pid: int) -> bool:
    """Whether there is a process of that pid; a thread can be read there too (proc(5))."""
    try:
        lines = _read(f"/proc/{pid}/status", 512, pid).split(b"\n", 6)
    except OSError:
        return False
    return any(line.split() == [b"Tgid:", b"%d" % pid] for line in lines)


def last_pid() -> int | None:
    """The pid given last in this pid namespace, to a process or a thread (proc_loadavg(5)).

    Pids are given ascending and start anew when they reach the limit, so what
    was born between two calls has a pid between the two answers.
    """
    return int(_read("/proc/loadavg", 256).split()[-1])


def children(pid: int) -> list[int]:
    """Direct children, dead ones included (proc_tid_children(5)).

    Raises `FileNotFoundError` where the kernel was built without that file.
    """
    found: list[int] = []
    task = f"/proc/{pid}/task"
    try:
        threads = [entry.name for entry in Path(task).iterdir()]
    except FileNotFoundError:
        raise _gone(pid) from None
    for thread in threads:
        try:
            found += map(int, Path(task, thread, "children").read_bytes().split())
        except ProcessLookupError:
            continue  # the thread ended; its children went to a sibling thread
        except FileNotFoundError:
            if Path(task, thread).is_dir():
                raise
    return found


def living_threads_state(pid: int) -> str:
    """State letter of the busiest thread that has not ended; "" where there is none to be read."""
    found = set()
    try:
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208
    except OSError:
        return ""
    for thread in threads:
        with contextlib.suppress(OSError):
            line = _read(f"/proc/{pid}/task/{thread}/stat", STAT_BYTES, pid)
            found.add(line.rpartition(b")")[2].split()[0].decode("ascii"))
    return next((letter for letter in "RDSItT" if letter in found), "")


def owner(pid: int) -> int:
    """Effective user id: /proc/PID itself belongs to it, unlike the files in it."""
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except FileNotFoundError:
        raise _gone(pid) from None


def command_line(pid: int) -> str | None:
    """Arguments joined by blanks; None for zombies and kernel threads.  Untrusted."""
    raw = _read(f"/proc/{pid}/cmdline", MAX_COMMAND * 4, pid)
    text = raw.rstrip(b"\0").replace(b"\0", b" ").decode("utf-8", "surrogateescape")
    return text[:MAX_COMMAND] or None


def tags(pid: int) -> tuple[str | None, str | None]:
    """Session and worker tag in the environment the program was executed with.

    A process that only forked shows its parent's block (proc_pid_environ(5)); a worker that did
    has written its id into it.  Where the leader has exited before its threads, they show it.
    """
    raw = b"\0" + _environment(pid)
    worker = _variable(raw, WORKER_VARIABLE)
    return _variable(raw, SESSION_VARIABLE), (worker or "").rstrip(" ") or None


def name(pid: int) -> str:
    """Present name, at most 15 bytes; untrusted."""
    raw = _read(f"/proc/{pid}/comm", 256, pid)
    return raw.rstrip(b"\n").decode("utf-8", "surrogateescape")


def control_groups(pid: int) -> list[str]:
    """Lines of /proc/PID/cgroup (cgroups(7)); untrusted."""
    return _read(f"/proc/{pid}/cgroup", 16384, pid).decode("utf-8", "replace").splitlines()


def may_read_exit(pid: int) -> bool:
    """Whether the kernel shows us the process's exit code in its stat line.

    There it asks ptrace_may_access(PTRACE_MODE_READ_FSCREDS) and prints 0 where
    the answer is no; a namespace link asks the same question and refuses
    openly (ptrace(2), proc_pid_ns(5)).
    """
    try:
        os.readlink(f"/proc/{pid}/ns/pid")  # noqa: PTH115 (a Path costs five times as much)
    except PermissionError:
        return False
    except _MISSING:
        raise _gone(pid) from None
    return True


def namespace_pids(pid: int) -> tuple[int, ...]:
    """Its pid here, and in each pid namespace below down to its own (pid_namespaces(7))."""
    for line in _read(f"/proc/{pid}/status", 8192, pid).splitlines():
        if line.startswith(b"NSpid:"):
            return tuple(map(int, line.split()[1:]))
    return (pid,)


def is_namespace_init(pid: int) -> bool:
    """True for init, ours or that of a pid namespace below (pid_namespaces(7))."""
    return pid == 1 or namespace_pids(pid)[-1] == 1


def boot_time() -> float:
    """When the clock of `Stat.start_ticks` stood at zero, in seconds since the epoch."""
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)


def _environment(pid: int) -> bytes:
    """Of the leader, or where that has exited, of a thread that lives on; empty where none has."""
    with contextlib.suppress(ProcessLookupError):
        if block := _read(f"/proc/{pid}/environ", MAX_ENVIRONMENT, pid):
            return block
    try:
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208
    except FileNotFoundError:
        raise _gone(pid) from None
    for thread in threads if len(threads) > 1 else ():
        with contextlib.suppress(ProcessLookupError):
            path = f"/proc/{pid}/task/{thread}/environ"
            if block := _read(path, MAX_ENVIRONMENT, pid):
                return block
    return b""


def _gone(pid: int) -> ProcessLookupError:
    return ProcessLookupError(f"there is no process {pid}")


def _read(path: str, limit: int, pid: int = 0) -> bytes:
    """At most `limit` bytes; files of /proc may answer in pieces."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except _MISSING:
        raise _gone(pid) from None
    try:
        pieces = []
        while limit > 0 and (piece := os.read(descriptor, limit)):
            pieces.append(piece)
            limit -= len(piece)
        return b"".join(pieces)
    finally:
        os.close(descriptor)


def _variable(block: bytes, variable: str) -> str | None:
    start = b"\0" + variable.encode("ascii") + b"="
    _, found, rest = block.partition(start)
    if not found:
        return None
    return rest.partition(b"\0")[0].decode("utf-8", "surrogateescape")
