"""New workers: the form, empty or like one that is there, and what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from proctui.protocol import Add, Command, Describe
from proctui.sessions.client import ConnectionLost
from proctui.spec import WorkerSpec
from proctui.tui.applying import left_by
from proctui.tui.bulk import Bulk
from proctui.tui.feed import Feed
from proctui.tui.host import Host


class Adding:
    """Adds workers to the session."""

    def __init__(self, feed: Feed, bulk: Bulk, host: Host) -> None:
        self.feed = feed
        self.bulk = bulk
        self.host = host

    async def new(self) -> None:
        """Shows the empty form and adds what was filled in."""
        await self._form("")

    async def like(self) -> None:
        """Shows the form filled in with the worker under the cursor, or whose descendant it is."""
        rows = self.host.asked()
        await self._form((left_by(rows[0]) or "") if rows else "")

    async def _form(self, like: str) -> None:
        from proctui.tui.screens.new_worker import NewWorker

        rows = self.feed.store.rows.values()
        taken = {row.worker.id for row in rows if row.worker is not None}
        source = self.feed.hello.source
        folder = Path(source).parent if source is not None else Path.cwd()
        answer = await self.host.ask(NewWorker(taken, folder, await self._existing(), like))
        if answer == "lesson":
            await self.host.action_act("lesson")
        elif answer is not None:
            await self._add(answer)

    async def _existing(self) -> Sequence[WorkerSpec]:
        """The workers of the session as they were specified; none where nobody tells."""
        try:
            reply = await self.feed.client.request(Describe())
        except ConnectionLost:
            return ()  # the form is of use all the same: it saves to a file
        return () if reply.session is None else reply.session.workers

    async def _add(self, specs: Sequence[WorkerSpec]) -> None:
        known = {spec.id: spec for spec in specs}

        def add(ids: tuple[str, ...]) -> Command:
            return Add(specs=tuple(known[name] for name in ids))

        self.host.say(await self.bulk.each(add, tuple(known), "Adding", "added"))
