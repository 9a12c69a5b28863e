"""From the supervisor and the kernel to the store, and from the store to whoever draws.

One `Feed` per screen.  It subscribes to the supervisor, lets the kernel view
follow what the supervisor started, keeps the store up to date, and tells its
listener at most once per few milliseconds which rows changed.  All on the event
loop: a busy thread would hold the interpreter for longer than a pass takes.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Protocol

from proctui.core.store import Store
from proctui.kernel import machine_totals
from proctui.linux.clock import Clock
from proctui.model import Pass, ProcessDetails
from proctui.protocol import Command, Event, Hello, Reply, Snapshot, Subscribe
from proctui.sessions.client import ConnectionLost

_GAP = 0.012
"""Seconds between two calls of the listener at least: below a frame, above a burst's spacing."""
_SHARE = 2.0
"""The listener may take one part in this plus one of the loop's time."""
_LATER = 0.3
"""Seconds for which the first pass is shown before the totals are: they take long to load."""
_AT_ONCE = 32
"""Rows that get their new figures before the loop gets its turn: less than a millisecond."""
BATCH = 200
"""Messages that are taken in before the loop gets its turn."""


class SessionClient(Protocol):
    """What the screen needs of `proctui.sessions.client.Client`."""

    @property
    def hello(self) -> Hello:
        """The supervisor's first line."""

    async def request(self, command: Command) -> Reply:
        """Sends a command and waits for its reply; raises `ConnectionLost`."""

    def messages(self) -> AsyncIterator[Snapshot | Event]:
        """What a subscriber hears; raises `ConnectionLost` when the supervisor goes away."""

    async def close(self) -> None:
        """Closes the connection; the session goes on."""


class Kernel(Protocol):
    """What the screen needs of `proctui.kernel.KernelView`."""

    def follow(self, roots: Iterable[int]) -> None:
        """Watches these processes and all that descend from them."""

    async def refresh(self) -> Pass:
        """Looks at everything that is watched."""

    def urgent(self) -> Pass:
        """Looks at what has just ended, and at its children."""

    def send_signal(self, token: int, signum: int) -> None:
        """Through the held pidfd; raises `ProcessLookupError` or `PermissionError`."""

    def why_left(self, token: int, signum: int) -> str:
        """Why it has not ended after this signal; raises `ProcessLookupError` where it has."""

    def details(self, token: int) -> ProcessDetails:
        """What is too costly to read for every row."""

    def close(self) -> None:
        """Lets go of every descriptor."""


Totals = tuple[float, int, int]
MakeKernel = Callable[[str, Callable[[], None]], Kernel]
Listener = Callable[[frozenset[str]], None]


def _nobody(keys: frozenset[str]) -> None:
    """The listener until there is one."""


