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
from proctui.linux.grip import Source, default_source
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
        tag, self._workers = _common_tag(pids, source)
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
            tag=tag,
            roots=self._pids,
        )

    def make_kernel(self, tag: str, on_end: Callable[[], None]) -> KernelView:
        """The kernel view that follows them; for `proctui.tui.feed.Feed`."""
        view = KernelView(tag, on_end, workers=self._workers)
        view.follow(self._pids, groups=True)
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


def _common_tag(pids: Sequence[int], source: Source) -> tuple[str, frozenset[str] | None]:
    """The session tag that some of these carry, and the tags of their workers.

    "" where none does, or several different ones; no workers where one carries the session's
    alone: a supervisor, whose workers all belong to it.
    """
    tags: list[tuple[str, str | None]] = []
    for pid in pids:
        try:
            session, worker = _own_tags(pid, source)
        except OSError:
            continue  # another user's
        if session is not None:
            tags.append((session, worker))
    if len({session for session, _ in tags}) != 1:
        return "", None
    named = frozenset(worker for _, worker in tags if worker is not None)
    return tags[0][0], named if all(worker for _, worker in tags) else None


def _own_tags(pid: int, source: Source) -> tuple[str | None, str | None]:
    """Those that it did not merely inherit: of a session's leader whose parent has others.

    Each supervisor and each worker leads a session; what carries their tags further down says
    nothing of its own descendants.  Raises `OSError` where they may not be read.
    """
    stat, tags = source.read_stat(pid), source.tags(pid)
    if stat.sid != pid:
        return None, None
    try:
        above = source.tags(stat.ppid)
    except OSError:
        return tags
    return (None, None) if above == tags else tags
