"""Whatever happens in whatever order, told late or not at all: what the rows say is true."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proctui.core.store import Store
from proctui.model import Counts, Pass, Row, State, Worker
from tests.unit.kernel_model import FORK_SERVER_LINE, TAG, Kernel, Proc, Supervisor, View

WORKERS = ("a", "b", "c")
MOST = 30
"""Processes at a time; there are 64 pids."""

OPERATIONS = (
    ["fork"] * 6
    + ["end"] * 4
    + ["start"] * 4
    + ["notice", "notice", "join", "join", "reap", "reap", "init-reaps"]
    + [
        "setsid",
        "exec",
        "exec-untagged",
        "tell-adopted",
        "subreaper",
        "stop",
        "continue",
        "rename",
        "busy",
    ]
    + ["stranger", "stranger", "strangers-go"]
    + ["deliver"] * 4
    + ["refresh"] * 4
    + ["glance"] * 3
    + ["wait"]
)
"""What may happen, as often as it stands here."""


def operations() -> st.SearchStrategy[list[tuple[str, int, int]]]:
    rare = st.sampled_from([*OPERATIONS, "kill-supervisor"])
    step = st.tuples(rare, st.integers(0, 60), st.integers(0, 60))
    return st.lists(step, min_size=5, max_size=70)


def seen_by_a_person(row: Row) -> dict[str, Any]:
    fields = msgspec.structs.asdict(row)
    del fields["version"]
    if row.sample is not None:
        fields["sample"] = msgspec.structs.replace(row.sample, cpu_ticks=0)
    return fields


class World:
    """A kernel, a supervisor and a store that hears of both."""

    def __init__(self, *, adopt: bool, pidfds: bool, connector: bool = False) -> None:
        self.kernel = Kernel()
        self.supervisor = Supervisor(self.kernel, adopt=adopt)
        self.view = View(self.kernel, pidfds=pidfds, connector=connector)
        self.store = Store(self.supervisor.hello)
        self.view.follow([self.supervisor.proc.pid])
        self.parents: dict[int, int] = {}
        self.reparented: set[int] = set()
        self.fork_servers: set[Proc | None] = set()
        """Fork servers that the store was told of while they lived."""
        self.before: dict[str, tuple[int, dict[str, Any]]] = {}
        self.structure: tuple[int, Any] = (0, [])
        self.supervisor.add("a")
        self.supervisor.add("b", "spawn")
        self.supervisor.add("c", "forkserver")

    # ------------------------------------------------------------ what happens

    def happen(self, what: str, which: int, how: int) -> None:
        self.kernel.now += 0.05 + 0.1 * (how % 8)
        kernel, supervisor = self.kernel, self.supervisor
        if what in ("fork", "stranger") and sum(not p.reaped for p in kernel.all) > MOST:
            what = "strangers-go"
        worker = WORKERS[which % len(WORKERS)]
        living = [p for p in kernel.all if not p.dead and p.parent and p is not kernel.user]
        own = [p for p in living if p is not supervisor.proc and not p.outside]
        one = own[which % len(own)] if own else None
        match what:
            case "start":
                supervisor.start(worker)
            case "notice":
                supervisor.notice(worker)
            case "join":
                supervisor.join(worker)
            case "tell-adopted":
                supervisor.tell_adopted()
            case "init-reaps":
                kernel.reap(kernel.init)
                kernel.reap(kernel.user)
            case "kill-supervisor":
                self.kill_supervisor()
            case "stranger":
                self.stranger(which)
            case "strangers-go":
                self.strangers_go()
            case "deliver":
                self.deliver(1 + how % 4)
            case "refresh":
                self.refresh()
            case "glance":
                self.observe(self.view.look(lambda p: hash((p.pid, how)) % 3 == 0))
            case "wait":
                self.kernel.now += 10.0
            case _ if one is not None:
                self.happen_to(one, what, how)

    def happen_to(self, proc: Proc, what: str, how: int) -> None:
        ours = proc is self.supervisor.fork_server
        if ours and what in ("fork", "setsid", "exec", "exec-untagged", "subreaper"):
            return  # the fork server does none of these on its own
        match what:
            case "fork":
                self.kernel.fork(proc)
            case "end":
                self.kernel.end(proc, how << 8 if how % 3 else 9)
            case "reap":
                self.kernel.reap(proc)
            case "setsid" if proc.worker is None:
                proc.sid = proc.pid
            case "exec" | "exec-untagged":
                proc.command, proc.name = f"sleep {how}", "sleep"
                proc.tag = proc.of_worker if what == "exec" else None
            case "subreaper":
                proc.subreaper = True
            case "stop":
                proc.state = "T"
            case "continue":
                proc.state = "S"
            case "rename":
                proc.name = f"name-{how}"
            case "busy":
                proc.cpu_ticks += how

    def stranger(self, which: int) -> None:
        """Somebody else's processes come and go, and take pids that were ours."""
        leader = self.kernel.fork(self.kernel.init)
        leader.sid, leader.tag, leader.command = leader.pid, None, "bash"
        member = self.kernel.fork(leader)
        if which % 2:
            self.kernel.end(leader, 0)
            self.kernel.reap(self.kernel.init)
        if which % 3 == 0:
            self.kernel.end(member, 0)

    def strangers_go(self) -> None:
        for proc in self.kernel.all:
            if proc.outside and not proc.dead and proc.pid >= 300:
                self.kernel.end(proc, 0)
        self.kernel.reap(self.kernel.init)

    def kill_supervisor(self) -> None:
        if not self.supervisor.proc.dead:
            self.kernel.end(self.supervisor.proc, 9)
            self.deliver(1000)
            self.store.supervisor_lost(self.kernel.now)
            self.check()

    # ------------------------------------------------------------ what is told

    def deliver(self, count: int) -> None:
        queue = self.supervisor.queue
        told, queue[:] = queue[:count], queue[count:]
        for event in told:
            changed = self.store.apply(event)
            self.view.follow(self.store.take_new_pids())
            self.check(changed)

    def refresh(self) -> None:
        self.view.discover()
        self.observe(self.view.look())

    def observe(self, told: Pass) -> None:
        for seen in told.observations:
            ppid = self.parents.setdefault(seen.token, seen.sample.ppid)
            if ppid != seen.sample.ppid:
                self.reparented.add(seen.token)
            if seen.command == FORK_SERVER_LINE:
                proc = self.view.proc(seen.token)
                if proc.born_of is self.supervisor.proc:
                    self.fork_servers.add(proc)
        for departure in told.departures:
            self.reparented.discard(departure.token)
        self.check(self.store.observe(told))

    def settle(self) -> None:
        """Everything that is to be told is told, and time goes by."""
        for _ in range(3):
            self.supervisor.tell_adopted()
            self.deliver(1000)
            self.refresh()
            self.kernel.now += 10.0
        self.observe(self.view.look())

    # ------------------------------------------------------------ what must be true

    def check(self, changed: frozenset[str] | None = None) -> None:
        self.check_versions(changed)
        self.check_tree()
        self.check_counts()
        for row in self.store.rows.values():
            self.check_row(row)
        shown = {row.token: row for row in self.store.rows.values()}
        for token in self.reparented & shown.keys():
            assert shown[token].orphan, f"{token} was given another parent"

    def check_versions(self, changed: frozenset[str] | None) -> None:
        now = {k: (r.version, seen_by_a_person(r)) for k, r in self.store.rows.items()}
        really = {key for key, state in now.items() if self.before.get(key) != state}
        for key in now.keys() & self.before.keys():
            (version, looks), (old_version, old_looks) = now[key], self.before[key]
            assert (version != old_version) == (looks != old_looks), key
            assert version >= old_version
        if changed is not None:
            assert really == changed
        self.before = now

    def check_tree(self) -> None:
        store = self.store
        walked: list[str] = []
        stack: list[tuple[str, str | None, int]]
        stack = [(key, None, 0) for key in reversed(store.roots)]
        while stack:
            key, parent, depth = stack.pop()
            row = store.rows[key]
            walked.append(key)
            assert (row.parent, row.depth) == (parent, depth), key
            stack += [(child, key, depth + 1) for child in reversed(store.children(key))]
        assert sorted(walked) == sorted(store.rows)
        order, shape = self.structure
        now = [(key, store.rows[key].parent) for key in walked]
        assert shape == now or store.structure > order
        self.structure = (store.structure, now)

    def check_counts(self) -> None:
        rows = list(self.store.rows.values())
        workers = [row for row in rows if row.worker is not None]
        living = (
            State.STARTING, State.RUNNING, State.SLEEPING, State.WAITING, State.STOPPED,
        )  # fmt: skip
        assert self.store.counts == Counts(
            workers=len(workers),
            alive=sum(
                r.state in living
                or (r.state is State.UNKNOWN and r.worker.alive is True and not r.gone)
                for r in workers
                if r.worker is not None
            ),
            ended=sum(r.state in (State.ENDED, State.ZOMBIE) for r in workers),
            failed=sum(r.state is State.FAILED for r in workers),
            zombies=sum(r.state is State.ZOMBIE for r in rows),
            orphans=sum(r.orphan for r in rows),
            cpu_percent=sum(r.cpu_percent or 0.0 for r in rows),
            rss_bytes=sum(r.sample.rss_bytes for r in rows if r.sample is not None),
        )

    def check_row(self, row: Row) -> None:
        assert row.findings, row.key
        if row.worker is not None:
            self.check_worker(row)
        if row.token is None:
            return
        proc = self.view.proc(row.token)
        if row.state in (State.ZOMBIE, State.ENDED):
            assert proc.dead, f"{row.key} is alive, but called {row.state}"
        if row.lineage.worker is not None:
            assert proc.descends_from(row.lineage.worker), row.key
        if row.worker is None and proc.worker is not None:
            worker = self.known(proc.worker)
            present = worker is not None and round(worker.started_at or 0, 2) == proc.start
            joined = worker is not None and worker.phase == "joined" and worker.exitcode != 255
            assert not (present and joined), f"{row.key} was joined"
        if row.orphan:
            assert proc.parent is not proc.born_of, f"{row.key} is still its first parent's"
            assert row.lineage.adopter_pid is not None
            assert row.lineage.first_ppid in (None, *self.first_parents(row.token, proc))
        if row.helper:
            unknown = not self.fork_servers & {self.run_above(proc).born_of}
            assert proc in self.fork_servers or unknown, f"{row.key} is no helper"

    def known(self, worker: str) -> Worker | None:
        """What the store was told of a worker."""
        row = self.store.rows.get(f"w:{worker}")
        return None if row is None else row.worker

    def run_above(self, proc: Proc) -> Proc:
        while proc.worker is None and proc.born_of is not None:
            proc = proc.born_of
        return proc

    def first_parents(self, token: int, proc: Proc) -> set[int | None]:
        """Whom a row may call a first parent: the real one, or a subreaper of the session's own.

        That a worker adopts can't be seen; who it adopted before the first look seems its child.
        """
        told = self.parents[token]
        kernel = self.kernel
        adopters = {p.pid for p in kernel.all if p.subreaper and p.of_worker is not None}
        return {self.pid_of(proc.born_of)} | ({told} & adopters)

    def pid_of(self, proc: Proc | None) -> int | None:
        return None if proc is None else proc.pid

    def check_worker(self, row: Row) -> None:
        worker = row.worker
        assert worker is not None
        runs = [
            p
            for p in self.kernel.all
            if p.worker == worker.id and p.start == round(worker.started_at or 0.0, 2)
        ]
        if row.state in (State.ZOMBIE, State.ENDED):
            assert all(p.dead for p in runs), f"{row.key} is alive, but called {row.state}"
        if row.token is not None:
            assert self.view.proc(row.token) in runs
        if worker.phase == "joined" and worker.exitcode != 255:
            assert row.state is State.ENDED
            assert row.token is None and row.sample is None

    def check_all_told(self) -> None:
        """Everything that exists is on a row of its own, as what it is."""
        rows = {row.token: row for row in self.store.rows.values() if row.token is not None}
        here = {
            token: proc
            for proc, token in self.view.tokens.items()
            if not proc.reaped and proc is not self.supervisor.proc
        }
        assert rows.keys() == here.keys()
        for token, proc in here.items():
            self.check_told(rows[token], proc)
        for id_, worker in self.supervisor.workers.items():
            row = self.store.rows[f"w:{id_}"]
            run = self.supervisor.runs.get(id_)
            present = run is not None and not run.reaped and run in self.view.tokens
            doubted = worker.exitcode == 255
            if present and (worker.phase != "joined" or doubted):
                assert row.token == self.view.tokens[run]  # type: ignore[index]

    def check_told(self, row: Row, proc: Proc) -> None:
        assert (row.state is State.ZOMBIE) == proc.dead, row.key
        assert row.sample is not None
        assert row.sample.ppid == self.pid_of(proc.parent)
        supervisor = self.supervisor
        if proc.parent is supervisor.proc and supervisor.adopt and not supervisor.proc.dead:
            assert row.orphan == (proc.born_of is not supervisor.proc), f"{row.key} was adopted"
        if proc.worker is None and row.lineage.worker is not None and row.orphan:
            assert row.parent == f"w:{row.lineage.worker}"
        assert proc.parent is not None
        above = self.view.tokens.get(proc.parent, 0)
        parent = next((r for r in self.store.rows.values() if r.token == above), None)
        if parent is not None and row.worker is None and not row.orphan:
            assert row.parent == parent.key
        self.check_neglect(row)

    def check_neglect(self, row: Row) -> None:
        """A parent counts the zombies that it has not joined, workers of the supervisor aside."""
        said = [f.text for f in row.findings if f.text.startswith("It has not joined")]
        dead = [
            r
            for r in self.store.rows.values()
            if r.worker is None
            and r.state is State.ZOMBIE
            and r.sample is not None
            and r.sample.ppid == row.pid
        ]
        many = "child that has" if len(dead) == 1 else "children that have"
        expected = [f"It has not joined {len(dead)} {many} ended."] if dead else []
        assert row.helper or said == expected, row.key


@settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(steps=operations(), adopt=st.booleans(), pidfds=st.booleans())
def test_rows_say_only_what_is_true(
    steps: list[tuple[str, int, int]], adopt: bool, pidfds: bool
) -> None:
    world = World(adopt=adopt, pidfds=pidfds)
    for step in steps:
        world.happen(*step)
    world.settle()
    world.check_all_told()


FOUND_SOMETHING_ONCE = (110, 122, 188, 304, 337, 445, 623, 935, 1082, 1491, 2496)


@pytest.mark.parametrize("seed", [*range(24), *FOUND_SOMETHING_ONCE])
def test_long_lives(seed: int) -> None:
    """Where the steps above are many short stories, these are a few long ones."""
    chance = random.Random(seed)
    world = World(adopt=seed % 3 == 0, pidfds=seed % 2 == 0, connector=seed % 5 == 0)
    for _ in range(300):
        world.happen(chance.choice(OPERATIONS), chance.randrange(60), chance.randrange(60))
    if seed % 4 == 0:
        world.happen("kill-supervisor", 0, 0)
    for _ in range(40):
        world.happen(chance.choice(OPERATIONS), chance.randrange(60), chance.randrange(60))
    world.settle()
    world.check_all_told()


def test_the_model_tags_as_the_store_expects() -> None:
    assert Supervisor(Kernel()).hello.tag == TAG
