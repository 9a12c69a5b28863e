"""The state machine of a worker, with histories as data: start, end, join, signal."""

from __future__ import annotations

import hashlib
import signal

import pytest

from proctui.supervisor.signalling import Order
from tests.supervisor.fakes import Answers, FakeWorld, seen


@pytest.fixture
def world() -> FakeWorld:
    return FakeWorld()


def test_a_start_is_answered_when_user_code_runs(world: FakeWorld) -> None:
    machine, answers = world.add(), Answers()
    machine.start("screen 1", answers)
    assert (seen(machine).phase, seen(machine).alive, seen(machine).pid) == (
        "starting", True, 100,
    )  # fmt: skip
    assert not answers
    world.runs[0].name = "Clock-7"
    world.runs[0].becomes_ready()
    assert answers.only.ok and answers.only.pid == 100
    assert (seen(machine).phase, seen(machine).name) == ("alive", "Clock-7")
    assert world.kinds() == ["added", "starting", "started"]
    assert world.said[1].by == "screen 1"
    assert world.pending_timers == 0


def test_the_authkey_is_told_by_length_and_fingerprint_only(world: FakeWorld) -> None:
    machine, run = world.started()
    worker = seen(machine)
    assert worker.authkey_length == len(run.authkey)
    assert worker.authkey_fingerprint == hashlib.sha256(run.authkey).hexdigest()[:8]


def test_a_command_has_started_once_it_is_executed(world: FakeWorld) -> None:
    machine, answers = world.add(target=None, command=("sleep", "1")), Answers()
    machine.start("t", answers)
    world.runs[0].listener.settled()
    assert answers.only.ok and seen(machine).phase == "alive" and seen(machine).is_command


def test_a_slow_start_is_answered_with_patience(world: FakeWorld) -> None:
    machine, answers = world.add(), Answers()
    machine.start("t", answers)
    world.advance(5.0)
    assert answers.only.ok and "not reached user code" in answers.only.text
    world.runs[0].becomes_ready()
    assert seen(machine).phase == "alive" and len(answers) == 1


def test_a_running_one_is_not_started_again(world: FakeWorld) -> None:
    machine, _ = world.started()
    answers = Answers()
    machine.start("t", answers)
    assert answers.only.text == "is already running (pid 100)" and not answers.only.ok
    assert world.kinds() == ["refused"] and len(world.runs) == 1


def test_a_start_joins_the_zombie_of_the_run_before(world: FakeWorld) -> None:
    machine, run = world.started()
    run.ends(3)
    assert seen(machine).phase == "ended" and run.joins == 0
    machine.start("t", Answers())
    assert run.joins == 1
    assert world.kinds() == ["ended", "joined", "starting"]
    assert world.marks == [("w", "restarted by t")]
    worker = seen(machine)
    assert (worker.exitcode, worker.ended_at, worker.joined_at) == (None, None, None)


def test_what_a_child_reports_as_failure_is_joined_at_once(world: FakeWorld) -> None:
    machine, answers = world.add(restart="always"), Answers()
    machine.start("t", answers)
    world.runs[0].fails("module 'x' not found")
    assert answers.only.text == "failed: module 'x' not found" and not answers.only.ok
    assert seen(machine).phase == "failed" and seen(machine).exitcode == 1
    assert seen(machine).failure == "module 'x' not found"
    assert world.runs[0].joins == 1
    assert world.kinds() == ["added", "starting", "start-failed"]


def test_a_refused_fork_touches_nobody_else(world: FakeWorld) -> None:
    other, _ = world.started("other")
    before = seen(other)
    world.refuse = "the kernel refused to fork"
    machine, answers = world.add(), Answers()
    machine.start("t", answers)
    assert answers.only.text == "failed: the kernel refused to fork"
    assert seen(machine).phase == "failed" and seen(machine).pid is None
    assert world.marks == [("w", "failed: the kernel refused to fork")]
    assert seen(other) is before
    world.refuse = None
    machine.start("t", answers)
    assert seen(machine).phase == "starting" and seen(machine).failure is None


def test_killed_before_user_code_is_an_end_like_any_other(world: FakeWorld) -> None:
    machine, answers = world.add(), Answers()
    machine.start("t", answers)
    world.runs[0].dies(-9)
    world.runs[0].listener.settled()
    world.runs[0].ends(-9)
    assert answers.only.ok and answers.only.exitcode == -9
    assert seen(machine).phase == "ended" and seen(machine).exitcode == -9


