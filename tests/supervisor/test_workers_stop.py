"""The state machine of a worker, with histories as data: stop, restart, specifications."""

from __future__ import annotations

import signal

import pytest

from proctui.supervisor.signalling import Order
from proctui.supervisor.stopping import OUT_OF_REACH, PATIENCE
from tests.supervisor.fakes import Answers, FakeWorld, seen


@pytest.fixture
def world() -> FakeWorld:
    return FakeWorld()


def test_stop_ends_with_the_stop_signal(world: FakeWorld) -> None:
    machine, run = world.started(stop_signal="SIGINT", restart="always")
    answers = Answers()
    machine.stop("t", None, answers)
    assert seen(machine).stopping and not answers
    assert run.signals == [(int(signal.SIGINT), False), (int(signal.SIGCONT), False)]
    run.obeys()
    assert answers.only.ok and answers.only.exitcode == -2
    assert seen(machine).phase == "joined" and not seen(machine).stopping
    assert world.kinds() == ["stopping", "ended", "joined"]
    assert world.pending_timers == 0, "neither SIGKILL nor a restart is due"


def test_who_stopped_it_is_told_of_one_that_ends_by_the_very_first_signal(
    world: FakeWorld,
) -> None:
    machine, run = world.started()
    run.quick = True
    answers = Answers()
    machine.stop("somebody", None, answers)
    assert run.over, "SIGCONT finds nobody any more"
    run.notice()
    assert answers.only.ok and answers.only.exitcode == -15
    assert [(said.kind, said.by, said.signal) for said in world.said] == [
        ("stopping", "somebody", "SIGTERM"),
        ("ended", None, None),
        ("joined", "somebody", None),
    ]


def test_a_stubborn_one_is_killed_after_its_grace_period(world: FakeWorld) -> None:
    machine, run = world.started(stop_timeout=3.0)
    run.ignores = frozenset({15})
    answers = Answers()
    machine.stop("t", None, answers)
    world.advance(2.9)
    assert run.signals[-1] == (int(signal.SIGCONT), False)
    world.advance(0.2)
    assert run.signals[-1] == (9, False)
    assert [said.text for said in world.said] == [
        "stop: SIGTERM sent, SIGKILL follows in 3 s",
        "stop: SIGKILL sent, the grace period is over",
    ]
    run.obeys()
    assert answers.only.ok and answers.only.exitcode == -9


def test_a_second_stop_can_only_hasten(world: FakeWorld) -> None:
    machine, run = world.started(stop_timeout=10.0)
    run.ignores = frozenset({15})
    first, second, third = Answers(), Answers(), Answers()
    machine.stop("a", None, first)
    machine.stop("b", 60.0, second)
    world.advance(5)
    machine.stop("c", 1.0, third)
    world.advance(1)
    assert run.signals[-1] == (9, False)
    machine.stop("d", 0, third)
    assert run.signals.count((9, False)) == 1
    run.obeys()
    assert first.only.ok and second.only.ok and len(third) == 2


def test_a_longer_grace_period_postpones_nothing(world: FakeWorld) -> None:
    machine, run = world.started(stop_timeout=10.0)
    machine.stop("a", None, Answers())
    machine.stop("b", 60.0, Answers())
    world.advance(10)
    assert run.signals[-1] == (9, False)


def test_no_grace_is_a_kill(world: FakeWorld) -> None:
    machine, run = world.started()
    machine.stop("t", 0, Answers())
    assert run.signals == [(9, False)]


def test_what_the_kernel_cannot_end_is_said(world: FakeWorld) -> None:
    machine, run = world.started()
    answers = Answers()
    machine.stop("t", 1, answers)
    world.advance(1 + PATIENCE)
    assert answers.only.text == OUT_OF_REACH and not answers.only.ok
    assert not seen(machine).stopping and seen(machine).alive
    run.ends(-9)
    assert seen(machine).phase == "ended" and len(answers) == 1


def test_a_stop_that_is_forbidden_fails_at_once(world: FakeWorld) -> None:
    machine, run = world.started()
    run.denied = True
    answers, again = Answers(), Answers()
    machine.stop("t", 1, answers)
    assert "forbids SIGTERM" in answers.only.text and not seen(machine).stopping
    machine.restart("t", again)
    assert "not restarted" in again.only.text
    assert world.pending_timers == 0


