"""The machine in the place of a session: what the screen shows in the Machine view."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from proctui.core.store import Store
from proctui.linux.standing import why_left
from proctui.linux.treekill import owner_name
from proctui.machine import known
from proctui.machine.live import Machine
from proctui.machine.witness import KnownSession
from proctui.model import Counts, Pass, ProcessDetails, Row
from proctui.tui.feed import Feed

INTERVAL = 2.0
"""Seconds between two passes at least."""
SOON = 0.5
"""Seconds between a pass and the next where something has ended that was listed."""
_LOOK = 0.05
"""Seconds between two looks at those whom an action was meant for."""
_SESSIONS_KEPT = 10.0
"""Seconds for which the list of sessions is believed."""


class MachineStore(Store):
    """Rows that come from passes over the whole machine instead of from events."""

    def __init__(self, session: Store, feed: Feed, machine: Machine) -> None:
        super().__init__(feed.hello)
        self.machine = machine
        self.rows = machine.rows
        self.events = session.events
        self._session = session

    @property
    def structure(self) -> int:
        """Grows when rows come, go or change their place."""
        return self.machine.structure

    @property
    def roots(self) -> list[str]:
        """Parents of zombies, then orphans."""
        return self.machine.roots

    def children(self, key: str) -> list[str]:
        """The zombies under their parent."""
        return self.machine.children(key)

    @property
    def counts(self) -> Counts:
        """Zombies and orphans of the machine; workers are the session's business."""
        return self.machine.counts

    @property
    def lost_at(self) -> float | None:
        """The session's."""
        return self._session.lost_at

    def observe(self, pass_: Pass, most: int | None = None) -> frozenset[str]:
        """Looks at what has just ended; the pass brings nothing, the machine makes the rows."""
        return self.machine.urgent()

    def key_of(self, pid: int) -> str | None:
        """Key of the row with this pid."""
        return next((key for key, row in self.rows.items() if row.pid == pid), None)


class MachineKernel:
    """Implements `proctui.tui.feed.Kernel`: acts on those whom the machine's rows hold."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def follow(self, roots: Iterable[int]) -> None:
        """Everybody is looked at anyway."""

    async def refresh(self) -> Pass:
        """Nothing to observe: the machine makes the rows itself."""
        return Pass(time=0.0)

    def urgent(self) -> Pass:
        """Likewise."""
        return Pass(time=0.0)

    def send_signal(self, token: int, signum: int) -> None:
        """Through what has held it since it was first seen; the errors are the kernel's."""
        grip = self._machine.grip(token)
        try:
            grip.send(signum)
        except PermissionError:
            owner = owner_name(grip.pid)
            raise PermissionError(
                f"process {grip.pid} belongs to {owner}: not permitted to signal it"
            ) from None

    def why_left(self, token: int, signum: int) -> str:
        """Why it has not ended after this signal; raises `ProcessLookupError` where it has."""
        return why_left(self._machine.grip(token), signum)

    def details(self, token: int) -> ProcessDetails:
        """What is read for the row under the cursor alone."""
        from proctui.kernel import portable

        grip = self._machine.grip(token)
        details = portable.read_details(grip.pid)
        if not grip.exists():
            raise ProcessLookupError(f"process {grip.pid} is gone")
        return details

    def close(self) -> None:
        """Lets go of everything."""
        self._machine.close()


class MachineFeed(Feed):
    """A feed whose rows are the machine's and whose supervisor is the session's."""

    def __init__(self, session: Feed, machine: Machine | None = None) -> None:
        self._sessions: Mapping[str, KnownSession] = {}
        self._sessions_read = float("-inf")
        self._passing = asyncio.Lock()
        self._stirred = asyncio.Event()
        """Something that was listed has ended: what that brought about shows in another pass."""
        made = Machine(self.sessions, clock=session.clock) if machine is None else machine
        super().__init__(
            session.client,
            lambda tag, on_end: MachineKernel(made),
            clock=session.clock,
            totals=lambda: session.totals,
        )
        made.on_end = self._something_ended
        self.machine = made
        self.session = session
        self.store = MachineStore(session.store, session, made)

    @property
    def own_orphans(self) -> int:
        """Those of the session, not of the machine."""
        return self.session.own_orphans

    def sessions(self) -> Mapping[str, KnownSession]:
        """This user's, read anew now and then."""
        now = asyncio.get_running_loop().time()
        if now - self._sessions_read > _SESSIONS_KEPT:
            self._sessions, self._sessions_read = known.known_sessions(), now
        return self._sessions

    def supervisors(self) -> list[int]:
        """Pids of all sessions' supervisors."""
        return [known.supervisor for known in self._sessions.values() if known.running]

    async def watch(self) -> None:
        """Looks at the whole machine every `INTERVAL` seconds, until it is cancelled.

        Sooner after an end, but no pass takes more than a part of the time between two.
        """
        loop = asyncio.get_running_loop()
        while True:
            begun = loop.time()
            self._stirred.clear()
            await self.refresh()
            took = loop.time() - begun
            await asyncio.sleep(max(SOON, took))
            with suppress(TimeoutError):
                patience = max(INTERVAL, self.hello.refresh) - SOON
                await asyncio.wait_for(self._stirred.wait(), patience)

    def _something_ended(self) -> None:
        """As for the workers: their rows are looked at in the next turn of the loop."""
        self._stirred.set()
        super()._something_ended()

    async def look(self) -> None:
        """Another pass."""
        await self.refresh()

    async def refresh(self) -> None:
        """One pass over the machine; one after the other, whoever asks."""
        async with self._passing:
            changed = await self.machine.refresh()
        self.client, self.lost, self.ended = (
            self.session.client,
            self.session.lost,
            self.session.ended,
        )
        self.lost_seen = self.session.lost_seen
        self.totals = self.session.totals
        self._claim_workers()
        self._note(changed, always=True)

    def _claim_workers(self) -> None:
        """Zombies that are workers of the session the screen belongs to can be joined here."""
        for row in self.machine.rows.values():
            known = self._worker(row)
            if known is not None and known.worker != row.worker:
                row.worker, row.findings = known.worker, known.findings
                row.version += 1

    def _worker(self, row: Row) -> Row | None:
        if row.sample is None or row.sample.ppid != self.session.hello.pid or not row.zombie:
            return None
        key = self.session.store.key_of(row.sample.pid)
        found = None if key is None else self.session.store.rows[key]
        return found if found is not None and found.worker is not None else None

    async def until(self, condition: Callable[[], bool], patience: float) -> bool:
        """Waits for something to become true of the rows, looking at them again and again."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience
        while not condition():
            if loop.time() >= deadline:
                return False
            await asyncio.sleep(_LOOK)
            if changed := await self.machine.look():
                self._note(changed)
        return True

    async def close(self) -> None:
        """Lets go of what is held; the session's connection is its own business."""
        for handle in (self._flush, self._urgent):
            if handle is not None:
                handle.cancel()
        self.machine.close()
