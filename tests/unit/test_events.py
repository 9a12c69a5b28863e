"""The session's events on their way to memory, journal and subscribers."""

from __future__ import annotations

import errno
import itertools

import pytest

from proctui.protocol import Event, decode_message
from proctui.supervisor.events import REMEMBERED, EventLog


class Disk:
    """A journal that can be full."""

    def __init__(self) -> None:
        self.full = False
        self.written: list[Event] = []

    def append(self, event: Event) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.written.append(event)


class Listener:
    def __init__(self) -> None:
        self.heard: list[Event] = []

    def __call__(self, line: bytes) -> None:
        message = decode_message(line)
        assert isinstance(message, Event)
        self.heard.append(message)


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def log(disk: Disk) -> EventLog:
    clock = itertools.count(1000.0)
    return EventLog(lambda: next(clock), disk)


def test_events_are_numbered_without_gaps(log: EventLog, disk: Disk) -> None:
    listener = Listener()
    log.listen(listener)
    for _ in range(3):
        log.say("note", "text", by="test", worker="w", pid=1, exitcode=2, signal="SIGTERM")
    assert [event.seq for event in disk.written] == [1, 2, 3] and log.last == 3
    assert listener.heard == disk.written == list(log.history(10))
    assert disk.written[0] == Event(
        seq=1, time=1000.0, kind="note", text="text", by="test", worker="w", pid=1, exitcode=2,
        signal="SIGTERM",
    )  # fmt: skip
    log.forget(listener)
    log.forget(listener)
    log.say("note", "unheard")
    assert len(listener.heard) == 3


def test_the_history_is_bounded(log: EventLog) -> None:
    for number in range(REMEMBERED + 10):
        log.say("note", str(number))
    assert len(log.history(1 << 60)) == REMEMBERED
    assert [event.text for event in log.history(2)] == [str(REMEMBERED + 8), str(REMEMBERED + 9)]
    assert log.history(0) == log.history(-5) == ()


def test_events_that_telling_causes_come_afterwards_for_everybody(
    log: EventLog, disk: Disk
) -> None:
    one, two = Listener(), Listener()
    caused: list[str] = []

    def clumsy(line: bytes) -> None:
        if not caused:
            caused.append("once")
            log.say("client-went", "was too slow")

    for tell in (one, clumsy, two):
        log.listen(tell)
    log.say("note", "first")
    assert [event.text for event in one.heard] == ["first", "was too slow"]
    assert one.heard == two.heard == disk.written


def test_a_full_disk_is_said_once_and_again_when_it_is_over(log: EventLog, disk: Disk) -> None:
    listener = Listener()
    log.listen(listener)
    disk.full = True
    for text in ("a", "b", "c"):
        log.say("note", text)
    disk.full = False
    log.say("note", "d")
    log.say("note", "e")
    assert [event.text for event in listener.heard] == [
        "a",
        "the journal can't be written: No space left on device",
        "b",
        "c",
        "d",
        "the journal is written again",
        "e",
    ]
    assert [event.seq for event in listener.heard] == list(range(1, 8))
    assert [event.seq for event in disk.written] == list(range(1, 8)), "what it lacked came later"


def test_long_texts_are_cut(log: EventLog) -> None:
    log.say("note", "x" * 10_000)
    assert len(log.history(1)[0].text) == 2000
