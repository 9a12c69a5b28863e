from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import msgspec
import pytest

from proctui.protocol import (
    AnyCommand,
    ClientHello,
    Describe,
    Event,
    Message,
    Refusal,
    Reply,
    Shutdown,
    Snapshot,
    Start,
    Subscribe,
    encode,
)
from proctui.sessions.sync_client import ConnectionLost, SyncClient, VersionMismatch
from tests.isolated import HELLO, greeting, home, pretending

__all__ = ["home"]

Sent = list[Message | bytes | None]


@pytest.fixture
def path(home: Path) -> Path:
    return home / "run" / "s.sock"


def event(seq: int) -> Event:
    return Event(seq=seq, time=1.0, kind="note")


def test_it_greets_and_is_greeted(path: Path) -> None:
    with (
        pretending(path, greeting(lambda command: [])) as supervisor,
        SyncClient(path, "a test") as client,
    ):
        assert client.hello == HELLO
        hello = ClientHello(version=1, client="a test", pid=os.getpid(), glance=True)
        assert supervisor.heard == [hello]


def test_a_request_gets_its_own_answer_and_keeps_the_rest(path: Path) -> None:
    def answer(command: AnyCommand) -> Sent:
        if isinstance(command, Subscribe):
            return [event(1), Snapshot(seq=1, workers=())]
        return [event(2), Reply(id=command.id + 100), event(3), Reply(id=command.id, error="no")]

    with pretending(path, greeting(answer)), SyncClient(path) as client:
        assert client.subscribe(7).seq == 1
        reply = client.request(Start(workers=("w",)))
        assert reply.error == "no"
        told = client.messages()
        assert [next(told), next(told)] == [event(2), event(3)]


def test_lines_come_in_any_pieces(path: Path) -> None:
    big = encode(Reply(id=1, error="x" * 300_000))

    def answer(command: AnyCommand) -> Sent:
        return [big[:5], big[5:200_000], big[200_000:] + encode(event(1)) + encode(event(2))[:9]]

    with pretending(path, greeting(answer)) as supervisor, SyncClient(path) as client:
        assert client.request(Describe()).error == "x" * 300_000
        told = client.messages()
        assert next(told) == event(1)
        supervisor.say(encode(event(2))[9:])
        assert next(told) == event(2)


def test_no_session(path: Path) -> None:
    path.parent.mkdir(parents=True)
    with pytest.raises(ConnectionLost, match="socket is missing: its supervisor has ended"):
        SyncClient(path)


def test_a_dead_socket(path: Path) -> None:
    path.parent.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
    with pytest.raises(ConnectionLost, match=r"nobody listens .*: its supervisor was killed"):
        SyncClient(path)


def test_something_that_is_no_socket(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("")
    with pytest.raises(ConnectionLost):
        SyncClient(path)


def test_a_supervisor_that_does_not_answer(path: Path) -> None:
    with (
        pretending(path, lambda command: []),
        pytest.raises(ConnectionLost, match=r"did not answer within 0\.2 s; it may be stopped"),
    ):
        SyncClient(path, patience=0.2)


def test_a_supervisor_whose_queue_is_full(path: Path) -> None:
    path.parent.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(0)
        waiting = socket.socket(socket.AF_UNIX)
        with waiting:
            waiting.connect(str(path))
            with pytest.raises(ConnectionLost, match="does not accept connections"):
                SyncClient(path, patience=0.2)


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (Refusal(reason="you are nobody"), "you are nobody"),
        (Reply(id=0), "it did not greet"),
        (b"rubbish\n", "sent what is not a message"),
        (b"no end", "closed the connection"),
        (b"\xff\xfe\n", "sent what is not a message"),
        (b"[" * 20_000 + b"\n", "sent what is not a message"),
        (None, "closed the connection"),
    ],
)
def test_what_is_no_greeting(path: Path, answer: Message | bytes | None, complaint: str) -> None:
    with (
        pretending(path, lambda command: [answer, None]),
        pytest.raises(ConnectionLost, match=complaint),
    ):
        SyncClient(path)


def test_another_version(path: Path) -> None:
    other = msgspec.structs.replace(HELLO, version=2, program="9.9")
    with (
        pretending(path, lambda command: [other]),
        pytest.raises(VersionMismatch) as caught,
    ):
        SyncClient(path)
    assert str(caught.value) == (
        "the supervisor of session made-up runs proctui 9.9 and speaks version 2 of the protocol, "
        "this proctui speaks version 1: use the proctui that started it"
    )


def test_the_end_of_the_supervisor(path: Path) -> None:
    def answer(command: AnyCommand) -> Sent:
        return [Reply(id=command.id), None] if isinstance(command, Shutdown) else [None]

    with pretending(path, greeting(answer)), SyncClient(path) as client:
        assert client.request(Shutdown()).error is None
        client.wait_for_end(10)
        with pytest.raises(ConnectionLost, match="closed the connection"):
            client.request(Describe())
        with pytest.raises(ConnectionLost):
            next(client.messages())


def test_an_answer_that_takes_too_long_is_dropped_later(path: Path) -> None:
    with pretending(path, greeting(lambda command: [])) as supervisor, SyncClient(path) as client:
        with pytest.raises(TimeoutError):
            client.request(Describe(), timeout=0.05)
        with pytest.raises(TimeoutError):
            client.wait_for_end(0.05)
        timer = threading.Timer(
            0.05, lambda: supervisor.say(encode(Reply(id=1)) + encode(Reply(id=2, error="late")))
        )
        timer.start()
        assert client.request(Describe(), timeout=10).error == "late"
        timer.join()
