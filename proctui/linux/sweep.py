"""``python -P -m proctui.linux.sweep``: ends what is left of a session when that is shut down.

Standard library alone where there is /proc; the supervisor runs it as a short-lived child, so that
it never reads the machine's processes itself.  One JSON object on standard
input::

    {"tag": str, "sids": [int], "spare": [int], "grace": float, "parents": [int]}

`tag` is the value of PROCTUI_SESSION, `sids` the sessions that the workers
led, `spare` pids that are left alone, `grace` the seconds between SIGTERM and
SIGKILL.  `parents` (optional) are pids whose children belong to the session,
such as those of a supervisor that adopts orphans.  The answer, on standard
output::

    {"ended": [{"pid", "name", "signal"}], "left": [{"pid", "name", "why"}]}

``signal`` is None where it went by itself.  Exit status 0, or 2 with one
sentence on standard error where the input is not understood.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from proctui.linux.grip import default_source
from proctui.linux.procfs import Stat
from proctui.linux.protect import all_stats
from proctui.linux.signals import signal_name
from proctui.linux.treekill import Report, Trail, TreeKill, end_tree

MAX_GRACE = 3600.0


class Order(NamedTuple):
    """What standard input asks for."""

    tag: str
    sids: tuple[int, ...]
    spare: frozenset[int]
    grace: float
    parents: tuple[int, ...] = ()


def parse_order(text: str) -> Order:
    """Raises `ValueError` with one sentence."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ValueError(f"the order is no JSON: {error}") from None
    if not isinstance(data, dict) or not isinstance(data.get("tag"), str) or not data["tag"]:
        raise ValueError("the order needs a tag")
    grace = data.get("grace", 5.0)
    if not isinstance(grace, int | float) or not 0 <= grace <= MAX_GRACE:
        raise ValueError(f"the grace period must lie between 0 and {MAX_GRACE:g} seconds")
    return Order(
        data["tag"],
        _numbers(data, "sids"),
        frozenset(_numbers(data, "spare")),
        float(grace),
        _numbers(data, "parents"),
    )


def _numbers(data: Mapping[str, Any], key: str) -> tuple[int, ...]:
    value = data.get(key, [])
    if not isinstance(value, list) or not all(type(item) is int for item in value):
        raise ValueError(f"{key} must be a list of numbers")
    return tuple(value)


def vouched_sessions(
    order: Order, stats: Mapping[int, Stat], tags: Mapping[int, str | None]
) -> set[int]:
    """Those of `sids` that are the workers' still.

    A session's id is the pid of its leader, and goes to a stranger once nobody
    lives in it any more.  So somebody has to vouch: one of its processes has
    the tag, or is the child of a spared process (the supervisor).
    """
    asked = set(order.sids)
    return {
        stat.sid
        for stat in stats.values()
        if stat.sid in asked and (tags.get(stat.pid) == order.tag or stat.ppid in order.spare)
    }


def sweep(order: Order) -> Report:
    """Ends what is left; blocks for at most the grace period and a few seconds."""
    never = _never(order.spare)
    stats = {pid: stat for pid, stat in all_stats().items() if pid not in never}
    sids = vouched_sessions(order, stats, _tags(order, stats))
    trail = Trail(sessions=sids, parents=order.parents, tag=order.tag)
    return end_tree(TreeKill(never.get, trail=trail), grace=order.grace)


def _tags(order: Order, stats: Mapping[int, Stat]) -> dict[int, str | None]:
    found: dict[int, str | None] = {}
    source = default_source()
    for pid, stat in stats.items():
        if stat.sid in order.sids:
            try:
                found[pid] = source.tags(pid)[0]
            except OSError:
                found[pid] = None
    return found


def _never(spare: Collection[int]) -> dict[int, str]:
    """Pids that are not touched, with the reason."""
    own = os.getpid()
    return {
        **dict.fromkeys(spare, "it was to be spared"),
        os.getppid(): "it runs the sweep",
        own: "it is the sweep itself",
        1: "it is init",
    }


def answer(report: Report) -> dict[str, list[dict[str, object]]]:
    """The JSON object for standard output."""
    return {
        "ended": [
            {"pid": e.pid, "name": e.name, "signal": signal_name(e.signum) if e.signum else None}
            for e in report.ended
        ],
        "left": [{"pid": left.pid, "name": left.name, "why": left.why} for left in report.left],
    }


def main() -> int:
    """Reads the order, sweeps and answers."""
    try:
        order = parse_order(sys.stdin.read())
    except ValueError as error:
        sys.stderr.write(f"proctui.linux.sweep: {error}\n")
        return 2
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    json.dump(answer(sweep(order)), sys.stdout)
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
