"""`multiprocessing` contexts whose processes can be looked at without being reaped.

In stock `multiprocessing`, `is_alive()`, `exitcode`, `repr()`, `active_children()`
and even the start of a sibling call waitpid(2), so an ended child that nobody
joined stops being a zombie as soon as anything looks.  The processes made here
peek with ``waitid(WNOWAIT)`` (wait(2)): **only `join()` reaps**.

Standard library only: a spawned worker imports this module.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from multiprocessing import context, popen_fork, util
from multiprocessing import process as mp_process
from typing import TYPE_CHECKING, Any, Literal, overload

from proctui.supervisor import popen

if TYPE_CHECKING:
    from multiprocessing.managers import SyncManager
    from multiprocessing.pool import Pool

_mp: Any = mp_process
_util: Any = util
"""The modules with their private names, which the type stubs leave out."""


class PeekingProcess(mp_process.BaseProcess):
    """A `Process` that only `join()` reaps.  Get one from `get_context(...).Process`.

    Everything documented for `multiprocessing.Process` holds.  An ended process
    whose status somebody else took (``waitpid(-1)``, psutil's ``wait()``) is not
    alive and has the exit code None.
    """

    _popen: Any
    _forked_pid: int | None = None
    """Of the child, where that was forked before its handle is made."""

    def start(self) -> None:
        """Starts the process.  Costs the same whatever number is alive: no sibling is polled."""
        self._check_startable()
        self._began()

    def _check_startable(self) -> None:
        private: Any = self
        private._check_closed()
        assert private._popen is None, "cannot start a process twice"
        assert private._parent_pid == os.getpid(), (
            "can only start a process object created by current process"
        )
        assert not _mp._current_process._config.get("daemon"), (
            "daemonic processes are not allowed to have children"
        )

    def _began(self) -> None:
        private: Any = self
        self._popen = private._Popen(self)
        private._sentinel = self._popen.sentinel
        del private._target, private._args, private._kwargs
        _mp._children.add(self)

    def is_alive(self) -> bool:
        """Whether it still runs; looking leaves a zombie in place."""
        alive = super().is_alive()
        return alive and not (self._popen is not None and self._popen.lost)

    def close(self) -> None:
        """Releases all resources, an ended process's place in the process table among them.

        So what was not joined is joined first: afterwards nobody could.  Raises ValueError
        while it runs, as its documentation says.
        """
        ours = self._parent_pid == os.getpid()  # type: ignore[attr-defined]
        if ours and self._popen is not None and self._popen.poll() is not None:
            self.join()
        elif ours and self._popen is not None and self._popen.lost:
            # Without an exit code, which stock takes for a process that runs.
            self._popen.close()
            self._popen = None
            _mp._children.discard(self)
        super().close()

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
    mine = popen.pidfd_open(parent_pid)
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
    def _Popen(process_obj: Any) -> popen.ForkPopen:
        return popen.ForkPopen(process_obj)


class SpawnProcess(PeekingProcess):
    """`multiprocessing.context.SpawnProcess`, reaped by `join()` alone."""

    _start_method = "spawn"

    @staticmethod
    def _Popen(process_obj: Any) -> popen.PeekingPopen:
        return popen.spawn_popen_class()(process_obj)

    @staticmethod
    def _after_fork() -> None:
        """Nothing: a spawned process is no copy, its finalizers are its own (as in stock)."""


class ForkServerProcess(PeekingProcess):
    """`multiprocessing.context.ForkServerProcess`; the fork server is its parent and reaps it."""

    _start_method = "forkserver"

    @staticmethod
    def _Popen(process_obj: Any) -> popen_fork.Popen:
        from proctui.supervisor.served import ForkServerPopen

        return ForkServerPopen(process_obj)

    @property
    def sentinel(self) -> int:
        """Ready once it has ended.  Another one from when the fork server is gone on."""
        stock = super().sentinel
        return stock if self._popen is None else int(self._popen.sentinel)

    def _bootstrap(self, parent_sentinel: int | None = None) -> int:
        # The kernel's parent is the fork server; the stock pipe tells of the one who asked.
        code: int = _mp.BaseProcess._bootstrap(self, parent_sentinel=parent_sentinel)
        return code


def start_together(processes: Sequence[ForkProcess]) -> list[OSError | None]:
    """Starts all of them, as `start()` would, but with less memory and time for each.

    Tells for each why the kernel refused it, None where it runs.
    """
    for one in processes:
        one._check_startable()
    _util._flush_std_streams()
    # Without pidfds the stock way is gone, one by one: it takes pipes made before the fork.
    forked: list[int | OSError | None] = [None] * len(processes)
    if popen.pidfd_works():
        forked = [*popen.fork_together(processes)]
    return [_begun(one, outcome) for one, outcome in zip(processes, forked, strict=True)]


def _begun(process: ForkProcess, forked: int | OSError | None) -> OSError | None:
    if isinstance(forked, OSError):
        return forked
    process._forked_pid = forked
    try:
        process._began()
    except OSError as error:
        return error
    return None


class _Related(context.BaseContext):
    """A context whose relatives are ours too."""

    def get_context(self, method: str | None = None) -> Any:
        """Itself, or that of another method; raises ValueError for one that does not exist."""
        return self if method is None else get_context(method)

    def Pool(
        self,
        processes: int | None = None,
        initializer: Callable[..., object] | None = None,
        initargs: Iterable[Any] = (),
        maxtasksperchild: int | None = None,
    ) -> Pool:
        """The stock pool, but at its end all of its workers are joined."""
        from proctui.supervisor.pooling import JoiningPool

        return JoiningPool(
            processes, initializer, initargs, maxtasksperchild, context=self.get_context()
        )

    def Manager(self) -> SyncManager:
        """The stock manager, but at its end its server is joined."""
        from proctui.supervisor.pooling import JoiningManager

        manager = JoiningManager(ctx=self.get_context())
        manager.start()
        return manager


class ForkContext(_Related, context.ForkContext):
    """`multiprocessing.get_context("fork")` with processes that only `join()` reaps."""

    Process = ForkProcess  # type: ignore[assignment]


class SpawnContext(_Related, context.SpawnContext):
    """`multiprocessing.get_context("spawn")` with processes that only `join()` reaps."""

    Process = SpawnProcess  # type: ignore[assignment]


class ForkServerContext(_Related, context.ForkServerContext):
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
