"""Sessions to measure, in folders of their own; nothing of them is left."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from proctui.model import Worker
from proctui.protocol import Shutdown
from proctui.sessions import leftovers, startup
from proctui.sessions.client import ConnectionLost
from proctui.sessions.places import RUNTIME_VARIABLE, STATE_VARIABLE
from proctui.sessions.session import SessionPaths, find
from proctui.sessions.sync_client import SyncClient
from proctui.spec import SessionSpec, WorkerSpec
from tests.support import ROOT

NAME = "bench"


@contextlib.contextmanager
def places() -> Iterator[Path]:
    """A folder for everything that sessions keep."""
    before = {name: os.environ.get(name) for name in (RUNTIME_VARIABLE, STATE_VARIABLE)}
    compiling = os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # Short, because of the socket's path; and not where a slow disk would be measured.
    with tempfile.TemporaryDirectory(prefix="pb-") as name:
        os.environ[RUNTIME_VARIABLE] = f"{name}/run"
        os.environ[STATE_VARIABLE] = f"{name}/state"
        try:
            yield Path(name)
        finally:
            for variable, value in before.items():
                if value is None:
                    os.environ.pop(variable, None)
                else:
                    os.environ[variable] = value
            if compiling is not None:
                os.environ["PYTHONDONTWRITEBYTECODE"] = compiling


def many(
    count: int, target: str, *, each: Sequence[tuple[object, ...]] = (), **settings: object
) -> tuple[WorkerSpec, ...]:
    """Workers w-1 … of a target in `tests/benchmarks/targets.py`; `each` holds their arguments."""
    known: dict[str, object] = {"import_root": str(ROOT), "cwd": "/", **settings}
    where = f"tests/benchmarks/targets.py:{target}"
    arguments = each or [()] * count
    return tuple(
        WorkerSpec(id=f"w-{n}", target=where, args=args, **known)  # type: ignore[arg-type]
        for n, args in enumerate(arguments, 1)
    )


@contextlib.contextmanager
def running(workers: tuple[WorkerSpec, ...], **settings: object) -> Iterator[SessionPaths]:
    """A session for the length of a block; whatever becomes of it, nothing is left."""
    with places():
        where = startup.start(
            SessionSpec(name=NAME, workers=workers, **settings)  # type: ignore[arg-type]
        )
        try:
            yield where
        finally:
            with contextlib.suppress(ConnectionLost), SyncClient(where.socket) as client:
                client.request(Shutdown())
                client.wait_for_end()
            leftovers.end(find(where.name, running=False))


def wait_for(where: SessionPaths, phase: str, count: int) -> list[Worker]:
    """All workers, once `count` of them have come to a phase.  Raises where one failed."""
    with SyncClient(where.socket) as client:
        workers = {worker.id: worker for worker in client.subscribe().workers}
        reached = {one.id for one in workers.values() if one.phase == phase}
        messages = client.messages()
        while len(reached) < count:
            worker = getattr(next(messages), "state", None)
            if worker is None:
                continue
            if worker.phase == "failed":
                raise RuntimeError(f"{worker.id} failed: {worker.failure}")
            workers[worker.id] = worker
            (reached.add if worker.phase == phase else reached.discard)(worker.id)
    return list(workers.values())


def supervisor_of(where: SessionPaths) -> int:
    """Its pid."""
    with SyncClient(where.socket) as client:
        return client.hello.pid
