"""The whole program, with a session that has no processes."""

from __future__ import annotations

import time

import msgspec

from proctui.tui.app import ProctuiApp
from proctui.tui.feed import Feed
from tests.benchmarks import crowd
from tests.tui.fakes import FakeClient


def make(count: int, share: float) -> ProctuiApp:
    """To be run in a terminal."""
    client = FakeClient(crowd.workers(count), session="bench")
    client.hello = msgspec.structs.replace(
        client.hello, pid=crowd.SUPERVISOR, refresh=1.0, started_at=time.time()
    )
    return ProctuiApp(Feed(client, lambda tag, on_end: crowd.CrowdKernel(count, share)))
