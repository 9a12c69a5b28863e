"""Words of a command line → the specification of a worker."""

from __future__ import annotations

import ast
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from proctui.files.mistakes import ConfigError, quoted
from proctui.files.tables import safe_name, worker_from_table
from proctui.spec import WorkerSpec

SOURCE = "command line"
"""How errors name where the words came from."""


def from_words(
    *,
    target: str | None = None,
    command: Sequence[str] | None = None,
    args: Sequence[str] = (),
    kwargs: Sequence[str] = (),
    name: str | None = None,
    count: int | str = 1,
    daemon: bool | None = None,
    start_method: str | None = None,
    folder: Path | None = None,
) -> tuple[WorkerSpec, ...]:
    """The instances of one worker that a few words describe.

    `command` is what stood after ``--``.  `args` and the values of `kwargs` (``key=value``) are
    Python literals, and plain text where they aren't.  Without `name` the worker is called
    after its target or program.  Relative paths resolve against `folder`, by default the
    current one.  Raises `ConfigError` with the parameter's name as key.
    """
    table: dict[str, Any] = {
        "target": target,
        "command": None if command is None else list(command),
        "args": [literal(word) for word in args] or None,
        "kwargs": dict(_keyword(word) for word in kwargs) or None,
        "count": _number(count),
        "daemon": daemon,
        "start_method": start_method,
    }
    table = {key: value for key, value in table.items() if value is not None}
    return worker_from_table(
        _default_name(target, command) if name is None else name,
        table,
        Path.cwd() if folder is None else folder,
        file=SOURCE,
    )


def literal(word: str) -> Any:
    """What `word` is as a Python literal (`ast.literal_eval`), else `word` itself."""
    try:
        with warnings.catch_warnings():
            # The parser warns on standard error of "\d" and the like.
            warnings.simplefilter("ignore")
            return ast.literal_eval(word)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return word


def _keyword(word: str) -> tuple[str, Any]:
    key, equals, value = word.partition("=")
    if not equals or not key.isidentifier():
        raise ConfigError(SOURCE, "kwargs", f"must be key=value, not {quoted(word)}")
    return key, literal(value)


def _number(count: int | str) -> int | str:
    if isinstance(count, str) and count.isascii() and count.isdigit() and len(count) < 10:
        return int(count)
    return count


def _default_name(target: str | None, command: Sequence[str] | None) -> str:
    if target is not None:
        return safe_name(target.rpartition(":")[2].rpartition(".")[2])
    return safe_name(os.path.basename(command[0])) if command else "worker"  # noqa: PTH119
