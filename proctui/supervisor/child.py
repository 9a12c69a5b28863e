"""Launching one worker: from a specification to a process, and what it does before user code.

The child of a fork puts itself in order (`hygiene`), then runs the target, or
executes the command or another interpreter.  How far it came it reports over a
pipe.  A spawned child imports this module, so it needs the standard library only.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from multiprocessing import process as mp_process
from multiprocessing import reduction, util
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from proctui.supervisor import hygiene, process, runner

if TYPE_CHECKING:
    from proctui.spec import WorkerSpec

SESSION_TAG = "PROCTUI_SESSION"
WORKER_TAG = "PROCTUI_WORKER"
"""Set in every worker's environment: the trail that survives exec, setsid and double forks."""

_mp: Any = mp_process
_util: Any = util


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


class Plan(NamedTuple):
    """The part of a specification that the child needs, as plain values."""

    id: str
    target: str | None
    command: tuple[str, ...] | None
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    name: str | None
    daemon: bool | None
    cwd: str
    env: dict[str, str]
    python: str | None
    import_root: str

    @classmethod
    def of(cls, spec: WorkerSpec, tag: str) -> Plan:
        """`spec` with the environment tags of session `tag` added."""
        env = {"PYTHONUNBUFFERED": "1", **spec.env, SESSION_TAG: tag, WORKER_TAG: spec.id}
        return cls(
            spec.id, spec.target, spec.command, spec.args, spec.kwargs, spec.name, spec.daemon,
            spec.cwd, env, spec.python, spec.import_root,
        )  # fmt: skip


class _Worker(process.PeekingProcess):
    """What all workers are, whatever their start method."""

    def __init__(self, plan: Plan, log_fd: int, report_fd: int) -> None:
        super().__init__(name=plan.name or plan.id, daemon=bool(plan.daemon))
        self._plan = plan
        self._log_fd = log_fd
        self._report_fd = report_fd
        self._parent_sentinel: int | None = None
        self._signals: hygiene.Handlers | None = None
        """What the child has to change of the handlers it gets from us; None where it looks."""

    def __getstate__(self) -> dict[str, Any]:
        """For spawn and forkserver: descriptors are handed over, not copied as numbers."""
        state = dict(self.__dict__)
        for key in ("_log_fd", "_report_fd"):
            state[key] = reduction.DupFd(state[key])
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for key in ("_log_fd", "_report_fd"):
            self.__dict__[key] = state[key].detach()

    def _bootstrap(self, parent_sentinel: int | None = None) -> int:
        reporter = runner.Reporter(self._report_fd)
        try:
            self._put_in_order(parent_sentinel)
        except OSError as error:
            reporter.failed(_sentence(error))
            return 1
        self._reporter = reporter
        return super()._bootstrap(parent_sentinel)

    @staticmethod
    def _after_fork() -> None:
        # The stock one, but for what there is nothing to do: running code takes memory.
        hygiene.stdin_again()
        if _util._finalizer_registry:
            _util._finalizer_registry.clear()
        if _util._afterfork_registry.data:
            _util._run_after_forkers()

    def _put_in_order(self, parent_sentinel: int | None) -> None:
        os.setsid()
        hygiene.redirect(self._log_fd)
        hygiene.reset_signals(self._signals)
        os.set_inheritable(self._report_fd, False)
        hygiene.fresh_streams()
        for name, value in self._plan.env.items():
            os.environ[name] = value
        self._parent_sentinel = parent_sentinel
        if self.daemon:
            self._bind_to_parent()
        self._enter_folder()

    def _enter_folder(self) -> None:
        try:
            os.chdir(self._plan.cwd)
        except OSError as error:
            raise OSError(
                error.errno, f"cwd {self._plan.cwd!r} can't be entered: {error.strerror}"
            ) from error

    def _bind_to_parent(self) -> None:
        """Keeps the promise of a daemonic process: it ends with its parent, however that ends."""
        runner.die_with_parent(self._parent_pid)  # type: ignore[attr-defined]

    def run(self) -> None:
        """In the child: runs the target, or becomes the command."""
        plan = self._plan
        if plan.command is not None:
            _execute(list(plan.command), self._reporter)
        elif plan.python is not None:
            _execute_runner(plan, self._reporter, self._report_fd)
        else:
            sys.argv = [plan.target or plan.id]
            runner.run_target(plan._asdict(), self._reporter, self._bind_to_parent)


_W = TypeVar("_W", bound=_Worker)


class _ForkWorker(_Worker, process.ForkProcess):
    def __init__(self, plan: Plan, log_fd: int, report_fd: int) -> None:
        inherited = os.environ
        env = {name: value for name, value in plan.env.items() if inherited.get(name) != value}
        super().__init__(plan._replace(env=env), log_fd, report_fd)

    def _put_in_order(self, parent_sentinel: int | None) -> None:
        keep = {self._log_fd, self._report_fd}
        if parent_sentinel is not None:
            keep.add(parent_sentinel)
        hygiene.close_others(keep)
        hygiene.forget_parents_helpers()
        super()._put_in_order(parent_sentinel)
        runner.take_main_place()


