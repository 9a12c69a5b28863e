"""Launching workers: from specifications to processes that report how far they have come.

What happens in them is told by `worker_process`.  Standard library only.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing import context as mp_context
from multiprocessing import process as mp_process
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from proctui.supervisor import ahead, hygiene, limits, marking, newborn, process
from proctui.supervisor.worker_process import (
    EVERYWHERE,
    AnyWorker,
    ForkServerWorker,
    ForkWorker,
    FreshWorker,
    SpawnWorker,
    plan_of,
)

if TYPE_CHECKING:
    from proctui.spec import WorkerSpec

_mp: Any = mp_process
_context: Any = mp_context


class Order(NamedTuple):
    """A worker to be launched."""

    spec: WorkerSpec
    log_fd: int
    """Where its output goes; stays the caller's to close."""


class Launched(NamedTuple):
    """A process that was started, and the pipe on which it reports."""

    process: mp_process.BaseProcess
    report_fd: int
    """Non-blocking read end; end of file once user code runs, or the child has ended."""


class Report(NamedTuple):
    """One thing a child says about its start."""

    kind: str
    """``ready`` or ``failed``."""
    name: str = ""
    daemon: bool = False
    reason: str = ""


_W = TypeVar("_W", bound=AnyWorker)
_CLASSES: dict[str, type[FreshWorker]] = {
    "spawn": SpawnWorker,
    "forkserver": ForkServerWorker,
}


def prepare() -> None:
    """Puts this process into an order that forked workers then find and need not make.

    It must not write to its stdout and stderr through other objects than those of `sys` any more.
    """
    for chore in _chores():
        chore()
    os.environ.update(EVERYWHERE)


def launch(spec: WorkerSpec, *, log_fd: int, tag: str) -> Launched:
    """Starts one worker; its output goes to `log_fd`, which stays the caller's to close.

    The worker leads its own session and process group and holds no descriptor
    of ours.  Commands and targets with another interpreter are forked and
    executed.  Call it from a process without threads.

    Raises OSError where the kernel refuses (EAGAIN, ENOMEM, EMFILE).
    """
    if forks(spec):
        [outcome] = launch_together([Order(spec, log_fd)], tag=tag)
        if isinstance(outcome, OSError):
            raise outcome
        return outcome
    worker, report_r = _prepare(_CLASSES[spec.start_method], Order(spec, log_fd), tag)
    worker.limit = limits.descriptors_of_workers()
    try:
        with _surroundings(worker), _no_main():
            worker.start()
    except BaseException as error:
        _started(worker, report_r, error)
        raise
    return _started(worker, report_r)


def forks(spec: WorkerSpec) -> bool:
    """Whether its process is made by fork(2), as that of commands is too."""
    return spec.start_method == "fork" or spec.command is not None or spec.python is not None


_NOT_YET = OSError("not launched yet")


def launch_together(orders: Sequence[Order], *, tag: str) -> list[Launched | OSError]:
    """As `launch` for each of these, which all fork, but with less memory and time for each.

    What `launch` would have raised stands in the place of what could not be launched.
    """
    outcomes: list[Launched | OSError] = []
    prepared: list[tuple[int, ForkWorker, int]] = []
    for place, order in enumerate(orders):
        try:
            prepared.append((place, *_prepare(ForkWorker, order, tag)))
        except OSError as error:
            outcomes.append(error)
        else:
            outcomes.append(_NOT_YET)
    refusals = _fork([worker for _, worker, _ in prepared])
    for (place, worker, report_r), refusal in zip(prepared, refusals, strict=True):
        launched = _started(worker, report_r, refusal)
        outcomes[place] = launched if refusal is None else refusal
    return outcomes


def _prepare(cls: type[_W], order: Order, tag: str) -> tuple[_W, int]:
    """A process that is not started yet, and the end of its pipe that is ours."""
    plan = plan_of(order.spec, tag)
    report_r, report_w = os.pipe()
    try:
        return cls(plan, order.log_fd, report_w), report_r
    except BaseException:
        os.close(report_r)
        os.close(report_w)
        raise


def _started(worker: AnyWorker, report_r: int, refusal: BaseException | None = None) -> Launched:
    """Closes what is not ours to keep."""
    os.close(worker.report_fd)
    if refusal is None:
        os.set_blocking(report_r, False)
        worker.forget_start()
    else:
        os.close(report_r)
    return Launched(worker, report_r)


