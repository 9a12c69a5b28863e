"""What a forked child puts in order before user code runs.  Standard library only.

The child starts as a copy of the supervisor: its signal handlers, its asyncio
wake-up descriptor, its open files.  None of that may reach user code.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import sys
from collections.abc import Collection
from io import FileIO, TextIOWrapper
from typing import Any

_IGNORED_BY_PYTHON = frozenset({signal.SIGPIPE, signal.SIGXFSZ})
"""What an interpreter ignores from its start on (signal module, "Note on SIGPIPE")."""

Handlers = tuple[tuple[int, Any], ...]
"""Signals and the handlers they are to get."""

_former_streams: list[Any] = []
"""The supervisor's stream objects: were they collected, they would close our descriptors."""
_stdin: Any = None
_ready = False
"""The streams are such as a worker needs: it need not make its own."""


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
            changes.append((int(signum), wanted))
    return tuple(changes)


def reset_signals(changes: Handlers | None = None) -> None:
    """Gives every signal what a fresh interpreter gives it, then lets blocked ones in.

    `changes` is what `signals_to_reset` said in the parent; without it they are looked for here.
    The order matters: a signal that the parent blocked around the fork must not
    meet the parent's handlers, whose wake-up descriptor leads to the parent.
    """
    signal.set_wakeup_fd(-1)
    for signum, wanted in signals_to_reset() if changes is None else changes:
        signal.signal(signum, wanted)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def reset_signals_for_exec() -> None:
    """Undoes what only Python wants, as `subprocess` does with `restore_signals`."""
    for signum in _IGNORED_BY_PYTHON:
        signal.signal(signum, signal.SIG_DFL)


def redirect(log_fd: int) -> None:
    """Stdin from /dev/null, stdout and stderr to the log, at descriptor level."""
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(log_fd, 1)
    os.dup2(log_fd, 2)
    for fd in {null, log_fd}:
        if fd > 2:
            os.close(fd)


def close_others(keep: Collection[int]) -> None:
    """Closes every descriptor above 2 but those in `keep`."""
    start = 3
    for fd in sorted(keep):
        os.closerange(start, fd)
        start = max(start, fd + 1)
    os.closerange(start, os.sysconf("SC_OPEN_MAX"))


def fresh_streams() -> None:
    """New `sys.stdin`, `stdout` and `stderr` on descriptors 0 to 2, unbuffered as with ``-u``.

    A supervisor makes them once for itself: its forked children then need not make their own,
    once their descriptors lead elsewhere.  `sys.stdin` is None until `stdin_again`, lest
    multiprocessing replace it.
    """
    global _ready, _stdin
    if not _ready:
        _former_streams.extend((sys.stdin, sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__))
        for fd, name in ((1, "stdout"), (2, "stderr")):
            stream = _stream(fd, "backslashreplace")
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)
        _stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
        _ready = True
    sys.stdin = None


def stdin_again() -> None:
    """Undoes what `fresh_streams` did to `sys.stdin`."""
    sys.stdin = _stdin


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


def forget_parents_helpers() -> None:
    """Makes inherited module state forget what belongs to the parent.

    asyncio's running loop, and multiprocessing's descriptors to the resource
    tracker and the fork server: they are closed here, and their numbers will be
    given to other files.
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
