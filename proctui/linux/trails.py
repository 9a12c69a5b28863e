"""The trails that lead from a process to those it brought into the world.

Its parent, the session and the process group it lives in, and the tag in its
environment.  Standard library alone: the sweep at a session's end uses it too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from proctui.linux.procfs import Stat

KTHREADD = 2
"""Parent of all kernel threads where these are to be seen; in a pid namespace of its own any
process may have that pid."""
_KTHREADD_NAME = "kthreadd"


def is_kthreadd(pid: int, ppid: int, comm: str) -> bool:
    """Whether this is the parent of all kernel threads (kernel/kthread.c)."""
    return (pid, ppid, comm) == (KTHREADD, 0, _KTHREADD_NAME)


def belonging(
    stats: dict[int, Stat], parents: Collection[int], sessions: Collection[int]
) -> list[tuple[Stat, bool]]:
    """Takes those out of `stats` that descend from `parents` or live in `sessions`.

    Who leads a session and belongs here brings in all who live in it.  The flag
    is True where the parent told it, False where only the session did: the
    parent it has now has adopted it.
    """
    below: dict[int, list[Stat]] = {}
    within: dict[int, list[Stat]] = {}
    for stat in stats.values():
        below.setdefault(stat.ppid, []).append(stat)
        if stat.sid != stat.pid:
            within.setdefault(stat.sid, []).append(stat)
    waiting = [stat for parent, there in below.items() if parent in parents for stat in there]
    waiting += [stat for session, there in within.items() if session in sessions for stat in there]
    found: dict[int, Stat] = {}
    while waiting:
        stat = waiting.pop()
        if stats.pop(stat.pid, None) is not None:
            found[stat.pid] = stat
            waiting += below.get(stat.pid, ())
            waiting += within.get(stat.pid, ())
    return [(stat, stat.ppid in found or stat.ppid in parents) for stat in found.values()]


def orphaned_members(stats: Mapping[int, Stat], groups: Collection[int]) -> list[Stat]:
    """Members of these process groups whose parent lives in another session than they.

    A parent outside the session is an adopter, so the process descends from
    somebody of the group; the other programs of a pipeline share the group
    too, but their parent is the shell of their session.
    """
    return [
        stat
        for stat in stats.values()
        if stat.pgid in groups
        and stat.pid != stat.pgid
        and (parent := stats.get(stat.ppid)) is not None
        and parent.sid != stat.sid
    ]


def tagged(
    stats: Iterable[Stat], tag: str, read: Callable[[int], tuple[str | None, str | None]]
) -> Iterator[tuple[Stat, str | None]]:
    """Those executed with the session's tag in their environment, and their worker's tag.

    `read` is `procfs.tags` or its stand-in; what it may not read is skipped.
    """
    for stat in stats:
        of_kernel = stat.ppid == KTHREADD and not stat.rss_pages  # they have no memory of their own
        if of_kernel or stat.is_zombie or stat.state == "X":
            continue
        try:
            session, worker = read(stat.pid)
        except OSError:
            continue
        if session == tag:
            yield stat, worker