@pytest.mark.parametrize("joined", [True, False])
def test_stopping_what_does_not_run(world: FakeWorld, joined: bool) -> None:
    machine, run = world.started()
    run.ends(0)
    if joined:
        machine.join("t", None, Answers())
    answers = Answers()
    machine.stop("t", None, answers)
    assert answers.only.ok and seen(machine).phase == "joined" and run.joins == 1


def test_restart_stops_joins_and_starts(world: FakeWorld) -> None:
    machine, run = world.started()
    answers = Answers()
    machine.restart("t", answers)
    run.obeys()
    assert not answers, "answered when it runs"
    world.runs[1].becomes_ready()
    assert answers.only.ok and answers.only.pid == 101
    assert world.kinds() == [
        "restarting", "stopping", "ended", "joined", "starting", "started",
    ]  # fmt: skip
    assert seen(machine).restarts == 0
    assert world.marks == [("w", "restarted by t")]


def test_a_stop_overrules_a_restart_on_its_way(world: FakeWorld) -> None:
    machine, run = world.started()
    restart, stop = Answers(), Answers()
    machine.restart("a", restart)
    machine.stop("b", None, stop)
    assert restart.only.text == "not restarted: stop by b"
    run.obeys()
    assert stop.only.ok and len(world.runs) == 1


def test_restart_starts_what_does_not_run(world: FakeWorld) -> None:
    machine, answers = world.add(), Answers()
    machine.restart("t", answers)
    world.runs[0].becomes_ready()
    assert answers.only.ok and seen(machine).phase == "alive"


def run_again(world: FakeWorld, exitcode: int, lasted: float = 0.0) -> None:
    run = world.runs[-1]
    run.becomes_ready()
    world.advance(lasted)
    run.ends(exitcode)


def test_restarts_double_their_pause_and_are_given_up(world: FakeWorld) -> None:
    machine = world.add(restart="on-failure")
    machine.start("t", Answers())
    for count, pause in enumerate([0.5, 1, 2, 4, 8], start=1):
        run_again(world, 1)
        worker = seen(machine)
        assert (worker.phase, worker.backoff_until) == ("backoff", world.now + pause)
        assert worker.joined_at is not None
        world.advance(pause - 0.01)
        assert seen(machine).phase == "backoff"
        world.advance(0.02)
        assert seen(machine).phase == "starting" and seen(machine).restarts == count
        assert seen(machine).backoff_until is None
    run_again(world, 1)
    assert seen(machine).phase == "failed"
    reason = "restarted 5 times in 60 s, then given up: the last run ended with exitcode 1"
    assert seen(machine).failure == reason
    assert world.said[-1].kind == "gave-up"
    assert world.said[-1].text == f"failed: {reason}" and world.said[-1].exitcode == 1
    assert world.pending_timers == 0
    machine.start("t", Answers())
    run_again(world, 1)
    assert seen(machine).phase == "backoff" and seen(machine).restarts == 0
    assert seen(machine).backoff_until == world.now + 0.5, "a manual start resets it"


def test_a_stable_run_resets_the_pause(world: FakeWorld) -> None:
    machine = world.add(restart="always")
    machine.start("t", Answers())
    run_again(world, 0)
    world.advance(0.5)
    run_again(world, 0, lasted=60.0)
    assert seen(machine).backoff_until == world.now + 0.5


def test_on_failure_leaves_success_alone(world: FakeWorld) -> None:
    machine = world.add(restart="on-failure")
    machine.start("t", Answers())
    run_again(world, 0)
    assert seen(machine).phase == "ended" and world.pending_timers == 0


@pytest.mark.parametrize("act", ["stop", "start", "restart", "join", "signal"])
def test_acting_during_the_back_off(world: FakeWorld, act: str) -> None:
    machine, run = world.started(restart="always")
    run.ends(7)
    answers = Answers()
    match act:
        case "stop":
            machine.stop("t", None, answers)
            assert seen(machine).phase == "joined" and seen(machine).backoff_until is None
            assert world.pending_timers == 0
        case "join":
            machine.join("t", None, answers)
            assert answers.only.exitcode == 7 and seen(machine).phase == "backoff"
        case "signal":
            machine.signal(Order("SIGTERM"), "t", answers)
            assert "waits for its restart" in answers.only.text
        case "start" | "restart":
            getattr(machine, act)("t", answers)
            assert seen(machine).phase == "starting"
            world.runs[-1].becomes_ready()
            world.advance(100)
            assert len(world.runs) == 2, "the restart that was due is off"
    assert len(answers) == 1


