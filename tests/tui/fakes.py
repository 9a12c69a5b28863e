"""A session without processes: a supervisor and a kernel that say what a test tells them to.

Both have one clock, and every pid and time is fixed, so that what is drawn is the same each time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass

import msgspec

from proctui.model import (
    Departure,
    Observation,
    Pass,
    ProcessDetails,
    ProcessSample,
    Worker,
)
from proctui.protocol import (
    AnyMessage,
    Command,
    Event,
    EventKind,
    Hello,
    Outcome,
    Reply,
    Snapshot,
    Subscribe,
)
from proctui.sessions.client import ConnectionLost

NOW = 1_700_000_000.0
SUPERVISOR = 40310


@dataclass
class Clock:
    """Seconds since the epoch, moved by hand."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


Answer = Callable[[Command], Reply | None]


class FakeClient:
    """Stands for `proctui.sessions.client.Client`: answers at once, remembers what was asked."""

    def __init__(
        self, workers: Iterable[Worker] = (), *, session: str = "lessons", adopt: bool = False
    ) -> None:
        self.hello = Hello(
            version=1,
            session=session,
            pid=SUPERVISOR,
            started_at=NOW - 12,
            python="3.11.7",
            source="/home/egon/proctui.toml",
            tag=f"{session}-tag",
            refresh=3600.0,
            adopt=adopt,
        )
        self.workers = {worker.id: worker for worker in workers}
        self.sent: list[Command] = []
        self.closed = False
        self.seq = 0
        self.history: list[Event] = []
        self.answers: list[Answer] = []
        self._queue: asyncio.Queue[AnyMessage | ConnectionLost] = asyncio.Queue()
        self._held: list[asyncio.Future[Reply]] = []
        self.holding = False
        """While set, replies wait until `release`."""

    async def request(self, command: Command) -> Reply:
        if isinstance(command, Subscribe):
            snapshot = Snapshot(
                seq=self.seq, workers=tuple(self.workers.values()), history=tuple(self.history)
            )
            self._queue.put_nowait(snapshot)
            return Reply(id=0)
        self.sent.append(command)
        for answer in self.answers:
            if (reply := answer(command)) is not None:
                return reply
        if self.holding:
            waiting: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
            self._held.append(waiting)
            return await waiting
        names = getattr(command, "workers", ())
        return Reply(id=0, outcomes=tuple(Outcome(worker=name, ok=True) for name in names))

    def release(self, reply: Reply) -> None:
        """Answers everything that is held."""
        held, self._held = self._held, []
        for waiting in held:
            waiting.set_result(reply)

    async def messages(self) -> AsyncIterator[Snapshot | Event]:
        while True:
            message = await self._queue.get()
            if isinstance(message, ConnectionLost):
                raise message
            assert isinstance(message, Snapshot | Event)
            yield message

    async def close(self) -> None:
        self.closed = True

    # ------------------------------------------------------------------ for tests

    def tell(
        self, kind: EventKind, worker: Worker | None, said: str, *, by: str | None = None
    ) -> None:
        """The supervisor says that something happened."""
        self.seq += 1
        if worker is not None:
            self.workers[worker.id] = worker
        event = Event(
            seq=self.seq,
            time=NOW,
            kind=kind,
            text=said,
            worker=None if worker is None else worker.id,
            pid=None if worker is None else worker.pid,
            exitcode=None if worker is None else worker.exitcode,
            by=by,
            state=worker,
        )
        self._queue.put_nowait(event)

    def change(self, worker: str, kind: EventKind, said: str, **fields: object) -> None:
        """A worker changed."""
        self.tell(kind, msgspec.structs.replace(self.workers[worker], **fields), said)

    def lose(self, reason: str = "the supervisor went away", *, heard: float | None = None) -> None:
        """The connection breaks."""
        self._queue.put_nowait(ConnectionLost(reason, heard=heard))


