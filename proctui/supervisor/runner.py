"""Runs one target: finds it, becomes it where it is a `Process` subclass, calls it.

Standard library only, and written for any Python from 3.8 on: with the
``python`` setting this very file is executed by that interpreter, which need
not have proctui installed.  Inside proctui `child` imports it.
"""

import itertools
import json
import os
import sys

if __name__ == "__main__":
    # Our own folder holds modules with everyday names that must not hide the user's.
    del sys.path[0]

import importlib
import importlib.util
import multiprocessing.process
import signal
import types
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any, Callable, Dict, Mapping, Optional  # noqa: UP035

_mp: Any = multiprocessing.process

PYTHON_HINT = (
    'if it is installed for another Python, name that one with python = "path/to/bin/python"'
)


PR_SET_PDEATHSIG = 1
"""prctl(2), PR_SET_PDEATHSIG(2const)."""


class TargetError(Exception):
    """The target can't be run; the text is one clear sentence."""


class Reporter:
    """Tells the supervisor over a pipe, in JSON lines, how far the child has come.

    The pipe is closed with the last word, so that it never outlives the start.
    """

    def __init__(self, fd: int) -> None:
        self._fd: Optional[int] = fd  # noqa: UP045

    def ready(self, name: str, daemon: bool) -> None:
        """User code runs from here on, as a process of this name."""
        # Not json.dumps, which takes more memory than all else here.
        flag = "true" if daemon else "false"
        self._last_word('{"kind": "ready", "name": ' + _quoted(name) + ', "daemon": ' + flag + "}")

    def failed(self, reason: str) -> None:
        """User code was not reached; the reason also goes to the worker's log."""
        os.write(2, ("proctui: failed: " + reason + "\n").encode("utf-8", "backslashreplace"))
        self._last_word(json.dumps({"kind": "failed", "reason": reason[:4000]}))

    def _last_word(self, report: str) -> None:
        if self._fd is None:
            return
        fd, self._fd = self._fd, None
        try:
            os.write(fd, report.encode("ascii") + b"\n")
        except OSError:
            # The supervisor is gone; the worker goes on without it.
            return
        finally:
            os.close(fd)


