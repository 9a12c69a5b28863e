"""Workers that mean no good: the supervisor stays exact, reachable and bounded."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from proctui.protocol import Join, Restart, Shutdown, Signal, Start, Stop
from proctui.sessions.follow import CHUNK, LONGEST_LINE, Follower
from proctui.spec import WorkerSpec
from tests.conftest import Supervise
from tests.supervisor.specs import command, sleeper, target
from tests.support import (
    RawClient,
    Supervisor,
    descendants_of,
    kernel_state,
    until,
)

LIMIT = 1 << 20


def hostile(name: str, what: str, *args: Any, **settings: Any) -> WorkerSpec:
    return target(name, f"hostile_targets:{what}", *args, **settings)


def on_disk(path: Path) -> int:
    return path.stat().st_blocks * 512


def memory_of(pid: int) -> int:
    """Resident bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def says(supervisor: Supervisor, worker: str, text: str) -> None:
    """Waits until it has printed that."""
    log = supervisor.log_dir / f"{worker}.log"
    until(lambda: log.is_file() and text.encode() in log.read_bytes()[-200:], timeout=60)


def exitcode_of(client: RawClient, worker: str) -> int | None:
    return client.until(worker, lambda worker: worker.ended_at is not None).exitcode


@pytest.mark.parametrize("what", ["flood", "endless_line"])
def test_output_without_end_is_bounded_on_disk_and_in_memory(
    supervise: Supervise, what: str
) -> None:
    supervisor = supervise(
        hostile("loud", what, 192, autostart=False), sleeper("quiet"), log_limit=LIMIT
    )
    client = supervisor.client()
    client.pid_of("quiet")
    log = supervisor.log_dir / "loud.log"
    before = memory_of(supervisor.pid)
    assert client.outcome(Start(workers=("loud",))).ok
    answers = 0
    while not log.exists() or log.stat().st_size < 192 << 20:
        assert client.outcome(Signal(workers=("quiet",), signal="SIGCONT"), timeout=10).ok
        answers += 1
    assert answers > 1, "the supervisor answers while it is flooded"
    until(lambda: on_disk(log) <= LIMIT + 65_536, what="for the log to be within its limit")
    assert memory_of(supervisor.pid) - before < 16 << 20
    with Follower(log, last=3) as follower:
        pieces = [follower.read()]
        while pieces[-1]:
            pieces.append(follower.read())
        pieces.append(follower.read(final=True))
    assert max(map(len, pieces)) <= CHUNK + LONGEST_LINE
    end = b"the end\n" if what == "flood" else b"yyy"
    assert b"".join(pieces).endswith(end)


def test_one_that_closes_everything_is_seen_to_live_and_to_end(supervise: Supervise) -> None:
    client = supervise(hostile("w", "close_everything", 21)).client(subscribe=True)
    assert exitcode_of(client, "w") == 21
    assert client.outcome(Join(workers=("w",))).exitcode == 21


def test_one_that_ignores_every_signal_is_killed_after_its_grace(supervise: Supervise) -> None:
    supervisor = supervise(hostile("w", "ignore_everything", stop_timeout=0.2))
    client = supervisor.client()
    says(supervisor, "w", "deaf")
    for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1"):
        assert client.outcome(Signal(workers=("w",), signal=name)).ok
    assert client.worker("w").alive
    assert client.outcome(Stop(workers=("w",))).exitcode == -9


def test_one_that_stops_itself_is_alive_and_goes_on(supervise: Supervise) -> None:
    supervisor = supervise(hostile("w", "stop_itself", stop_timeout=30.0))
    client = supervisor.client()
    pid = client.pid_of("w")
    until(lambda: kernel_state(pid) == "T")
    assert client.worker("w").alive
    outcome = client.outcome(Join(workers=("w",), timeout=0.05))
    assert not outcome.ok
    assert "still alive" in outcome.text
    assert client.outcome(Signal(workers=("w",), signal="SIGCONT")).ok
    assert exitcode_of(client, "w") == 9


def test_one_that_stops_itself_before_its_command_is_ended_by_stop(supervise: Supervise) -> None:
    supervisor = supervise(command("w", "sh", "-c", "kill -STOP $$; exit 4", stop_timeout=30.0))
    client = supervisor.client()
    until(lambda: kernel_state(client.worker("w").pid or 0) == "T")
    assert client.outcome(Stop(workers=("w",))).exitcode == -15


