"""What it costs to have many processes on screen at rest: CPU and memory, beside the peers.

All run at the same time, in terminals of 120 × 40, refreshing once a second.
"""

from __future__ import annotations

import contextlib
import gc
from pathlib import Path

from proctui.sessions.session import SessionPaths
from tests.benchmarks import peers
from tests.benchmarks.figures import Figure, Figures
from tests.benchmarks.sessions import many, running, supervisor_of, wait_for
from tests.benchmarks.terminals import Pty, cpu_of, drain, memory_of, proctui, pty

SETTLE = 6.0
"""Seconds until what follows a start is over."""


def figures(quick: bool) -> Figures:
    """CPU time and memory of the screen, and CPU time of the supervisor."""
    sizes, seconds = ((300,), 10.0) if quick else ((100, 1000, 5000), 30.0)
    for count in sizes:
        with running(many(count, "pause")) as where:
            wait_for(where, "alive", count)
            yield from beside_peers(where, count, seconds)


def beside_peers(where: SessionPaths, count: int, seconds: float) -> Figures:
    """Of a session whose workers are alive."""
    supervisor = supervisor_of(where)
    others = peers.installed(Path(where.directory) / "peers")
    with contextlib.ExitStack() as opened:
        ours = opened.enter_context(pty(proctui("attach", where.name)))
        ours.when(ours.shows(f"{count} alive"), 0.3)
        terminals = {
            one.name: opened.enter_context(pty(one.argv, env=one.environment)) for one in others
        }
        every = [ours, *terminals.values()]
        gc.collect()
        drain(every, SETTLE)
        before = {one.pid: one.cpu() for one in every}
        supervised = cpu_of(supervisor)
        drain(every, seconds)
        shares = {one.pid: 100 * (one.cpu() - before[one.pid]) / seconds for one in every}
        share = 100 * (cpu_of(supervisor) - supervised) / seconds
        memory = memory_of(ours.pid)[0]
        yield from _compared(count, shares, ours, terminals, memory)
    yield Figure(f"supervisor at rest, {count:,} workers: CPU", share, "% of core")
    yield Figure(f"supervisor, {count:,} workers: resident", memory_of(supervisor)[0], "MB")


def _compared(
    count: int, shares: dict[int, float], ours: Pty, others: dict[str, Pty], memory: float
) -> Figures:
    own = shares[ours.pid]
    for name, other in others.items():
        theirs = shares[other.pid]
        yield Figure(f"at rest, {count:,} on screen: CPU", own, "% of core", name, theirs)
    if not others:
        yield Figure(f"at rest, {count:,} on screen: CPU", own, "% of core")
    yield Figure(f"screen, {count:,} on screen: resident", memory, "MB")
