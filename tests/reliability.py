"""Sessions under ill treatment, with figures: ``python -m tests.reliability [--quick]``.

1. attach, kill -9 of the screen, attach, again and again, with 50 workers printing numbered
   lines: no line, state or event is lost or doubled;
2. 20 clients at once: all hear the same;
3. kill -9 of the supervisor at a random moment: its journal is readable and true.
"""

from __future__ import annotations

import contextlib
import json
import os
import pty
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from typing import Any

from proctui.protocol import Event, Restart, Shutdown
from proctui.sessions import journal, leftovers, startup
from proctui.sessions.follow import Follower
from proctui.sessions.places import RUNTIME_VARIABLE, STATE_VARIABLE
from proctui.sessions.session import SessionPaths, find, list_sessions
from proctui.sessions.sync_client import ConnectionLost, SyncClient
from proctui.spec import SessionSpec, WorkerSpec
from tests.support import ROOT, until

PRINTER = """
import sys, time
number = 0
while True:
    number += 1
    sys.stdout.write(f"line {number} {'x' * (number % 60)}\\n")
    sys.stdout.flush()
    time.sleep(float(sys.argv[1]))
"""


def printers(count: int, pause: float) -> tuple[WorkerSpec, ...]:
    command = (sys.executable, "-S", "-c", PRINTER, str(pause))
    return tuple(WorkerSpec(id=f"printer-{n}", command=command) for n in range(1, count + 1))


@contextlib.contextmanager
def running(spec: SessionSpec) -> Iterator[SessionPaths]:
    """A session for the length of a block; whatever becomes of it, nothing is left."""
    where = startup.start(spec)
    try:
        yield where
    finally:
        with contextlib.suppress(ConnectionLost), SyncClient(where.socket) as client:
            client.request(Shutdown())
            client.wait_for_end()
        leftovers.end(find(where.name, running=False))


class Listener:
    """Hears everything that a session tells, in a thread, until its end."""

    def __init__(self, where: SessionPaths) -> None:
        self.events: list[Event] = []
        self._client = SyncClient(where.socket, "listener")
        self.since = self._client.subscribe().seq
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        with contextlib.suppress(ConnectionLost), self._client:
            for message in self._client.messages():
                assert isinstance(message, Event)
                self.events.append(message)

    def join(self) -> list[Event]:
        self._thread.join()
        return self.events


class Screen:
    """``proctui attach`` in a terminal of its own."""

    def __init__(self) -> None:
        self._main, other = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "proctui", "attach"],
            cwd=ROOT,
            env={**os.environ, "TERM": "xterm-256color"},
            stdin=other,
            stdout=other,
            stderr=other,
            start_new_session=True,
        )
        os.close(other)

    def painted(self, wanted: bytes) -> None:
        """Waits until something was on the screen."""
        seen = b""
        while wanted not in seen:
            seen += os.read(self._main, 1 << 16)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._main)


def attach_and_kill(cycles: int, *, workers: int = 50, pause: float = 0.01) -> dict[str, Any]:
    """Clients come and are killed while workers print."""
    with running(SessionSpec(name="printers", workers=printers(workers, pause))) as where:
        until(lambda: _all_alive(where))
        with SyncClient(where.socket) as client:
            before = {worker.id: worker.pid for worker in client.subscribe().workers}
        followers = {id: Follower(where.log_dir / f"{id}.log") for id in before}
        seen = dict.fromkeys(before, b"")
        listener = Listener(where)
        for _ in range(cycles):
            screen = Screen()
            screen.painted(b"Details")  # on the screen itself, not on the first picture
            screen.kill()
            for id, follower in followers.items():
                seen[id] += _everything(follower)
            with SyncClient(where.socket) as client:
                now = {worker.id: worker.pid for worker in client.subscribe().workers}
            assert now == before, "a state was lost"
    told = listener.join()
    for id, follower in followers.items():
        seen[id] += _everything(follower)
        follower.close()
    lines = sum(_count_lines(text) for text in seen.values())
    kept = journal.load(where.journal)
    assert kept.unreadable == 0
    assert [event.seq for event in kept.events] == list(range(1, len(kept.events) + 1))
    assert told == kept.events[listener.since :], "what was told differs from the journal"
    came = [event for event in kept.events if event.kind == "client-came"]
    screens = [event for event in came if (event.by or "").startswith("screen")]
    assert len(screens) == cycles
    return {"cycles": cycles, "workers": workers, "lines": lines, "events": len(kept.events)}


