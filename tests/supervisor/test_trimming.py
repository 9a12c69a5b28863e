"""Logs are kept within their limit, however many grow at once."""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from typing import cast

import pytest

from proctui.supervisor.logs import LogStore
from proctui.supervisor.loop import Loop
from proctui.supervisor.trimming import BEHIND_INTERVAL, HOT_INTERVAL, INTERVAL, Trimming
from tests.supervisor.fakes import FakeWorld

MANY = 20
LIMIT = 1 << 16


class Turns:
    """A loop whose next turn comes when the test says so."""

    def __init__(self) -> None:
        self.delays: list[float] = []
        self._next: object = None

    def call_later(self, delay: float, call: object) -> None:
        self.delays.append(delay)
        self._next = call

    def turn(self) -> None:
        assert callable(self._next)
        self._next()


class Logs:
    """One session's logs; each look takes longer than a turn may."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.store = LogStore(folder, LIMIT)
        self.world = FakeWorld()
        self.world.log_path = lambda worker: str(self.store.path(worker))  # type: ignore[method-assign]
        self.names = [f"w-{number}" for number in range(MANY)]
        for name in self.names:
            self.world.started(name)
        self.turns = Turns()
        ticks = itertools.count()
        monkeypatch.setattr(time, "monotonic", lambda: float(next(ticks)))
        trimming = Trimming(
            cast("Loop", self.turns), self.world.workers, self.store, self.world.say
        )
        trimming.begin()

    def print(self, *names: str) -> None:
        for name in names:
            with self.store.path(name).open("ab") as file:
                file.write(b"x" * 3 * LIMIT)

    def kept(self, name: str) -> int:
        return self.store.path(name).stat().st_blocks * 512


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Logs:
    return Logs(tmp_path, monkeypatch)


def test_those_that_grow_all_the_time_do_not_hide_the_others(logs: Logs) -> None:
    first, *others = logs.names
    logs.print(*others)
    for _ in range(4 * MANY):
        logs.print(first)
        logs.turns.turn()
    assert all(logs.kept(name) <= LIMIT for name in others)


def test_turns_come_sooner_the_more_there_is_to_do(logs: Logs) -> None:
    logs.print(logs.names[0])
    while logs.turns.delays.count(INTERVAL) < 2:
        logs.turns.turn()
    first, second, *others, last = logs.turns.delays
    assert first == last == INTERVAL, "before anything and after everything has been looked at"
    assert second == HOT_INTERVAL, "one was trimmed"
    assert set(others) == {BEHIND_INTERVAL}


def test_however_many_grow_each_is_trimmed_and_others_have_turns_in_between(logs: Logs) -> None:
    for _ in range(4 * MANY):
        logs.print(*logs.names)
        logs.turns.turn()
    assert 0.0 in logs.turns.delays
    while logs.turns.delays.count(INTERVAL) < 2:
        logs.turns.turn()
    assert all(logs.kept(name) <= LIMIT for name in logs.names)