@pytest.mark.parametrize(
    ("exitcode", "text"),
    [
        (0, "ended with exitcode 0"),
        (-11, "was ended by SIGSEGV (exitcode -11)"),
        (None, "has ended, but somebody else took its exit status"),
    ],
)
def test_an_end_leaves_the_zombie_to_whoever_joins(
    world: FakeWorld, exitcode: int | None, text: str
) -> None:
    machine, run = world.started()
    world.advance(7)
    run.ends(exitcode)
    worker = seen(machine)
    assert (worker.phase, worker.alive, worker.exitcode) == ("ended", False, exitcode)
    assert worker.exitcode_lost is (exitcode is None)
    assert worker.ended_at == world.now and worker.joined_at is None
    assert world.said[0].text == text and world.said[0].by is None
    assert run.joins == 0
    answers = Answers()
    machine.join("screen 3", None, answers)
    assert run.joins == 1 and answers.only.ok and answers.only.exitcode == exitcode
    assert world.said[-1].kind == "joined" and world.said[-1].by == "screen 3"


def test_joining_twice_answers_at_once(world: FakeWorld) -> None:
    machine, run = world.started()
    run.ends(4)
    answers = Answers()
    machine.join("t", None, answers)
    machine.join("t", None, answers)
    assert [answer.exitcode for answer in answers] == [4, 4]
    assert answers[1].text == "already joined: ended with exitcode 4"
    assert world.kinds() == ["ended", "joined"]


def test_only_a_started_process_can_be_joined(world: FakeWorld) -> None:
    answers = Answers()
    assert world.add().join("t", None, answers) is None
    assert answers.only.text == "can only join a started process" and not answers.only.ok


def test_several_joins_wait_and_one_reaps(world: FakeWorld) -> None:
    machine, run = world.started()
    one, two, three = Answers(), Answers(), Answers()
    machine.join("one", None, one)
    machine.join("two", 5.0, two)
    ticket = machine.join("three", None, three)
    assert seen(machine).joining == 3
    assert ticket is not None
    ticket.cancel("three")
    assert seen(machine).joining == 2 and "cancelled" in three.only.text
    run.ends(0)
    assert one.only.ok and two.only.ok and seen(machine).joining == 0
    assert [said.by for said in world.said if said.kind == "joined"] == ["one"]
    world.advance(10)
    ticket.cancel("three")
    assert len(one) == len(two) == len(three) == 1


def test_a_join_gives_up_after_its_timeout(world: FakeWorld) -> None:
    machine, run = world.started(join_timeout=2.0)
    short, own = Answers(), Answers()
    machine.join("a", 0.0001, short)
    machine.join("b", None, own)
    world.advance(0.001)
    assert short.only.text == "join gave up after 0.0001 s: still alive" and not short.only.ok
    world.advance(1.9)
    assert not own
    world.advance(0.2)
    assert not own.only.ok and seen(machine).joining == 0 and seen(machine).alive
    run.ends(0)
    assert seen(machine).phase == "ended"


def test_cancel_gives_up_all_joins(world: FakeWorld) -> None:
    machine, _ = world.started()
    joins, cancel = Answers(), Answers()
    machine.join("a", 9.0, joins)
    machine.join("b", None, joins)
    machine.cancel_joins("screen 5", cancel)
    assert cancel.only.ok and len(joins) == 2
    assert all("cancelled by screen 5" in answer.text for answer in joins)
    assert world.pending_timers == 0
    machine.cancel_joins("screen 5", cancel)
    assert not cancel[1].ok


def test_reap_auto_joins_at_once(world: FakeWorld) -> None:
    machine, run = world.started(reap="auto")
    run.ends(1)
    assert run.joins == 1 and seen(machine).phase == "joined"
    assert world.said[-1].by == "reap policy"


def test_reap_implicit_waits_for_the_start_of_a_sibling(world: FakeWorld) -> None:
    machine, run = world.started("zombie", reap="implicit")
    keeper, kept = world.started("keeper")
    run.ends(2)
    kept.ends(0)
    assert run.joins == 0
    other = world.add("other")
    other.start("t", Answers())
    assert run.joins == 1 and seen(machine).phase == "joined" and seen(machine).exitcode == 2
    assert kept.joins == 0 and seen(keeper).phase == "ended"
    joined = next(said for said in world.said if said.kind == "joined")
    assert joined.by == "start of other"
    assert joined.text == "joined implicitly by the start of other"


def test_an_implicit_one_joined_by_hand_is_not_joined_again(world: FakeWorld) -> None:
    machine, run = world.started("zombie", reap="implicit")
    run.ends(2)
    machine.join("t", None, Answers())
    machine.start("t", Answers())
    world.runs[-1].becomes_ready()
    world.add("other").start("t", Answers())
    assert seen(machine).phase == "alive"


def test_signals_go_to_the_process_or_its_group(world: FakeWorld) -> None:
    machine, run = world.started()
    answers = Answers()
    machine.signal(Order("SIGTERM"), "t", answers)
    machine.signal(Order("usr1", group=True), "t", answers)
    assert run.signals == [(15, False), (int(signal.SIGUSR1), True)]
    assert [answer.text for answer in answers] == [
        "SIGTERM sent to it", "SIGUSR1 sent to its process group",
    ]  # fmt: skip
    assert [said.signal for said in world.said] == ["SIGTERM", "SIGUSR1"]
    assert seen(machine).alive, "right after terminate it is still alive"


