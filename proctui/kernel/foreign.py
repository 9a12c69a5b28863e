"""Watching processes that proctui did not launch: ``proctui watch PID…``.

`ForeignClient` stands where the client of a supervisor stands, so that the
same screen shows them: no workers, the Python view not known, and whatever
only a supervisor could do is answered with a sentence.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence

from proctui import __version__
from proctui.kernel import KernelView
from proctui.linux.grip import default_source
from proctui.protocol import (
    PROTOCOL_VERSION,
    Command,
    Event,
    Hello,
    Note,
    Reply,
    Snapshot,
    Subscribe,
)

NO_SUPERVISOR = "these processes were only watched, not launched: no supervisor can do this"


class ForeignClient:
    """Says about some processes what can be said without a supervisor."""

    def __init__(self, pids: Sequence[int]) -> None:
        """Raises `ProcessLookupError` with one sentence where one of them does not exist."""
        source = default_source()
        names = [source.name(pid) for pid in pids]
        listed = ", ".join(f"{name} {pid}" for name, pid in zip(names, pids, strict=True))
        self._pids = tuple(pids)
        self._closed = asyncio.Event()
        self.hello = Hello(
            version=PROTOCOL_VERSION,
            session=f"watching {listed}",
            pid=0,
            started_at=time.time(),
            python="",
            program=__version__,
        )

    def make_kernel(self, tag: str, on_end: Callable[[], None]) -> KernelView:
        """The kernel view that follows them; for `proctui.tui.feed.Feed`."""
        view = KernelView(tag, on_end)
        view.follow(self._pids)
        return view

    async def request(self, command: Command) -> Reply:
        """Takes subscriptions and notes; everything else is answered with an error."""
        if isinstance(command, Subscribe | Note):
            return Reply(id=command.id)
        return Reply(id=command.id, error=NO_SUPERVISOR)

    async def messages(self) -> AsyncIterator[Snapshot | Event]:
        """That there are no workers; then nothing until it is closed."""
        yield Snapshot(seq=0, workers=())
        await self._closed.wait()

    async def close(self) -> None:
        """Ends `messages`."""
        self._closed.set()