class Feed:
    """Keeps a store true and says what changed in it."""

    def __init__(
        self,
        client: SessionClient,
        make_kernel: MakeKernel,
        *,
        clock: Callable[[], float] | None = None,
        totals: Callable[[], Totals] = machine_totals,
        reconnect: Callable[[], Awaitable[SessionClient]] | None = None,
    ) -> None:
        """`reconnect` makes another connection to the same session, or raises `ConnectionLost`.

        `clock` is the session's own where none is given.
        """
        self.client = client
        self.hello = client.hello
        self.store = Store(client.hello)
        self.interval = client.hello.refresh
        """Seconds between two refreshes of the figures."""
        self.kernel = make_kernel(client.hello.tag, self._something_ended)
        self.clock = Clock(client.hello.boot_time) if clock is None else clock
        self.totals: Totals = (0.0, 0, 0)
        """CPU use of the whole machine in per cent, bytes of memory used, bytes in all."""
        self._read_totals = totals
        self._reconnect = reconnect
        self.lost: str | None = None
        """Why the supervisor can't be reached any more; None while it can."""
        self.lost_seen = True
        """Whether that was seen: else `store.lost_at` is when it was last heard of."""
        self.ended: Event | None = None
        """The event that told the end of the session; None while it goes on."""
        self.listener: Listener = _nobody
        self._changed: set[str] = set()
        self._flush: asyncio.TimerHandle | None = None
        self._earliest = 0.0
        self._urgent: asyncio.Handle | None = None
        self._heard: deque[Snapshot | Event] = deque()
        self._taking: asyncio.Handle | None = None
        self._shape = -1, False
        """What the listener knew last besides the rows."""
        self._waiting: set[asyncio.Event] = set()

    @property
    def watching(self) -> bool:
        """Whether there is no supervisor, as for processes that proctui did not launch."""
        return self.hello.pid == 0

    @property
    def own_orphans(self) -> int:
        """Those of the session, whatever else is counted."""
        return self.store.counts.orphans

    def supervisors(self) -> list[int]:
        """Pids that nobody should end by mistake."""
        return [self.hello.pid]

    # ------------------------------------------------------------------ the two sources

    async def listen(self) -> None:
        """Hears the supervisor until it goes away for good; returns then, with `lost` set."""
        self.kernel.follow([self.hello.pid])
        broken = await self._hear_out()
        while self.ended is None and await self._connected_again():
            broken = await self._hear_out()
        self.lost, self.lost_seen = str(broken), broken.heard is None
        when = self.clock() if broken.heard is None else broken.heard
        lost = self.store.supervisor_lost(when) if self.ended is None else frozenset()
        self._note(lost, always=True)

    async def _hear_out(self) -> ConnectionLost:
        """Takes what one connection brings; returns why it broke."""
        try:
            await self.client.request(Subscribe())
            async for message in self.client.messages():
                self._hear(message)
            broken = ConnectionLost("the supervisor closed the connection")
        except ConnectionLost as error:
            broken = error
        self._take_in(len(self._heard))
        return broken

    async def _connected_again(self) -> bool:
        """Whether the same supervisor is still there: it drops clients that are too slow."""
        if self._reconnect is None:
            return False
        try:
            client = await self._reconnect()
        except ConnectionLost:
            return False
        if client.hello.tag != self.hello.tag or client.hello.pid != self.hello.pid:
            await client.close()
            return False
        await self.client.close()
        self.client = client
        return True

    def _hear(self, message: Snapshot | Event) -> None:
        """Takes it in with all that came together with it: a row is made once then, not twice."""
        if isinstance(message, Event) and message.kind == "session-ended":
            self.ended = message
        self._heard.append(message)
        if self._taking is None:
            self._taking = asyncio.get_running_loop().call_soon(self._take_in)

    def _take_in(self, most: int = BATCH, *, look: bool = True) -> None:
        """Of what was heard, with a `look` at what ended together with it."""
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None
        if not self._heard:
            return
        heard = [self._heard.popleft() for _ in range(min(most, len(self._heard)))]
        if self._heard:
            self._taking = asyncio.get_running_loop().call_soon(self._take_in)
        # An end is told and seen at nearly the same moment: its row is made once then.
        seen = self._urgently() if look and self._urgent is not None else None
        self._note(self.store.apply(*heard, seen=seen), always=True)  # the events have grown
        self._follow()

    def _follow(self) -> None:
        if new := self.store.take_new_pids():
            self.kernel.follow(new)
            self._something_ended()  # what it holds now is told at once, not at the next refresh

    async def watch(self) -> None:
        """Refreshes the figures every `interval` seconds, for ever."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        await self.look()
        await asyncio.sleep(min(_LATER, self.interval))
        self._read_totals()  # with the first answer there was nothing to compare
        while True:
            due = max(due + self.interval, loop.time())
            await asyncio.sleep(due - loop.time())
            self.totals = self._read_totals()
            await self.look()

    async def look(self) -> None:
        """Looks at everything at once, and for what has come."""
        told = await self.kernel.refresh()
        # What was heard first is taken in first: the figures find their rows.  Without another
        # look, which would be newer than what was told.
        self._take_in(look=False)
        changed = self.store.observe(told, _AT_ONCE)
        try:
            while self.store.unsettled:
                await asyncio.sleep(0)  # a key that was pressed meanwhile does not wait for all
                changed |= self.store.settle(_AT_ONCE)
        finally:  # whoever asked may have given up
            self._note(changed, always=True)

    def _something_ended(self) -> None:
        """Called by the kernel view, maybe a thousand times in one turn of the loop."""
        if self._urgent is None:
            self._urgent = asyncio.get_running_loop().call_soon(self._look_at_once)

    def _look_at_once(self) -> None:
        if self._heard:
            self._take_in()
        else:
            self._note(self.store.observe(self._urgently()))

    def _urgently(self) -> Pass:
        if self._urgent is not None:
            self._urgent.cancel()
            self._urgent = None
        return self.kernel.urgent()

    # ------------------------------------------------------------------ to the listener

    def _note(self, keys: frozenset[str], *, always: bool = False) -> None:
        """Remembers what changed and sees to it that the listener hears of it soon."""
        shape = self.store.structure, self.store.supervisor_stopped
        if not keys and shape == self._shape and not always:
            return
        self._shape = shape
        self._changed |= keys
        for event in self._waiting:
            event.set()
        if self._flush is None:
            loop = asyncio.get_running_loop()
            self._flush = loop.call_at(max(loop.time(), self._earliest), self._tell)

    def _tell(self) -> None:
        loop = asyncio.get_running_loop()
        self._flush = None
        changed, self._changed = frozenset(self._changed), set()
        begun = loop.time()
        self.listener(changed)
        now = loop.time()
        self._earliest = now + max(_GAP, (now - begun) * _SHARE)

    async def until(self, condition: Callable[[], bool], patience: float) -> bool:
        """Waits for something to become true of the store; False when `patience` seconds passed."""
        changed = asyncio.Event()
        self._waiting.add(changed)
        try:
            async with asyncio.timeout(patience):
                while not condition():
                    changed.clear()
                    await changed.wait()
        except TimeoutError:
            return condition()
        finally:
            self._waiting.discard(changed)
        return True

    def look_again(self) -> None:
        """Whoever waits for something to become true looks at once."""
        for event in self._waiting:
            event.set()

    def unheard(self) -> None:
        """Nothing is told to the listener any more."""
        self.listener = _nobody

    async def close(self) -> None:
        """Lets go of supervisor and kernel view; nothing is told any more."""
        self.unheard()
        for handle in (self._flush, self._urgent, self._taking):
            if handle is not None:
                handle.cancel()
        self.kernel.close()
        with suppress(ConnectionLost, OSError):
            await self.client.close()