def _all_alive(where: SessionPaths) -> bool:
    with SyncClient(where.socket) as client:
        return all(worker.phase == "alive" for worker in client.subscribe().workers)


def _everything(follower: Follower) -> bytes:
    pieces = []
    while piece := follower.read():
        pieces.append(piece)
    return b"".join(pieces)


def _count_lines(text: bytes) -> int:
    """How many there are; each number from 1 on stands there once and in order."""
    lines = text.decode().splitlines()
    for number, line in enumerate(lines, 1):
        assert line == f"line {number} {'x' * (number % 60)}", f"{line!r} stands for {number}"
    assert lines
    return len(lines)


def many_clients(clients: int, rounds: int) -> dict[str, Any]:
    """Clients that listen and act at the same time all hear the same."""
    workers = tuple(WorkerSpec(id=f"w-{n}", command=("sleep", "100")) for n in range(clients))
    with running(SessionSpec(name="crowd", workers=workers)) as where:
        until(lambda: _all_alive(where))
        listeners = [Listener(where) for _ in range(clients)]
        actors = [
            threading.Thread(target=_act, args=(where, f"w-{n}", rounds)) for n in range(clients)
        ]
        for thread in actors:
            thread.start()
        for thread in actors:
            thread.join()
    kept = journal.read(where.journal)
    for listener in listeners:
        assert listener.join() == kept[listener.since :]
    restarts = sum(event.kind == "restarting" for event in kept)
    assert restarts >= clients * rounds
    return {"clients": clients, "restarts": restarts, "events": len(kept)}


def _act(where: SessionPaths, worker: str, rounds: int) -> None:
    with SyncClient(where.socket, worker) as client:
        for _ in range(rounds):
            reply = client.request(Restart(workers=(worker,)))
            assert all(outcome.ok for outcome in reply.outcomes), reply


def killed_supervisors(times: int, *, seed: int) -> dict[str, Any]:
    """Supervisors die at random moments while workers start and end."""
    chance = random.Random(seed)
    events = unreadable = 0
    workers = tuple(
        WorkerSpec(id=f"w-{n}", command=("sh", "-c", f"exit {n}"), reap="auto", restart="always",
                   backoff=0.01, backoff_max=0.02, max_restarts=100_000)
        for n in range(5)
    )  # fmt: skip
    for number in range(times):
        with running(SessionSpec(name=f"doomed-{number}", workers=workers)) as where:
            listener = Listener(where)
            pid = find(where.name).facts.pid
            time.sleep(chance.uniform(0.0, 0.4))
            os.kill(pid, signal.SIGKILL)
            heard = listener.join()
            _await_death(where)
            reading = journal.load(where.journal)
            events += len(reading.events)
            unreadable += reading.unreadable
            _check_truth(reading.events, listener.since, heard)
    return {"kills": times, "events": events, "torn lines": unreadable}


def _await_death(where: SessionPaths) -> None:
    until(lambda: not find(where.name, running=False).running)
    assert find(where.name, running=False).status == "dead"


def _check_truth(kept: list[Event], since: int, heard: list[Event]) -> None:
    """Nothing is missing, nothing was told that isn't kept, and what is kept is so."""
    assert [event.seq for event in kept] == list(range(1, len(kept) + 1))
    assert kept[since : since + len(heard)] == heard
    pids: dict[str, int | None] = {}
    for event in kept:
        if event.worker is None:
            continue
        if event.kind == "starting":
            pids[event.worker] = event.pid
        if event.kind in ("ended", "joined"):
            assert event.exitcode == int(event.worker.removeprefix("w-"))
            assert pids.get(event.worker, event.pid) == event.pid


def main() -> int:
    """Runs everything and prints the figures."""
    quick = "--quick" in sys.argv
    seed = int.from_bytes(os.urandom(4))
    with tempfile.TemporaryDirectory(prefix="pt-") as folder:
        os.environ[RUNTIME_VARIABLE] = f"{folder}/run"
        os.environ[STATE_VARIABLE] = f"{folder}/state"
        begun = time.monotonic()
        figures = {
            "attach, kill -9 of the screen": attach_and_kill(10 if quick else 100),
            "clients at once": many_clients(20, 2 if quick else 20),
            "kill -9 of the supervisor": killed_supervisors(5 if quick else 50, seed=seed),
        }
        for name, values in figures.items():
            print(f"{name}: {json.dumps(values)}")
        print(f"nothing lost, nothing doubled, {time.monotonic() - begun:.0f} s, seed {seed}")
        assert not [session for session in list_sessions() if session.running]
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