@pytest.mark.parametrize("name", ["SIGNONE", "", "0x9", "99", "-9", "²"])
def test_a_signal_that_does_not_exist_is_refused(world: FakeWorld, name: str) -> None:
    machine, run = world.started()
    answers = Answers()
    machine.signal(Order(name), "t", answers)
    assert not answers.only.ok and "there is no signal" in answers.only.text and not run.signals


def test_the_dead_are_not_signalled_and_it_is_said_why(world: FakeWorld) -> None:
    machine, answers = world.add(), Answers()
    machine.signal(Order("SIGTERM"), "t", answers)
    machine.start("t", Answers())
    run = world.runs[0]
    run.becomes_ready()
    run.dies(0)
    machine.signal(Order("SIGTERM"), "t", answers)
    run.ends(0)
    machine.signal(Order("SIGKILL", group=True), "t", answers)
    machine.join("t", None, Answers())
    machine.signal(Order("SIGKILL"), "t", answers)
    assert [answer.text for answer in answers] == [
        "was never started",
        "already dead: only its parent 99 can join it",
        "already dead: only its parent 99 can join it",
        "does not run any more",
    ]
    assert not any(answer.ok for answer in answers) and not run.signals


def test_of_one_that_the_fork_server_reaps_no_parent_is_said_to_join_it(world: FakeWorld) -> None:
    machine, run = world.started(start_method="forkserver")
    run.ends(0)
    answers = Answers()
    machine.signal(Order("SIGKILL"), "t", answers)
    assert answers.only.text == "already dead: the fork server reaps it, a join takes its exit code"


def test_a_signal_meant_for_one_run_never_reaches_the_next(world: FakeWorld) -> None:
    machine, first = world.started()
    answers = Answers()
    first.dies(0)
    first.ends(0)
    machine.start("t", Answers())
    world.runs[-1].becomes_ready()
    machine.signal(Order("SIGKILL", pid=first.pid), "t", answers)
    assert not answers.only.ok and not world.runs[-1].signals
    assert answers.only.text == (
        f"not signalled: process {first.pid}, which was meant, is not its process; it runs as pid "
        f"{world.runs[-1].pid} now"
    )
    again = Answers()
    machine.signal(Order("SIGKILL", pid=world.runs[-1].pid), "t", again)
    assert again.only.ok and world.runs[-1].signals == [(9, False)]


def test_a_forbidden_signal_is_said(world: FakeWorld) -> None:
    machine, run = world.started()
    run.denied = True
    answers = Answers()
    machine.signal(Order("SIGTERM"), "t", answers)
    assert "forbids SIGTERM" in answers.only.text


def test_an_interpreter_that_is_none_is_a_failed_start(world: FakeWorld) -> None:
    machine, answers = world.add(python="/bin/true", restart="always"), Answers()
    machine.start("t", answers)
    run = world.runs[0]
    run.listener.settled()  # the pipe is closed a moment before the process has ended
    assert not answers and seen(machine).phase == "starting"
    run.ends(0)
    reason = (
        "'/bin/true' ended before the target was reached (exit code 0); "
        "Python 3.8 or newer is needed"
    )
    assert not answers.only.ok and answers.only.text == f"failed: {reason}"
    assert seen(machine).phase == "failed" and seen(machine).failure == reason
    assert world.marks == [("w", f"failed: {reason}")]
    world.advance(10)
    assert seen(machine).phase == "failed" and len(world.runs) == 1


def test_an_interpreter_that_says_nothing_and_lives_is_taken_to_run(world: FakeWorld) -> None:
    machine, answers = world.add(python="/opt/wrapper"), Answers()
    machine.start("t", answers)
    world.runs[0].listener.settled()
    world.advance(1)
    assert answers.only.ok and seen(machine).phase == "alive"


def test_the_silence_of_one_run_is_not_counted_for_the_next(world: FakeWorld) -> None:
    machine = world.add(python="/opt/wrapper")
    machine.start("t", Answers())
    world.runs[0].listener.settled()
    world.runs[0].ends(-9)
    assert seen(machine).phase == "ended", "it was ended, which is no fault of its own"
    machine.start("t", Answers())
    world.advance(1)
    assert seen(machine).phase == "starting"


def test_an_interpreter_that_reached_the_target_ends_as_others_do(world: FakeWorld) -> None:
    machine, run = world.started(python="/usr/bin/python3")
    run.listener.settled()
    run.ends(1)
    assert seen(machine).phase == "ended" and seen(machine).exitcode == 1
