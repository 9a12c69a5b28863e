"""Random sequences of start, terminate, kill, join and restart end with exact states."""

from __future__ import annotations

import random
from dataclasses import dataclass

import msgspec
import pytest

from proctui.model import Worker
from proctui.protocol import Command, Join, Outcome, Restart, Shutdown, Signal, Start
from proctui.spec import WorkerSpec
from tests.conftest import Supervise
from tests.supervisor.specs import ends, sleeper
from tests.support import SEED, RawClient, kernel_state, until

SESSIONS = 5
WORKERS = 100
STEPS = 6
ACTS = ("start", "terminate", "kill", "join", "join-shortly", "restart")


@dataclass
class Expected:
    """What must have become of one worker; `lives_on` until it is signalled."""

    spec: WorkerSpec
    lives_on: bool
    own_exitcode: int
    phase: str = "idle"
    exitcode: int | None = None
    runs: int = 0

    def started(self) -> None:
        self.runs += 1
        self.exitcode = None if self.lives_on else self.own_exitcode
        self.phase = "alive" if self.lives_on else self.after_end()

    def ended(self, exitcode: int) -> None:
        self.exitcode, self.phase = exitcode, self.after_end()

    def after_end(self) -> str:
        return "joined" if self.spec.reap == "auto" else "ended"

    def act(self, act: str) -> bool:
        """Takes one step; answers whether the command must succeed."""
        alive = self.phase == "alive"
        match act:
            case "start":
                if alive:
                    return False
                self.started()
            case "restart":
                self.started()
            case "terminate" | "kill":
                if not alive:
                    return False
                self.ended(-15 if act == "terminate" else -9)
            case "join" | "join-shortly":
                if self.phase == "idle" or alive:
                    return False
                self.phase = "joined"
        return True


COMMANDS: dict[str, Command] = {
    "start": Start(workers=()),
    "restart": Restart(workers=()),
    "terminate": Signal(workers=(), signal="SIGTERM"),
    "kill": Signal(workers=(), signal="SIGKILL"),
    "join": Join(workers=(), timeout=0.01),
    "join-shortly": Join(workers=(), timeout=0.0),
}


def fits(worker: Worker, expected: Expected) -> bool:
    return (worker.phase, worker.exitcode) == (expected.phase, expected.exitcode)


def step(client: RawClient, random_: random.Random, all_expected: dict[str, Expected]) -> None:
    """One act for every worker, all on their way at the same time."""
    by_act: dict[str, list[str]] = {}
    for name in all_expected:
        by_act.setdefault(random_.choice(ACTS), []).append(name)
    numbers = []
    for act, names in by_act.items():
        command = msgspec.structs.replace(COMMANDS[act], workers=tuple(names))
        numbers.append((act, client.ask(command)))
    for act, number in numbers:
        for outcome in client.reply(number).outcomes:
            check(act, outcome, all_expected[outcome.worker])


def check(act: str, outcome: Outcome, expected: Expected) -> None:
    assert outcome.ok is expected.act(act), f"{act}: {outcome}"


def settle(client: RawClient, all_expected: dict[str, Expected]) -> None:
    def settled() -> bool:
        workers = client.subscribe(0).workers
        return all(fits(worker, all_expected[worker.id]) for worker in workers)

    try:
        until(settled, 20)
    except AssertionError:
        wrong = [
            (worker, all_expected[worker.id])
            for worker in client.subscribe(0).workers
            if not fits(worker, all_expected[worker.id])
        ]
        raise AssertionError(f"seed {SEED}: {wrong[:5]}") from None


def kernel_agrees(client: RawClient) -> None:
    for worker in client.subscribe(0).workers:
        if worker.pid is None:
            continue
        state = kernel_state(worker.pid)
        match worker.phase:
            case "alive":
                assert state in ("S", "R", "D"), worker
            case "ended":
                assert state == "Z", worker
            case "joined":
                assert state is None, worker


@pytest.mark.parametrize("number", range(SESSIONS))
def test_random_sequences_end_with_exact_states(supervise: Supervise, number: int) -> None:
    """In all 500 sequences: each of 100 workers in each of 5 sessions goes through its own."""
    print(f"PROCTUI_TEST_SEED={SEED}")
    random_ = random.Random(SEED + number)
    all_expected: dict[str, Expected] = {}
    for n in range(WORKERS):
        lives_on = random_.random() < 0.7
        code = random_.randrange(0, 256)
        reap = random_.choice(("join", "join", "auto"))
        make = (
            sleeper(f"w{n}", autostart=False, reap=reap)
            if lives_on
            else (ends(f"w{n}", code, autostart=False, reap=reap))
        )
        all_expected[make.id] = Expected(make, lives_on, code)
    supervisor = supervise(*(expected.spec for expected in all_expected.values()))
    client = supervisor.client("random", subscribe=True)
    for _ in range(STEPS):
        step(client, random_, all_expected)
        settle(client, all_expected)
    kernel_agrees(client)
    starts = sum(event.kind == "starting" for event in client.events)
    assert starts == sum(expected.runs for expected in all_expected.values())
    client.request(Shutdown())
    assert supervisor.process.wait(30) == 0
    joined = {event.pid for event in client.events if event.kind == "joined"}
    assert joined == {event.pid for event in client.events if event.kind == "starting"}