def die_with_parent(parent_pid: int) -> None:
    """Has the kernel send SIGTERM when the parent ends, however it ends.

    Keeps the promise of a daemonic process when the parent is killed.  A parent
    that ended before this call is noticed by the changed parent pid.  Raises
    OSError where the kernel refuses; does nothing where it is not Linux.
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes  # only the daemonic have a use for it

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0) != 0:
        errno = ctypes.get_errno()
        raise OSError(errno, "the kernel refused PR_SET_PDEATHSIG: " + os.strerror(errno))
    if os.getppid() != parent_pid:
        os.kill(os.getpid(), signal.SIGTERM)


Load = Callable[[], Optional[types.ModuleType]]  # noqa: UP045


def find_target(target: str, import_root: str, load: Optional[Load] = None) -> Callable[..., Any]:  # noqa: UP045
    """The callable that ``module:name`` or ``path/to/file.py:name`` means.

    `import_root` comes first on the import path.  Where there is `load`, it is asked for the
    module first.  Raises TargetError.
    """
    where, _, attribute = target.rpartition(":")
    try:
        module = None if load is None else load()
        if module is None:
            module = _load(where, import_root)
    except TargetError:
        raise
    except BaseException as error:
        _print_traceback()
        raise TargetError(_import_sentence(where, error)) from error
    found: Any = module
    for part in attribute.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise TargetError(f"{where!r} has no {part!r} (target {target!r})") from None
    if not callable(found):
        raise TargetError(
            f"{target!r} is not callable: it is of type {type(found).__name__}, "
            "expected a function or a Process subclass"
        )
    return found  # type: ignore[no-any-return]


def _load(where: str, import_root: str) -> types.ModuleType:
    if import_root not in sys.path[:1]:
        sys.path.insert(0, import_root)
    _look_anew(import_root)
    return _load_file(where, import_root) if where.endswith(".py") else _load_module(where)


def _look_anew(folder: str) -> None:
    """Has what is in this folder looked up again, in case the parent has, before it changed.

    Not `importlib.invalidate_caches`, which asks all finders there are.
    """
    sys.path_importer_cache.pop(folder, None)


def _print_traceback() -> None:
    import traceback

    traceback.print_exc()


def _load_module(name: str) -> types.ModuleType:
    return importlib.import_module(name)


def _load_file(path: str, import_root: str) -> types.ModuleType:
    full = os.path.realpath(os.path.join(import_root, path))  # noqa: PTH118
    folder, base = os.path.split(full)
    if not os.path.isfile(full):  # noqa: PTH113
        raise TargetError(f"there is no file {full!r} to take the target from")
    if folder not in sys.path:
        sys.path.insert(0, folder)
        _look_anew(folder)
    name = base[: -len(".py")]
    known = sys.modules.get(name)
    if known is not None:
        if os.path.realpath(getattr(known, "__file__", None) or "") == full:
            return known
        # A standard module of that name is in use already: it must stay what it is.
        name = "target_" + name
    spec = importlib.util.spec_from_file_location(name, full)
    if spec is None or spec.loader is None:
        raise TargetError(f"{full!r} can't be imported as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _import_sentence(where: str, error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError):
        return f"module {error.name!r} not found while importing {where!r}; {PYTHON_HINT}"
    if isinstance(error, SyntaxError):
        place = f"{error.filename}, line {error.lineno}"
        return f"{where!r} can't be imported: {error.msg} ({place})"
    if isinstance(error, SystemExit):
        return f"importing {where!r} ended the process with sys.exit({error.code!r})"
    return f"importing {where!r} raised {type(error).__name__}: {error}"


def run_target(
    plan: Mapping[str, Any],
    reporter: Reporter,
    bind_to_parent: Callable[[], None],
    load: Optional[Load] = None,  # noqa: UP045
) -> None:
    """Finds the target of `plan`, says that it is ready, and runs it to its end.

    `plan` has ``id``, ``target``, ``import_root``, ``args``, ``kwargs``, and ``name`` and
    ``daemon``, which are None where the user did not set them.  `bind_to_parent` is called for a
    `Process` subclass that made itself daemonic: it is to end with the parent,
    as those are that were daemonic from the start.  `load` is for
    `find_target`.  Raises SystemExit(1) after a failure was reported.
    """
    try:
        found = find_target(plan["target"], plan["import_root"], load)
        is_process = isinstance(found, type) and issubclass(found, _mp.BaseProcess)
        body = _become(found, plan) if is_process else None
    except TargetError as error:
        reporter.failed(str(error))
        raise SystemExit(1) from None
    if body is None:
        reporter.ready(plan["name"] or plan["id"], bool(plan["daemon"]))
        found(*plan["args"], **plan["kwargs"])
        return
    me = _mp.current_process()
    if me.daemon and not plan["daemon"]:
        bind_to_parent()
    reporter.ready(me.name, me.daemon)
    body()


def _become(cls: Any, plan: Mapping[str, Any]) -> Callable[[], Any]:
    """Makes an instance of a `Process` subclass this very process; answers its `run`.

    It is created under the worker's number, as if its parent had done so, which
    is what gives it the name ``Class-N``.
    """
    me = _mp._current_process
    identity = me._identity
    me._identity, counter = identity[:-1], _mp._process_counter
    _mp._process_counter = itertools.count(identity[-1] if identity else 1)
    try:
        body = cls(*plan["args"], **plan["kwargs"])
    except BaseException as error:
        _print_traceback()
        raise TargetError(f"{cls.__name__}(...) raised {type(error).__name__}: {error}") from error
    finally:
        me._identity, _mp._process_counter = identity, counter
    if not hasattr(body, "_config"):
        raise TargetError(f"{cls.__name__}.__init__ never called Process.__init__")
    body._identity = identity
    body._parent_pid, body._parent_name = me._parent_pid, me._parent_name
    if plan.get("name") is not None:
        body.name = plan["name"]
    if plan.get("daemon") is not None:
        body.daemon = plan["daemon"]
    me._name = body.name
    _mp._current_process = body
    run: Callable[[], Any] = body.run
    return run


def take_main_place() -> None:
    """Puts an empty module where ``__main__`` stands.

    Otherwise processes that user code spawns would import proctui's own main
    module as theirs ("Safe importing of main module" in the documentation).
    """
    global _former_main
    _former_main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")


_former_main: Any = None
"""Kept, since the code that runs still lives in it."""


def _main() -> None:
    plan_fd, report_fd = int(sys.argv[1]), int(sys.argv[2])
    with os.fdopen(plan_fd, "rb") as file:
        plan: Dict[str, Any] = json.load(file)  # noqa: UP006
    os.set_inheritable(report_fd, False)
    me = _mp.current_process()
    me._name = plan["name"] or plan["id"]
    me._identity = tuple(plan["identity"])
    me._parent_pid, me._parent_name = os.getppid(), plan["parent_name"]
    if plan.get("daemon"):
        me._config["daemon"] = True
    me.authkey = bytes.fromhex(plan.pop("authkey"))
    if plan.get("parent_sentinel") is not None:
        os.set_inheritable(plan["parent_sentinel"], False)
        _mp._parent_process = _mp._ParentProcess(
            me._parent_name, me._parent_pid, plan["parent_sentinel"]
        )
    sys.argv = [plan["target"]]
    reporter = Reporter(report_fd)
    take_main_place()
    run_target(plan, reporter, lambda: die_with_parent(plan["parent"]))


if __name__ == "__main__":
    _main()
