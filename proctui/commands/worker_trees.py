"""The trees of a session's workers, held so that they can be ended whole.

Linux only, as all of `proctui.linux.treekill`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from proctui.linux import procfs
from proctui.linux.grip import Grip, hold
from proctui.linux.protect import all_stats, look_around, protected
from proctui.linux.sweep import Order, vouched_sessions
from proctui.linux.trails import tagged
from proctui.linux.treekill import Trail, TreeKill
from proctui.model import Worker
from proctui.protocol import Hello


def hold_trees(
    workers: Sequence[Worker],
    hello: Hello,
    present: Callable[[], Iterable[Worker]] | None = None,
) -> TreeKill:
    """Everything that the workers are and brought into the world, as it stands now.

    And what that brings forth until it is ended, also where only the tag tells.  What proctui
    itself runs in is spared, and so is the supervisor.  A run that a restart policy begins later
    is not of it: `present` tells the workers as they are then, None where nobody starts any.
    """
    stats = all_stats()
    around = look_around([hello.pid], stats=stats)
    tags = {stat.pid: worker for stat, worker in tagged(stats.values(), hello.tag, procfs.tags)}
    runs = {worker.id: (worker.pid, worker.started_at) for worker in workers}
    pids = {worker.pid for worker in workers if worker.pid is not None}
    order = Order(hello.tag, tuple(pids), frozenset({hello.pid}), 0.0)
    sessions = vouched_sessions(order, stats, dict.fromkeys(tags, hello.tag))
    running = {worker.pid for worker in workers if worker.alive and worker.pid is not None}
    roots = running | {pid for pid, worker in tags.items() if worker in runs}

    def counts(worker: str | None) -> bool:
        """The tag of a worker that has run anew tells no longer whose it is."""
        if worker not in runs:
            return False
        now = () if present is None else present()
        return all((w.pid, w.started_at) == runs[w.id] for w in now if w.id == worker)

    trail = Trail(sessions=sessions, tag=hello.tag, counts=counts)
    kill = TreeKill(lambda pid: protected(pid, around), _held(roots), trail)
    kill.look()
    return kill


def _held(pids: Iterable[int]) -> list[Grip]:
    found = []
    for pid in pids:
        try:
            found.append(hold(pid, procfs))
        except OSError:
            continue  # it has ended meanwhile
    return found
