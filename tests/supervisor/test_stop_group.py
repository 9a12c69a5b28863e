"""Stopping a shell line: its whole process group ends, and no signal goes to a stranger."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from proctui.linux.groups import living
from proctui.protocol import Restart, Shutdown, Stop
from proctui.spec import WorkerSpec
from proctui.supervisor.stopping import GROUP_OUT_OF_REACH, PATIENCE
from proctui.supervisor.supervised import Supervised
from tests.conftest import Supervise
from tests.supervisor.fakes import Answers, FakeRun, FakeWorld, seen
from tests.support import kernel_state, until

# ------------------------------------------------------------ histories as data


@pytest.fixture
def world() -> FakeWorld:
    return FakeWorld()


def shell(world: FakeWorld, **changes: Any) -> tuple[Supervised, FakeRun]:
    """A shell line whose shell has started one more process."""
    words = ("/bin/sh", "-c", "serve")
    machine, run = world.started("w", target=None, command=words, shell_line="serve", **changes)
    run.members = 1
    return machine, run


def test_the_stop_signal_goes_to_the_group(world: FakeWorld) -> None:
    machine, run = shell(world, stop_signal="SIGINT")
    machine.stop("t", None, Answers())
    assert run.signals == [(int(signal.SIGINT), True), (int(signal.SIGCONT), True)]
    assert world.said[-1].text == "stop: SIGINT sent to its process group, SIGKILL follows in 5 s"


def test_it_is_stopped_once_nobody_of_the_group_is_left(world: FakeWorld) -> None:
    machine, run = shell(world)
    answers = Answers()
    machine.stop("t", None, answers)
    run.ends(-15)
    world.advance(1.0)
    assert not answers and not run.joins, "the shell's pid keeps the group's id from strangers"
    assert seen(machine).phase == "ended" and seen(machine).stopping
    run.members = 0
    world.advance(0.1)
    assert answers.only.ok and answers.only.text == "stopped: was ended by SIGTERM (exitcode -15)"
    assert seen(machine).phase == "joined" and not seen(machine).stopping
    assert world.kinds() == ["stopping", "ended", "joined"] and world.pending_timers == 0


def test_what_of_the_group_is_stubborn_is_killed_after_the_grace_period(world: FakeWorld) -> None:
    machine, run = shell(world, stop_timeout=3.0)
    machine.stop("t", None, Answers())
    run.ends(-15)
    world.advance(2.9)
    assert (9, True) not in run.signals
    world.advance(0.2)
    assert run.signals[-1] == (9, True)
    text = "stop: SIGKILL sent to what is left of its process group, the grace period is over"
    assert world.said[-1].text == text


def test_a_restart_starts_anew_only_then(world: FakeWorld) -> None:
    machine, run = shell(world)
    answers = Answers()
    machine.restart("t", answers)
    run.ends(-15)
    world.advance(1.0)
    assert [one.pid for one in world.runs] == [100], "no double"
    run.members = 0
    world.advance(0.1)
    world.runs[1].becomes_ready()
    assert answers.only.ok and answers.only.pid == 101


def test_meanwhile_nothing_reaps_or_starts_it(world: FakeWorld) -> None:
    machine, run = shell(world, restart="always", reap="auto")
    machine.stop("t", None, Answers())
    run.ends(-15)
    started, joined, gave_up = Answers(), Answers(), Answers()
    machine.start("t", started)
    assert started.only.text == "is still being stopped (pid 100)"
    machine.join("t", None, joined)
    machine.join("t", 0.5, gave_up)
    assert not world.workers.remove(machine, "t").ok
    world.advance(1.0)
    assert gave_up.only.text == "join gave up after 0.5 s: its process group is being stopped"
    assert not joined and not run.joins
    run.members = 0
    world.advance(0.1)
    assert joined.only.ok
    assert seen(machine).phase == "joined", "a stop overrules the restart policy"


def test_nor_does_the_start_of_a_sibling_join_it_implicitly(world: FakeWorld) -> None:
    """Reaped then, the group's id could be a stranger's before the stop is through."""
    machine, run = shell(world, reap="implicit")
    run.ends(0)
    stopped = Answers()
    machine.stop("t", None, stopped)
    world.started("sibling")
    assert not run.joins and seen(machine).phase == "ended"
    world.advance(0.0)
    assert run.signals[0] == (15, True), "what is left of the group is still to be ended"
    run.members = 0
    world.advance(0.1)
    assert stopped.only.ok and seen(machine).phase == "joined"


def test_a_second_stop_hastens_the_end_of_the_group(world: FakeWorld) -> None:
    machine, run = shell(world)
    first, second = Answers(), Answers()
    machine.stop("a", 60.0, first)
    run.ends(-15)
    machine.stop("b", 0.0, second)
    assert run.signals[-1] == (9, True)
    run.members = 0
    world.advance(0.1)
    assert first.only.ok and second.only.ok


def test_a_shell_that_has_ended_by_itself_leaves_its_group_to_the_stop(world: FakeWorld) -> None:
    machine, run = shell(world)
    run.ends(0)
    assert not run.signals
    answers = Answers()
    machine.stop("t", None, answers)
    world.advance(0.0)
    assert run.signals[0] == (15, True) and not answers
    run.members = 0
    world.advance(0.1)
    assert answers.only.ok and seen(machine).phase == "joined"


def test_one_that_left_nobody_is_joined_without_a_signal(world: FakeWorld) -> None:
    machine, run = shell(world)
    run.members = 0
    run.ends(0)
    answers = Answers()
    machine.stop("t", None, answers)
    world.advance(0.0)
    assert answers.only.ok and not run.signals and seen(machine).phase == "joined"


def test_a_group_that_cannot_be_ended_is_said(world: FakeWorld) -> None:
    machine, run = shell(world, restart="always")
    stop, restart = Answers(), Answers()
    machine.stop("t", 1.0, stop)
    machine.restart("t", restart)
    run.ends(-15)
    world.advance(1.0 + PATIENCE)
    assert stop.only.text == GROUP_OUT_OF_REACH and not stop.only.ok
    assert restart.only.text == f"not restarted: {GROUP_OUT_OF_REACH}"
    assert seen(machine).phase == "joined" and not seen(machine).stopping
    assert len(world.runs) == 1 and world.pending_timers == 0


def test_others_are_stopped_alone(world: FakeWorld) -> None:
    machine, run = world.started(target=None, command=("python", "pool.py"))
    run.members = 3
    answers = Answers()
    machine.stop("t", None, answers)
    run.obeys()
    assert answers.only.ok and all(not group for _, group in run.signals)


# ------------------------------------------------------------ real processes


STUBBORN = (
    "import os, signal, sys, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print(os.getpid(), flush=True)\n"
    "time.sleep(600)\n"
)


def line(name: str, text: str, **settings: Any) -> WorkerSpec:
    return WorkerSpec(id=name, command=("/bin/sh", "-c", text), shell_line=text, **settings)


def python(code: Path) -> str:
    """A shell line that starts a program and waits for it, as dash does with every line."""
    return f"{sys.executable} {code}; exit 0"


@pytest.fixture
def stubborn(short_tmp: Path) -> Iterator[str]:
    program = short_tmp / "stubborn.py"
    program.write_text(STUBBORN)
    yield python(program)


def test_stop_and_restart_end_the_program_of_a_shell_line(supervise: Supervise) -> None:
    supervisor = supervise(line("w", "sleep 601 & echo program $!; sleep 602"))

    def programs() -> list[str]:
        return re.findall(r"program (\d+)\n", supervisor.log("w"))

    client = supervisor.client()
    first = int(until(programs)[0])
    assert client.outcome(Restart(workers=("w",))).ok
    assert kernel_state(first) in (None, "Z"), "before the new run has begun"
    second = int(until(lambda: programs()[1:])[0])
    until(lambda: kernel_state(second) == "S")
    outcome = client.outcome(Stop(workers=("w",)))
    assert outcome.ok and kernel_state(second) in (None, "Z")


def test_a_program_that_ignores_the_signal_is_killed(supervise: Supervise, stubborn: str) -> None:
    supervisor = supervise(line("w", stubborn, stop_timeout=0.3))
    client = supervisor.client(subscribe=True)
    pid = int(until(lambda: supervisor.log("w").strip()))
    assert client.outcome(Stop(workers=("w",))).ok
    assert kernel_state(pid) in (None, "Z")
    steps = [event.signal for event in client.events if event.kind == "stopping"]
    assert steps == ["SIGTERM", "SIGKILL"]


def test_the_end_of_the_session_ends_it_within_its_own_grace_period(
    supervise: Supervise, stubborn: str
) -> None:
    supervisor = supervise(line("w", stubborn, stop_timeout=0.2))
    client = supervisor.client(subscribe=True)
    pid = int(until(lambda: supervisor.log("w").strip()))
    assert client.request(Shutdown()).error is None
    assert supervisor.process.wait(30) == 0
    assert kernel_state(pid) in (None, "Z")
    left = [
        event for event in client.events if event.kind == "note" and "left behind" in event.text
    ]
    assert not left, "nothing was left for the sweep"


def test_living_groups_are_told_from_those_of_zombies() -> None:
    ready, told = os.pipe()
    leader = os.fork()
    if leader == 0:
        os.setpgid(0, 0)
        child = os.fork()
        if child == 0:
            signal.pause()
        os.write(told, str(child).encode())
        os._exit(0)
    child = int(os.read(ready, 20))
    os.close(ready)
    os.close(told)
    os.waitid(os.P_PID, leader, os.WEXITED | os.WNOWAIT)
    assert living({leader, 1 << 22}) == {leader}
    os.kill(child, signal.SIGKILL)
    until(lambda: not living({leader}))
    os.killpg(leader, 0)  # kill(2) still says that there is somebody
    os.waitpid(leader, 0)
