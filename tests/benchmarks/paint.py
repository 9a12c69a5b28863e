"""From exec to the first painted frame, cold and warm, beside peers and an empty Textual app."""

from __future__ import annotations

import os
import statistics
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from proctui.sessions.session import SessionPaths
from tests.benchmarks import peers
from tests.benchmarks.figures import Figure, Figures, Scale
from tests.benchmarks.sessions import many, running, wait_for
from tests.benchmarks.terminals import proctui, pty
from tests.support import ROOT

SCALES = {
    "full": Scale((20, 1000), rounds=5),
    "quick": Scale((20,), rounds=1),
    "tiny": Scale((2,), rounds=1),
}
COLD = 3
"""Rounds with what a program reads dropped from the page cache."""
QUIET = 0.4
"""Seconds without output after which what came is looked at."""


class Program(NamedTuple):
    """One to start."""

    name: str
    argv: tuple[str, ...]
    environment: dict[str, str]
    signs: tuple[str, ...]
    """What the moments are that are wanted: each stands on the screen once it has come."""


def figures(scale: Scale) -> Figures:
    """Ours in front of a running session; the peers list the machine."""
    for count in scale.counts:
        with running(many(count, "pause")) as where:
            wait_for(where, "alive", count)
            programs = _programs(where)
            if scale.rounds > 1:
                _rounds(programs, 1, cold=False)  # so that everything is compiled and read
            warm = _rounds(programs, scale.rounds, cold=False)
            yield from _compared(f"warm, {count:,} workers", warm)
            if scale.rounds > 1:
                cold = _rounds(programs, min(COLD, scale.rounds), cold=True)
                yield from _compared(f"cold, {count:,} workers", cold)


def _programs(where: SessionPaths) -> list[Program]:
    """Ours comes first, then the empty app."""
    attach = tuple(proctui("attach", where.name))
    empty = (sys.executable, "-m", "tests.benchmarks.screens", "empty")
    others = peers.installed(Path(where.directory) / "peers")
    return [
        # The rows can be drawn by less than the whole screen; the details can't.
        Program("ours", attach, {}, (" w-1 ", "started  ")),
        Program("empty Textual app", empty, {}, ("ready",)),
        *(Program(one.name, one.argv, dict(one.environment), (one.first,)) for one in others),
    ]


def _rounds(programs: list[Program], rounds: int, *, cold: bool) -> dict[str, list[float]]:
    """The medians of each program's moments."""
    taken: dict[str, list[list[float]]] = {one.name: [] for one in programs}
    for _ in range(rounds):
        for one in programs:
            if cold:
                forget(one)
            taken[one.name].append(started(one))
    return {
        name: [statistics.median(part) for part in zip(*found, strict=True)]
        for name, found in taken.items()
    }


def started(program: Program) -> list[float]:
    """Starts it; seconds until each of its signs."""
    with pty(program.argv, env=program.environment) as term:
        found: list[float] = []
        for sign in program.signs:
            shown = term.shows(sign)
            # Two may have come at the same moment.
            at_once = found and shown()
            found.append(found[-1] if at_once else term.when(shown, QUIET) - term.began)
        return found


def _compared(what: str, medians: dict[str, list[float]]) -> Iterator[Figure]:
    rows, live = medians.pop("ours")
    for name, (first,) in medians.items():
        yield Figure(f"exec → rows, {what}", rows * 1000, "ms", name, first * 1000)
    first = medians["empty Textual app"][0] * 1000
    yield Figure(f"exec → whole screen, {what}", live * 1000, "ms", "empty Textual app", first)


def forget(program: Program) -> None:
    """Drops what it reads from the page cache (posix_fadvise(2)).

    What is mapped by others that run, such as libc, stays: it would on any machine.
    """
    binary = Path(program.argv[0]).resolve()
    folders = [binary]
    if program.argv[0] == sys.executable:
        folders += [ROOT / "proctui", *(Path(sysconfig.get_path(n)) for n in ("stdlib", "purelib"))]
    elif (environment := Path(program.argv[0]).parent.parent / "pyvenv.cfg").exists():
        folders += [environment.parent / "lib", Path(sysconfig.get_path("stdlib"))]
    for folder in folders:
        for path in [folder] if folder.is_file() else folder.rglob("*"):
            if path.is_file():
                descriptor = os.open(path, os.O_RDONLY)
                try:
                    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
                finally:
                    os.close(descriptor)
