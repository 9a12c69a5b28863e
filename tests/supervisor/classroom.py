"""A lesson as a learner meets it: a real supervisor, the screen's feed, and the guide.

What a step is ticked off by comes from the store, as on the screen; what a test asserts besides
it asks the kernel itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, Protocol

import msgspec

from proctui.core.history import History
from proctui.core.store import Store
from proctui.kernel import KernelView
from proctui.lessons import Attention, current, files, find, held, progress, to_play_again
from proctui.lessons.lesson import Lesson
from proctui.lessons.seen import descendants, past
from proctui.linux.procconn import ProcConnector
from proctui.model import Row
from proctui.protocol import Command, Event, EventKind, Outcome, Start
from proctui.sessions.client import Client
from proctui.spec import SessionSpec, WorkerSpec
from proctui.tui.feed import Feed
from tests.support import DEADLINE, Supervisor, children_of, kernel_state

POINT = 60.0
"""Seconds above which a time in a worker file only means "long"."""
REFRESH = 0.1


class Supervise(Protocol):
    """The fixture of that name."""

    def __call__(
        self, *workers: WorkerSpec, hold: bool = ..., **settings: object
    ) -> Supervisor: ...


class Room:
    """One lesson on its way."""

    def __init__(self, lesson: Lesson, spec: SessionSpec, supervisor: Supervisor) -> None:
        self.lesson = lesson
        self.spec = spec
        self.supervisor = supervisor
        self.seen: frozenset[int] = frozenset()
        self.attention = Attention()
        self.feed: Feed

    @property
    def store(self) -> Store:
        return self.feed.store

    def listen(self, changed: frozenset[str]) -> None:
        """The feed's listener."""
        self.seen = progress(self.lesson, self.store, self.seen, self.attention)

    async def looks_at(self, key: str, *steps: int) -> None:
        """Puts the cursor on a row, with the details open; these steps are to be ticked off."""
        self.sees_not_yet(*steps)
        self.attention = Attention(key, "details")
        await self.sees(*steps)

    def told(self) -> str:
        """The lesson's figures as they stand."""
        assert self.lesson.summary is not None
        return " ".join(filter(None, self.lesson.summary(self.store)))

    async def is_over_for(self, *names: str) -> None:
        """Waits until the current step can only be seen if these workers are started again."""

        def so() -> bool:
            return to_play_again(self.lesson, self.store, self.seen) == names

        await self.until(so, f"for {names} to be called over")

    async def sees(self, *steps: int, timeout: float = DEADLINE) -> None:
        """Waits until these steps, counted from 1, are ticked off."""
        wanted = {step - 1 for step in steps}

        def ticked() -> bool:
            self.listen(frozenset())
            return wanted <= self.seen

        await self.until(ticked, f"for steps {sorted(wanted - self.seen)}", timeout)

    def sees_not_yet(self, *steps: int) -> None:
        """None of these steps, counted from 1, may be ticked off."""
        self.listen(frozenset())
        assert not self.seen & {step - 1 for step in steps}, self.seen

    async def until(
        self, condition: Callable[[], bool], what: str = "", timeout: float = DEADLINE
    ) -> None:
        """Waits for the store to show something."""
        if not await self.feed.until(condition, timeout):
            raise AssertionError(f"waited {timeout:g} s in vain {what}\n{self._told()}")

    async def do(self, command: Command, *ticks: int) -> tuple[Outcome, ...]:
        """Does what a key of the screen would; the steps that it is to tick off follow."""
        self.sees_not_yet(*ticks)
        reply = await self.feed.client.request(command)
        assert reply.error is None, reply.error
        await self.sees(*ticks)
        return reply.outcomes

    def row(self, worker: str) -> Row:
        """The row of a worker."""
        return self.store.rows[f"w:{worker}"]

    def pid(self, worker: str) -> int:
        """The pid of a worker."""
        pid = self.row(worker).pid
        assert pid is not None
        return pid

    def below(self, worker: str, name: str = "*") -> list[Row]:
        """The rows of what descends from a worker."""
        return list(descendants(self.store, worker, name))

    def pids_below(self, worker: str, name: str = "*") -> list[int]:
        """Their pids."""
        return [row.pid for row in self.below(worker, name) if row.pid is not None]

    def pasts(self, worker: str) -> list[History]:
        """The histories of what descends from a worker, or did."""
        return list(past(self.store, worker))

    async def hears(self, kind: EventKind, worker: str) -> Event:
        """Waits for an event of a kind about a worker; answers the first."""
        await self.until(lambda: self._events(kind, worker) != [], f"for {kind} {worker}")
        return self._events(kind, worker)[0]

    def event(self, kind: EventKind, worker: str) -> Event:
        """The first event of a kind about a worker, which must have come."""
        return self._events(kind, worker)[0]

    def _events(self, kind: EventKind, worker: str) -> list[Event]:
        return [e for e in self.store.events if e.kind == kind and e.worker == worker]

    def log(self, worker: str) -> str:
        """What it has printed so far."""
        return self.supervisor.log(worker)

    async def log_says(self, worker: str, *parts: str) -> None:
        """Waits until it has printed all of this."""
        async with asyncio.timeout(DEADLINE):
            while not all(part in self.log(worker) for part in parts):
                await asyncio.sleep(0.01)

    def _told(self) -> str:
        rows = [
            f"{row.key} {row.name} pid {row.pid} {row.state} exitcode {row.exitcode}"
            for row in self.store.rows.values()
        ]
        events = [f"{event.kind} {event.worker} {event.text}" for event in self.store.events]
        return "\n".join([*rows, *events[-30:]])


