"""What was typed into the form for a new worker → its specification.  Pure.

The checks are those of worker files (`proctui.files.tables`); here stands only how
the words of a text field become the values that a worker file would have.
"""

from __future__ import annotations

import ast
import re
import shlex
import warnings
from collections.abc import Collection, Mapping
from itertools import count
from pathlib import Path
from typing import Any, Literal, NamedTuple

from proctui.files import checks
from proctui.files.mistakes import ConfigError, Wrong
from proctui.files.tables import safe_name, worker_from_table
from proctui.spec import WorkerSpec

Kind = Literal["target", "command"]
"""Whether the first field is a Python callable or a shell line."""

SOURCE = "form"

ONLY_OF_TARGETS = ("args", "kwargs", "python", "import_root", "start_method")
"""Fields that mean nothing where a command is run."""


class Entry(NamedTuple):
    """The form as it is filled in: texts as typed, choices as chosen."""

    kind: Kind
    texts: Mapping[str, str]
    """By key of the worker file; ``what`` is the target or command, ``id`` the worker's name."""
    choices: Mapping[str, str | bool]


class Checked(NamedTuple):
    """What came of it: specifications, or what is wrong by key of the worker file."""

    specs: tuple[WorkerSpec, ...] = ()
    mistakes: Mapping[str, str] = {}


def check(entry: Entry, taken: Collection[str], folder: Path) -> Checked:
    """Checks everything; `taken` are the ids that the session has already."""
    what = entry.texts.get("what", "").strip()
    if not what:
        wanted = "a target such as module:function" if entry.kind == "target" else "a command line"
        return Checked(mistakes={"what": f"is missing: {wanted}"})
    mistakes: dict[str, str] = {}
    table: dict[str, Any] = {entry.kind: what, **entry.choices}
    ignored = ONLY_OF_TARGETS if entry.kind == "command" else ()
    for key, read in _READERS.items():
        if key in ignored:
            continue
        if typed := entry.texts.get(key, "").strip():
            try:
                table |= read(typed)
            except ValueError as error:
                mistakes[key] = str(error)
    for key in ignored:
        table.pop(key, None)
    name = entry.texts.get("id", "").strip() or default_name(entry.kind, what)
    try:
        checks.name(name)
    except Wrong as wrong:
        return Checked(mistakes={"id": str(wrong), **mistakes})
    try:
        specs = worker_from_table(name, table, folder, file=SOURCE)
    except ConfigError as error:
        for each in (error, *error.others):
            mistakes.setdefault(*_told(each, entry.kind))
        return Checked(mistakes=mistakes)
    for spec in specs:
        if spec.id in taken:
            mistakes.setdefault("id", f"{spec.id} is taken: every worker needs its own name")
    return Checked(mistakes=mistakes) if mistakes else Checked(specs)


def entry_like(spec: WorkerSpec, taken: Collection[str], folder: Path) -> Entry:
    """The form filled in with everything that an existing worker is, under a name of its own.

    `folder` is the one against which the form resolves paths.
    """
    kept = {key: _shown(getattr(spec, key)) for key in _AS_THEY_ARE}
    texts = {key: value for key, value in kept.items() if value != _USUAL[key]}
    texts["id"] = _free_name(spec.id, taken)
    if spec.cwd != str(folder):
        texts["cwd"] = spec.cwd
    texts["env"] = " ".join(f"{key}={shlex.quote(value)}" for key, value in spec.env.items())
    if spec.target is None:
        line = shlex.join(spec.command or ())
        texts["what"] = spec.shell_line if spec.shell_line is not None else line
    else:
        texts["what"] = spec.target
        texts["args"] = ", ".join(map(repr, spec.args))
        texts["kwargs"] = ", ".join(
            f"{key}={value!r}" if key.isidentifier() else f"**{{{key!r}: {value!r}}}"
            for key, value in spec.kwargs.items()
        )
        if spec.import_root != str(folder):
            texts["import_root"] = spec.import_root
            file, _, attribute = spec.target.rpartition(":")
            if file.endswith(".py"):
                texts["what"] = f"{Path(spec.import_root, file)}:{attribute}"
    choices: dict[str, str | bool] = {key: getattr(spec, key) for key in _CHOSEN}
    if spec.daemon is not None:
        choices["daemon"] = spec.daemon
    return Entry("command" if spec.target is None else "target", texts, choices)


