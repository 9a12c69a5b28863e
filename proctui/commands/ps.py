"""``ps``: every process of a session, as both views have it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from proctui.commands.looking import look, now
from proctui.commands.output import (
    amount,
    complain,
    moment,
    print_objects,
    print_table,
    room,
    say,
)
from proctui.core.exitcodes import exitcode_text
from proctui.core.store import Store
from proctui.linux import procfs
from proctui.linux.clock import since_boot
from proctui.model import Row
from proctui.sessions.past import reachable
from proctui.sessions.session import find, gone


def ps(arguments: argparse.Namespace) -> int:
    """Lists workers and their descendants."""
    name = arguments.session
    session = reachable() if name is None else find(name, running=False)
    alone = not session.running
    rows = list(_rows(look(session)))
    objects = [_object(row, session.name, alone=alone) for row in rows]
    if session.status == "dead":
        complain(f"{gone(session)}; what is alive, and exit codes, are as the kernel tells")
    if arguments.json:
        print_objects(objects)
    else:
        _print(objects, [row.depth for row in rows])
    return 0


def _rows(store: Store) -> Iterator[Row]:
    """All rows, each before what hangs under it."""
    waiting = list(reversed(store.roots))
    while waiting:
        key = waiting.pop()
        yield store.rows[key]
        waiting.extend(reversed(store.children(key)))


def _object(row: Row, session: str, *, alone: bool) -> dict[str, Any]:
    """One process as it is documented in the README; the names and their meaning stay."""
    worker, sample = now(row, alone=alone), None if row.gone else row.sample
    return {
        "session": session,
        "worker": worker.id if worker else None,
        "name": worker.name if worker else row.name,
        "pid": row.pid,
        "ppid": sample.ppid if sample else None,
        "alive": worker.alive if worker else None,
        "exitcode": row.exitcode,
        "daemon": worker.daemon if worker else None,
        "start_method": worker.start_method if worker else None,
        "target": worker.label if worker else row.helper or row.command or row.name,
        "state": str(row.state),
        "zombie": row.zombie and not row.gone,
        "orphan": row.orphan,
        "adopter": row.lineage.adopter or None if row.orphan else None,
        "parent_worker": None if worker else row.lineage.worker,
        "cpu_percent": _cpu_percent(row) if sample else None,
        "rss_bytes": sample.rss_bytes if sample else None,
        "started_at": worker.started_at if worker else row.started_at,
        "ended_at": worker.ended_at if worker else _ended_at(row),
        "joined_at": worker.joined_at if worker else None,
        "restarts": worker.restarts if worker else None,
        "failure": worker.failure if worker else None,
    }


def _ended_at(row: Row) -> float | None:
    """Of a descendant: the kernel doesn't tell when a zombie ended that was found as one."""
    return row.ended_at if row.since_exact else None


def _cpu_percent(row: Row) -> float | None:
    """Of one core, over the life of the process, as in ps(1)."""
    if row.sample is None:
        return None
    age = since_boot() - row.sample.start_ticks / procfs.CLOCK_TICKS
    if age <= 0:
        return 0.0
    return round(row.sample.cpu_ticks / procfs.CLOCK_TICKS / age * 100, 1)


def _print(objects: list[dict[str, Any]], depths: list[int]) -> None:
    print_table(
        (
            "WORKER", "NAME", "PID", "PPID", "ALIVE", "EXITCODE", "DAEMON", "STATE", "CPU%", "MEM",
            "STARTED", "TARGET",
        ),
        [
            (
                _whose(one, depth),
                one["name"],
                _shown(one["pid"]),
                _shown(one["ppid"]),
                _shown(one["alive"]),
                exitcode_text(one["exitcode"]) if one["exitcode"] is not None else "-",
                _shown(one["daemon"]),
                _state(one),
                _shown(one["cpu_percent"]),
                amount(one["rss_bytes"]),
                moment(one["started_at"]),
                one["target"],
            )
            for one, depth in zip(objects, depths, strict=True)
        ],
        right=("PID", "PPID", "CPU%", "MEM"),
        room=room(),
        expendable=("STARTED", "DAEMON", "PPID", "CPU%", "MEM"),
    )  # fmt: skip
    for one in objects:
        if one["failure"] is not None:
            say(f"{one['worker']} failed: {one['failure']}")


def _whose(one: dict[str, Any], depth: int) -> str:
    """Its worker, or under which it stands; what no worker started stands under none."""
    below = one["parent_worker"]
    return one["worker"] or (f"{'  ' * (depth - 1)}└ {below}" if below else "-")


def _state(one: dict[str, Any]) -> str:
    state: str = one["state"]
    if not one["orphan"]:
        return state
    adopter = f"{one['adopter']} ({one['ppid']})" if one["adopter"] else "?"
    return f"{state}, orphan → {adopter}"


def _shown(value: object) -> str:
    return "-" if value is None else str(value)
