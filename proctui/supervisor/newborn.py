"""What a forked worker does from the fork to user code, and what follows user code.

The same as `hygiene.settle_in` and `multiprocessing.process.BaseProcess._bootstrap` (CPython
3.11 to 3.14), but in one function, with everything bound beforehand.  A forked child shares its
parent's memory until one of them writes, and Python writes wherever it looks: to the reference
count of each function, code object and string that is used, and for each attribute that is
looked up for the first time to the cache of attributes too.  Each of these lies on a page of
its own as a rule.  Done the usual way, with some thirty functions, all this takes 0.7 MB of each
worker; so it takes 0.3.

Standard library only.
"""

from __future__ import annotations

import itertools
import multiprocessing.process
import os
import sys
import threading
from collections.abc import Callable
from multiprocessing import popen_fork, util
from os import (
    O_RDONLY,
    O_RDWR,
    chdir,
    closerange,
    devnull,
    dup2,
    putenv,
    pwrite,
    set_inheritable,
    setsid,
)
from os import open as open_descriptor
from resource import RLIMIT_NOFILE
from resource import setrlimit as set_limit
from threading import get_native_id
from types import ModuleType
from typing import Any, NamedTuple, Protocol

from proctui.supervisor import hygiene, process
from proctui.supervisor.hygiene import SIG_SETMASK, set_handler, set_mask, set_wakeup_fd

_mp: dict[str, Any] = vars(multiprocessing.process)
_modules: dict[str, Any] = sys.modules
_main_thread: dict[str, Any] = vars(threading.main_thread())
_environment: dict[bytes, bytes] = os.environ._data  # type: ignore[attr-defined]
"""As plain dictionaries: what is looked up in these leaves no trace."""

_util: Any = util
_finalizers: Any = _util._finalizer_registry
_after_forkers: Any = _util._afterfork_registry.data
_exits_by_atexit = hasattr(popen_fork, "atexit")
"""True where `popen.fork_together` has the exit functions run (CPython from 3.13 on)."""
_count = itertools.count

_former: list[object] = []
"""Never freed, lest the memory be written to; and the code that runs still lives in it."""


class Birth(NamedTuple):
    """All that the child needs, made in the parent."""

    log_fd: int
    report_fd: int
    handlers: hygiene.Handlers
    """What `hygiene.signals_to_reset` says in the parent."""
    end_of_descriptors: int
    """Every descriptor is below."""
    limit: tuple[int, int] | None
    """Of descriptors, for user code; None where it is right as it is."""
    chores: tuple[Callable[[], object], ...]
    """What else is to be put in order: nothing, where the parent has prepared itself."""
    environment: tuple[tuple[bytes, bytes], ...]
    """What is to be different in the environment."""
    folder: str
    daemon: bool
    parent: Any
    """What is to be `multiprocessing.parent_process()`, still without its sentinel."""
    mark: tuple[int, bytes] | None
    """What to write into the memory that /proc/PID/environ shows, and where (`marking`)."""
    main: ModuleType
    """What takes the place of our own main module, which processes that user code spawns would
    import as theirs ("Safe importing of main module" in the documentation)."""


class Worker(Protocol):
    """What is born."""

    name: str

    def bind_to_parent(self) -> None:
        """Has it end with its parent."""

    def unsettled(self, error: Exception) -> None:
        """Reports why user code is not reached."""

    def run(self) -> None:
        """User code."""


def live(worker: Worker, birth: Birth, sentinel: int | None) -> int:
    """In the child: all of its life.  Returns what is to be its exit code.

    `sentinel` is the pipe of the stock `Popen`, where the kernel has no pidfds.
    """
    (
        log_fd, report_fd, handlers, end_of_descriptors, limit, chores, environment, folder,
        daemon, parent, mark, main,
    ) = birth  # fmt: skip
    try:
        setsid()
        null = open_descriptor(devnull, O_RDONLY)
        dup2(null, 0)
        dup2(log_fd, 1)
        dup2(log_fd, 2)
        if mark is not None:
            address, text = mark
            try:
                pwrite(open_descriptor("/proc/self/mem", O_RDWR), text, address)
            except OSError:
                pass  # then its descendants are found by their other trails
        if sentinel is None:
            closerange(3, report_fd)
            closerange(report_fd + 1, end_of_descriptors)
        else:
            hygiene.close_others({report_fd, sentinel}, end_of_descriptors)
        if limit is not None:
            set_limit(RLIMIT_NOFILE, limit)
        set_inheritable(report_fd, False)
        # In this order: a signal that the parent blocked around the fork must not meet the
        # parent's handlers, whose wake-up descriptor leads to the parent.
        set_wakeup_fd(-1)
        for signum, wanted in handlers:
            set_handler(signum, wanted)
        set_mask(SIG_SETMASK, ())
        for chore in chores:
            chore()
        for name, value in environment:
            putenv(name, value)
            _environment[name] = value
        _former.append(_modules["__main__"])
        _modules["__main__"] = main
        if daemon:
            worker.bind_to_parent()
        chdir(folder)
    except Exception as error:  # noqa: BLE001  (else nobody would ever hear of it)
        worker.unsettled(error)
        return 1
    code = 1
    try:
        _mp["_process_counter"] = _count(1)
        _former.append(_mp["_children"])
        _mp["_children"] = set()
        _former.append(_mp["_current_process"])
        _mp["_current_process"] = worker
        own = process.parent_pidfd(parent._pid)
        parent._sentinel = sentinel if own is None else own
        _mp["_parent_process"] = parent
        _main_thread["_native_id"] = get_native_id()
        if _finalizers:
            _finalizers.clear()
        if _after_forkers:
            _util._run_after_forkers()
        try:
            worker.run()
            code = 0
        finally:
            if not _exits_by_atexit:
                _util._exit_function()
    except SystemExit as leaving:
        code = _code_of(leaving)
    except BaseException:  # noqa: BLE001  (whatever user code raises, it ends only itself)
        _complain(worker)
    finally:
        threading._shutdown()  # type: ignore[attr-defined]
        util.info(f"process exiting with exitcode {code}")
        _util._flush_std_streams()
    return code


def _code_of(leaving: SystemExit) -> int:
    if leaving.code is None:
        return 0
    if isinstance(leaving.code, int):
        return leaving.code
    sys.stderr.write(f"{leaving.code}\n")
    return 1


def _complain(worker: Worker) -> None:
    import traceback

    sys.stderr.write(f"Process {worker.name}:\n")
    traceback.print_exc()