def _shown(value: object) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


_AS_THEY_ARE = (
    "name", "python", "stop_signal", "stop_timeout", "join_timeout", "max_restarts",
    "restart_window", "backoff", "backoff_max",
)  # fmt: skip
_CHOSEN = ("start_method", "reap", "restart", "autostart")
_USUAL = {key: _shown(getattr(WorkerSpec(id="usual"), key)) for key in _AS_THEY_ARE}


def _free_name(name: str, taken: Collection[str]) -> str:
    """``web-2`` of ``web``; ``piao-5`` of ``piao-1`` where that has three brothers."""
    stem = re.sub(r"-\d+$", "", name)
    return next(free for n in count(2) if (free := f"{stem}-{n}") not in taken)


def default_name(kind: Kind, what: str) -> str:
    """What the worker is called where nothing was typed."""
    if kind == "target":
        return safe_name(what.rpartition(":")[2].rpartition(".")[2])
    try:
        program = shlex.split(what)[0]
    except (ValueError, IndexError):
        return "worker"
    return safe_name(Path(program).name)


def _told(error: ConfigError, kind: Kind) -> tuple[str, str]:
    """The field that a mistake stands in, and what is wrong with it."""
    key = error.key.split(".", 1)[0].split("[", 1)[0]
    message = error.message if key == error.key else f"{error.key} {error.message}"
    return ("what" if key in ("", kind) else key), message


# ------------------------------------------------------------------------- single fields


def _args(typed: str) -> dict[str, Any]:
    call = _call(typed)
    if call.keywords:
        raise ValueError("takes values alone; name=value goes into kwargs")
    return {"args": [_literal(node) for node in call.args]}


def _kwargs(typed: str) -> dict[str, Any]:
    call = _call(typed)
    if call.args:
        raise ValueError("must be name=value, separated by commas")
    found: dict[Any, Any] = {}
    for keyword in call.keywords:
        if keyword.arg is not None:
            found[keyword.arg] = _literal(keyword.value)
        elif isinstance(keyword.value, ast.Dict):  # a name that is no identifier
            found |= _literal(keyword.value)
        else:
            raise ValueError("must be name=value, separated by commas")
    return {"kwargs": found}


def _call(typed: str) -> ast.Call:
    """Reads a list of arguments as Python would, without running anything."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(f"f({typed}\n)", mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ValueError("must be Python values separated by commas: 'egon', 3, [1, 2]") from None
    if not isinstance(tree, ast.Call) or not isinstance(tree.func, ast.Name):
        raise ValueError("must be Python values separated by commas")  # noqa: TRY004
    return tree


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, MemoryError, RecursionError):
        shown = ast.unparse(node)
        raise ValueError(f"{shown[:40]} is no plain value; write text in quotes") from None


def _whole(key: str) -> Any:
    def read(typed: str) -> dict[str, Any]:
        if not (typed.isascii() and typed.isdigit() and len(typed) < 10):
            raise ValueError("must be a whole number")
        return {key: int(typed)}

    return read


def _env(typed: str) -> dict[str, Any]:
    try:
        words = shlex.split(typed)
    except ValueError:
        raise ValueError("has a quotation mark that is not closed") from None
    pairs = [word.partition("=") for word in words]
    if any(not sign or not name for name, sign, _ in pairs):
        raise ValueError("must be NAME=value, separated by spaces")
    return {"env": {name: value for name, _, value in pairs}}


def _text(key: str) -> Any:
    return lambda typed: {key: typed}


def _seconds(key: str) -> Any:
    def read(typed: str) -> dict[str, Any]:
        try:
            return {key: float(typed)}
        except ValueError:
            raise ValueError("must be a number of seconds") from None

    return read


_READERS: Mapping[str, Any] = {
    "args": _args,
    "kwargs": _kwargs,
    "name": _text("name"),
    "count": _whole("count"),
    "cwd": _text("cwd"),
    "env": _env,
    "python": _text("python"),
    "import_root": _text("import_root"),
    "stop_signal": _text("stop_signal"),
    "stop_timeout": _seconds("stop_timeout"),
    "join_timeout": _seconds("join_timeout"),
    "max_restarts": _whole("max_restarts"),
    "restart_window": _seconds("restart_window"),
    "backoff": _seconds("backoff"),
    "backoff_max": _seconds("backoff_max"),
}
