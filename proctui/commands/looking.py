"""One look at a session with both views, also at one whose supervisor was killed."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterable, Iterator

import msgspec

from proctui.core.store import NAMING_PATIENCE, Store
from proctui.kernel import KernelView
from proctui.linux.clock import Clock
from proctui.model import Pass, Row, State, Worker
from proctui.protocol import Hello
from proctui.sessions.past import PastClient, present
from proctui.sessions.session import Session
from proctui.sessions.sync_client import SyncClient

_OVER = (State.ENDED, State.FAILED, State.ZOMBIE)


def look(session: Session) -> Store:
    """What both views say now."""
    if not session.running:
        with looking_back(session) as (store, _):
            return store
    with SyncClient(session.paths.socket) as client:
        store = Store(client.hello)
        store.apply(client.subscribe())
        with _kernel_view(client.hello) as view:
            seen = _observed(view, [client.hello.pid, *store.worker_pids()])
        store.apply(client.subscribe())  # so that who came meanwhile has a name
        store.told_until = seen.time
    _observe(store, seen)
    return store


@contextlib.contextmanager
def looking_back(session: Session) -> Iterator[tuple[Store, KernelView]]:
    """What the supervisor said last, and what of it is there still, held for the block."""
    client = PastClient(session)
    store = Store(client.hello)
    store.apply(client.snapshot)
    store.supervisor_lost(time.time())
    with _kernel_view(client.hello) as view:
        _observe(store, _observed(view, present(session, client.snapshot.workers)))
        yield store, view


def now(row: Row, *, alone: bool) -> Worker | None:
    """What multiprocessing says of a row; `alone`: what it would say if it still could.

    Without a supervisor its last word is out of date: whether a worker lives is then what the
    kernel says, and its exit code is known where the kernel tells it.
    """
    worker = row.worker
    if worker is None or not alone or not worker.alive:
        return worker
    alive = not row.gone and row.sample is not None and row.state not in _OVER
    return worker if alive else msgspec.structs.replace(worker, alive=False)


@contextlib.contextmanager
def _kernel_view(hello: Hello) -> Iterator[KernelView]:
    view = KernelView(hello.tag, _nothing, clock=Clock(hello.boot_time))
    try:
        yield view
    finally:
        view.close()


def _observed(view: KernelView, roots: Iterable[int]) -> Pass:
    view.follow(roots)
    return asyncio.run(view.refresh())


def _nothing() -> None:
    """Ends are of no interest to a single look."""


def _observe(store: Store, seen: Pass) -> None:
    """Nothing more will be heard of anybody, so nothing is waited for."""
    store.observe(seen)
    store.observe(Pass(time=seen.time + NAMING_PATIENCE))
