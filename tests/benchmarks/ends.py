"""From a process's end to its highlighted row on the terminal:
``python -m tests.benchmarks.ends [NUMBER OF WORKERS] [REFRESH, SECONDS]``.

The installed program in a real terminal, a session of sleeping workers.  Workers on the
screen are killed one after the other, then all that are left at once.
"""

from __future__ import annotations

import json
import os
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.e2e.terminal import Terminal, terminal
from tests.support import ROOT

SINGLE = 60
"""Workers that are killed one after the other."""
BETWEEN = 0.15
"""Seconds between two of them: the refresh must not help."""


def session(folder: Path, count: int, refresh: float) -> None:
    """A worker file; the workers cost nothing but their process."""
    (folder / "proctui.toml").write_text(
        f'[session]\nrefresh = {refresh}\n\n[workers.w]\ntarget = "signal:pause"\ncount = {count}\n'
    )


def command(folder: Path, *words: str) -> str:
    """What ``proctui …`` prints."""
    return subprocess.run(
        [sys.executable, "-m", "proctui", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def when(
    term: Terminal, condition: Callable[[], bool], quiet: float, patience: float = 20.0
) -> float:
    """When the bytes had come that made something true of the screen (`time.perf_counter`).

    They are only kept until nothing has come for `quiet` seconds, and drawn then: drawing them
    here would take time from the program.
    """
    deadline = time.perf_counter() + patience
    while True:
        for came, piece in pieces(term, quiet):
            term.stream.feed(piece)
            if condition():
                return came
        assert time.perf_counter() < deadline, term.text


def pieces(term: Terminal, quiet: float) -> list[tuple[float, bytes]]:
    """What is written, and when, until nothing comes for a while."""
    found = []
    while select.select([term.main], [], [], quiet)[0]:
        came = time.perf_counter()
        found.append((came, os.read(term.main, 1 << 16)))
    return found


def rest(term: Terminal, seconds: float) -> None:
    """Takes what is drawn meanwhile."""
    deadline = time.perf_counter() + seconds
    while (left := deadline - time.perf_counter()) > 0:
        term.read(left)


def stands(term: Terminal, said: str) -> bool:
    """Whether it can be read on the screen."""
    return said in term.text


def one_by_one(term: Terminal, pids: dict[str, int]) -> list[float]:
    """Seconds from each kill to its highlighted row."""
    lines = term.screen.display[3:30]
    shown = [name for name in pids if any(f" {name} " in line for line in lines)][:SINGLE]
    taken = []
    for name in shown:
        began = time.perf_counter()
        os.kill(pids[name], signal.SIGKILL)
        taken.append(when(term, partial(stands, term, f"Z {name} "), BETWEEN) - began)
        pids.pop(name)
    return taken


def all_at_once(term: Terminal, pids: dict[str, int], gone: int) -> tuple[float, float]:
    """Seconds from the first and from the last kill to the last count."""
    total = f"{gone + len(pids)} ZOMBIES"
    began = time.perf_counter()
    for pid in pids.values():
        os.kill(pid, signal.SIGKILL)
    sent = time.perf_counter()
    end = when(term, partial(stands, term, total), 0.5)
    return end - began, end - sent


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    refresh = float(sys.argv[2]) if len(sys.argv) > 2 else 5.0
    with tempfile.TemporaryDirectory(prefix="pt-") as name:
        folder = Path(name)
        os.environ["PROCTUI_RUNTIME_DIR"] = str(folder / "run")
        os.environ["PROCTUI_STATE_DIR"] = str(folder / "state")
        session(folder, count, refresh)
        try:
            with terminal(folder=folder) as term:
                term.until(lambda: f"{count} alive" in term.text, "all workers alive")
                rest(term, 3.0)
                found = json.loads(command(folder, "ps", "--json"))
                pids = {one["worker"]: one["pid"] for one in found if one["worker"]}
                rounds: list[float] = []
                while len(rounds) < SINGLE:
                    rounds += one_by_one(term, pids)
                    term.type("\x1b[6~")
                    rest(term, 0.5)
                report(rounds, count, refresh)
                took, after = all_at_once(term, pids, len(rounds))
                print(
                    f"{len(pids)} at once: all on the screen {took * 1000:.0f} ms after the first "
                    f"kill, {after * 1000:.0f} ms after the last"
                )
        finally:
            command(folder, "shutdown")


def report(seconds: list[float], count: int, refresh: float) -> None:
    """The distribution in milliseconds."""
    ordered = sorted(1000 * second for second in seconds)
    quantiles = statistics.quantiles(ordered, n=100)
    print(f"{count} workers, refresh {refresh:g} s, {len(ordered)} ends one by one, in ms:")
    print(
        f"min {ordered[0]:.1f}  median {statistics.median(ordered):.1f}  "
        f"p95 {quantiles[94]:.1f}  p99 {quantiles[98]:.1f}  max {ordered[-1]:.1f}"
    )


if __name__ == "__main__":
    main()
