"""Specifications → the tables of a worker file that mean them.

The other way is `proctui.files.tables`.

What is at its default is left out, and paths in the file's own folder are written from there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from proctui.files import config, tomlfile
from proctui.files.mistakes import ConfigError, dotted
from proctui.files.tables import ONLY_OF_TARGETS, WORKER_KEYS
from proctui.files.textfile import read_text, reason
from proctui.spec import WorkerSpec

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_DEFAULTS: Final = WorkerSpec(id="defaults")
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


class NotWritable(Exception):
    """There is no way to write this in TOML; the text is one sentence about the value."""


def add_to_file(path: Path, instances: Sequence[WorkerSpec]) -> None:
    """Adds a worker to the end of a worker file, or begins one with it.

    `instances` are those of one worker, as one table made them.  Nothing that stands in the
    file is changed.  Raises `ConfigError`: the file is no worker file, can't be written or has
    such a worker already; and `NotWritable`.
    """
    if path.suffix.lower() != ".toml":
        raise ConfigError(path, "", "must be named like NAME.toml: a Procfile has commands alone")
    there = os.path.lexists(path)
    before = read_text(path) if there else ""
    after = appended(before, path, instances)
    try:
        with path.open("a" if there else "x", encoding="utf-8") as file:
            file.write(after[len(before) :])
    except OSError as error:
        raise ConfigError(path, "", f"can't be written: {reason(error)}") from error


def appended(before: str, path: Path, instances: Sequence[WorkerSpec]) -> str:
    """The text of a worker file with one worker more.  Raises `ConfigError` and `NotWritable`.

    The new text begins with the old one, and was read back to see that it means what it should.
    """
    tables = tomlfile.parse(before, path)
    session, workers = tables.get("session", {}), tables.get("workers", {})
    name = _name(instances)
    if isinstance(workers, Mapping) and name in workers:
        raise ConfigError(path, dotted("workers", name), "stands in the file already")
    folder = path.parent.resolve()
    shared = session.keys() if isinstance(session, Mapping) else ()
    table = worker_table(instances, folder, explicit=shared)
    gap = "" if not before else "\n" if before.endswith("\n") else "\n\n"
    after = before + gap + table
    config.loads_toml(after, path)
    return after


def worker_table(
    instances: Sequence[WorkerSpec], folder: Path, *, explicit: Collection[str] = ()
) -> str:
    """``[workers.NAME]`` and its keys, for a file in `folder`.  Raises `NotWritable`.

    `explicit` are keys that are written even at their default, because the file's
    ``[session]`` sets them otherwise.
    """
    spec = instances[0]
    values = _values(spec, folder)
    if len(instances) > 1:
        values["count"] = len(instances)
    lines = [f"[workers.{_key(_name(instances))}]\n"]
    for key in WORKER_KEYS:
        value = values.get(key)
        if value is None or (key in ONLY_OF_TARGETS and spec.target is None):
            continue
        if value != getattr(_DEFAULTS, key, None) or key in explicit:
            lines.append(f"{key} = {toml(value)}\n")
    return "".join(lines)


def _name(instances: Sequence[WorkerSpec]) -> str:
    """The name from which those of the instances were made."""
    first = instances[0].id
    return first if len(instances) == 1 else first.removesuffix("-1")


def _values(spec: WorkerSpec, folder: Path) -> dict[str, Any]:
    """What stands behind each key of the table; None for what is left out."""
    values = {key: getattr(spec, key) for key in WORKER_KEYS if key != "count"}
    values["cwd"] = _from(spec.cwd, folder)
    if spec.target is None:
        values["command"] = spec.shell_line if spec.shell_line is not None else spec.command
        return values
    values["import_root"] = _from(spec.import_root, folder)
    file, _, attribute = spec.target.rpartition(":")
    if file.endswith(".py"):
        values["target"] = f"{_from(str(Path(spec.import_root, file)), folder)}:{attribute}"
    if spec.python is not None and "/" in spec.python:
        values["python"] = _from(spec.python, folder) or "."
        if "/" not in values["python"]:
            values["python"] = f"./{values['python']}"
    return values


def _from(path: str, folder: Path) -> str | None:
    """A path as it is written in a file in `folder`; None for the folder itself."""
    if path == str(folder):
        return None
    inside = path.removeprefix(f"{str(folder).rstrip('/')}/")
    return inside if inside and not inside.startswith("/") else path


# ---------------------------------------------------------------------------- TOML


def toml(value: object) -> str:
    """A value as TOML 1.0 has it, on one line.  Raises `NotWritable`."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return repr(value)
        case str():
            return _string(value)
        case list() | tuple():
            return f"[{', '.join(map(toml, value))}]"
        case Mapping():
            items = (f"{_key(str(key))} = {toml(item)}" for key, item in value.items())
            return f"{{ {', '.join(items)} }}" if value else "{}"
        case None:
            raise NotWritable("None can't be written to a worker file: TOML has no such value")
    raise NotWritable(f"{type(value).__name__} can't be written to a worker file")


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _string(name)


def _string(value: str) -> str:
    return f'"{"".join(map(_escaped, value))}"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character < " " or character == "\x7f":
        return f"\\u{ord(character):04X}"
    return character
