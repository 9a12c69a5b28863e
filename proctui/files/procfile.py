"""Procfile → session, as foreman and honcho understand it.

One ``name: command`` a line, the command a shell line run in the Procfile's folder.  ``PORT``
is 5000 for the first entry and 100 more for each that follows; a ``.env`` file beside the
Procfile goes into every worker's environment, and a ``PORT`` in it, or else in proctui's own
environment, takes the place of 5000.  Unlike there, a line that can't be understood is a
mistake and isn't skipped.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from proctui.files import checks
from proctui.files.mistakes import ConfigError, Mistakes, Wrong, quoted
from proctui.files.tables import SHELL, safe_name
from proctui.files.textfile import read_text, reason
from proctui.spec import SessionSpec, WorkerSpec

FIRST_PORT: Final = 5000
PORT_STEP: Final = 100

_LINE: Final = re.compile(r"([A-Za-z0-9_-]+):[ \t]*(\S.*)")
_ASSIGNMENT: Final = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*(.*)")
_PIECE: Final = re.compile(
    r"""
      '(?P<single>[^']*)'               # as it stands
    | "(?P<double>(?:\\.|[^"\\])*)"    # a backslash takes the meaning of a quote and of itself
    | \\(?P<escaped>.)
    | (?P<comment>(?:^|(?<=\s))\#.*)
    | (?P<plain>[^'"\\])
    """,
    re.VERBOSE,
)


def session_from_procfile(text: str, file: Path, environ: Mapping[str, str]) -> SessionSpec:
    """The session that a Procfile means.

    `file` is absolute; the ``.env`` beside it is read; of `environ`, proctui's own environment,
    only PORT counts.  Raises `ConfigError`, which names lines as keys.
    """
    entries = _entries(text, file)
    dotenv = _read_dotenv(file.parent / ".env")
    first_port = _first_port(dotenv, file, environ)
    workers = tuple(
        WorkerSpec(
            id=name,
            command=(*SHELL, line),
            shell_line=line,
            cwd=str(file.parent),
            env={**dotenv, "PORT": str(first_port + PORT_STEP * place)},
        )
        for place, (name, line) in enumerate(entries.items())
    )
    return SessionSpec(
        name=safe_name(file.parent.name),
        source=str(file),
        folder=str(file.parent),
        workers=workers,
    )


def _entries(text: str, file: Path) -> dict[str, str]:
    """Shell lines by name, in file order."""
    mistakes = Mistakes(file)
    entries: dict[str, str] = {}
    first_line: dict[str, int] = {}
    for number, written in _numbered(text):
        try:
            name, line = _entry(written)
        except Wrong as wrong:
            mistakes.add(f"line {number}", str(wrong))
            continue
        if name in entries:
            mistakes.add(
                f"line {number}",
                f"uses the name {quoted(name)} again, after line {first_line[name]}; "
                "every worker needs a name of its own",
            )
            continue
        entries[name] = line
        first_line[name] = number
    mistakes.tell()
    return entries


def _numbered(text: str) -> list[tuple[int, str]]:
    """The lines that say something, with their numbers from 1 on."""
    lines = enumerate((line.rstrip() for line in text.split("\n")), 1)
    return [(number, line) for number, line in lines if not _says_nothing(line)]


def _says_nothing(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _entry(written: str) -> tuple[str, str]:
    found = _LINE.fullmatch(written)
    if found is None:
        raise Wrong(f'must be "name: command", not {quoted(written)}')
    name, line = found.groups()
    if not checks.is_name(name):
        raise Wrong(f"has {quoted(name)}, no name for a worker, which {checks.NAME_RULE}")
    try:
        return name, checks.whole(line)
    except Wrong as wrong:
        raise Wrong(f"has a command that {wrong}") from None


def _read_dotenv(file: Path) -> dict[str, str]:
    """The variables of a ``.env`` file; none where there is no such file."""
    try:
        mode = file.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise ConfigError(file, "", f"can't be read: {reason(error)}") from error
    # A virtual environment may well be called .env: honcho passes over a folder too.
    return {} if stat.S_ISDIR(mode) else parse_dotenv(read_text(file), file)


def parse_dotenv(text: str, file: Path) -> dict[str, str]:
    """``NAME=value`` lines as honcho reads them, but with the blanks inside of a value, as foreman.

    Quotes and backslashes mean what they do in a shell; blanks around a value vanish, a written
    ``\\n`` or ``\\t`` that is left becomes a newline or a tab, ``#`` begins a comment at the start
    or after a blank, a later line beats an earlier one, and what is no assignment, or one of
    nothing at all, is passed over.
    Raises `ConfigError` for a quote that isn't closed and for what the kernel would refuse.
    """
    mistakes = Mistakes(file)
    values: dict[str, str] = {}
    for number, line in _numbered(text):
        try:
            values.update(_assignment(line))
        except Wrong as wrong:
            mistakes.add(f"line {number}", str(wrong))
    mistakes.tell()
    return values


def _assignment(line: str) -> dict[str, str]:
    found = _ASSIGNMENT.fullmatch(line)
    value = None if found is None else _value(found[2])
    if found is None or value is None:
        return {}
    value = value.replace("\\n", "\n").replace("\\t", "\t")
    try:
        return checks.environment({found[1]: value})
    except Wrong as wrong:
        raise Wrong(f"sets {found[1]}, which {wrong}") from None


def _value(written: str) -> str | None:
    """What is assigned, None where nothing is.  Raises `Wrong`."""
    value, sure, place = "", 0, 0
    while place < len(written):
        piece = _PIECE.match(written, place)
        if piece is None:
            what = "escaped character" if written[place] == "\\" else "closing quotation"
            raise Wrong(f"can't be split into words: no {what}")
        place = piece.end()
        if piece["comment"] is not None:
            break
        if piece["double"] is not None:
            value += re.sub(r"\\([\"\\])", r"\1", piece["double"])
        else:
            value += piece["single"] or piece["escaped"] or piece["plain"] or ""
        if piece["plain"] is None or not piece["plain"].isspace():
            sure = len(value)  # blanks that follow count only where something follows them
    return value[:sure] if place and (sure or written[:1] in "'\"") else None


def _first_port(dotenv: Mapping[str, str], file: Path, environ: Mapping[str, str]) -> int:
    if dotenv.get("PORT"):
        return _port(dotenv["PORT"], file.parent / ".env", "PORT")
    if environ.get("PORT"):
        whose = "takes its first PORT from the environment, where it"
        return _port(environ["PORT"], file, whose)
    return FIRST_PORT


def _port(written: str, source: Path, key: str) -> int:
    if written.isascii() and written.isdigit() and len(written) <= 5 and int(written) <= 65535:
        return int(written)
    raise ConfigError(source, key, f"must be a number from 0 to 65535, not {quoted(written)}")
