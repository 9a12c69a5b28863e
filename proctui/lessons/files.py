"""Lessons as worker files: launching one with the learner's numbers, copying one out.

The files are examples to read, so the learner's numbers are written into their text, and a copy
looks like the original.
"""

from __future__ import annotations

import contextlib
import re
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from proctui.files import config
from proctui.lessons import find
from proctui.lessons.lesson import Lesson, Parameter
from proctui.spec import SessionSpec, WorkerSpec

FOLDER: Final = Path(__file__).parent.parent / "scenarios"
"""Where the worker files and the functions that they run are."""

_OF_PYTHON = re.compile(r'(?:target = |command = \["python3", )"([a-z]+\.py)')
_IMPORT = re.compile(r"^from ([a-z]+) import ", re.MULTILINE)


def session(name: str, /, **numbers: int) -> SessionSpec:
    """The session of a lesson, with `numbers` for its parameters (``-`` written as ``_``).

    Has no `source`, like the built-in session: it can't be reloaded.  Raises ValueError with one
    sentence for a lesson, parameter or number that can't be.
    """
    one = find(name)
    spec = config.loads_toml(_text(one, numbers), worker_file(one))
    workers = tuple(_with_this_python(worker) for worker in spec.workers)
    return msgspec.structs.replace(spec, source=None, workers=workers)


def write(name: str, folder: Path, /, **numbers: int) -> list[Path]:
    """Copies a lesson's worker file and the Python files it needs into `folder`, the first first.

    Makes the folder; never overwrites a file.  Raises ValueError as `session` does, and OSError
    (`FileExistsError` before anything is written).
    """
    one = find(name)
    texts = {worker_file(one).name: _text(one, numbers)}
    texts |= {file: (FOLDER / file).read_text("utf-8") for file in python_files(one)}
    folder.mkdir(parents=True, exist_ok=True)
    for file in texts:
        if (folder / file).exists():
            raise FileExistsError(f"{folder / file} exists already and is not overwritten")
    written = []
    for file, text in texts.items():
        with open(folder / file, "x", encoding="utf-8") as copy:
            copy.write(text)
        written.append(folder / file)
    return written


def worker_file(one: Lesson) -> Path:
    """The lesson's worker file as it ships."""
    return FOLDER / f"{one.id}.toml"


def python_files(one: Lesson) -> list[str]:
    """Names of the files beside it whose functions it runs, and of what those import."""
    wanted = _OF_PYTHON.findall(worker_file(one).read_text("utf-8"))
    found: dict[str, None] = {}
    while wanted:
        file = wanted.pop(0)
        if file not in found and (FOLDER / file).is_file():
            found[file] = None
            text = (FOLDER / file).read_text("utf-8")
            wanted += [f"{module}.py" for module in _IMPORT.findall(text)]
    return list(found)


def _text(one: Lesson, numbers: Mapping[str, int]) -> str:
    """The worker file with these numbers in it, and free ports where it needs some."""
    text = worker_file(one).read_text("utf-8")
    chosen = {
        parameter.name: parameter.check(number)
        for key, number in numbers.items()
        for parameter in (one.parameter(key.replace("_", "-")),)
    }
    with contextlib.ExitStack() as held:
        for parameter in one.parameters:
            number = chosen.get(parameter.name, parameter.default)
            text = with_number(text, parameter, _free_port(held) if number is None else number)
    return text


def with_number(text: str, parameter: Parameter, number: int) -> str:
    """A worker file's text with the number in its places."""
    for worker, key in parameter.places:
        pattern = rf"(?ms)(^\[workers\.{re.escape(worker)}\]$(?:(?!^\[).)*?\b{key} = )(\d+)"
        text, count = re.subn(pattern, rf"\g<1>{number}", text, count=1)
        if count != 1:
            raise RuntimeError(f"the worker file has no {key} for worker {worker}")
    return text


def _free_port(held: contextlib.ExitStack) -> int:
    """A port that nobody listens on; none twice as long as `held` is open."""
    probe = held.enter_context(socket.socket())
    probe.bind(("127.0.0.1", 0))
    port: int = probe.getsockname()[1]
    return port


def _with_this_python(worker: WorkerSpec) -> WorkerSpec:
    """In the files ``python3`` is whatever PATH has; launched from here it is our own."""
    if worker.command is None or worker.command[0] != "python3":
        return worker
    return msgspec.structs.replace(worker, command=(sys.executable, *worker.command[1:]))