def _fork(workers: list[ForkWorker]) -> list[OSError | None]:
    handlers = hygiene.signals_to_reset()
    parent = _mp._ParentProcess(_mp.current_process().name, os.getpid(), None)
    main = ModuleType("__main__")
    chores = _chores()
    end, limit = limits.end_of_descriptors(), limits.descriptors_of_workers()
    place = marking.find_place()
    prospects: dict[tuple[str, str], ahead.Prospect | None] = {}
    for worker in workers:
        plan = worker.plan
        if plan["target"] is not None:
            where = plan["target"].rpartition(":")[0], plan["import_root"]
            if where not in prospects:
                prospects[where] = ahead.look_ahead(*where)
            if (prospect := prospects[where]) is not None:
                worker.load = functools.partial(ahead.load, prospect)
        worker.birth = newborn.Birth(
            worker.log_fd,
            worker.report_fd,
            handlers,
            end,
            limit,
            chores,
            _differing(plan["env"]),
            plan["cwd"],
            bool(plan["daemon"]),
            parent,
            place.holding(plan["id"]) if place is not None and plan["target"] else None,
            main,
        )
    with _blocked_signals({signum for signum, _ in handlers}):
        return process.start_together(workers)


def _chores() -> tuple[Callable[[], object], ...]:
    chores: list[Callable[[], object]] = []
    if hygiene.has_helpers():
        chores.append(hygiene.forget_helpers)
    if not hygiene.has_own_streams():
        chores.append(hygiene.own_streams)
    if _context._default_context._actual_context is not _context._concrete_contexts["fork"]:
        chores.append(functools.partial(_context._force_start_method, "fork"))
    return tuple(chores)


def _differing(env: Mapping[str, str]) -> tuple[tuple[bytes, bytes], ...]:
    """What is to be set because our own environment has something else."""
    own = os.environ
    return tuple(
        (os.fsencode(name), os.fsencode(value))
        for name, value in env.items()
        if own.get(name) != value
    )


def _surroundings(worker: FreshWorker) -> contextlib.AbstractContextManager[None]:
    if isinstance(worker, SpawnWorker):
        from multiprocessing import resource_tracker

        # Started first, since it must not keep this worker's log open.
        resource_tracker.ensure_running()
        return _stdio_on(worker.log_fd)
    if isinstance(worker, ForkServerWorker):
        from multiprocessing import forkserver

        # Loaded once, not by every child: that would take more than half of a start.
        forkserver.set_forkserver_preload([type(worker).__module__])
    return contextlib.nullcontext()


@contextlib.contextmanager
def _blocked_signals(signals: set[int]) -> Iterator[None]:
    """No signal may meet the parent's handlers in a child that still has them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _stdio_on(log_fd: int) -> Iterator[None]:
    """Lends our own stdout and stderr to the log, so that a fresh interpreter writes there
    from its first byte on."""
    saved = [os.dup(1), os.dup(2)]
    try:
        os.dup2(log_fd, 1)
        os.dup2(log_fd, 2)
        yield
    finally:
        for number, fd in enumerate(saved, start=1):
            os.dup2(fd, number)
            os.close(fd)


@contextlib.contextmanager
def _no_main() -> Iterator[None]:
    """Hides our main module, which a spawned child would otherwise import as its own."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def parse_reports(data: bytes) -> list[Report]:
    """What `data`, read from a report pipe up to its end, says.

    Raises ValueError where it is none of our making.
    """
    reports = []
    for line in data.splitlines():
        fields = json.loads(line)
        reports.append(
            Report(
                kind=str(fields["kind"]),
                name=str(fields.get("name", "")),
                daemon=bool(fields.get("daemon", False)),
                reason=str(fields.get("reason", "")),
            )
        )
    return reports


def adopt_report(worker: mp_process.BaseProcess, report: Report) -> None:
    """Takes over the name and daemon flag that a `Process` subclass gave itself."""
    if report.kind == "ready":
        worker.name = report.name
        # The property's setter refuses after the start, rightly: only the child may tell.
        worker._config["daemon"] = report.daemon  # type: ignore[attr-defined]


def send_signal(worker: mp_process.BaseProcess, signum: int, *, group: bool = False) -> None:
    """Signals the worker and no other process, or with `group` all of its process group.

    Of the group also what is left once the worker has ended, while it is not reaped: so long
    no other group can have its pid.  Raises ProcessLookupError once it has ended, or is reaped,
    and PermissionError where the kernel says so (kill(2)).
    """
    popen: Any = worker._popen  # type: ignore[attr-defined]
    if popen is None:
        raise ProcessLookupError(errno.ESRCH, "it has not been started")
    if group and popen.holds_pid:
        try:
            os.killpg(popen.pid, signum)
            return
        except ProcessLookupError:
            # Just forked, and not yet the leader of its group: it is all there is of it.
            pass
    popen.send_signal(signum)
