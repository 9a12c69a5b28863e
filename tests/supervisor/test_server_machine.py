"""Random commands of several clients against a real supervisor and a simple model of it.

PROCTUI_TEST_SEED begins with the round that it names; the summary of the tests and a failure name
their own.  PROCTUI_TEST_SHRINK looks for the shortest way to a failure, PROCTUI_TEST_STEPS is how
many steps are wanted and PROCTUI_TEST_BUDGET the seconds that they may take.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any, ClassVar

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from proctui.model import Worker
from proctui.protocol import (
    Add,
    CancelJoin,
    Command,
    Join,
    Note,
    Outcome,
    Reload,
    Remove,
    Restart,
    Signal,
    Start,
    Stop,
)
from proctui.sessions import journal
from tests.conftest import Supervise, Tell
from tests.supervisor.machine_kinds import KINDS, brief, lasting, restless
from tests.supervisor.machine_model import Modelled, Ticket, both_at_once, starts_join_siblings
from tests.support import (
    SEED,
    RawClient,
    Supervisor,
    children_of,
    command_of,
    kernel_state,
    session,
    until,
)

WANTED = int(os.environ.get("PROCTUI_TEST_STEPS", "10000"))
BUDGET = float(os.environ.get("PROCTUI_TEST_BUDGET", "240"))
MARGIN = 120.0
"""Seconds beyond the budget that the last example and a slow machine may take."""
EXAMPLES = 3
"""Of a round."""
STEPS = 50
"""Of an example."""
FEWEST = 250
"""Steps below which nothing has been tried, however slow the machine is."""
MOST_WORKERS = 6
MOMENT = 0.01
"""Seconds that a join waits that is not meant to see the end."""
PHASES = (
    (Phase.generate, Phase.shrink) if "PROCTUI_TEST_SHRINK" in os.environ else (Phase.generate,)
)
"""To find the shortest way to a failure takes long."""

COMMANDS: dict[str, Callable[[str], Command]] = {
    "start": lambda name: Start(workers=(name,)),
    "restart": lambda name: Restart(workers=(name,)),
    "stop": lambda name: Stop(workers=(name,)),
    "join": lambda name: Join(workers=(name,), timeout=0.0),
    "join for a moment": lambda name: Join(workers=(name,), timeout=MOMENT),
    "cancel": lambda name: CancelJoin(workers=(name,)),
    "terminate": lambda name: Signal(workers=(name,), signal="SIGTERM"),
    "kill": lambda name: Signal(workers=(name,), signal="SIGKILL"),
    "terminate group": lambda name: Signal(workers=(name,), signal="SIGTERM", group=True),
    "kill group": lambda name: Signal(workers=(name,), signal="SIGKILL", group=True),
}
AT_ONCE = ("start", "restart", "stop", "join", "join for a moment", "kill", "kill group")
HELPERS = ("multiprocessing.forkserver", "multiprocessing.resource_tracker")


class Session(RuleBasedStateMachine):
    """All examples share one supervisor, which each leaves as it was: without workers."""

    supervisor: ClassVar[Supervisor]
    steps: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self.workers: dict[str, Modelled] = {}
        self.clients: dict[str, RawClient] = {}
        self.owed: dict[Ticket, bool] = {}
        """Answers that must have come to joins that waited."""
        self.made = 0
        self.come("a")

    def come(self, name: str) -> None:
        client = self.clients[name] = RawClient(self.supervisor.socket, greet=name)
        client.subscribe(0)

    def choose(self, data: st.DataObject, wanted: Callable[[Modelled], bool] = bool) -> str:
        names = [name for name, worker in self.workers.items() if wanted(worker)]
        return data.draw(st.sampled_from(names), label="worker")

    def client(self, data: st.DataObject) -> RawClient:
        return self.clients[data.draw(st.sampled_from(sorted(self.clients)), label="client")]

    def fresh(self, make: Callable[..., Modelled], **more: Any) -> Modelled:
        self.made += 1
        return make(f"w{self.made}", **more)

    # ------------------------------------------------------------ rules

    @precondition(lambda self: len(self.workers) < MOST_WORKERS)
    @rule(
        data=st.data(),
        make=st.sampled_from(KINDS),
        reap=st.sampled_from(("join", "join", "auto", "implicit")),
        autostart=st.booleans(),
        join_timeout=st.sampled_from((None, None, MOMENT)),
    )
    def add(
        self,
        data: st.DataObject,
        make: Any,
        reap: str,
        autostart: bool,
        join_timeout: float | None,
    ) -> None:
        if make in (brief, restless) and reap == "implicit":
            reap = "join"  # which of two comes first, its end or a start, is nobody's to know
        more = {"reap": reap, "autostart": autostart, "join_timeout": join_timeout}
        worker = self.fresh(make, **more)
        assert self.client(data).outcome(Add(specs=(worker.spec,))).ok
        self.workers[worker.spec.id] = worker
        if autostart:
            worker.start()
        self.settle()

    @precondition(lambda self: self.workers)
    @rule(data=st.data(), act=st.sampled_from(("start", "restart", "stop")))
    def begin_or_stop(self, data: st.DataObject, act: str) -> None:
        self.act(self.choose(data), act, self.client(data))

    @precondition(lambda self: self.workers)
    @rule(data=st.data(), act=st.sampled_from(("join", "join for a moment", "cancel")))
    def join_or_not(self, data: st.DataObject, act: str) -> None:
        self.act(self.choose(data), act, self.client(data))

    @precondition(lambda self: any(map(self.heeds, self.workers.values())))
    @rule(data=st.data(), act=st.sampled_from(("terminate", "terminate group")))
    def terminate(self, data: st.DataObject, act: str) -> None:
        self.act(self.choose(data, self.heeds), act, self.client(data))

    @precondition(lambda self: self.workers)
    @rule(data=st.data(), act=st.sampled_from(("kill", "kill group")))
    def kill(self, data: st.DataObject, act: str) -> None:
        self.act(self.choose(data), act, self.client(data))

    def heeds(self, worker: Modelled) -> bool:
        """Whether another ignores SIGTERM yet is nobody's to know."""
        return "stubborn" not in worker.spec.label

    def act(self, name: str, act: str, client: RawClient) -> None:
        outcome = client.outcome(COMMANDS[act](name))
        assert outcome.ok is self.workers[name].act(act), f"{act}: {outcome}"
        self.settle()

    @precondition(lambda self: any(worker.alive for worker in self.workers.values()))
    @rule(data=st.data())
    def end_by_itself(self, data: st.DataObject) -> None:
        name = self.choose(data, lambda worker: worker.alive)
        pid = self.seen()[name].pid
        assert pid is not None
        os.kill(pid, signal.SIGUSR1)
        self.workers[name].act("end")
        self.settle()

    @precondition(lambda self: any(worker.alive for worker in self.workers.values()))
    @rule(data=st.data())
    def wait_for_end(self, data: st.DataObject) -> None:
        name = self.choose(data, lambda worker: worker.alive)
        who = data.draw(st.sampled_from(sorted(self.clients)), label="client")
        number = self.clients[who].ask(Join(workers=(name,)))
        if self.workers[name].spec.join_timeout == MOMENT:
            self.owed[who, number] = False
        else:
            self.workers[name].wait((who, number))
        self.settle()

    @precondition(lambda self: self.workers)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        name = self.choose(data)
        outcome = self.client(data).outcome(Remove(workers=(name,)))
        assert outcome.ok is not self.workers[name].alive, outcome
        if outcome.ok:
            del self.workers[name]
        self.settle()

    @rule(data=st.data(), differs=st.sets(st.sampled_from(("new", "gone", "changed")), min_size=1))
    def reload(self, data: st.DataObject, differs: set[str]) -> None:
        if not self.workers:
            differs = {"new"}
        elif len(self.workers) == MOST_WORKERS and differs == {"new"}:
            differs = {"gone"}
        if "gone" in differs:
            name = self.choose(data)
            worker = self.workers.pop(name)
            worker.stop()
            self.owed.update(worker.answered)
        if "changed" in differs and self.workers:
            worker = self.workers[self.choose(data)]
            timeout = max(worker.spec.join_timeout or 0.0, 100.0) + 1.0
            worker.spec = msgspec.structs.replace(worker.spec, join_timeout=timeout)
            if worker.phase != "idle" or worker.spec.autostart:
                worker.restart()
        if "new" in differs and len(self.workers) < MOST_WORKERS:
            worker = self.fresh(lasting)
            self.workers[worker.spec.id] = worker
            worker.start()
        specs = [worker.spec for worker in self.workers.values()]
        reply = self.client(data).request(Reload(spec=session(*specs)))
        assert reply.error is None
        assert all(outcome.ok for outcome in reply.outcomes), reply
        self.settle()

    @rule(data=st.data(), comes=st.booleans())
    def attach_or_detach(self, data: st.DataObject, comes: bool) -> None:
        if len(self.clients) == 1 or (comes and len(self.clients) < 3):
            self.come(next(name for name in "abc" if name not in self.clients))
        else:
            name = data.draw(st.sampled_from(sorted(self.clients)), label="client")
            self.clients.pop(name).close()
            for worker in self.workers.values():
                worker.leave(name)
        self.settle()

    @precondition(lambda self: len(self.clients) > 1 and any(map(self.simple, self.names())))
    @rule(data=st.data(), first=st.sampled_from(AT_ONCE), second=st.sampled_from(AT_ONCE))
    def two_at_once(self, data: st.DataObject, first: str, second: str) -> None:
        name = data.draw(st.sampled_from([*filter(self.simple, self.names())]), label="worker")
        one, other = [*self.clients.values()][:2]
        asked = one.ask(COMMANDS[first](name)), other.ask(COMMANDS[second](name))
        [said] = one.reply(asked[0]).outcomes
        [also_said] = other.reply(asked[1]).outcomes
        self.settle_on(name, both_at_once(self.workers[name], first, second), said, also_said)

    def names(self) -> list[str]:
        return [*self.workers]

    def simple(self, name: str) -> bool:
        """Nobody waits for it, and it doesn't end by itself."""
        worker = self.workers[name]
        return worker.own_exitcode is None and not worker.waiting

    # ------------------------------------------------------------ what must be true

    def seen(self) -> dict[str, Worker]:
        client = next(iter(self.clients.values()))
        return {worker.id: worker for worker in client.subscribe(0).workers}

    def settle(self) -> None:
        """Waits until everybody sees what the model says; then nothing may differ any more."""
        type(self).steps += 1
        starts_join_siblings([*self.workers.values()])
        seen: dict[str, Worker] = {}

        def settled() -> bool:
            seen.clear()
            seen.update(self.seen())
            fits = (worker.fits(seen[name]) for name, worker in self.workers.items())
            return seen.keys() == self.workers.keys() and all(fits)

        try:
            until(settled, 20)
        except AssertionError:
            raise AssertionError(f"{self.workers}\nare expected, but there are\n{seen}") from None
        for worker in seen.values():
            self.kernel_agrees(worker)
        self.collect()

    def settle_on(
        self, name: str, possible: list[tuple[bool, bool, Modelled]], *said: Outcome
    ) -> None:
        """As `settle`, where several things may have come of it."""
        answers = tuple(outcome.ok for outcome in said)
        fitting = [after for *oks, after in possible if tuple(oks) == answers]
        assert fitting, said
        found: list[Modelled] = []

        def settled() -> bool:
            now = self.seen()[name]
            found[:] = [after for after in fitting if after.fits(now)]
            return bool(found)

        until(settled, 20, what=f"for one of {fitting} after {said}")
        self.workers[name] = found[0]
        self.settle()

    def kernel_agrees(self, worker: Worker) -> None:
        if worker.pid is None:
            return
        state = kernel_state(worker.pid)
        if worker.phase == "alive":
            assert state not in (None, "Z"), worker
            assert worker.alive
        elif worker.start_method == "forkserver":
            assert state in (None, "Z"), worker  # it is the fork server's to reap
        elif worker.phase == "ended":
            assert state == "Z", worker
        elif worker.phase in ("joined", "failed"):
            assert state is None, worker

    def collect(self) -> None:
        """Takes the answers of joins that waited."""
        for worker in self.workers.values():
            self.owed.update(worker.answered)
            worker.answered.clear()
        for (who, number), ok in self.owed.items():
            [outcome] = self.clients[who].reply(number).outcomes
            assert outcome.ok is ok, outcome
        self.owed.clear()

    def teardown(self) -> None:
        if sys.exception() is not None:
            traceback.print_exc()  # tried again, it may go another way, and this would not be told
        names = tuple(self.workers)
        client = next(iter(self.clients.values()))
        client.request(Stop(workers=names))
        client.request(Remove(workers=names))
        until(self.nobody_is_left)
        for each in self.clients.values():
            each.request(Note(text="everything is told"))
            seqs = [event.seq for event in each.events]
            assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
        kept = {event.seq: event for event in journal.read(self.supervisor.journal)}
        for each in self.clients.values():
            assert all(kept.get(event.seq, event) == event for event in each.events)
            each.close()

    def nobody_is_left(self) -> bool:
        commands = map(command_of, children_of(self.supervisor.pid))
        return all(any(helper in command for helper in HELPERS) for command in commands)


@pytest.mark.timeout(BUDGET + MARGIN)
def test_whatever_clients_do_the_states_are_exact(supervise: Supervise, tell: Tell) -> None:
    """In 10,000 steps, or as many as there is time for; which it was is told."""
    Session.supervisor = supervise()
    Session.steps = 0
    began = time.monotonic()
    number = SEED
    try:
        one_round(number)
        while Session.steps < WANTED and time.monotonic() < began + BUDGET:
            number += 1
            one_round(number)
    finally:
        took = f"in {time.monotonic() - began:.0f} s"
        seeds = f"seeds {SEED} to {number} (PROCTUI_TEST_SEED)"
        if Session.steps < WANTED:
            took += f", of {WANTED:,} that were wanted: more is not in the budget of {BUDGET:g} s"
        tell(f"state machine: {Session.steps:,} steps {took}; {seeds}")
    assert Session.steps >= FEWEST


def one_round(number: int) -> None:
    run_state_machine_as_test(
        seed(number)(Session),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=PHASES,
            print_blob=True,
        ),
    )
