"""`multiprocessing` contexts whose processes can be looked at without being reaped.

In stock `multiprocessing`, `is_alive()`, `exitcode`, `repr()`, `active_children()`
and even the start of a sibling call waitpid(2), so an ended child that nobody
joined stops being a zombie as soon as anything looks.  The processes made here
peek with ``waitid(WNOWAIT)`` (wait(2)): **only `join()` reaps**.

Standard library only: a spawned worker imports this module.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import time
from multiprocessing import connection, context, popen_fork, util
from multiprocessing import process as mp_process
from typing import Any, Literal, overload

_mp: Any = mp_process
_util: Any = util
"""The modules with their private names, which the type stubs leave out."""

_CHILD_RUNS_ATEXIT = hasattr(popen_fork, "atexit")
"""True where a forked child runs atexit functions itself (CPython from 3.13 on)."""

_LONGEST_NAP = 0.02
"""Seconds between two peeks where the kernel has no pidfd."""


def pidfd_open(pid: int) -> int | None:
    """A descriptor that is readable once `pid` has ended (pidfd_open(2)).

    None where the kernel has none to give; close-on-exec.
    """
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


class _PeekingPopen(popen_fork.Popen):
    """The parent's handle on a child that is its own: peeks, and reaps only in `wait()`."""

    pid: int
    sentinel: int
    returncode: int | None
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
                    self.returncode = _exitcode(status)
        return self.returncode

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
        if self._pidfd is not None:
            signal.pidfd_send_signal(self._pidfd, signum)
        else:
            os.kill(self.pid, signum)

    def _send_signal(self, sig: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.send_signal(sig)

    def _lose(self) -> None:
        self.lost = self.returncode is None
        self._reaped = True

    def _has_ended_within(self, timeout: float) -> bool:
        if self._pidfd is not None:
            return bool(connection.wait([self._pidfd], max(timeout, 0)))
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
        self.finalizer = util.Finalize(self, _util.close_fds, (self._pidfd,))
        return True


class ForkPopen(_PeekingPopen):
    """Started by fork(2)."""

    def _launch(self, process_obj: Any) -> None:
        if not _pidfd_works():
            super()._launch(process_obj)  # type: ignore[misc]
            return
        code = 1
        self.pid = os.fork()
        if self.pid == 0:
            # The stock order of things in the child, without its two pipes.
            private: Any = atexit
            try:
                if _CHILD_RUNS_ATEXIT:
                    private._clear()
                    atexit.register(_util._exit_function)
                code = process_obj._bootstrap(parent_sentinel=None)
            finally:
                if _CHILD_RUNS_ATEXIT:
                    private._run_exitfuncs()
                os._exit(code)
        self.finalizer = None
        if not self._replace_sentinel():
            # Out of descriptors: nothing can be watched, so the start counts as refused.
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            raise OSError(24, "no descriptor left to watch the new process with")


def _pidfd_works() -> bool:
    """Asked anew each time, since a sandbox may forbid it and descriptors may run out."""
    fd = pidfd_open(os.getpid())
    if fd is None:
        return False
    os.close(fd)
    return True


def _spawn_popen_class() -> type[_PeekingPopen]:
    from multiprocessing import popen_spawn_posix

    class SpawnPopen(_PeekingPopen, popen_spawn_posix.Popen):
        """Started by fork and exec of a fresh interpreter."""

        def _launch(self, process_obj: Any) -> None:
            # The child takes a pidfd on us (`_bootstrap`), so both pipes may go at once.
            popen_spawn_posix.Popen._launch(self, process_obj)  # type: ignore[attr-defined]
            self._replace_sentinel()

    return SpawnPopen


def _forkserver_popen_class() -> type[popen_fork.Popen]:
    from multiprocessing import popen_forkserver

    class ForkServerPopen(popen_forkserver.Popen):
        """Started by the fork server, whose child it is: it reaps, and tells us the exit code."""

        lost = False
        pid: int

        def send_signal(self, signum: int) -> None:
            """Signals this process and no other; ProcessLookupError once it has ended."""
            if self.poll() is not None:
                raise ProcessLookupError(f"process {self.pid} has ended")
            pidfd = pidfd_open(self.pid)
            if pidfd is None:
                os.kill(self.pid, signum)
                return
            try:
                # The fork server reports an end before the pid can wander through all others.
                if self.poll() is not None:
                    raise ProcessLookupError(f"process {self.pid} has ended")
                signal.pidfd_send_signal(pidfd, signum)
            finally:
                os.close(pidfd)

        def _send_signal(self, sig: int) -> None:
            with contextlib.suppress(ProcessLookupError):
                self.send_signal(sig)

    return ForkServerPopen


def _exitcode(status: os.waitid_result) -> int:
    """`Process.exitcode` for what waitid(2) says."""
    if status.si_code == os.CLD_EXITED:
        return status.si_status
    return -status.si_status


class PeekingProcess(mp_process.BaseProcess):
    """A `Process` that only `join()` reaps.  Get one from `get_context(...).Process`.

    Everything documented for `multiprocessing.Process` holds.  An ended process
    whose status somebody else took (``waitpid(-1)``, psutil's ``wait()``) is not
    alive and has the exit code None.
    """

    _popen: Any

    def start(self) -> None:
        """Starts the process.  Costs the same whatever number is alive: no sibling is polled."""
        private: Any = self
        private._check_closed()
        assert private._popen is None, "cannot start a process twice"
        assert private._parent_pid == os.getpid(), (
            "can only start a process object created by current process"
        )
        assert not _mp._current_process._config.get("daemon"), (
            "daemonic processes are not allowed to have children"
        )
        self._popen = private._Popen(self)
        private._sentinel = self._popen.sentinel
        del private._target, private._args, private._kwargs
        _mp._children.add(self)

    def is_alive(self) -> bool:
        """Whether it still runs; looking leaves a zombie in place."""
        alive = super().is_alive()
        return alive and not (self._popen is not None and self._popen.lost)

    def _bootstrap(self, parent_sentinel: int | None = None) -> int:
        private: Any = super()
        parent_pid: int = self._parent_pid  # type: ignore[attr-defined]
        mine = parent_pidfd(parent_pid)
        if mine is not None:
            if parent_sentinel is not None:
                os.close(parent_sentinel)
            parent_sentinel = mine
        code: int = private._bootstrap(parent_sentinel=parent_sentinel)
        return code


def parent_pidfd(parent_pid: int) -> int | None:
    """A sentinel for `multiprocessing.parent_process()`: readable once the parent has ended.

    None where there are no pidfds.  If the parent is gone already, or its pid was
    taken by another process meanwhile, a descriptor that is readable now.
    """
    mine = pidfd_open(parent_pid)
    if os.getppid() == parent_pid:
        return mine
    if mine is not None:
        os.close(mine)
    ended, other = os.pipe()
    os.close(other)
    return ended


class ForkProcess(PeekingProcess):
    """`multiprocessing.context.ForkProcess`, reaped by `join()` alone."""

    _start_method = "fork"

    @staticmethod
    def _Popen(process_obj: Any) -> ForkPopen:
        return ForkPopen(process_obj)


class SpawnProcess(PeekingProcess):
    """`multiprocessing.context.SpawnProcess`, reaped by `join()` alone."""

    _start_method = "spawn"

    @staticmethod
    def _Popen(process_obj: Any) -> _PeekingPopen:
        return _spawn_popen_class()(process_obj)


class ForkServerProcess(PeekingProcess):
    """`multiprocessing.context.ForkServerProcess`; the fork server is its parent and reaps it."""

    _start_method = "forkserver"

    @staticmethod
    def _Popen(process_obj: Any) -> popen_fork.Popen:
        return _forkserver_popen_class()(process_obj)

    def _bootstrap(self, parent_sentinel: int | None = None) -> int:
        # The kernel's parent is the fork server; the stock pipe tells of the one who asked.
        code: int = _mp.BaseProcess._bootstrap(self, parent_sentinel=parent_sentinel)
        return code


class ForkContext(context.ForkContext):
    """`multiprocessing.get_context("fork")` with processes that only `join()` reaps."""

    Process = ForkProcess  # type: ignore[assignment]


class SpawnContext(context.SpawnContext):
    """`multiprocessing.get_context("spawn")` with processes that only `join()` reaps."""

    Process = SpawnProcess  # type: ignore[assignment]


class ForkServerContext(context.ForkServerContext):
    """`multiprocessing.get_context("forkserver")` whose starts poll no sibling."""

    Process = ForkServerProcess  # type: ignore[assignment]


_CONTEXTS: dict[str, context.BaseContext] = {
    "fork": ForkContext(),
    "spawn": SpawnContext(),
    "forkserver": ForkServerContext(),
}


@overload
def get_context(method: Literal["fork"]) -> ForkContext: ...
@overload
def get_context(method: Literal["spawn"]) -> SpawnContext: ...
@overload
def get_context(method: Literal["forkserver"]) -> ForkServerContext: ...
@overload
def get_context(method: str | None = None) -> context.BaseContext: ...
def get_context(method: str | None = None) -> context.BaseContext:
    """A drop-in for `multiprocessing.get_context`: the same, but only `join()` reaps.

    That holds for ``fork`` and ``spawn``; with ``forkserver`` the fork server is
    the parent and reaps.  None means the standard default of this Python.
    Raises ValueError for a method that does not exist.
    """
    if method is None:
        method = context._default_context.get_start_method()
    try:
        return _CONTEXTS[method]
    except KeyError:
        known = ", ".join(_CONTEXTS)
        raise ValueError(f"cannot find context for {method!r}; there are {known}") from None
