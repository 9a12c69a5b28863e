"""A small model of a kernel, of what watches it and of a supervisor, for property tests.

It knows births, deaths, adoption, sessions, reaping and the reuse of pids; it
tells of them in passes and events as the real ones do, late and incomplete where
a test wants that.  And it knows the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from proctui.model import (
    Departure,
    Observation,
    Pass,
    ProcessSample,
    Worker,
)
from proctui.protocol import Event, EventKind, Hello
from proctui.spec import ReapPolicy, StartMethod

TAG = "lessons-1"
NOT_REUSED = 2.5
"""Seconds for which a freed pid is not given again: a real kernel goes round all others first."""
FORK_SERVER_LINE = "python3 -c from multiprocessing.forkserver import main; main(5, 6)"
SUPERVISOR_LINE = "python3 -P -m proctui.supervisor"


@dataclass(eq=False, repr=False)
class Proc:
    """One process, as it truly is."""

    pid: int
    parent: Proc | None
    born_of: Proc | None
    sid: int
    start: float
    name: str = "python3"
    command: str = SUPERVISOR_LINE
    state: str = "S"
    cpu_ticks: int = 0
    status: int = 0
    dead_at: float | None = None
    reaped: bool = False
    subreaper: bool = False
    tag: str | None = None
    worker: str | None = None
    """Id of the worker that it is a run of."""
    outside: bool = False
    """Not of the session, and no descendant of it."""

    def __repr__(self) -> str:
        return f"<{self.name} {self.pid} {self.state}>"

    @property
    def dead(self) -> bool:
        return self.dead_at is not None

    def descends_from(self, worker: str) -> bool:
        one: Proc | None = self
        while one is not None:
            if one.worker == worker:
                return True
            one = one.born_of
        return False

    @property
    def of_worker(self) -> str | None:
        """The nearest worker among its ancestors and itself."""
        one: Proc | None = self
        while one is not None:
            if one.worker is not None:
                return one.worker
            one = one.born_of
        return None


class Kernel:
    """Processes and the rules they live by."""

    def __init__(self, pids: int = 64) -> None:
        self.now = 1_000_000.0
        self.init = Proc(1, None, None, 1, 0.0, name="tini", command="tini", outside=True)
        self.all = [self.init]
        self.user = self.fork(self.init, pid=2)
        self.user.name, self.user.command, self.user.subreaper = "systemd", "systemd", True
        self._range = range(300, 300 + pids)
        self._next = 0
        self._freed: dict[int, float] = {}

    def fork(self, parent: Proc, pid: int | None = None) -> Proc:
        child = Proc(
            pid or self._new_pid(),
            parent,
            parent,
            parent.sid,
            round(self.now, 2),
            name=parent.name,
            command=parent.command,
            tag=parent.tag,
            outside=parent.outside,
        )
        self.all.append(child)
        return child

    def _new_pid(self) -> int:
        used = {p.pid for p in self.all if not p.reaped} | {p.sid for p in self.all if not p.reaped}
        for _ in self._range:
            pid = self._range[self._next % len(self._range)]
            self._next += 1
            if pid not in used and self._freed.get(pid, -NOT_REUSED) + NOT_REUSED <= self.now:
                return pid
        self.now += NOT_REUSED
        return self._new_pid()

    def end(self, proc: Proc, status: int) -> None:
        """It ends; its children go to the nearest living subreaper, else to init."""
        proc.dead_at, proc.status, proc.state = self.now, status, "Z"
        adopter = proc.parent
        while adopter is not None and (adopter.dead or not adopter.subreaper):
            adopter = adopter.parent
        for child in self.all:
            if child.parent is proc and not child.reaped:
                child.parent = adopter or self.init

    def reap(self, parent: Proc) -> None:
        """It joins all its children that have ended."""
        for child in self.all:
            if child.parent is parent and child.dead and not child.reaped:
                child.reaped = True
                self._freed[child.pid] = self._freed[child.sid] = self.now


@dataclass
class View:
    """What `kernel.KernelView` does, on the model."""

    kernel: Kernel
    pidfds: bool = True
    tokens: dict[Proc, int] = field(default_factory=dict)
    sessions: set[int] = field(default_factory=set)
    connector: bool = False
    """It hears of forks themselves."""
    _told: dict[Proc, Observation] = field(default_factory=dict)

    def proc(self, token: int) -> Proc:
        return next(p for p, known in self.tokens.items() if known == token)

    def watched(self) -> list[Proc]:
        return [p for p in self.tokens if p in self._told or not p.reaped]

    def follow(self, pids: Iterable[int]) -> None:
        for pid in pids:
            self.sessions.add(pid)
            for proc in self.kernel.all:
                if proc.pid == pid and not proc.reaped:
                    self._watch(proc)

    def _watch(self, proc: Proc) -> None:
        if proc not in self.tokens:
            self.tokens[proc] = len(self.tokens) + 1
        if proc.sid == proc.pid:
            self.sessions.add(proc.pid)

    def discover(self) -> None:
        """Finds what belongs to the session by parent, session and tag."""
        found = True
        while found:
            here = {p.pid for p in self.tokens if not p.reaped}
            found = False
            for proc in self.kernel.all:
                if proc.reaped or proc in self.tokens or proc.parent is None:
                    continue
                by_session = proc.sid in self.sessions and proc.pid != proc.sid
                by_tag = proc.tag and not proc.dead
                if proc.parent.pid in here or by_session or by_tag or self._has_child(proc):
                    self._watch(proc)
                    found = True
        inhabited = {p.sid for p in self.tokens if not p.reaped}
        self.sessions &= inhabited | {p.pid for p in self.tokens if not p.reaped}

    def _has_child(self, proc: Proc) -> bool:
        """A parent of one of ours that is younger than the session can only be one of ours."""
        young = proc.start > min(p.start for p in self.tokens)
        return young and any(p.parent is proc for p in self.tokens if not p.reaped)

    def look(self, at: Callable[[Proc], bool] = lambda _: True) -> Pass:
        """A pass over those for whom `at` is true; the others are missed."""
        observations: list[Observation] = []
        departures: list[Departure] = []
        names: dict[int, str] = {}
        subreapers: set[int] = set()
        for proc, token in self.tokens.items():
            if proc.reaped:
                if self._told.pop(proc, None) is not None:
                    departures.append(self._departure(proc, token))
            elif at(proc) or proc not in self._told:
                seen = self._observation(proc, token)
                if self._told.get(proc) != seen:
                    self._told[proc] = seen
                    observations.append(seen)
                    parent = proc.parent
                    if parent is not None and parent not in self.tokens:
                        names[parent.pid] = parent.name
                        if parent.subreaper and parent is not proc.born_of:
                            subreapers.add(parent.pid)
        return Pass(
            time=self.kernel.now,
            observations=tuple(observations),
            departures=tuple(departures),
            names=names,
            subreapers=frozenset(subreapers),
        )

    def _observation(self, proc: Proc, token: int) -> Observation:
        assert proc.parent is not None
        return Observation(
            token=token,
            sample=ProcessSample(
                pid=proc.pid,
                ppid=proc.parent.pid,
                pgid=proc.sid,
                sid=proc.sid,
                state=proc.state,
                start_ticks=round(proc.start * 100),
                comm=proc.name,
                cpu_ticks=proc.cpu_ticks,
                wait_status=proc.status if proc.dead else None,
            ),
            cpu_percent=float(proc.cpu_ticks % 7),
            command=None if proc.dead else proc.command,
            tag_session=TAG if proc.tag and not proc.dead else None,
            tag_worker=None if proc.dead else proc.tag,
            started_at=proc.start,
            ended_at=proc.dead_at if self.pidfds else None,
            forked_by=proc.born_of.pid if self.connector and proc.born_of else None,
        )

    def _departure(self, proc: Proc, token: int) -> Departure:
        assert proc.dead_at is not None
        when = proc.dead_at if self.pidfds else self.kernel.now
        return Departure(token=token, ended_at=when, exact=self.pidfds)


@dataclass
class Supervisor:
    """The Python view: workers of a supervisor, and the events that tell of them."""

    kernel: Kernel
    adopt: bool = False
    workers: dict[str, Worker] = field(default_factory=dict)
    runs: dict[str, Proc] = field(default_factory=dict)
    queue: list[Event] = field(default_factory=list)
    fork_server: Proc | None = None
    adopted: set[Proc] = field(default_factory=set)
    """Whose adoption was told."""
    _seq: int = 0

    def __post_init__(self) -> None:
        self.proc = self.kernel.fork(self.kernel.user)
        self.proc.command = SUPERVISOR_LINE
        self.proc.sid = self.proc.pid
        self.proc.name = "python3"
        self.proc.subreaper = self.adopt
        self.proc.outside = False

    @property
    def hello(self) -> Hello:
        return Hello(
            version=1,
            session="lessons",
            pid=self.proc.pid,
            started_at=self.proc.start,
            python="3.11.7",
            tag=TAG,
            adopt=self.adopt,
        )

    def add(self, id_: str, method: StartMethod = "fork", reap: ReapPolicy = "join") -> None:
        self.workers[id_] = Worker(
            id=id_, name=f"the-{id_}", ppid=self.proc.pid, start_method=method, reap=reap
        )
        self._tell("added", id_)

    def _tell(self, kind: EventKind, id_: str) -> None:
        self._seq += 1
        worker = self.workers[id_]
        self.queue.append(
            Event(
                seq=self._seq,
                time=self.kernel.now,
                kind=kind,
                worker=id_,
                pid=worker.pid,
                exitcode=worker.exitcode,
                state=worker,
            )
        )

    def tell_adopted(self) -> None:
        """Looks at its children and tells whom it has adopted, as `supervisor.adoptions` does."""
        for proc in self.kernel.all if self.adopt and not self.proc.dead else ():
            ours = proc.worker is not None or proc.born_of is self.proc
            if proc.parent is self.proc and not (ours or proc.reaped or proc in self.adopted):
                self.adopted.add(proc)
                self._seq += 1
                event = Event(seq=self._seq, time=self.kernel.now, kind="adopted", pid=proc.pid)
                self.queue.append(event)

    def _change(self, id_: str, **changes: object) -> None:
        fields = {name: getattr(self.workers[id_], name) for name in Worker.__struct_fields__}
        self.workers[id_] = Worker(**{**fields, **changes})

    def start(self, id_: str) -> None:
        """Starts it if it does not run and was joined."""
        worker = self.workers[id_]
        if self.proc.dead or worker.phase not in ("idle", "joined"):
            return
        parent = self.proc
        if worker.start_method == "forkserver":
            parent = self._fork_server()
        run = self.kernel.fork(parent)
        run.sid, run.worker = run.pid, id_
        self.runs[id_] = run
        self._change(
            id_,
            phase="starting",
            pid=run.pid,
            alive=True,
            started_at=self.kernel.now,
            ended_at=None,
            joined_at=None,
            exitcode=None,
        )
        self._tell("starting", id_)
        self._change(id_, phase="alive")
        self._tell("started", id_)

    def _fork_server(self) -> Proc:
        if self.fork_server is None or self.fork_server.dead:
            self.fork_server = self.kernel.fork(self.proc)
            self.fork_server.command = FORK_SERVER_LINE
        return self.fork_server

    def notice(self, id_: str) -> None:
        """Sees that it has ended, as far as its parent can tell."""
        worker, run = self.workers[id_], self.runs.get(id_)
        if self.proc.dead or run is None or worker.phase not in ("starting", "alive"):
            return
        code = -9 if run.status == 9 else run.status >> 8
        if worker.start_method == "forkserver":
            server = run.born_of
            if not run.reaped and (server is None or not server.dead):
                return
            code = code if run.reaped and run.parent is server else 255
        elif not run.dead:
            return
        self._change(id_, phase="ended", alive=False, exitcode=code, ended_at=self.kernel.now)
        self._tell("ended", id_)

    def join(self, id_: str) -> None:
        """Reaps it where it has ended."""
        worker = self.workers[id_]
        if self.proc.dead or worker.phase != "ended":
            return
        if worker.start_method != "forkserver":
            run = self.runs[id_]
            run.reaped = True
            self.kernel._freed[run.pid] = self.kernel.now
        self._change(id_, phase="joined", joined_at=self.kernel.now)
        self._tell("joined", id_)