@contextlib.asynccontextmanager
async def classroom(
    name: str,
    supervise: Supervise,
    *,
    quicken: float = 1.0,
    connector: Callable[[], ProcConnector | None] = lambda: None,
    reap: bool = True,
    autostart: bool = True,
    complete: bool = True,
    **numbers: int,
) -> AsyncIterator[Room]:
    """Gives a lesson with times `quicken` as long, and fails where a step of it wasn't seen.

    Its workers start when there is somebody to see them, as they do for a screen.  Where not
    `complete`, not all steps need be seen.

    Orphans come to this process, a subreaper in tests: with `reap` it is as good as init.
    Without `autostart` the test starts the workers itself.
    """
    spec = files.session(name, **numbers)
    workers = [quickened(worker, quicken) for worker in spec.workers]
    supervisor = supervise(*workers, refresh=REFRESH, hold=True)
    room = Room(find(name), spec, supervisor)
    client = await Client.connect(supervisor.socket, "classroom")
    room.feed = Feed(
        client,
        lambda tag, on_end: KernelView(tag, on_end, connector=connector),
        totals=lambda: (0.0, 0, 0),
    )
    room.feed.listener = room.listen
    duties = [room.feed.listen(), room.feed.watch()]
    if reap:
        duties.append(reap_orphans(supervisor.pid))
    tasks = [asyncio.create_task(duty) for duty in duties]
    try:
        await room.until(lambda: room.store.told)  # the kernel may have spoken first
        if autostart:
            await client.request(Start(workers=held(room.store)))
        yield room
        missing = current(room.lesson, room.seen)
        assert missing is None or not complete, f"step {missing} was never seen"
    finally:
        for task in tasks:
            task.cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        await room.feed.close()
    assert all(isinstance(one, asyncio.CancelledError) for one in done), done


def quickened(worker: WorkerSpec, factor: float) -> WorkerSpec:
    """The worker with shorter times: every float among its arguments is one."""
    return msgspec.structs.replace(
        worker,
        args=tuple(_quickened(worker.args, factor)),
        kwargs={key: _one_quickened(value, factor) for key, value in worker.kwargs.items()},
        stop_timeout=worker.stop_timeout * factor,
    )


def _quickened(values: Iterable[Any], factor: float) -> list[Any]:
    return [_one_quickened(value, factor) for value in values]


def _one_quickened(value: Any, factor: float) -> Any:
    if isinstance(value, float):
        return value * factor if value < POINT else value
    return _quickened(value, factor) if isinstance(value, list) else value


async def reap_orphans(supervisor: int) -> None:
    """What init does, for the orphans of this session."""
    ours = {pid for pid in children_of(os.getpid()) if pid != supervisor}
    while True:
        for pid in children_of(os.getpid()):
            if pid not in ours and pid != supervisor and kernel_state(pid) == "Z":
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
        await asyncio.sleep(0.02)
