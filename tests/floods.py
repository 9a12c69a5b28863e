"""Floods, each before a screen: ``python -m tests.floods``.

Lives of a moment, thousands in a second, in workers that do nothing but fork; and gigabytes of
output, whose log the screen shows.  Memory of the supervisor and of the screen has to stay as it
is, the log on the disk below its limit, and the session usable.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from proctui.protocol import Join, Shutdown, Start, Stop
from proctui.sessions import leftovers, startup
from proctui.sessions.session import SessionPaths, find
from proctui.sessions.sync_client import ConnectionLost, SyncClient
from proctui.spec import SessionSpec, WorkerSpec
from tests.load import PATIENCE, Course, Screen, look, places
from tests.support import ROOT, until

LOOK_EVERY = 0.25
"""Seconds."""
LOG_LIMIT = 16 << 20
"""Bytes of a log on the disk."""


class Flood(NamedTuple):
    """What came of one."""

    amount: float
    """Lives, or bytes."""
    seconds: float
    supervisor: Course
    screen: Course
    on_disk: int
    """Bytes that the logs took at most: they are bounded now and then, not while they grow."""
    at_rest: int
    """Bytes that they take afterwards."""
    wrong: list[str]

    @property
    def rate(self) -> float:
        """In a second."""
        return self.amount / self.seconds


BREEDER = "n=0; while :; do (:); n=$((n + 1)); [ $((n % 100)) = 0 ] && echo $n; done"
"""Lets children live for a moment, one after another; now and then tells how many."""


@contextlib.contextmanager
def session(*workers: WorkerSpec) -> Iterator[tuple[SessionPaths, SyncClient, Screen]]:
    """With a client and a screen that shows the first worker; nothing of it is left."""
    where = startup.start(SessionSpec(name="flood", workers=workers, log_limit=LOG_LIMIT))
    with SyncClient(where.socket, "flood", patience=PATIENCE) as client:
        screen = Screen(where.name)
        try:
            screen.painted(workers[0].id.encode())
            yield where, client, screen
        finally:
            screen.close()
            with contextlib.suppress(ConnectionLost):
                client.request(Shutdown())
                client.wait_for_end()
    leftovers.end(find(where.name, running=False))


class Watched:
    """Looks at supervisor and screen now and then while what they write is read."""

    def __init__(self, where: SessionPaths, screen: Screen) -> None:
        self._pids = (find(where.name).facts.pid, screen.pid)
        self._logs = where.log_dir
        self._terminal = screen
        self.supervisor, self.screen = Course([]), Course([])
        self.on_disk = 0

    def go_on(self) -> None:
        """For one more moment."""
        for pid, course in zip(self._pids, (self.supervisor, self.screen), strict=True):
            course.looks.append(look(pid))
        self.on_disk = max(self.on_disk, self.used())
        self._terminal.read(LOOK_EVERY)

    def used(self) -> int:
        """Bytes that the logs take on the disk."""
        return sum(file.stat().st_blocks for file in self._logs.iterdir()) * 512

    def flood(self, amount: float, seconds: float, wrong: list[str]) -> Flood:
        """What came of it, once the logs are within their limit or won't ever be."""
        with contextlib.suppress(AssertionError):
            until(lambda: self.used() <= LOG_LIMIT)
        return Flood(
            amount, seconds, self.supervisor, self.screen, self.on_disk, self.used(), wrong
        )


def told(log: Path) -> int:
    """The last whole number that stands in it alone on a line."""
    lines = log.read_text().split() if log.exists() else []
    return int(lines[-1]) if lines else 0


def brief_lives(seconds: float, breeders: int = 3) -> Flood:
    """So many workers fork children that end at once and are joined, for that long."""
    names = [f"brood-{n}" for n in range(breeders)]
    specs = (WorkerSpec(id=name, command=("sh", "-c", BREEDER)) for name in names)
    with session(*specs) as (where, client, screen):
        logs = [where.log_dir / f"{name}.log" for name in names]
        until(lambda: all(map(told, logs)))
        before, began = sum(map(told, logs)), time.monotonic()
        watched = Watched(where, screen)
        while time.monotonic() < began + seconds:
            watched.go_on()
        lives, took = sum(map(told, logs)) - before, time.monotonic() - began
        workers = client.subscribe().workers
        wrong = [f"{one.id}: {one.phase}" for one in workers if one.phase != "alive"]
        outcomes = client.request(Stop(workers=tuple(names))).outcomes
        wrong += [one.text for one in outcomes if not one.ok or one.exitcode != -15]
        if left := screen.leave():
            wrong.append(f"the screen ended with {left}")
        return watched.flood(lives, took, wrong)


def output(size: int) -> Flood:
    """One worker prints so many bytes as fast as it can, and the screen shows its log."""
    loud = WorkerSpec(
        id="loud",
        target="tests/lives.py:print_much",
        args=(size,),
        import_root=str(ROOT),
        cwd="/",
        autostart=False,
    )
    with session(loud) as (where, client, screen):
        screen.press("l")
        watched = Watched(where, screen)
        began = time.monotonic()
        client.request(Start(workers=("loud",)))
        watched.go_on()
        while client.subscribe().workers[0].phase in ("starting", "alive"):
            watched.go_on()
        took = time.monotonic() - began
        [joined] = client.request(Join(workers=("loud",))).outcomes
        wrong = [] if joined.exitcode == 0 else [joined.text]
        log = where.log_dir / "loud.log"
        if not log.read_bytes()[-100:].endswith(b"that was all\n"):
            wrong.append("the last line is not in the log")
        if left := screen.leave():
            wrong.append(f"the screen ended with {left}")
        return watched.flood(size, took, wrong)


def main() -> int:
    """Runs both and prints the figures; exit status 1 where something was not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.floods", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="of brief lives")
    parser.add_argument("--gigabytes", type=float, default=4.0, help="of output")
    asked = parser.parse_args()
    with places():
        lives = brief_lives(asked.seconds)
        printed = output(int(asked.gigabytes * (1 << 30)))
    print(f"{lives.amount:.0f} lives in {lives.seconds:.0f} s, {lives.rate:.0f}/s")
    figures(lives)
    rate = printed.rate / (1 << 20)
    print(f"{asked.gigabytes:g} GiB in {printed.seconds:.0f} s, {rate:.0f} MiB/s")
    print(f"  on disk: at most {printed.on_disk >> 20} MiB, {printed.at_rest >> 20} MiB at rest")
    figures(printed)
    return 1 if lives.wrong or printed.wrong else 0


def figures(flood: Flood) -> None:
    """How memory went, and what was wrong."""
    print(f"  supervisor: {json.dumps(flood.supervisor.figures())}")
    print(f"  screen:     {json.dumps(flood.screen.figures())}")
    for fault in flood.wrong:
        print(f"WRONG: {fault}")


if __name__ == "__main__":
    raise SystemExit(main())