class FakeKernel:
    """Stands for `proctui.kernel.KernelView`: tells what a test put into it."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.on_end: Callable[[], None] = lambda: None
        self.roots: set[int] = set()
        self.signals: list[tuple[int, int]] = []
        """Pids and signal numbers, as they were sent."""
        self.refused: dict[int, OSError] = {}
        self.obeys = True
        """Whether SIGTERM and SIGKILL end what they hit."""
        self.closed = False
        self._pids: dict[int, int] = {}
        self._samples: dict[int, ProcessSample] = {}
        self._seen: list[Observation] = []
        self._gone: list[Departure] = []
        self._earlier: list[Pass] = []
        self._names: dict[int, str] = {1: "init"}
        self._next = 1

    def __call__(self, tag: str, on_end: Callable[[], None]) -> FakeKernel:
        """As the class itself is called."""
        self.on_end = on_end
        return self

    # ------------------------------------------------------------------ for tests

    def put(
        self,
        pid: int,
        ppid: int = SUPERVISOR,
        comm: str = "python3",
        *,
        state: str = "S",
        age: float = 12.0,
        cpu: float = 0.0,
        rss: int = 9_100_000,
        sid: int | None = None,
        pgid: int | None = None,
        command: str | None = None,
        wait_status: int | None = None,
    ) -> None:
        """A process appears, or is otherwise than before."""
        token = self._token(pid)
        group = sid if sid is not None else pid if ppid == SUPERVISOR else ppid
        sample = ProcessSample(
            pid=pid,
            ppid=ppid,
            pgid=pgid if pgid is not None else group,
            sid=group,
            state=state,
            start_ticks=pid,
            comm=comm,
            rss_bytes=0 if state == "Z" else rss,
            wait_status=wait_status,
            uid=1000,
        )
        self._samples[pid] = sample
        self._seen.append(
            Observation(
                token=token,
                sample=sample,
                cpu_percent=cpu,
                command=command,
                started_at=self.clock() - age,
                ended_at=self.clock() if state == "Z" else None,
            )
        )
        self.on_end()

    def end(self, pid: int, wait_status: int = 0) -> None:
        """A process ends and is a zombie."""
        old = self._samples[pid]
        self._samples[pid] = msgspec.structs.replace(
            old, state="Z", rss_bytes=0, wait_status=wait_status
        )
        self._seen.append(
            Observation(
                token=self._pids[pid],
                sample=self._samples[pid],
                started_at=self.clock() - 12,
                ended_at=self.clock(),
            )
        )
        self.on_end()

    def reap(self, pid: int, wait_status: int = 0, *, adopter: int = 1) -> None:
        """A process is gone; its children go to init or another adopter."""
        self._gone.append(
            Departure(
                token=self._pids.pop(pid),
                ended_at=self.clock(),
                exact=True,
                wait_status=wait_status,
            )
        )
        del self._samples[pid]
        for child in [s for s in self._samples.values() if s.ppid == pid]:
            self._samples[child.pid] = adopted = msgspec.structs.replace(child, ppid=adopter)
            self._seen.append(
                Observation(
                    token=self._pids[child.pid], sample=adopted, started_at=self.clock() - 9
                )
            )
        self.on_end()

    def _token(self, pid: int) -> int:
        if pid not in self._pids:
            self._pids[pid] = self._next
            self._next += 1
        return self._pids[pid]

    @property
    def waiting(self) -> bool:
        """Whether there are passes that nobody has taken yet."""
        return bool(self._earlier or self._seen or self._gone)

    def cut(self) -> None:
        """What comes from now on is told in another pass, as if time had gone by between."""
        self._earlier.append(self._pass())

    def _take(self) -> Pass:
        if not self._earlier:
            return self._pass()
        self.on_end()
        return self._earlier.pop(0)

    def _pass(self) -> Pass:
        seen, self._seen = self._seen, []
        gone, self._gone = self._gone, []
        return Pass(
            time=self.clock(), observations=tuple(seen), departures=tuple(gone), names=self._names
        )

    # ------------------------------------------------------------------ as the kernel view

    def follow(self, roots: Iterable[int]) -> None:
        self.roots |= set(roots)

    async def refresh(self) -> Pass:
        return self._take()

    def urgent(self) -> Pass:
        return self._take()

    def send_signal(self, token: int, signum: int) -> None:
        pid = next((pid for pid, known in self._pids.items() if known == token), None)
        if pid is None:
            raise ProcessLookupError(f"process {token} is gone")
        if pid in self.refused:
            raise self.refused[pid]
        self.signals.append((pid, signum))
        if self.obeys and signum in (9, 15):
            self.reap(pid, signum)

    def why_left(self, token: int, signum: int) -> str:
        return f"it ignores signal {signum}"

    def details(self, token: int) -> ProcessDetails:
        pid = next((pid for pid, known in self._pids.items() if known == token), None)
        if pid is None:
            raise ProcessLookupError(f"process {token} is gone")
        return ProcessDetails(
            pid=pid,
            user="egon",
            cwd="/home/egon/lessons",
            executable="/usr/bin/python3.11",
            threads=1,
            open_files=6,
            memory_rss=9_100_000,
            nice=0,
            cpu_user=1.25,
            cpu_system=0.5,
        )

    def close(self) -> None:
        self.closed = True


def worker(
    id: str, pid: int | None, label: str, *, phase: str = "alive", **fields: object
) -> Worker:
    """A worker of the fake session."""
    running = phase in ("alive", "starting")
    known: dict[str, object] = {
        "id": id,
        "name": id,
        "pid": pid,
        "ppid": SUPERVISOR,
        "phase": phase,
        "alive": None if phase == "idle" else running,
        "label": label,
        "started_at": None if pid is None else NOW - 12,
        "authkey_length": 32,
        "authkey_fingerprint": "1f2e3d4c",
    }
    return Worker(**{**known, **fields})  # type: ignore[arg-type]


def lessons(clock: Clock) -> tuple[FakeClient, FakeKernel]:
    """Eight workers that show every state: what the pictures are made of."""
    workers = [
        worker("piao-1", 40321, "lessons:piao('egon')"),
        worker("cleaner", 40322, "lessons:burn()", daemon=True),
        worker("worker-3", 40323, "lessons:crash(3)", phase="ended", exitcode=3, ended_at=NOW - 7),
        worker("web", 40326, "python -m http.server 8000", is_command=True),
        worker("factory", 40330, "lessons:factory()"),
        worker(
            "parent", 40350, "lessons:leave_behind()", phase="joined", exitcode=0, joined_at=NOW - 8
        ),
        worker("later", None, "lessons:later()", phase="idle", autostart=False),
        worker(
            "broken", 40360, "lessons:misspelt()", phase="failed", alive=False,
            failure="module lessons has no attribute 'misspelt'",
        ),
    ]  # fmt: skip
    client, kernel = FakeClient(workers), FakeKernel(clock)
    kernel.put(SUPERVISOR, 1, "proctui", sid=SUPERVISOR)
    kernel.put(40321, rss=9_500_000)
    kernel.put(40322, state="R", cpu=98.7, rss=8_400_000)
    kernel.put(40326, comm="python", rss=21_000_000)
    kernel.put(40330, rss=9_200_000)
    kernel.put(40344, 40330, age=5, sid=40330)
    kernel.put(40350)
    kernel.put(40352, 40350, age=9, sid=40350, rss=8_300_000, command="sleep 1000", comm="sleep")
    kernel.put(40323)
    clock.now = NOW - 12
    kernel.cut()
    clock.now = NOW - 7
    kernel.end(40323, 3 << 8)
    kernel.cut()
    clock.now = NOW - 5
    kernel.end(40344, 0)
    kernel.reap(40350)
    kernel.cut()
    clock.now = NOW
    for seq, (id, text) in enumerate(
        [
            ("piao-1", "started as process 40321 (fork)"),
            ("cleaner", "started as process 40322 (fork)"),
            ("worker-3", "started as process 40323 (fork)"),
            ("worker-3", "ended with exitcode 3"),
            ("parent", "ended with exitcode 0"),
            ("parent", "was joined: exitcode 0"),
        ],
        1,
    ):
        kind: EventKind = "started" if "started" in text else "ended"
        code = 3 if "3" in text[-2:] and kind == "ended" else None
        client.history.append(
            Event(seq=seq, time=NOW - 12 + seq, kind=kind, text=text, worker=id, exitcode=code)
        )
    client.seq = len(client.history)
    return client, kernel
