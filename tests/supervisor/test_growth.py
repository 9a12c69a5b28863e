"""What one event costs does not depend on how many workers there are: counted, not timed."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from proctui.protocol import Event, decode_message
from proctui.supervisor.events import EventLog
from proctui.supervisor.signalling import Order
from proctui.supervisor.supervised import Supervised
from tests.supervisor.fakes import Answers, FakeRun, FakeWorld

FEW, MANY = 10, 1000
Deed = Callable[[Supervised, FakeRun], None]


def _signal(machine: Supervised, run: FakeRun) -> None:
    machine.signal(Order("SIGUSR1"), "test", Answers())


def _join(machine: Supervised, run: FakeRun) -> None:
    machine.join("test", 5.0, Answers())
    run.ends(3)


def _end(machine: Supervised, run: FakeRun) -> None:
    run.ends(0)


def _stop(machine: Supervised, run: FakeRun) -> None:
    machine.stop("test", None, Answers())
    run.obeys()


def _restart(machine: Supervised, run: FakeRun) -> None:
    machine.restart("test", Answers())
    run.obeys()


def calls(deed: Callable[[], object]) -> int:
    """How many functions, Python's and C's, are called by it."""
    count = 0

    def called(frame: object, what: str, argument: object) -> None:
        nonlocal count
        count += what in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        deed()
    finally:
        sys.setprofile(before)
    return count


def cost(workers: int, deed: Deed) -> int:
    """Calls that it takes to do this to the last of so many that run."""
    world = FakeWorld()
    for number in range(workers):
        world.started(f"w-{number}")
    machine, run = world.started("last")
    return calls(lambda: deed(machine, run))


@pytest.mark.parametrize("deed", [_signal, _join, _end, _stop, _restart])
def test_an_event_costs_the_same_however_many_workers(deed: Deed) -> None:
    assert 0 < cost(MANY, deed) <= cost(FEW, deed)


def test_a_start_costs_the_same_however_many_run_or_wait_to_be_joined() -> None:
    def start(workers: int) -> int:
        world = FakeWorld()
        for number in range(workers):
            _, run = world.started(f"w-{number}", reap="join")
            if number % 2:
                run.ends(1)
        machine = world.add("last")
        return calls(lambda: machine.start("test", Answers()))

    assert 0 < start(MANY) <= start(FEW)


def test_one_event_is_encoded_once_for_all_who_hear_it() -> None:
    heard: list[bytes] = []
    log = EventLog(lambda: 1.0, None)
    for _ in range(5):
        log.listen(lambda line: heard.append(line))
    log.say("note", "once")
    assert len(heard) == 5 and len({id(line) for line in heard}) == 1
    message = decode_message(heard[0])
    assert isinstance(message, Event) and message.text == "once"