def test_a_fork_bomb_is_ended_with_its_session_to_the_last(supervise: Supervise) -> None:
    supervisor = supervise(hostile("w", "bomb", 6, stop_timeout=0.2), sleeper("quiet"))
    client = supervisor.client()
    client.pid_of("quiet")
    log = supervisor.log_dir / "w.log"
    until(lambda: log.exists() and log.read_text().count("up") == 64)
    family = descendants_of(supervisor.pid)
    assert len(family) == 65
    assert client.outcome(Signal(workers=("w",), signal="SIGKILL")).ok  # the others: orphans
    assert exitcode_of(client, "w") == -9
    client.request(Shutdown())
    assert supervisor.process.wait(30) == 0
    assert [pid for pid in family if kernel_state(pid) not in (None, "Z")] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_one_that_becomes_another_user_is_still_ours(supervise: Supervise) -> None:
    supervisor = supervise(hostile("w", "become", 65_534))
    client = supervisor.client()
    says(supervisor, "w", "am 65534")
    assert client.worker("w").alive
    assert client.outcome(Stop(workers=("w",))).exitcode == -15


def test_one_that_becomes_another_program_keeps_its_pid_and_its_log(supervise: Supervise) -> None:
    supervisor = supervise(hostile("w", "become_another_program"))
    client = supervisor.client()
    pid = client.pid_of("w")
    says(supervisor, "w", "before\nafter\n")
    until(lambda: Path(f"/proc/{pid}/comm").read_text() == "sleep\n")
    assert client.worker("w").pid == pid
    assert client.outcome(Stop(workers=("w",))).exitcode == -15


@pytest.mark.parametrize("instead", ["nothing", "link", "folder", "pipe"])
def test_one_that_deletes_its_log_hurts_nobody(supervise: Supervise, instead: str) -> None:
    supervisor = supervise(hostile("w", "delete_log", instead), sleeper("quiet"), log_limit=LIMIT)
    client = supervisor.client()
    pid = client.pid_of("w")
    log = supervisor.log_dir / "w.log"
    until(lambda: os.readlink(f"/proc/{pid}/fd/1").endswith("(deleted)"))
    if instead != "nothing":
        until(lambda: os.path.lexists(log))
    outcome = client.outcome(Restart(workers=("w",)))
    if instead == "nothing":
        assert outcome.ok
        until(lambda: client.worker("w").phase == "alive")
    else:
        assert not outcome.ok
        assert "log" in outcome.text
        assert client.worker("w").phase == "failed"
    assert client.worker("quiet").alive
    if instead == "link":
        assert "proctui" not in Path("/etc/hostname").read_text()
    supervisor.complaints.write_text("")


@pytest.mark.parametrize(
    ("words", "code"), [(("true",), 0), (("false",), 1), (("sh", "-c", "kill -9 $$"), -9)]
)
def test_lives_of_a_moment_are_told_exactly_once(
    supervise: Supervise, words: tuple[str, ...], code: int
) -> None:
    names = tuple(f"w{n}" for n in range(50))
    supervisor = supervise(*(command(name, *words, autostart=False) for name in names))
    client = supervisor.client(subscribe=True)
    client.request(Start(workers=names))
    reply = client.request(Join(workers=names))
    assert [outcome.exitcode for outcome in reply.outcomes] == [code] * 50
    history = client.subscribe().history
    for kind in ("starting", "ended", "joined"):
        assert sorted(e.worker or "" for e in history if e.kind == kind) == sorted(names)


def test_hundreds_of_lives_below_a_worker_cost_the_supervisor_nothing(
    supervise: Supervise,
) -> None:
    supervisor = supervise(hostile("w", "short_lives", 400), hostile("z", "neglected_lives", 200))
    client = supervisor.client()
    before = memory_of(supervisor.pid)
    says(supervisor, "w", "all ended")
    says(supervisor, "z", "all ended")
    assert memory_of(supervisor.pid) - before < 4 << 20
    assert client.outcome(Stop(workers=("z",))).exitcode == -15
    assert client.outcome(Stop(workers=("w",))).exitcode == -15


@pytest.mark.parametrize("signum", [signal.SIGCHLD, signal.SIGPIPE, signal.SIGWINCH, signal.SIGURG])
def test_one_that_signals_its_supervisor_is_not_listened_to(
    supervise: Supervise, signum: int
) -> None:
    supervisor = supervise(hostile("w", "signal_parent", int(signum)))
    client = supervisor.client()
    says(supervisor, "w", "sent")
    assert client.worker("w").alive
