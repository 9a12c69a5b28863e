"""Faults in a process that was started with this folder on its PYTHONPATH.

Every interpreter imports `sitecustomize` before anything else.  What is to fail is asked for
anew each time: files in the folder that PROCTUI_TEST_FAULTS names switch faults on and off while
the process runs.

``fork``, ``pidfd_open``, ``pidfd_send_signal``
    hold the name of the errno with which that fails;
``clock``
    holds the seconds by which the machine's clock is wrong;
``suspend``
    holds the seconds that the machine has been asleep since: clocks that count them jump
    (clock_gettime(2)), CLOCK_MONOTONIC, by which everybody waits, does not;
``seccomp``
    holds the name of the errno with which the kernel itself refuses pidfds, to the process that
    is started and all below it;
``descriptors``
    holds how many the process may have, and never more (getrlimit(2));
``crash``
    holds which process kills itself where: its module or command, the function where counting
    begins, before the how manieth call that has an effect, and whether what it forks is meant.
"""

from __future__ import annotations

import _posixsubprocess
import ctypes
import errno
import os
import resource
import signal
import struct
import sys
import time
from collections.abc import Callable
from typing import Any

FOLDER = os.environ.get("PROCTUI_TEST_FAULTS", "")
EFFECTS = frozenset(
    {
        "accept", "_accept", "bind", "close", "connect", "dup2", "flock", "fork", "fork_exec",
        "ftruncate", "kill", "killpg", "listen", "memfd_create", "mkdir", "open", "pidfd_open",
        "pidfd_send_signal", "pipe", "posix_spawn", "recv", "rename", "rmdir", "send", "sendall",
        "sendmsg", "setsid", "unlink", "waitpid", "write",
    }
)  # fmt: skip
"""Calls between which the rest of the world can see a difference."""


def switched(name: str) -> str:
    """What the file of a fault says; empty while it is off."""
    try:
        with open(f"{FOLDER}/{name}") as file:
            return file.read()
    except OSError:
        return ""


def failing(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    """`real`, but in this very process it fails while that is switched on."""
    own = os.getpid()

    def call(*words: Any, **named: Any) -> Any:
        if os.getpid() == own and (wanted := switched(name)):
            number = getattr(errno, wanted)
            raise OSError(number, os.strerror(number))
        return real(*words, **named)

    return call


def wrong_clock(real: Callable[[], float] = time.time) -> float:
    """time.time(), as wrong as wanted."""
    return real() + float(switched("clock") or 0) + asleep()


def asleep() -> float:
    """Seconds."""
    return float(switched("suspend") or 0)


def clock_with_sleep(clock: int, real: Callable[[int], float] = time.clock_gettime) -> float:
    """time.clock_gettime() of a machine that was asleep."""
    return real(clock) + (asleep() if clock == time.CLOCK_BOOTTIME else 0.0)


PIDFD_CALLS = (424, 434)
"""pidfd_send_signal and pidfd_open, the same on every machine that the next line knows."""
AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7, "riscv64": 0xC00000F3}


def refuse_pidfds(number: int) -> None:
    """Installs a seccomp(2) filter that answers with this errno; it can't be taken back."""
    load, jump_equal, answer = 0x20, 0x15, 0x06  # bpf_common.h: LD|W|ABS, JMP|JEQ|K, RET|K
    allow, refuse = 0x7FFF0000, 0x00050000 | number  # SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO
    first, second = PIDFD_CALLS
    program = (
        (load, 0, 0, 4),  # seccomp_data.arch
        (jump_equal, 0, 4, AUDIT_ARCH[os.uname().machine]),
        (load, 0, 0, 0),  # seccomp_data.nr
        (jump_equal, 1, 0, first),
        (jump_equal, 0, 1, second),
        (answer, 0, 0, refuse),
        (answer, 0, 0, allow),
    )
    code = b"".join(struct.pack("=HBBI", *line) for line in program)

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))

    libc: Any = ctypes.CDLL(None, use_errno=True)
    whole = Program(len(program), code)
    new_privileges, by_filter = (38, 1, 0, 0, 0), (22, 2, ctypes.byref(whole), 0, 0)
    if libc.prctl(*new_privileges) or libc.prctl(*by_filter):
        raise OSError(ctypes.get_errno(), "prctl")


class Crash:
    """Kills one process before a certain call; without a number writes down what it calls."""

    def __init__(self, begin: str, point: int, *, forked: bool) -> None:
        self._begin = begin
        self._point = point
        self._forked = forked
        """What a process forks is meant, not the process itself."""
        self._own = os.getpid()
        self._counts: dict[int, int] = {}

    def __call__(self, frame: Any, event: str, arg: Any) -> None:
        if event == "call" and frame.f_code.co_name == self._begin:
            if os.getpid() not in self._counts:
                self._counts[os.getpid()] = 0
                self._point = int((switched("crash") or "- - -1").split()[2])
        elif event == "c_call" and arg.__name__ in EFFECTS and not isinstance(arg.__self__, str):
            self._called(arg.__name__)

    def _called(self, name: str) -> None:
        pid = os.getpid()
        count = self._counts.get(pid)
        if count is None or (pid != self._own) is not self._forked:
            return
        self._counts[pid] = count + 1
        if self._point < 0:
            where = os.open(f"{FOLDER}/points", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            os.write(where, f"{name}\n".encode())
            os.close(where)
        elif count == self._point:
            os.kill(pid, signal.SIGKILL)


def main() -> None:
    """Puts everything in place; costs nothing but a look at a file while nothing is on."""
    os.fork = failing("fork", os.fork)
    os.posix_spawn = failing("fork", os.posix_spawn)
    _posixsubprocess.fork_exec = failing("fork", _posixsubprocess.fork_exec)
    if hasattr(os, "pidfd_open"):
        os.pidfd_open = failing("pidfd_open", os.pidfd_open)
        signal.pidfd_send_signal = failing("pidfd_send_signal", signal.pidfd_send_signal)
    time.time = wrong_clock
    time.clock_gettime = clock_with_sleep
    if refused := switched("seccomp"):
        refuse_pidfds(getattr(errno, refused))
    if most := switched("descriptors"):
        resource.setrlimit(resource.RLIMIT_NOFILE, (int(most), int(most)))
    wanted = switched("crash").split()
    if wanted and wanted[0] in sys.orig_argv:
        _, begin, point, forked = wanted
        sys.setprofile(Crash(begin, int(point), forked=forked == "forked"))


if FOLDER:
    main()
