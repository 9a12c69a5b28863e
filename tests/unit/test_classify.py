"""States: what each view alone can tell, and who is right where they differ."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from proctui.core.classify import Facts, Parent, process_state, worker_state
from proctui.model import Departure, ProcessSample, State, Worker
from tests.unit.story import NOON, running, seen


def sample(state: str = "S", threads: int = 1, status: int | None = None) -> ProcessSample:
    return seen(1, 200, 100, state=state, threads=threads, status=status).sample


IDLE = running(phase="idle", pid=None, alive=None, started_at=None)
STARTING = running(phase="starting")
ALIVE = running()
ENDED = running(phase="ended", alive=False, exitcode=3, ended_at=NOON + 5)
JOINED = running(phase="joined", alive=False, exitcode=3, ended_at=NOON + 5, joined_at=NOON + 6)
FAILED = running(phase="failed", alive=False, exitcode=1, joined_at=NOON + 5, failure="no module")
REFUSED = running(phase="failed", pid=None, alive=None, started_at=None, failure="EAGAIN")
BACKOFF = running(phase="backoff", alive=False, exitcode=1, joined_at=NOON + 5)


def also(worker: Worker, **fields: Any) -> Worker:
    said: dict[str, Any] = {name: getattr(worker, name) for name in Worker.__struct_fields__}
    return Worker(**{**said, **fields})


@pytest.mark.parametrize(
    ("letter", "state"),
    [
        ("R", State.RUNNING),
        ("S", State.SLEEPING),
        ("I", State.SLEEPING),
        ("D", State.WAITING),
        ("T", State.STOPPED),
        ("t", State.STOPPED),
        ("Z", State.ZOMBIE),
        ("X", State.UNKNOWN),
        ("?", State.UNKNOWN),
    ],
)
def test_the_kernels_letters(letter: str, state: State) -> None:
    assert process_state(sample(letter)) is state


def test_a_leader_whose_threads_live_on_is_not_dead() -> None:
    for living, state in (("R", State.RUNNING), ("S", State.SLEEPING), ("T", State.STOPPED)):
        leaderless = msgspec.structs.replace(sample("Z", threads=3), living=living)
        assert process_state(leaderless) is state
        assert worker_state(ALIVE, leaderless) is state
    assert process_state(sample("Z", threads=3)) is State.RUNNING


@pytest.mark.parametrize(
    ("worker", "seen_as", "state"),
    [
        (IDLE, None, State.IDLE),
        (STARTING, None, State.STARTING),
        (STARTING, sample("S"), State.STARTING),
        (STARTING, sample("T"), State.STOPPED),
        (STARTING, sample("Z"), State.ZOMBIE),
        (ALIVE, None, State.UNKNOWN),
        (ALIVE, sample("S"), State.SLEEPING),
        (ALIVE, sample("D"), State.WAITING),
        (ALIVE, sample("T"), State.STOPPED),
        (ALIVE, sample("Z"), State.ZOMBIE),
        (ENDED, None, State.ZOMBIE),
        (ENDED, sample("S"), State.ZOMBIE),
        (ENDED, sample("Z"), State.ZOMBIE),
        (JOINED, None, State.ENDED),
        (JOINED, sample("Z"), State.ENDED),
        (JOINED, sample("S"), State.ENDED),
        (FAILED, None, State.FAILED),
        (FAILED, sample("Z"), State.FAILED),
        (REFUSED, None, State.FAILED),
        (BACKOFF, None, State.BACKOFF),
        (BACKOFF, sample("Z"), State.BACKOFF),
    ],
)
def test_both_views(worker: Worker, seen_as: ProcessSample | None, state: State) -> None:
    assert worker_state(worker, seen_as) is state


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"reap": "auto"}, State.ENDED),
        ({"reap": "implicit"}, State.ZOMBIE),
        ({"start_method": "spawn"}, State.ZOMBIE),
        ({"start_method": "forkserver"}, State.ENDED),
        ({"exitcode": None, "exitcode_lost": True}, State.ENDED),
    ],
)
def test_who_stays_a_zombie_after_its_end(fields: dict[str, Any], state: State) -> None:
    assert worker_state(also(ENDED, **fields), None) is state
    assert worker_state(also(ENDED, **fields), sample("S")) is state
    assert worker_state(also(ENDED, **fields), sample("Z")) is State.ZOMBIE


@pytest.mark.parametrize(
    ("worker", "state"),
    [
        (ALIVE, State.ENDED),
        (STARTING, State.ENDED),
        (ENDED, State.ENDED),
        (JOINED, State.ENDED),
        (FAILED, State.FAILED),
        (BACKOFF, State.BACKOFF),
    ],
)
def test_gone_says_the_kernel(worker: Worker, state: State) -> None:
    assert worker_state(worker, None, departed=True) is state


@pytest.mark.parametrize("worker", [STARTING, ALIVE, ENDED])
def test_with_the_supervisor_lost_only_the_kernel_knows(worker: Worker) -> None:
    assert worker_state(worker, None, lost_at=NOON) is State.UNKNOWN
    assert worker_state(worker, sample("Z"), lost_at=NOON) is State.ZOMBIE
    assert worker_state(worker, None, departed=True, lost_at=NOON) is State.ENDED


def test_what_was_joined_before_the_supervisor_was_lost_is_known() -> None:
    assert worker_state(JOINED, None, lost_at=NOON) is State.ENDED
    assert worker_state(IDLE, None, lost_at=NOON) is State.IDLE
    assert worker_state(REFUSED, None, lost_at=NOON) is State.FAILED


@pytest.mark.parametrize("phase", ["ended", "joined"])
def test_an_exit_code_that_may_be_made_up_needs_the_kernels_word(phase: str) -> None:
    made_up = also(ENDED, phase=phase, start_method="forkserver", exitcode=255, joined_at=NOON + 6)
    assert worker_state(made_up, None) is State.UNKNOWN
    assert worker_state(made_up, sample("S")) is State.SLEEPING
    assert worker_state(made_up, sample("Z")) is State.ZOMBIE
    assert worker_state(made_up, None, departed=True) is State.ENDED
    honest = also(made_up, start_method="fork", phase="joined")
    assert worker_state(honest, None) is State.ENDED


def test_the_exit_code_comes_from_python_and_else_from_the_kernel() -> None:
    assert Facts(worker=ENDED, sample=sample("Z", status=9 << 8)).exitcode == 3
    assert Facts(worker=ALIVE, sample=sample("Z", status=9 << 8)).exitcode == 9
    assert Facts(sample=sample("Z", status=11)).exitcode == -11
    assert Facts(sample=sample("Z")).exitcode is None
    gone = Departure(token=1, ended_at=NOON, exact=True, wait_status=15)
    assert Facts(worker=ALIVE, departure=gone).exitcode == -15


def test_a_living_process_has_no_exit_code_yet() -> None:
    assert Facts(sample=sample("S", status=0)).exitcode is None


def test_a_parent_without_a_name_is_called_by_its_number() -> None:
    assert Parent(77).who == "process 77"
    assert Parent(77, "bash").who == "bash (77)"
