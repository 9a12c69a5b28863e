"""The parent's handles on its children: they peek with ``waitid(WNOWAIT)``, and reap in `wait()`.

`fork_together` makes many children in one go.  A page of memory that the parent writes to
between two forks is one more page of its own for the child in between, and running any Python
code writes to hundreds, for the reference counts; so between two forks nothing is done.

Standard library only: a spawned worker imports this module.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import functools
import gc
import os
import select
import signal
import time
from collections.abc import Callable, Sequence
from multiprocessing import popen_fork, util
from multiprocessing import process as mp_process
from typing import Any, NoReturn

_mp: Any = mp_process
_util: Any = util
_atexit: Any = atexit
"""The modules with their private names, which the type stubs leave out."""

_CHILD_RUNS_ATEXIT = hasattr(popen_fork, "atexit")
"""True where a forked child runs atexit functions itself (CPython from 3.13 on)."""

_LONGEST_NAP = 0.02
"""Seconds between two peeks where the kernel has no pidfd."""

_inherited: list[object] = []
"""In a forked child: what it must not let go of.  To free it is to write to all of its memory."""


def pidfd_open(pid: int) -> int | None:
    """A descriptor that is readable once `pid` has ended (pidfd_open(2)).

    None where the kernel has none to give; close-on-exec.
    """
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def pidfd_works() -> bool:
    """Asked anew each time, since a sandbox may forbid it and descriptors may run out."""
    fd = pidfd_open(os.getpid())
    if fd is None:
        return False
    os.close(fd)
    return True


def signal_child(pid: int, pidfd: int | None, signum: int) -> None:
    """Signals a process that has not been reaped, so that no other can have its pid.

    Where a sandbox refuses pidfd_send_signal(2), kill(2) has the last word.
    """
    if pidfd is not None:
        try:
            signal.pidfd_send_signal(pidfd, signum)
        except ProcessLookupError:
            raise
        except OSError:
            os.kill(pid, signum)
    else:
        os.kill(pid, signum)


class Closer:
    """Closes a descriptor once, and only in the process that opened it.

    Not `multiprocessing.util.Finalize`: those are kept in a registry that each forked child
    empties, which costs the more the more siblings there are.
    """

    __slots__ = ("_fd", "_pid")

    def __init__(self, fd: int) -> None:
        self._fd: int | None = fd
        self._pid = os.getpid()

    def __call__(
        self, getpid: Callable[[], int] = os.getpid, close: Callable[[int], None] = os.close
    ) -> None:
        """Closes it; harmless once that is done."""
        # Modules may be empty already when an interpreter ends: so the functions are held here.
        fd, self._fd = self._fd, None
        if fd is not None and getpid() == self._pid:
            close(fd)

    __del__ = __call__


class PeekingPopen(popen_fork.Popen):
    """The parent's handle on a child that is its own: peeks, and reaps only in `wait()`."""

    pid: int
    sentinel: int
    returncode: int | None
    finalizer: Any
    lost = False
    """The child ended, but somebody else took its status."""
    _reaped = False
    _pidfd: int | None = None

    def poll(self, flag: int = os.WNOHANG) -> int | None:
        """The exit code of an ended child, else None.  Never reaps, never blocks."""
        if self.returncode is None and not self.lost:
            try:
                status = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                self._lose()
            else:
                if status is not None:
                    self.returncode = exitcode(status)
        return self.returncode

    @property
    def holds_pid(self) -> bool:
        """Whether its pid can be nobody else's, nor its group's: it runs, or is not reaped."""
        self.poll()
        return not self._reaped

    def wait(self, timeout: float | None = None) -> int | None:
        """Waits at most `timeout` seconds for the end, then reaps; None if it still runs."""
        if self._reaped or self.lost:
            return self.returncode
        if timeout is not None and not self._has_ended_within(timeout):
            return None
        try:
            _, status = os.waitpid(self.pid, 0)
        except ChildProcessError:
            self._lose()
        else:
            self._reaped = True
            self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def send_signal(self, signum: int) -> None:
        """Signals this child and no other; ProcessLookupError once it has ended.

        Goes through the pidfd; without one the child's pid can't have been
        given to another process as long as it has not been reaped.
        """
        if self.poll() is not None or self.lost:
            raise ProcessLookupError(f"process {self.pid} has ended")
        signal_child(self.pid, self._pidfd, signum)

    def _send_signal(self, sig: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.send_signal(sig)

    def _lose(self) -> None:
        self.lost = self.returncode is None
        self._reaped = True

    def _has_ended_within(self, timeout: float) -> bool:
        if self._pidfd is not None:
            waiting = select.poll()
            waiting.register(self._pidfd, select.POLLIN)
            return bool(waiting.poll(max(timeout, 0) * 1000))
        deadline = time.monotonic() + timeout
        nap = 0.0005
        while self.poll() is None and not self.lost:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(nap, left))
            nap = min(nap * 2, _LONGEST_NAP)
        return True

    def _replace_sentinel(self) -> bool:
        """Makes the sentinel a pidfd: the stock pipe is held open by the child's own children."""
        self._pidfd = pidfd_open(self.pid)
        if self._pidfd is None:
            return False
        if self.finalizer is not None:
            self.finalizer()
        self.sentinel = self._pidfd
        self.finalizer = Closer(self._pidfd)
        return True


