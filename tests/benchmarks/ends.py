"""From a process's end to its changed row on the real terminal, beside what the peers take.

Our screen refreshes every 5 s here, theirs every second: only an event can be sooner.
"""

from __future__ import annotations

import os
import random
import re
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

from proctui.protocol import Join, Start
from proctui.sessions.session import SessionPaths
from proctui.sessions.sync_client import SyncClient
from tests.benchmarks import peers
from tests.benchmarks.figures import Figure, Figures, Scale, distribution
from tests.benchmarks.sessions import many, running, wait_for
from tests.benchmarks.terminals import Pty, drain, proctui, pty
from tests.benchmarks.usual import stock

SCALES = {
    "full": Scale((10, 1000), rounds=60),
    "quick": Scale((100,), rounds=6),
    "tiny": Scale((2,), rounds=1),
}
REFRESH = 5.0
"""Seconds, of ours."""
QUIET = 0.15
"""Seconds between two ends at least."""
SHOWN = 20
"""Rows of the first screenful that are surely seen."""


def figures(scale: Scale) -> Figures:
    """The distribution one by one, and all at once."""
    for count in scale.counts:
        workers = many(count, "pause")
        with running(workers, refresh=REFRESH) as where:
            names = [worker.id for worker in workers]
            with pty(proctui("attach", where.name)) as ours:
                ours.when(ours.shows(f"{count} alive"), 0.3)
                taken = _one_by_one(ours, where, names, scale.rounds)
                yield from _beside_peers(where, names, count, taken, scale.rounds)
                took = _all_at_once(ours, where, names)
            yield _beside_the_kernel(count, took)


def _one_by_one(ours: Pty, where: SessionPaths, names: Sequence[str], rounds: int) -> list[float]:
    """Seconds from each kill to its row."""
    taken: list[float] = []
    while len(taken) < rounds:
        pids = revived(where, names)
        ours.when(ours.shows(f"{len(names)} alive"), 0.3)
        for name in names[: min(SHOWN, rounds - len(taken))]:
            drain([ours], random.uniform(0, QUIET))
            taken.append(_end(ours, pids[name], ours.shows(f"Z {name} ")))
    return taken


def _end(term: Pty, pid: int, shown: Callable[[], bool]) -> float:
    moment = term.now()
    os.kill(pid, signal.SIGKILL)
    return term.when(shown, QUIET) - moment


def _beside_peers(
    where: SessionPaths, names: Sequence[str], count: int, taken: list[float], rounds: int
) -> Figures:
    what = f"kill → changed row, {count:,} workers"
    others = peers.installed(Path(where.directory) / "peers")
    if not others:
        yield from distribution(what, taken)
    for one in others:
        if one.lists_some:
            pids = list(revived(where, names[: min(peers.MOST_PIDS, rounds)]).values())
            yield from distribution(what, taken, one.name, _peer_noticed(one, pids))
        else:
            even = [peers.REFRESH * step / 100 for step in range(101)]
            yield from distribution(what, taken, f"{one.name} (its refresh)", even)


def _peer_noticed(peer: peers.Peer, pids: Sequence[int]) -> list[float]:
    """Seconds that one takes for each of these, which are all that it lists."""
    with pty(peer.only(pids), env=peer.environment) as theirs:
        theirs.when(theirs.shows(*map(str, pids)), QUIET)
        return [_noticed(theirs, pid) for pid in pids]


def _noticed(theirs: Pty, pid: int) -> float:
    """Seconds from a kill, at any moment of its refresh, until it tells of the zombie."""
    drain([theirs], random.uniform(0, peers.REFRESH))
    row = re.compile(rf"^\s*{pid}\s.*\sZ\s", re.MULTILINE)
    return _end(theirs, pid, lambda: row.search(theirs.text) is not None)


def _all_at_once(ours: Pty, where: SessionPaths, names: Sequence[str]) -> float:
    """Seconds from the first kill to the last count."""
    pids = revived(where, names)
    ours.when(ours.shows(f"{len(names)} alive"), 0.3)
    drain([ours], 1.0)
    ours.draw()  # what came while the peers were looked at had as many zombies
    began = ours.now()
    for pid in pids.values():
        os.kill(pid, signal.SIGKILL)
    plural = "ZOMBIES" if len(names) > 1 else "ZOMBIE"
    return ours.when(ours.shows(f"{len(names)} {plural}"), 0.5) - began


def _beside_the_kernel(count: int, took: float) -> Figure:
    """What ending so many takes with nobody who looks: nothing on a screen can be sooner."""
    with stock("ends", "fork", count) as found:
        floor = float(found["seconds"])
    what = f"{count:,} killed at once → all on the screen"
    return Figure(what, took * 1000, "ms", "the kernel's part alone", floor * 1000)


def revived(where: SessionPaths, names: Sequence[str]) -> dict[str, int]:
    """Joins and starts again whoever has ended; pids of those that are named."""
    with SyncClient(where.socket) as client:
        everyone = client.subscribe().workers
        dead = tuple(worker.id for worker in everyone if worker.phase == "ended")
        if dead:
            client.request(Join(workers=dead))
            client.request(Start(workers=dead))
    alive = wait_for(where, "alive", len(everyone))
    return {one.id: one.pid for one in alive if one.id in set(names) and one.pid is not None}
