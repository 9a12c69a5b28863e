"""An adopting supervisor and the orphans that came to it, with real processes."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from proctui.linux import procfs
from proctui.protocol import Adopted, Join, JoinAdopted, Outcome
from tests.conftest import Supervise
from tests.supervisor.specs import ends, sleeper, target
from tests.support import RawClient, Supervisor, children_of, kernel_state, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="adopting orphans needs Linux")


def orphan_of(supervisor: Supervisor, client: RawClient, file: Path) -> int:
    """Pid of the orphan, once the worker that left it has ended and the supervisor has it."""
    client.until("o", lambda worker: worker.phase == "ended")
    orphan = int(file.read_text())
    until(lambda: orphan in children_of(supervisor.pid))
    return orphan


def join(client: RawClient, pid: int, start: int | None = None) -> Outcome:
    (outcome,) = client.request(JoinAdopted(processes=(Adopted(pid, start),))).outcomes
    return outcome


def test_an_orphan_that_ended_is_joined_with_its_exit_code(
    supervise: Supervise, tmp_path: Path
) -> None:
    file = tmp_path / "pid"
    supervisor = supervise(target("o", "behaviours:orphan_that_ends", str(file)), adopt=True)
    client = supervisor.client()
    orphan = orphan_of(supervisor, client, file)
    until(lambda: kernel_state(orphan) == "Z")
    outcome = join(client, orphan, procfs.read_stat(orphan).start_ticks)
    assert (outcome.ok, outcome.exitcode, outcome.pid) == (True, 5, orphan)
    assert kernel_state(orphan) is None
    told = client.event(lambda event: event.kind == "joined" and event.pid == orphan)
    assert (told.worker, told.exitcode) == (None, 5)
    again = join(client, orphan)
    assert not again.ok and "has not adopted it" in again.text


def test_each_adoption_is_told_once(supervise: Supervise, tmp_path: Path) -> None:
    file = tmp_path / "pid"
    supervisor = supervise(
        target("o", "behaviours:leave_behind", str(file)),
        sleeper("s"),
        sleeper("f", start_method="forkserver"),
        target("p", "targets:sleep", start_method="spawn"),
        adopt=True,
    )
    client = supervisor.client(subscribe=True)
    orphan = orphan_of(supervisor, client, file)
    told = client.event(lambda event: event.kind == "adopted")
    assert (told.worker, told.pid, told.state) == ("o", orphan, None)
    assert f"({orphan}) behind, which the supervisor has adopted" in told.text
    for name in "sfp":
        client.pid_of(name)
    os.kill(orphan, signal.SIGKILL)
    until(lambda: kernel_state(orphan) == "Z")
    assert join(client, orphan).ok
    client.event(lambda event: event.kind == "joined" and event.pid == orphan)
    assert [event.pid for event in client.events if event.kind == "adopted"] == [orphan]


def test_one_that_lives_is_neither_waited_for_nor_harmed(
    supervise: Supervise, tmp_path: Path
) -> None:
    file = tmp_path / "pid"
    supervisor = supervise(target("o", "behaviours:leave_behind", str(file)), adopt=True)
    client = supervisor.client()
    orphan = orphan_of(supervisor, client, file)
    outcome = join(client, orphan)
    assert not outcome.ok and "it is alive" in outcome.text
    os.kill(orphan, signal.SIGKILL)
    until(lambda: kernel_state(orphan) == "Z")
    assert join(client, orphan).exitcode == -signal.SIGKILL


def test_a_workers_status_is_never_taken(supervise: Supervise) -> None:
    supervisor = supervise(ends("e", 3), sleeper("s"), adopt=True)
    client = supervisor.client()
    ended = client.until("e", lambda worker: worker.phase == "ended").pid
    alive = client.until("s", lambda worker: worker.phase == "alive").pid
    assert ended is not None and alive is not None
    for pid in (ended, alive):
        outcome = join(client, pid)
        assert not outcome.ok and "it is a worker" in outcome.text
    assert kernel_state(ended) == "Z"
    assert client.outcome(Join(workers=("e",))).exitcode == 3


def test_whoever_is_no_child_of_the_supervisor_is_left_alone(supervise: Supervise) -> None:
    supervisor = supervise(sleeper("s"), adopt=True)
    client = supervisor.client()
    for pid in (1, os.getpid(), supervisor.pid):
        assert "has not adopted it" in join(client, pid).text
    for pid in (0, -1, -supervisor.pid):
        assert "no process" in join(client, pid).text


def test_another_process_under_the_same_pid_is_not_meant(
    supervise: Supervise, tmp_path: Path
) -> None:
    file = tmp_path / "pid"
    supervisor = supervise(target("o", "behaviours:orphan_that_ends", str(file)), adopt=True)
    client = supervisor.client()
    orphan = orphan_of(supervisor, client, file)
    until(lambda: kernel_state(orphan) == "Z")
    start = procfs.read_stat(orphan).start_ticks
    assert "another has its pid" in join(client, orphan, start - 1).text
    assert kernel_state(orphan) == "Z"


def test_the_helpers_of_multiprocessing_are_left_alone(supervise: Supervise) -> None:
    supervisor = supervise(sleeper("s", start_method="forkserver"), adopt=True)
    client = supervisor.client()
    client.until("s", lambda worker: worker.phase == "alive")
    children = children_of(supervisor.pid)
    assert children
    assert all(not join(client, pid).ok for pid in children)
