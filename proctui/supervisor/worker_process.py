"""Workers as `multiprocessing` processes: what their children do, in each start method.

The child puts itself in order (`newborn`, `hygiene`), then runs the target, or executes the
command or another interpreter.  How far it came it reports over a pipe.  A spawned child imports
this module, so it needs the standard library only.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Callable
from multiprocessing import process as mp_process
from multiprocessing import reduction
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypedDict

from proctui.supervisor import hygiene, marking, newborn, process, runner

if TYPE_CHECKING:
    from proctui.spec import WorkerSpec

SESSION_TAG = "PROCTUI_SESSION"
WORKER_TAG = marking.VARIABLE
"""Set in every worker's environment: the trail that survives exec, setsid and double forks."""

EVERYWHERE = {"PYTHONUNBUFFERED": "1"}
"""Set in every worker's environment unless the user sets it: logs are to be read at once."""

_mp: Any = mp_process

_FOR_CHILD = frozenset({"plan", "birth", "load", "_reporter"})
"""Attributes of a worker that mean nothing in the parent once there is a child."""


class Plan(TypedDict):
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


def plan_of(spec: WorkerSpec, tag: str) -> Plan:
    """What the child needs of `spec`, with the environment tags of session `tag` added."""
    return Plan(
        id=spec.id,
        target=spec.target,
        command=spec.command,
        args=spec.args,
        kwargs=spec.kwargs,
        name=spec.name,
        daemon=spec.daemon,
        cwd=spec.cwd,
        env={**EVERYWHERE, **spec.env, SESSION_TAG: tag, WORKER_TAG: spec.id},
        python=spec.python,
        import_root=spec.import_root,
    )


class AnyWorker(process.PeekingProcess):
    """What all workers are, whatever their start method."""

    load: Callable[[], ModuleType | None] | None = None
    """Loads the target's module, or leaves it to importlib."""

    def __init__(self, plan: Plan, log_fd: int, report_fd: int) -> None:
        super().__init__(name=plan["name"] or plan["id"], daemon=bool(plan["daemon"]))
        self.plan = plan
        self.log_fd = log_fd
        self.report_fd = report_fd
        self._reporter = runner.Reporter(report_fd)

    def forget_start(self) -> None:
        """In the parent: lets go of what only the child needed.

        What the parent holds for a worker makes each later fork slower, and the copy's tables
        of pages larger.
        """
        kept = {key: value for key, value in self.__dict__.items() if key not in _FOR_CHILD}
        self.__dict__ = kept

    def bind_to_parent(self) -> None:
        """Keeps the promise of a daemonic process: it ends with its parent, however that ends."""
        runner.die_with_parent(self._parent_pid)  # type: ignore[attr-defined]

    def unsettled(self, error: Exception) -> None:
        """Reports why user code is not reached."""
        self._reporter.failed(self._reason(error))

    def _reason(self, error: Exception) -> str:
        if not isinstance(error, OSError):
            return f"{type(error).__name__}: {error}"
        folder = self.plan["cwd"]
        if error.filename == folder:
            return f"cwd {folder!r} can't be entered: {error.strerror}"
        return error.strerror or str(error)

    def run(self) -> None:
        """In the child: runs the target, or becomes the command."""
        plan = self.plan
        if plan["command"] is not None:
            _execute(list(plan["command"]), self._reporter)
        elif plan["python"] is not None:
            _execute_runner(plan, self._reporter, self.report_fd)
        else:
            sys.argv = [plan["target"] or plan["id"]]
            runner.run_target(plan, self._reporter, self.bind_to_parent, self.load)


class ForkWorker(AnyWorker, process.ForkProcess):
    """Begins as a copy of the supervisor; so do those that execute something else at once."""

    birth: newborn.Birth

    def _bootstrap(self, parent_sentinel: int | None = None) -> int:
        return newborn.live(self, self.birth, parent_sentinel)


class FreshWorker(AnyWorker):
    """One that begins in a fresh interpreter, or in the fork server."""

    _parent_sentinel: int | None = None
    limit: tuple[int, int] | None = None
    """Of descriptors, for user code; None where it is right as it is."""

    def __getstate__(self) -> dict[str, Any]:
        """Descriptors are handed over, not copied as numbers."""
        state = dict(self.__dict__)
        del state["_reporter"]
        for key in ("log_fd", "report_fd"):
            state[key] = reduction.DupFd(state[key])
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for key in ("log_fd", "report_fd"):
            self.__dict__[key] = state[key].detach()
        self._reporter = runner.Reporter(self.report_fd)

    def _bootstrap(self, parent_sentinel: int | None = None) -> int:
        self._parent_sentinel = parent_sentinel
        try:
            os.set_inheritable(self.report_fd, False)
            hygiene.settle_in(self.log_fd, self.plan["env"])
            marking.mark(self.plan["id"])
            if self.limit is not None:
                resource.setrlimit(resource.RLIMIT_NOFILE, self.limit)
            if self.daemon:
                self.bind_to_parent()
            os.chdir(self.plan["cwd"])
        except OSError as error:
            self.unsettled(error)
            return 1
        return super()._bootstrap(parent_sentinel)


class SpawnWorker(FreshWorker, process.SpawnProcess):
    """Begins in an interpreter of its own."""


class ForkServerWorker(FreshWorker, process.ForkServerProcess):
    """Begins as a copy of the fork server."""

    def bind_to_parent(self) -> None:
        """As for all, by other means: the kernel's parent is the fork server, which lives on."""
        if self._parent_sentinel is not None:
            hygiene.die_at_end_of_file(self._parent_sentinel)


def _execute(argv: list[str], reporter: runner.Reporter) -> None:
    hygiene.reset_signals_for_exec()
    missing = _not_found_by_shell(argv)
    if missing is not None:
        reporter.failed(f"command not found: {missing!r}")
        raise SystemExit(127)
    try:
        os.execvp(argv[0], argv)
    except (OSError, ValueError) as error:
        reporter.failed(_exec_sentence(argv[0], error))
        raise SystemExit(127 if isinstance(error, FileNotFoundError) else 126) from None


def _not_found_by_shell(argv: list[str]) -> str | None:
    """The first word of a shell line, where it is no program and nothing the shell has itself.

    The shell would say so only in the log, and end with 127 (sh(1p), "Exit Status for Commands").
    """
    if argv[:2] != ["/bin/sh", "-c"] or len(argv) != 3:
        return None
    word = (argv[2].split(None, 1) or [""])[0]
    if not word.isascii() or not all(one.isalnum() or one in "._+-/" for one in word):
        return None
    folders = [""] if "/" in word else os.get_exec_path()
    if any(os.access(f"{folder}/{word}" if folder else word, os.X_OK) for folder in folders):
        return None
    asked = ["/bin/sh", "-c", 'command -v -- "$1" >/dev/null 2>&1', "sh", word]
    return word if word and os.spawnv(os.P_WAIT, "/bin/sh", asked) != 0 else None


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

    python = plan["python"] or sys.executable
    if shutil.which(python) is None:
        reporter.failed(f"python {python!r} is not an executable interpreter")
        raise SystemExit(127)
    me = _mp.current_process()
    facts = {
        **plan,
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
