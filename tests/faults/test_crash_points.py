"""Supervisor, workers and clients are killed before each step that anybody else can see."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from proctui.protocol import Event, Join, Restart, Shutdown, Signal, Start, Stop
from proctui.sessions import journal, leftovers, startup
from proctui.sessions.session import SessionError, SessionPaths, find, list_sessions
from proctui.sessions.sync_client import SyncClient
from proctui.spec import SessionSpec
from tests import strays
from tests.conftest import Supervise, Tell
from tests.e2e.terminal import terminal
from tests.faults.injecting import Faults, spread
from tests.supervisor.specs import ends, sleeper, target
from tests.support import SEED, RawClient, command_of, descendants_of, kernel_state, until

# Some hundred interpreters on a busy machine; all points are about a thousand.
pytestmark = pytest.mark.timeout(4 * 3600 if os.environ.get("PROCTUI_TEST_ALL") else 400)

SURE = 200
"""Calls of an attaching screen that there are each time; how often it samples after them depends
on how long it lives."""
WORKERS = (
    target("a", "targets:sleep", autostart=False),
    ends("b", 3, autostart=False),
    sleeper("c"),
)


@pytest.fixture(autouse=True)
def faulty(faults: Faults, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever is started from here on suffers them; no session is left."""
    for name, value in faults.env.items():
        monkeypatch.setenv(name, value)
    yield
    faults.off("crash")
    for session in list_sessions(older=True):
        if session.running:
            with SyncClient(session.paths.socket) as client:
                client.request(Shutdown())
                client.wait_for_end()


def everything(client: RawClient) -> None:
    """Start, join, stop and all else that the supervisor does; ends the session."""
    client.subscribe()
    client.request(Start(workers=("a", "b")))
    client.request(Join(workers=("b",)))
    client.request(Join(workers=("a",), timeout=0.0))
    client.request(Restart(workers=("a",)))
    client.request(Signal(workers=("a",), signal="SIGTERM"))
    client.request(Join(workers=("a",)))
    client.request(Stop(workers=("c",)))
    client.request(Start(workers=("c",)))
    client.request(Shutdown())


def survivors(before: set[int]) -> set[int]:
    """Everything alive below this process that a session started; its orphans come to us."""
    spared = before | strays.multiprocessing_helpers()
    below = set(descendants_of(os.getpid())) - spared
    return {pid for pid in below if kernel_state(pid) not in (None, "Z")}


def lived_through(spec: SessionSpec) -> tuple[SessionPaths, list[Event]] | None:
    """A session with everything in it, as far as its supervisor comes; what was heard."""
    try:
        where = startup.start(spec)
    except SessionError as error:
        assert "\n" not in str(error) and "Traceback" not in str(error)
        assert "supervisor ended at once" in str(error)
        return None
    heard: list[Event] = []
    # Asserted, reset or refused: the supervisor went away.
    with contextlib.suppress(AssertionError, OSError), RawClient(where.socket) as client:
        heard = client.events
        everything(client)
    return where, heard


def check_what_is_left(where: SessionPaths, heard: list[Event], before: set[int]) -> None:
    session = find(where.name, running=False)
    kept = journal.load(where.journal)
    assert kept.unreadable == 0
    assert [event.seq for event in kept.events] == list(range(1, len(kept.events) + 1))
    assert all(event in kept.events for event in heard), "told, but not kept"
    ended = bool(kept.events) and kept.events[-1].kind == "session-ended"
    assert session.status == ("ended" if ended else "dead")
    if not ended:

        def unfound() -> list[str]:
            found = {left.pid for left in leftovers.find(session)}
            return [command_of(pid) for pid in survivors(before) - found]

        # Who was forked a moment ago carries no tag until it has come to itself.
        until(lambda: not unfound(), what=f"to find {unfound()}")
        alive = survivors(before)
        # Not by `leftovers.end`, which looks through all of the machine each time.
        for pid in alive:
            os.kill(pid, signal.SIGKILL)
    until(lambda: not survivors(before))


def told(points: Sequence[int], names: Sequence[str]) -> str:
    """Which of them were tried."""
    tried = " ".join(map(str, points)) if len(points) < len(names) else "all"
    return f"{len(points)} of {len(names)} (PROCTUI_TEST_SEED={SEED}: {tried})"


def test_the_supervisor_dies_before_any_of_its_steps(faults: Faults, tell: Tell) -> None:
    before = strays.known()
    spec = SessionSpec(name="s", workers=WORKERS)
    faults.crash("proctui.supervisor", "main", -1)
    through = lived_through(spec)
    assert through is not None
    until(lambda: not find("s", running=False).running)
    check_what_is_left(*through, before)
    names = faults.points()
    assert {"fork", "bind", "pidfd_open", "waitpid", "posix_spawn"} <= set(names)
    points = spread(len(names), 14, SEED)
    tell(f"crash points of a supervisor: {told(points, names)}")
    for point in points:
        faults.crash("proctui.supervisor", "main", point)
        print(f"before call {point}, {names[point]}")
        through = lived_through(spec)
        if through is None:
            until(lambda: not survivors(before))
            continue
        until(lambda: not find("s", running=False).running)
        check_what_is_left(*through, before)