def test_a_restart_that_fails_counts_as_one_more_end(world: FakeWorld) -> None:
    machine, run = world.started(restart="always", max_restarts=2)
    run.ends(0)
    world.refuse = "no processes left"
    world.advance(0.6)
    assert seen(machine).phase == "backoff" and seen(machine).failure == "no processes left"
    world.refuse = None
    world.advance(1.1)
    world.runs[-1].fails("syntax error")
    assert seen(machine).phase == "failed"
    assert seen(machine).failure == "restarted 2 times in 60 s, then given up: syntax error"


def test_stop_in_the_back_off_after_a_failed_restart_shows_the_failure(world: FakeWorld) -> None:
    machine, run = world.started(restart="always")
    run.ends(0)
    world.advance(0.6)
    world.runs[-1].fails("syntax error")
    machine.stop("t", None, Answers())
    assert seen(machine).phase == "failed" and seen(machine).failure == "syntax error"


def test_a_joiner_of_a_restarting_one_gets_the_end_it_waited_for(world: FakeWorld) -> None:
    machine, run = world.started(restart="always")
    answers = Answers()
    machine.join("t", None, answers)
    run.ends(5)
    assert answers.only.exitcode == 5 and seen(machine).phase == "backoff"
    assert [said.by for said in world.said if said.kind == "joined"] == ["t"]


def test_nothing_is_started_once_the_session_is_ending(world: FakeWorld) -> None:
    machine, run = world.started(restart="always")
    idle = world.add("idle")
    restart = Answers()
    machine.restart("t", restart)
    world.workers.ending = True
    answers = Answers()
    idle.start("t", answers)
    idle.restart("t", answers)
    assert all("session is ending" in answer.text for answer in answers) and len(answers) == 2
    run.obeys()
    assert not restart.only.ok and len(world.runs) == 1
    assert not world.workers.add(idle.spec, "t").ok


def test_a_changed_specification_waits_for_the_next_run(world: FakeWorld) -> None:
    machine, run = world.started(stop_signal="SIGINT")
    changed = type(machine.spec)(id="w", target="m:other")
    machine.follow_spec(changed, "t")
    assert seen(machine).label == "m:f()" and machine.wanted_spec is changed
    machine.restart("t", Answers())
    assert run.signals[0] == (2, False), "stopped as the old one wants it"
    run.obeys()
    assert seen(machine).label == "m:other()" and world.runs[1].spec is changed


def test_removing(world: FakeWorld) -> None:
    machine, run = world.started(reap="implicit")
    assert "stop it first" in world.workers.remove(machine, "t").text
    run.ends(0)
    assert world.workers.remove(machine, "t").ok
    assert run.joins == 1 and world.workers.get("w") is None
    assert world.kinds()[-1] == "removed" and world.said[-1].state is None
    world.add("w").start("t", Answers())


def test_a_removed_one_in_back_off_never_comes_back(world: FakeWorld) -> None:
    machine, run = world.started(restart="always")
    run.ends(0)
    assert world.workers.remove(machine, "t").ok
    world.advance(100)
    assert len(world.runs) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "x" * 201},
        {"target": None},
        {"command": ("true",)},
        {"target": None, "command": ()},
        {"target": "module"},
        {"stop_signal": "SIGNOTHING"},
        {"stop_timeout": -1.0},
        {"backoff": -0.5},
        {"env": {"A=B": "c"}},
        {"env": {"A": "\0"}},
        {"target": "m\0:f"},
    ],
)
def test_specifications_that_cannot_be_right_are_refused(
    world: FakeWorld, changes: dict[str, object]
) -> None:
    with pytest.raises(AssertionError, match="not added: "):
        world.add(**({"name": "w"} | changes))  # type: ignore[arg-type]
    assert not world.said


def test_a_worker_tells_how_it_is_stopped(world: FakeWorld) -> None:
    told = seen(world.add("w", stop_signal="SIGINT", stop_timeout=30.0))
    assert (told.stop_signal, told.stop_timeout, told.is_shell_line) == ("SIGINT", 30.0, False)
    line = {"target": None, "command": ("/bin/sh", "-c", "make; make test"), "shell_line": "make"}
    assert seen(world.add("line", **line)).is_shell_line
