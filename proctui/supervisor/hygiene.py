"""What a forked child puts in order before user code runs.  Standard library only.

The child starts as a copy of the supervisor: its signal handlers, its asyncio
wake-up descriptor, its open files.  None of that may reach user code.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import fcntl
import os
import select
import signal
import sys
from collections.abc import Collection, Mapping
from io import FileIO, TextIOWrapper
from typing import Any

SIG_SETMASK = int(signal.SIG_SETMASK)
set_handler: Any = _signal.signal
set_mask: Any = _signal.pthread_sigmask
set_wakeup_fd = signal.set_wakeup_fd
"""Those of `signal` make enumeration members of what they return, which is not wanted here."""

_IGNORED_BY_PYTHON = frozenset({signal.SIGPIPE, signal.SIGXFSZ})
"""What an interpreter ignores from its start on (signal module, "Note on SIGPIPE")."""

Handlers = tuple[tuple[int, Any], ...]
"""Signals and the handlers they are to get, as `_signal.signal` takes them."""

_former_streams: list[Any] = []
"""The supervisor's stream objects: were they collected, they would close our descriptors."""
_HOLDERS = frozenset({"asyncio", "multiprocessing.resource_tracker", "multiprocessing.forkserver"})
"""Modules that may hold descriptors of the parent."""


def signals_to_reset() -> Handlers:
    """All signals that have not what a fresh interpreter gives them, and what that is."""
    changes: list[tuple[int, Any]] = []
    for signum in signal.valid_signals():
        if signum in (signal.SIGKILL, signal.SIGSTOP):
            continue
        wanted: Any = signal.SIG_DFL
        if signum == signal.SIGINT:
            wanted = signal.default_int_handler
        elif signum in _IGNORED_BY_PYTHON:
            wanted = signal.SIG_IGN
        if signal.getsignal(signum) is not wanted:
            handler = int(wanted) if isinstance(wanted, signal.Handlers) else wanted
            changes.append((int(signum), handler))
    return tuple(changes)


def settle_in(log_fd: int, env: Mapping[str, str]) -> None:
    """Makes this fresh interpreter the leader of a session, with nothing but its log.

    Stdin comes from /dev/null, stdout and stderr go to the log, at descriptor level.
    For a forked child `newborn` does this, and more.  Raises OSError.
    """
    os.setsid()
    null = os.open(os.devnull, os.O_RDONLY)
    for fd, place in ((null, 0), (log_fd, 1), (log_fd, 2)):
        os.dup2(fd, place)
    for fd in {null, log_fd}:
        if fd > 2:
            os.close(fd)
    set_wakeup_fd(-1)
    for signum, wanted in signals_to_reset():
        signal.signal(signum, wanted)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    own_streams()
    os.environ.update(env)


def reset_signals_for_exec() -> None:
    """Undoes what only Python wants, as `subprocess` does with `restore_signals`."""
    for signum in _IGNORED_BY_PYTHON:
        signal.signal(signum, signal.SIG_DFL)


def close_others(keep: Collection[int], end: int) -> None:
    """Closes every descriptor from 3 to below `end` but those in `keep`."""
    start = 3
    for fd in sorted(keep):
        os.closerange(start, fd)
        start = max(start, fd + 1)
    os.closerange(start, end)


def has_own_streams() -> bool:
    """Whether `own_streams` was called, here or in the process that this was forked from."""
    return bool(_former_streams)


def own_streams() -> None:
    """New `sys.stdin`, `stdout` and `stderr` on descriptors 0 to 2, unbuffered as with ``-u``.

    A supervisor makes them for itself: its forked children then need not make their own, once
    their descriptors lead elsewhere.
    """
    _former_streams.extend((sys.stdin, sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__))
    for fd, name in ((1, "stdout"), (2, "stderr")):
        stream = _stream(fd, "backslashreplace")
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115


def _stream(fd: int, errors: str) -> TextIOWrapper:
    raw: Any = FileIO(fd, "w", closefd=False)
    raw.name = f"<fd {fd}>"
    return TextIOWrapper(raw, encoding="utf-8", errors=errors, write_through=True)


def die_at_end_of_file(fd: int) -> None:
    """Has the kernel send SIGTERM once no one holds the other end of the pipe `fd` any more.

    fcntl(2): F_SETOWN, F_SETSIG and O_ASYNC; an end of file counts as input.
    """
    fcntl.fcntl(fd, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(fd, fcntl.F_SETSIG, int(signal.SIGTERM))
    fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([fd], [], [], 0)[0]:
        os.kill(os.getpid(), signal.SIGTERM)


def has_helpers() -> bool:
    """Whether there is anything for `forget_helpers` to do."""
    return not _HOLDERS.isdisjoint(sys.modules)


def forget_helpers() -> None:
    """Makes inherited module state forget what belongs to the parent.

    asyncio's running loop, and multiprocessing's descriptors to the resource
    tracker and the fork server: a forked child has them closed, and their numbers will
    be given to other files.
    """
    asyncio: Any = sys.modules.get("asyncio")
    if asyncio is not None:
        asyncio._set_running_loop(None)
        asyncio.set_event_loop(None)
    tracker: Any = sys.modules.get("multiprocessing.resource_tracker")
    if tracker is not None:
        tracker._resource_tracker._fd = None
        tracker._resource_tracker._pid = None
    server: Any = sys.modules.get("multiprocessing.forkserver")
    if server is not None:
        server._forkserver._forkserver_address = None
        server._forkserver._forkserver_alive_fd = None
        server._forkserver._forkserver_pid = None
        server._forkserver._inherited_fds = None
