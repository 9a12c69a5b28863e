"""Load: a thousand workers start and end with a screen attached: ``python -m tests.load``.

Memory and descriptors of the supervisor and of the screen have to stay flat, and every end has
to be seen exactly once: by a client that listens, and in the journal.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import random
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from proctui.protocol import Event, Shutdown
from proctui.sessions import journal, leftovers, startup
from proctui.sessions.places import RUNTIME_VARIABLE, STATE_VARIABLE
from proctui.sessions.session import SessionPaths, find
from proctui.sessions.sync_client import ConnectionLost, SyncClient
from proctui.spec import SessionSpec, WorkerSpec
from tests.support import ROOT

WARM_UP = 0.5
"""Part of the time in which bounded memories fill and nothing is compared yet."""
GROWTH = 0.06
"""Of its memory may a process gain from the first to the last third after that."""
LOOK_EVERY = 2.0
"""Seconds."""
PATIENCE = 60.0
"""Seconds for an answer on a machine that is busy."""


def workers(count: int, shortest: float, longest: float) -> tuple[WorkerSpec, ...]:
    """Each lives as long as its number says, ends with a code of its own, and starts again."""
    chance = random.Random(count)
    return tuple(
        WorkerSpec(
            id=f"w-{n}",
            target="tests/lives.py:live",
            import_root=str(ROOT),
            cwd="/",
            args=(round(chance.uniform(shortest, longest), 3), n % 128),
            reap="auto",
            restart="always",
            backoff=0.01,
            backoff_max=0.01,
            max_restarts=1_000_000,
            restart_window=1.0,
        )
        for n in range(count)
    )


class Look(NamedTuple):
    """What a process takes at one moment."""

    time: float
    memory: float
    """Resident, in MB."""
    descriptors: int


def look(pid: int) -> Look:
    """Raises OSError once it is gone."""
    return Look(time.monotonic(), memory_of(pid), len(os.listdir(f"/proc/{pid}/fd")))


def memory_of(pid: int) -> float:
    """Resident, in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