def test_a_worker_dies_before_any_of_its_steps(supervise: Supervise, faults: Faults) -> None:
    """From its fork to user code: it is dead or alive, never in between, and starts again."""
    faults.crash("proctui.supervisor", "live", -1, forked=True)
    supervisor = supervise(target("t", "targets:end_with", 3, autostart=False), env=faults.env)
    client = supervisor.client(subscribe=True)
    assert client.outcome(Start(workers=("t",))).ok
    client.outcome(Join(workers=("t",)))
    names = faults.points()
    assert {"setsid", "dup2", "write", "close"} <= set(names)
    for point in range(len(names) + 1):
        faults.crash("proctui.supervisor", "live", point, forked=True)
        client.request(Start(workers=("t",)))
        joined = client.outcome(Join(workers=("t",)))
        assert joined.exitcode == (3 if point == len(names) else -9), names[point]
        worker = client.worker("t")
        assert (worker.phase, worker.alive, worker.joining) == ("joined", False, 0)


def client_of(words: tuple[str, ...]) -> int:
    return subprocess.run(
        [sys.executable, "-m", "proctui", *words], stdin=subprocess.DEVNULL, capture_output=True,
        env={**os.environ}, check=False, timeout=60,
    ).returncode  # fmt: skip


@pytest.mark.parametrize("words", [("join", "w", "--timeout", "0.1"), ("stop", "w")], ids=" ".join)
def test_a_client_dies_before_any_of_its_steps(
    faults: Faults, words: tuple[str, ...], tell: Tell
) -> None:
    """The supervisor hardly notices: what waited for the client alone is cancelled."""
    where = startup.start(SessionSpec(name="s", workers=(sleeper("w"),)))
    faults.crash("proctui", "main", -1)
    client_of(words)
    names = faults.points()
    assert {"connect", "sendall", "recv"} <= set(names)
    talking = names.index("connect")
    steps = spread(len(names) - talking, 4, SEED)
    tell(f"crash points of {words[0]}: {told(steps, names[talking:])}")
    for step in steps:
        faults.crash("proctui", "main", talking + step)
        assert client_of(words) in (-signal.SIGKILL, 0, 1)
        with SyncClient(where.socket) as other:
            until(lambda: all(one.joining == 0 for one in other.subscribe().workers))
            other.request(Start(workers=("w",)))
            [outcome] = other.request(Restart(workers=("w",))).outcomes
            assert outcome.ok, outcome


def attached_and_detached(faults: Faults, folder: Path) -> int:
    """Opens the screen and leaves it as soon as it shows the worker; its exit status."""
    # The rest of the environment is inherited; a terminal has a PYTHONPATH of its own.
    with terminal("attach", "s", folder=folder, env=faults.env) as screen:
        screen.until(
            lambda: screen.process.poll() is not None or "1 worker" in screen.text, "the screen"
        )
        if screen.process.poll() is None:
            screen.type("d")
        return screen.ended()


def test_an_attaching_screen_dies_before_any_of_its_steps(
    faults: Faults, tmp_path: Path, tell: Tell
) -> None:
    """From its connection to its end: nobody but whoever looks at it notices."""
    where = startup.start(SessionSpec(name="s", workers=(sleeper("w"),)))
    faults.crash("proctui", "main", -1)
    assert attached_and_detached(faults, tmp_path) == 0
    names = faults.points()
    talking = names.index("connect")
    with SyncClient(where.socket) as other:
        [before] = other.subscribe().workers
    steps = spread(min(len(names) - talking, SURE), 5, SEED)
    tell(f"crash points of attach: {told(steps, names[talking:])}")
    statuses = set()
    for step in steps:
        faults.crash("proctui", "main", talking + step)
        statuses.add(attached_and_detached(faults, tmp_path))
        with SyncClient(where.socket) as other:
            assert other.subscribe().workers == (before,)
    assert {128 + signal.SIGKILL} <= statuses <= {128 + signal.SIGKILL, 0}
    faults.off("crash")
    assert attached_and_detached(faults, tmp_path) == 0


def test_a_starter_dies_before_any_of_its_steps(faults: Faults, tmp_path: Path, tell: Tell) -> None:
    """There is a session, or nothing of it; the next start works either way."""
    before = strays.known()
    file = tmp_path / "proctui.toml"
    file.write_text('[workers.w]\ncommand = ["sleep", "600"]\n')
    words = ("run", "--detach", str(file))
    faults.crash("proctui", "_launch", -1)
    assert client_of(words) == 0
    names = faults.points()
    assert {"fork_exec", "write", "rename"} <= set(names)
    assert client_of(("shutdown",)) == 0
    points = spread(len(names), 4, SEED)
    tell(f"crash points of run: {told(points, names)}")
    for point in points:
        faults.crash("proctui", "_launch", point)
        assert client_of(words) == -signal.SIGKILL
        faults.off("crash")
        until(lambda: client_of(words) in (0, 1))  # it is there, or is started now
        [session] = [one for one in list_sessions() if one.running]
        with SyncClient(session.paths.socket) as client:
            assert [worker.id for worker in client.subscribe().workers] == ["w"]
        assert client_of(("shutdown",)) == 0
        until(lambda: not survivors(before))
