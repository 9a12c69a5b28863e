"""The trees of a session's workers, held so that they can be ended whole.

Linux only, as all of `proctui.linux.treekill`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from proctui.linux import procfs
from proctui.linux.grip import Grip, hold
from proctui.linux.protect import all_stats, look_around, protected
from proctui.linux.sweep import Order, vouched_sessions
from proctui.linux.trails import tagged
from proctui.linux.treekill import Trail, TreeKill
from proctui.model import Worker
from proctui.protocol import Hello


def hold_trees(workers: Sequence[Worker], hello: Hello) -> TreeKill:
    """Everything that the workers are and brought into the world, as it stands now.

    What proctui itself runs in is spared, and so is the supervisor.  A run that a restart policy
    begins later is not of it: tags are looked for only once.
    """
    stats = all_stats()
    around = look_around([hello.pid], stats=stats)
    tags = {stat.pid: worker for stat, worker in tagged(stats.values(), hello.tag, procfs.tags)}
    ids = {worker.id for worker in workers}
    pids = {worker.pid for worker in workers if worker.pid is not None}
    order = Order(hello.tag, tuple(pids), frozenset({hello.pid}), 0.0)
    sessions = vouched_sessions(order, stats, dict.fromkeys(tags, hello.tag))
    running = {worker.pid for worker in workers if worker.alive and worker.pid is not None}
    roots = running | {pid for pid, worker in tags.items() if worker in ids}
    kill = TreeKill(lambda pid: protected(pid, around), _held(roots), Trail(sessions=sessions))
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
