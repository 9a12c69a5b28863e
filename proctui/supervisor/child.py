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
import shutil
import signal
import sys
from collections.abc import Iterator
from multiprocessing import process as mp_process
from multiprocessing import reduction, resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from proctui.supervisor import hygiene, process, runner

if TYPE_CHECKING:
    from proctui.spec import WorkerSpec

SESSION_TAG = "PROCTUI_SESSION"
WORKER_TAG = "PROCTUI_WORKER"
"""Set in every worker's environment: the trail that survives exec, setsid and double forks."""

_mp: Any = mp_process


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

    def _put_in_order(self, parent_sentinel: int | None) -> None:
        os.setsid()
        hygiene.redirect(self._log_fd)
        hygiene.reset_signals()
        os.set_inheritable(self._report_fd, False)
        hygiene.fresh_streams()
        os.environ.update(self._plan.env)
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


class _ForkWorker(_Worker, process.ForkProcess):
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
    plan = Plan.of(spec, tag)
    executes = plan.command is not None or plan.python is not None
    method = "fork" if executes else spec.start_method
    report_r, report_w = os.pipe()
    try:
        worker = _CLASSES[method](plan, log_fd, report_w)
        with _surroundings(method, log_fd), _no_main():
            worker.start()
    except BaseException:
        os.close(report_r)
        raise
    finally:
        os.close(report_w)
    os.set_blocking(report_r, False)
    return Launched(worker, report_r)


def _surroundings(method: str, log_fd: int) -> contextlib.AbstractContextManager[None]:
    if method == "fork":
        return _blocked_signals()
    if method == "spawn":
        # Started first, since it must not keep this worker's log open.
        resource_tracker.ensure_running()
        return _stdio_on(log_fd)
    return contextlib.nullcontext()


@contextlib.contextmanager
def _blocked_signals() -> Iterator[None]:
    """No signal may meet the parent's handlers in a child that still has them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
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
        if shutil.which(program) is None:
            return f"command not found: {program!r}"
        return f"{program!r} can't be executed: the interpreter in its first line does not exist"
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return f"{program!r} can't be executed: {reason}"


def _execute_runner(plan: Plan, reporter: runner.Reporter, report_fd: int) -> None:
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
    _execute([python, "-u", str(Path(runner.__file__)), str(plan_fd), str(report_fd)], reporter)


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
