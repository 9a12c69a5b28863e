"""``ps``: every process of a session, as both views have it."""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Iterable, Iterator
from typing import Any

from proctui.commands.output import amount, moment, print_objects, print_table
from proctui.core.exitcodes import exitcode_text
from proctui.core.store import NAMING_PATIENCE, Store
from proctui.kernel import KernelView
from proctui.linux import procfs
from proctui.linux.clock import Clock, since_boot
from proctui.model import Pass, Row, Worker
from proctui.protocol import PROTOCOL_VERSION, Hello, Snapshot
from proctui.sessions import journal
from proctui.sessions.session import Session, boot_id, find
from proctui.sessions.sync_client import SyncClient


def ps(arguments: argparse.Namespace) -> int:
    """Lists workers and their descendants."""
    session = find(arguments.session, running=arguments.session is None)
    objects = [_object(row, session.name) for row in _rows(_look(session))]
    if arguments.json:
        print_objects(objects)
    else:
        _print(objects)
    return 0


def _look(session: Session) -> Store:
    """One look with both views."""
    if not session.running:
        return _look_back(session)
    with SyncClient(session.paths.socket) as client:
        store = Store(client.hello)
        store.apply(client.subscribe())
        seen = _kernel_view(client.hello, [client.hello.pid, *store.worker_pids()])
        store.apply(client.subscribe())  # so that who came meanwhile has a name
    _observe(store, seen)
    return store


def _look_back(session: Session) -> Store:
    """What the supervisor said last, and what of it is still there."""
    hello = _hello(session)
    store = Store(hello)
    store.apply(_last_words(session))
    store.supervisor_lost(time.time())
    if session.status == "dead" and session.facts.boot == boot_id():
        _observe(store, _kernel_view(hello, store.worker_pids()))
    return store


def _kernel_view(hello: Hello, roots: Iterable[int]) -> Pass:
    view = KernelView(hello.tag, _nothing, clock=Clock(hello.boot_time))
    try:
        view.follow(roots)
        return asyncio.run(view.refresh())
    finally:
        view.close()


def _nothing() -> None:
    """Ends are of no interest to a single look."""


def _observe(store: Store, seen: Pass) -> None:
    """Nothing more will be heard of anybody, so nothing is waited for."""
    store.observe(seen)
    store.observe(Pass(time=seen.time + NAMING_PATIENCE))


def _hello(session: Session) -> Hello:
    facts = session.facts
    return Hello(
        version=PROTOCOL_VERSION,
        session=facts.name,
        pid=facts.pid,
        started_at=facts.started_at,
        python="",
        tag=facts.tag,
        source=facts.source,
    )


def _last_words(session: Session) -> Snapshot:
    """The workers as the journal has them."""
    last: dict[str, Worker] = {}
    seq = 0
    for event in journal.read(session.paths.journal):
        seq = event.seq
        if event.state is not None:
            last[event.state.id] = event.state
        elif event.kind == "removed" and event.worker is not None:
            last.pop(event.worker, None)
    return Snapshot(seq=seq, workers=tuple(last.values()))


def _rows(store: Store) -> Iterator[Row]:
    """All rows, each before what hangs under it."""
    waiting = list(reversed(store.roots))
    while waiting:
        key = waiting.pop()
        yield store.rows[key]
        waiting.extend(reversed(store.children(key)))


def _object(row: Row, session: str) -> dict[str, Any]:
    """One process as it is documented in the README; the names and their meaning stay."""
    worker, sample = row.worker, None if row.gone else row.sample
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
        "ended_at": worker.ended_at if worker else row.ended_at or row.zombie_since,
        "joined_at": worker.joined_at if worker else None,
        "restarts": worker.restarts if worker else None,
    }


def _cpu_percent(row: Row) -> float | None:
    """Of one core, over the life of the process, as in ps(1)."""
    if row.sample is None:
        return None
    age = since_boot() - row.sample.start_ticks / procfs.CLOCK_TICKS
    if age <= 0:
        return 0.0
    return round(row.sample.cpu_ticks / procfs.CLOCK_TICKS / age * 100, 1)


def _print(objects: list[dict[str, Any]]) -> None:
    print_table(
        (
            "WORKER", "NAME", "PID", "PPID", "ALIVE", "EXITCODE", "DAEMON", "STATE", "CPU%", "MEM",
            "STARTED", "TARGET",
        ),
        [
            (
                one["worker"] or f"└ {one['parent_worker'] or '?'}",
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
            for one in objects
        ],
        right=("PID", "PPID", "CPU%", "MEM"),
    )  # fmt: skip


def _state(one: dict[str, Any]) -> str:
    state: str = one["state"]
    return f"{state}, orphan → {one['adopter'] or '?'}" if one["orphan"] else state


def _shown(value: object) -> str:
    return "-" if value is None else str(value)
