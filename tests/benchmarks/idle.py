"""What it costs to have many processes on screen at rest: CPU and memory, beside the peers.

All run at the same time, in terminals of 120 × 40, refreshing once a second.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from proctui.sessions.session import SessionPaths
from tests.benchmarks import peers
from tests.benchmarks.costs import cpu_of, memory_of
from tests.benchmarks.figures import Figure, Figures, Scale, crowded
from tests.benchmarks.sessions import many, running, supervisor_of, wait_for
from tests.benchmarks.terminals import drain, proctui, pty

SCALES = {
    "full": Scale((100, 1000, 5000), seconds=30.0),
    "quick": Scale((300,), seconds=5.0),
    "tiny": Scale((2,), seconds=0.5),
}
SETTLE = 6.0
"""Seconds at most until what follows a start is over."""


def figures(scale: Scale) -> Figures:
    """CPU time and memory of the screen and of the supervisor."""
    for count in scale.counts:
        if why := crowded(count):
            yield f"{count:,} at rest: left out, {why}"
            continue
        with running(many(count, "pause")) as where:
            wait_for(where, "alive", count)
            yield from _beside_peers(where, count, scale.seconds)


def _beside_peers(where: SessionPaths, count: int, seconds: float) -> Figures:
    """Of a session whose workers are alive."""
    supervisor = supervisor_of(where)
    others = peers.installed(Path(where.directory) / "peers")
    with contextlib.ExitStack() as opened:
        ours = opened.enter_context(pty(proctui("attach", where.name)))
        ours.when(ours.shows(f"{count} alive"), 0.3)
        theirs = {
            one.name: opened.enter_context(pty(one.argv, env=one.environment)) for one in others
        }
        every = [ours, *theirs.values()]
        drain(every, min(SETTLE, seconds))
        before = {one.pid: one.cpu() for one in every}
        supervised = cpu_of(supervisor)
        drain(every, seconds)
        shares = {one.pid: 100 * (one.cpu() - before[one.pid]) / seconds for one in every}
        supervised = 100 * (cpu_of(supervisor) - supervised) / seconds
        memory = {one.pid: memory_of(one.pid)[0] for one in every}
    others_pids = {name: one.pid for name, one in theirs.items()}
    yield from _compared(f"CPU, {count:,} at rest", "% of core", shares, ours.pid, others_pids)
    yield from _compared(f"resident, {count:,} at rest", "MB", memory, ours.pid, others_pids)
    yield Figure(f"supervisor: CPU, {count:,} at rest", supervised, "% of core")
    yield Figure(f"supervisor: resident, {count:,} at rest", memory_of(supervisor)[0], "MB")


def _compared(
    what: str, unit: str, values: dict[int, float], ours: int, theirs: dict[str, int]
) -> Figures:
    for name, pid in theirs.items():
        yield Figure(what, values[ours], unit, name, values[pid])
    if not theirs:
        yield Figure(what, values[ours], unit)