class ForkPopen(PeekingPopen):
    """Started by fork(2), alone or by `fork_together`."""

    def _launch(self, process_obj: Any) -> None:
        pid: int | None = process_obj._forked_pid
        if pid is None and not pidfd_works():
            self._launch_with_pipes(process_obj)
            return
        self.pid = _fork(process_obj) if pid is None else pid
        if not self._replace_sentinel():
            # Out of descriptors: nothing can be watched, so the start counts as refused.
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            raise OSError(errno.EMFILE, "no descriptor left to watch the new process with")

    def _launch_with_pipes(self, process_obj: Any) -> None:
        """As the stock `_launch`, which leaves its pipes open where the kernel refuses the fork."""
        ends = [*os.pipe()]
        try:
            ends += os.pipe()
            pid = os.fork()
        except OSError:
            for end in ends:
                os.close(end)
            raise
        parent_r, child_w, child_r, parent_w = ends
        if pid == 0:
            os.close(parent_r)
            os.close(parent_w)
            _be_child(process_obj, gc.isenabled(), child_r)
        os.close(child_w)
        os.close(child_r)
        self.pid = pid
        self.finalizer = _util.Finalize(self, _util.close_fds, (parent_r, parent_w))
        self.sentinel = parent_r


def _fork(process_obj: Any) -> int:
    [outcome] = fork_together([process_obj])
    if isinstance(outcome, OSError):
        raise outcome
    return outcome


def fork_together(processes: Sequence[Any]) -> list[int | OSError]:
    """Forks once for each; in the child it runs, in the parent its pid or the refusal comes back.

    Their handles are made afterwards, by `ForkPopen`.
    """
    outcomes: list[int | OSError] = [0] * len(processes)
    collects = gc.isenabled()
    # A collection in the child would write to every object there is.
    gc.disable()
    try:
        for place, process_obj in enumerate(processes):
            try:
                pid = os.fork()
            except OSError as error:
                outcomes[place] = error
                continue
            if pid == 0:
                _be_child(process_obj, collects)
            outcomes[place] = pid
    finally:
        if collects:
            gc.enable()
    return outcomes


def _be_child(process_obj: Any, collects: bool, sentinel: int | None = None) -> NoReturn:
    """The stock order of things in a forked child.

    `sentinel` is the pipe that ends with the parent; None where there are pidfds.
    """
    code = 1
    try:
        # What came from the parent is never looked at by the collector.
        gc.freeze()
        if collects:
            gc.enable()
        _inherited.append(_mp._children)
        if _CHILD_RUNS_ATEXIT:
            _atexit._clear()
            _atexit.register(_util._exit_function)
        code = process_obj._bootstrap(parent_sentinel=sentinel)
    finally:
        if _CHILD_RUNS_ATEXIT:
            _atexit._run_exitfuncs()
        os._exit(code)


@functools.cache
def spawn_popen_class() -> type[PeekingPopen]:
    """For ``spawn``; a function, since only those who spawn need what it imports."""
    from multiprocessing import popen_spawn_posix

    class SpawnPopen(PeekingPopen, popen_spawn_posix.Popen):
        """Started by fork and exec of a fresh interpreter."""

        def _launch(self, process_obj: Any) -> None:
            # The child takes a pidfd on us (`_bootstrap`), so both pipes may go at once.
            popen_spawn_posix.Popen._launch(self, process_obj)  # type: ignore[attr-defined]
            self._replace_sentinel()

    return SpawnPopen


def exitcode(status: os.waitid_result) -> int:
    """`Process.exitcode` for what waitid(2) says."""
    if status.si_code == os.CLD_EXITED:
        return status.si_status
    return -status.si_status
