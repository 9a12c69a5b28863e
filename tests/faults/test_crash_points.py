"""Supervisor, workers and clients are killed before each step that anybody else can see."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator

import pytest

from proctui.protocol import Event, Join, Restart, Shutdown, Signal, Start, Stop
from proctui.sessions import journal, leftovers, startup
from proctui.sessions.session import SessionError, SessionPaths, find, list_sessions
from proctui.sessions.sync_client import SyncClient
from proctui.spec import SessionSpec
from tests.faults.injecting import Faults, spread
from tests.supervisor.specs import ends, sleeper, target
from tests.support import RawClient, command_of, descendants_of, kernel_state, until

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


def survivors() -> set[int]:
    """Everything alive below this process, the dead supervisor's orphans among it."""
    return {
        pid
        for pid in descendants_of(os.getpid())
        if kernel_state(pid) not in (None, "Z") and "sleep" in command_of(pid)
    }


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


def check_what_is_left(where: SessionPaths, heard: list[Event]) -> None:
    session = find(where.name, running=False)
    kept = journal.load(where.journal)
    assert kept.unreadable == 0
    assert [event.seq for event in kept.events] == list(range(1, len(kept.events) + 1))
    assert all(event in kept.events for event in heard), "told, but not kept"
    ended = bool(kept.events) and kept.events[-1].kind == "session-ended"
    assert session.status == ("ended" if ended else "dead")
    if not ended:
        found = {left.pid for left in leftovers.find(session)}
        assert survivors() <= found, [command_of(pid) for pid in survivors() - found]
        end(survivors())
    assert not survivors()


def end(pids: set[int]) -> None:
    """Not by `leftovers.end`, which looks through all of the machine each time."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until(lambda: not survivors() & pids)


def test_the_supervisor_dies_before_any_of_its_steps(faults: Faults) -> None:
    spec = SessionSpec(name="s", workers=WORKERS)
    faults.crash("proctui.supervisor", "main", -1)
    through = lived_through(spec)
    assert through is not None
    until(lambda: not find("s", running=False).running)
    check_what_is_left(*through)
    names = faults.points()
    assert {"fork", "bind", "pidfd_open", "waitpid", "posix_spawn"} <= set(names)
    for point in spread(len(names), 14):
        faults.crash("proctui.supervisor", "main", point)
        print(f"before call {point}, {names[point]}")
        through = lived_through(spec)
        if through is None:
            assert not survivors()
            continue
        until(lambda: not find("s", running=False).running)
        check_what_is_left(*through)