class _SpawnWorker(_Worker, process.SpawnProcess):
    pass


class _ForkServerWorker(_Worker, process.ForkServerProcess):
    def _bind_to_parent(self) -> None:
        # The kernel's parent is the fork server, which lives as long as any of its children.
        if self._parent_sentinel is not None:
            hygiene.die_at_end_of_file(self._parent_sentinel)


_CLASSES: dict[str, type[_Worker]] = {
    "fork": _ForkWorker,
    "spawn": _SpawnWorker,
    "forkserver": _ForkServerWorker,
}


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


def launch_together(orders: Sequence[Order], *, tag: str) -> list[Launched | OSError]:
    """As `launch` for each of these, which all fork, but with less memory and time for each.

    What `launch` would have raised stands in the place of what could not be launched.
    """
    outcomes: list[Launched | OSError] = []
    prepared: list[tuple[int, _ForkWorker, int]] = []
    for place, order in enumerate(orders):
        try:
            prepared.append((place, *_prepare(_ForkWorker, order, tag)))
        except OSError as error:
            outcomes.append(error)
        else:
            outcomes.append(_NOT_YET)
    refusals = _fork([worker for _, worker, _ in prepared])
    for (place, worker, report_r), refusal in zip(prepared, refusals, strict=True):
        launched = _started(worker, report_r, refusal)
        outcomes[place] = launched if refusal is None else refusal
    return outcomes


_NOT_YET = OSError("not launched yet")


def _prepare(cls: type[_W], order: Order, tag: str) -> tuple[_W, int]:
    """A process that is not started yet, and the end of its pipe that is ours."""
    plan = Plan.of(order.spec, tag)
    report_r, report_w = os.pipe()
    try:
        return cls(plan, order.log_fd, report_w), report_r
    except BaseException:
        os.close(report_r)
        os.close(report_w)
        raise


def _started(worker: _Worker, report_r: int, refusal: BaseException | None = None) -> Launched:
    """Closes what is not ours to keep."""
    os.close(worker._report_fd)
    if refusal is None:
        os.set_blocking(report_r, False)
    else:
        os.close(report_r)
    return Launched(worker, report_r)


def _fork(workers: list[_ForkWorker]) -> list[OSError | None]:
    changes = hygiene.signals_to_reset()
    for worker in workers:
        worker._signals = changes
    with _blocked_signals({signum for signum, _ in changes}):
        return process.start_together(workers)


def _surroundings(worker: _Worker) -> contextlib.AbstractContextManager[None]:
    if isinstance(worker, _SpawnWorker):
        from multiprocessing import resource_tracker

        # Started first, since it must not keep this worker's log open.
        resource_tracker.ensure_running()
        return _stdio_on(worker._log_fd)
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
    sys.modules["__main__"] = type(sys)("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _execute(argv: list[str], reporter: runner.Reporter) -> None:
    hygiene.reset_signals_for_exec()
    try:
        os.execvp(argv[0], argv)
    except (OSError, ValueError) as error:
        reporter.failed(_exec_sentence(argv[0], error))
        raise SystemExit(127 if isinstance(error, FileNotFoundError) else 126) from None


def _exec_sentence(program: str, error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        import shutil

        if shutil.which(program) is None:
            return f"command not found: {program!r}"
        return f"{program!r} can't be executed: the interpreter in its first line does not exist"
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return f"{program!r} can't be executed: {reason}"


def _execute_runner(plan: Plan, reporter: runner.Reporter, report_fd: int) -> None:
    import shutil

    python = plan.python or sys.executable
    if shutil.which(python) is None:
        reporter.failed(f"python {python!r} is not an executable interpreter")
        raise SystemExit(127)
    me = _mp.current_process()
    facts = plan._asdict() | {
        "identity": list(me._identity),
        "authkey": bytes(me.authkey).hex(),
        "parent": me._parent_pid,
        "parent_name": me._parent_name,
        "parent_sentinel": process.parent_pidfd(me._parent_pid),
    }
    del facts["env"]
    plan_fd = os.memfd_create("plan", 0)
    with open(plan_fd, "wb", closefd=False) as file:
        file.write(json.dumps(facts).encode())
    os.lseek(plan_fd, 0, os.SEEK_SET)
    inherited = [report_fd]
    if facts["parent_sentinel"] is not None:
        inherited.append(facts["parent_sentinel"])
    for fd in inherited:
        os.set_inheritable(fd, True)
    _execute([python, "-u", runner.__file__, str(plan_fd), str(report_fd)], reporter)


def _sentence(error: OSError) -> str:
    return str(error.strerror or error) if error.errno is not None else str(error)


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

    Raises ProcessLookupError once it has ended, PermissionError where the kernel
    says so (kill(2)).
    """
    popen: Any = worker._popen  # type: ignore[attr-defined]
    if popen is None:
        raise ProcessLookupError(errno.ESRCH, "it has not been started")
    if group and popen.poll() is None:
        try:
            os.killpg(popen.pid, signum)
            return
        except ProcessLookupError:
            # Just forked, and not yet the leader of its group: it is all there is of it.
            pass
    popen.send_signal(signum)