class Course(NamedTuple):
    """How memory and descriptors of one process went."""

    looks: list[Look]

    def flat(self) -> list[Look]:
        """Those after the warm-up."""
        return self.looks[int(len(self.looks) * WARM_UP) :]

    def growth(self) -> float:
        """Of memory, from the first third of the rest to its last, as a part."""
        first, last = self._ends([look.memory for look in self.flat()])
        return last / first - 1

    def more_descriptors(self) -> float:
        """Likewise, as a number: what a leak would grow by."""
        first, last = self._ends([look.descriptors for look in self.flat()])
        return last - first

    def figures(self) -> dict[str, object]:
        """For the report."""
        memory = [look.memory for look in self.flat()]
        return {
            "MB": [round(value, 1) for value in (memory[0], statistics.median(memory), memory[-1])],
            "growth %": round(100 * self.growth(), 2),
            "descriptors": [self.flat()[0].descriptors, self.flat()[-1].descriptors],
        }

    @staticmethod
    def _ends(values: Sequence[float]) -> tuple[float, float]:
        third = max(1, len(values) // 3)
        return statistics.median(values[:third]), statistics.median(values[-third:])


class Listener:
    """Counts starts, ends and joins of every run, in a thread, until the session's end."""

    def __init__(self, where: SessionPaths) -> None:
        self.starts: Counter[str] = Counter()
        self.ends: Counter[str] = Counter()
        self.joins: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.last = 0
        self._running: dict[str, int | None] = {}
        self._client = SyncClient(where.socket, "load", patience=PATIENCE)
        self._thread = threading.Thread(target=self._listen)

    def begin(self) -> None:
        """From now on."""
        snapshot = self._client.subscribe()
        self.last = snapshot.seq
        for worker in snapshot.workers:
            if worker.phase in ("starting", "alive"):
                self._running[worker.id] = worker.pid
        self._thread.start()

    def join(self) -> None:
        """Waits for the end of the session."""
        self._thread.join()
        self._client.close()

    def _listen(self) -> None:
        with contextlib.suppress(ConnectionLost):
            for message in self._client.messages():
                assert isinstance(message, Event)
                if message.seq != self.last + 1:
                    self.wrong.append(f"event {message.seq} follows {self.last}")
                self.last = message.seq
                if message.worker is not None:
                    self._hear(message, message.worker)

    def _hear(self, event: Event, worker: str) -> None:
        if event.kind == "starting":
            if worker in self._running:
                self.wrong.append(f"{worker} starts and has not ended")
            self._running[worker] = event.pid
            self.starts[worker] += 1
        elif event.kind == "ended":
            if worker not in self._running:
                self.wrong.append(f"{worker} ends twice")
            started = self._running.pop(worker, None)
            if started is not None and started != event.pid:
                self.wrong.append(f"{worker} ends as {event.pid} and began as {started}")
            if event.exitcode not in (int(worker[2:]) % 128, -15, -9):
                self.wrong.append(f"{worker} ends with {event.exitcode}")
            self.ends[worker] += 1
        elif event.kind == "joined":
            self.joins[worker] += 1


class Screen:
    """``proctui attach`` in a terminal of its own, read and not drawn."""

    def __init__(self, session: str) -> None:
        self._main, other = os.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "proctui", "attach", session],
            env={**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT)},
            stdin=other,
            stdout=other,
            stderr=other,
            start_new_session=True,
        )
        os.close(other)

    @property
    def pid(self) -> int:
        """Of the program."""
        return self._process.pid

    def painted(self, wanted: bytes) -> None:
        """Waits until something was on the screen."""
        seen = b""
        while wanted not in seen:
            seen += os.read(self._main, 1 << 16)

    def watches(self, processes: int) -> None:
        """Waits until it holds so many: its first picture is there long before (pidfds)."""
        deadline = time.monotonic() + PATIENCE
        while look(self.pid).descriptors < processes:
            assert time.monotonic() < deadline, "the screen watches nobody"
            self.read(0.05)

    def read(self, seconds: float) -> None:
        """Takes what it writes for a while, and forgets it."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if select.select([self._main], [], [], left)[0]:
                try:
                    os.read(self._main, 1 << 16)
                except OSError:  # EIO: it has ended
                    return

    def press(self, key: str) -> None:
        """Types it."""
        os.write(self._main, key.encode())

    def leave(self) -> int:
        """Detaches; its exit status."""
        self.press("d")
        deadline = time.monotonic() + PATIENCE
        while self._process.poll() is None and time.monotonic() < deadline:
            self.read(0.05)
        self._process.kill()
        return self._process.wait()

    def close(self) -> None:
        """Ends it, whatever it does."""
        self._process.kill()
        self._process.wait()
        os.close(self._main)


@contextlib.contextmanager
def places() -> Iterator[None]:
    """Folders of our own for everything that sessions keep."""
    before = {name: os.environ.get(name) for name in (RUNTIME_VARIABLE, STATE_VARIABLE)}
    with tempfile.TemporaryDirectory(prefix="pl-") as folder:
        os.environ[RUNTIME_VARIABLE] = f"{folder}/run"
        os.environ[STATE_VARIABLE] = f"{folder}/state"
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


class Report(NamedTuple):
    """What came of it."""

    lives: int
    seconds: float
    supervisor: Course
    screen: Course
    wrong: list[str]

    def faults(self) -> list[str]:
        """What must not be; empty where all is well."""
        found = list(self.wrong)
        for name, course in (("supervisor", self.supervisor), ("screen", self.screen)):
            if course.growth() > GROWTH:
                found.append(f"the {name}'s memory grew by {100 * course.growth():.1f} %")
        return found


def run(count: int, seconds: float, *, shortest: float, longest: float) -> Report:
    """A session under load with a screen, for some time; nothing of it is left."""
    spec = SessionSpec(name="load", workers=workers(count, shortest, longest))
    where = startup.start(spec)
    try:
        supervisor = find(where.name).facts.pid
        listener = Listener(where)
        listener.begin()
        screen = Screen(where.name)
        try:
            screen.painted(b"w-1")
            screen.watches(min(count, 60))
            courses = _watch(supervisor, screen, seconds)
            left = screen.leave()
        finally:
            screen.close()
    finally:
        _shut_down(where)
    listener.join()
    kept = _journal_faults(where, listener)
    leftovers.end(find(where.name, running=False))
    lives = sum(listener.ends.values())
    fault = [f"the screen ended with {left}"] if left else []
    return Report(lives, seconds, courses[0], courses[1], [*listener.wrong, *kept, *fault])


def _shut_down(where: SessionPaths) -> None:
    with (
        contextlib.suppress(ConnectionLost),
        SyncClient(where.socket, patience=PATIENCE) as client,
    ):
        client.request(Shutdown())
        client.wait_for_end()


def _watch(supervisor: int, screen: Screen, seconds: float) -> tuple[Course, Course]:
    """Looks at both now and then while the screen is read."""
    looks: tuple[list[Look], list[Look]] = ([], [])
    pause = min(LOOK_EVERY, seconds / 20)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for pid, seen in zip((supervisor, screen.pid), looks, strict=True):
            seen.append(look(pid))
        screen.read(pause)
    return Course(looks[0]), Course(looks[1])


def _journal_faults(where: SessionPaths, listener: Listener) -> list[str]:
    """What the journal has otherwise than it was heard."""
    kept = journal.load(where.journal)
    found = [f"{kept.unreadable} lines of the journal are unreadable"] if kept.unreadable else []
    numbers = [event.seq for event in kept.events]
    if numbers != list(range(numbers[0], listener.last + 1)):
        found.append("the journal has gaps")
    for worker, ends in listener.ends.items():
        if listener.joins[worker] not in (ends, ends + 1):  # one may have ended before we listened
            found.append(f"{worker} ended {ends} times and was joined {listener.joins[worker]}")
    return found


def main() -> int:
    """Runs it and prints the figures; exit status 1 where something was not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--workers", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--lives", type=float, nargs=2, default=(10.0, 30.0), metavar="SECONDS")
    asked = parser.parse_args()
    with places():
        report = run(asked.workers, asked.seconds, shortest=asked.lives[0], longest=asked.lives[1])
    rate = report.lives / report.seconds
    print(f"{asked.workers} workers, {report.lives} lives in {report.seconds:g} s, {rate:.0f}/s")
    print(f"supervisor: {json.dumps(report.supervisor.figures())}")
    print(f"screen:     {json.dumps(report.screen.figures())}")
    for fault in report.faults():
        print(f"WRONG: {fault}")
    return 1 if report.faults() else 0


if __name__ == "__main__":
    raise SystemExit(main())
