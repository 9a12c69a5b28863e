"""One client's connection, with the other end in the test's hands."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from proctui.protocol import Refusal, decode_message
from proctui.supervisor import connection as connection_module
from proctui.supervisor.connection import MOST_PENDING, Connection
from proctui.supervisor.loop import Loop
from tests.supervisor.looping import run_until


@pytest.fixture
def loop() -> Iterator[Loop]:
    made = Loop()
    yield made
    made.close()


class Owner:
    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.reasons: list[str] = []
        self.ends = 0
        self.react: Callable[[Connection, bytes], None] = lambda connection, line: None

    def line(self, connection: Connection, line: bytes) -> None:
        self.lines.append(line)
        self.react(connection, line)

    def gone(self, connection: Connection, reason: str) -> None:
        self.reasons.append(reason)

    def closed(self, connection: Connection) -> None:
        self.ends += 1


class Line:
    """Both ends of a connection: ours with the loop, theirs for the test."""

    def __init__(self, loop: Loop) -> None:
        ours, self.theirs = socket.socketpair()
        ours.setblocking(False)
        self.theirs.setblocking(False)
        self.owner = Owner()
        self.connection = Connection(ours, loop, self.owner)
        self.received = b""

    def receive(self) -> bool:
        """Reads what there is; True at the end."""
        try:
            data = self.theirs.recv(1 << 20)
        except BlockingIOError:
            return False
        except ConnectionResetError:
            return True
        self.received += data
        return not data


@pytest.fixture
def line(loop: Loop) -> Iterator[Line]:
    made = Line(loop)
    yield made
    made.theirs.close()
    made.connection.close()


def test_lines_come_whole_whatever_the_pieces(loop: Loop, line: Line) -> None:
    sent = b"one\n\ntwo\nthr"
    for byte in sent:
        line.theirs.send(bytes([byte]))
    run_until(loop, lambda: len(line.owner.lines) == 3)
    line.theirs.send(b"ee\n")
    run_until(loop, lambda: len(line.owner.lines) == 4)
    assert line.owner.lines == [b"one", b"", b"two", b"three"]


def test_what_is_sent_together_arrives_in_order(loop: Loop, line: Line) -> None:
    wanted = b"".join(b"%d\n" % n for n in range(5000))
    for n in range(5000):
        line.connection.send(b"%d\n" % n)
    run_until(loop, lambda: line.receive() or line.received == wanted)
    assert line.received == wanted


def test_a_client_that_takes_nothing_is_let_go_at_a_lines_end(loop: Loop, line: Line) -> None:
    text = b"x" * 299_999 + b"\n"
    while line.connection.open:
        line.connection.send(text)
        run_until(loop, lambda: True)
    assert line.owner.reasons and "were waiting to be read" in line.owner.reasons[0]
    assert line.owner.ends == 0, "it may still read what it has, and the reason"
    run_until(loop, line.receive)
    *lines, last, rest = line.received.split(b"\n")
    assert rest == b"" and set(lines) == {text[:-1]}
    refusal = decode_message(last)
    assert isinstance(refusal, Refusal)
    assert len(line.received) < MOST_PENDING, "what waited was dropped"
    assert line.owner.ends == 1


def test_something_large_that_was_asked_for_is_allowed_once(loop: Loop, line: Line) -> None:
    large = b"x" * (MOST_PENDING + 5) + b"\n"
    line.connection.send(large, extra=True)
    assert line.connection.open
    line.connection.send(large, extra=True)
    assert not line.connection.open


def test_a_large_answer_that_was_taken_may_come_again(loop: Loop, line: Line) -> None:
    large = b"x" * (MOST_PENDING + 5) + b"\n"
    for count in (1, 2):
        line.connection.send(large, extra=True)
        run_until(loop, lambda count=count: line.receive()  # type: ignore[misc]
                  or len(line.received) == count * len(large))  # fmt: skip
        run_until(loop, lambda: True)
    assert line.connection.open


def test_who_takes_no_answers_is_not_read_from(loop: Loop, line: Line) -> None:
    answer = b"y" * 100_000 + b"\n"
    line.owner.react = lambda connection, _: connection.send(answer)
    line.theirs.send(b"ask\n" * 300)
    for _ in range(50):
        run_until(loop, lambda: True)
    assert line.connection.open and 5 < len(line.owner.lines) < 30
    run_until(loop, lambda: line.receive() or len(line.received) == 300 * len(answer))
    assert line.owner.lines == [b"ask"] * 300


def test_who_takes_no_answers_can_ask_only_so_much(loop: Loop, line: Line) -> None:
    answer = b"y" * 100_000 + b"\n"
    line.owner.react = lambda connection, _: connection.send(answer)
    asked, refused = 0, 0
    while refused < 20 and asked < 10_000_000:
        try:
            asked += line.theirs.send(b"ask\n" * 10_000)
            refused = 0
        except BlockingIOError:
            refused += 1
        run_until(loop, lambda: True)
    assert asked < 2_000_000, "what it asks piles up at its own end"


def test_a_flood_of_lines_leaves_time_for_others(loop: Loop, line: Line) -> None:
    others: list[int] = []

    def other() -> None:
        others.append(len(line.owner.lines))
        loop.call_soon(other)

    def slowly(connection: Connection, text: bytes) -> None:
        until = loop.time() + 0.001
        while loop.time() < until:
            pass

    line.owner.react = slowly
    line.theirs.send(b"x\n" * 100)
    loop.call_soon(other)
    run_until(loop, lambda: len(line.owner.lines) == 100)
    assert len({count for count in others if 0 < count < 100}) >= 5


def test_a_refused_client_that_never_reads_is_closed_after_a_while(
    loop: Loop, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "FAREWELL", 0.05)
    while line.connection.open:
        line.connection.send(b"x" * 99_999 + b"\n")
        run_until(loop, lambda: True)
    run_until(loop, lambda: line.connection.closed)
    assert line.owner.ends == 1 and len(line.owner.reasons) == 1


def test_who_has_gone_is_forgotten_once(loop: Loop, line: Line) -> None:
    line.connection.send(b"unread\n")
    line.theirs.close()
    run_until(loop, lambda: line.owner.ends)
    line.connection.send(b"more\n")
    line.connection.refuse("again")
    line.connection.close()
    assert len(line.owner.reasons) == 1 and line.owner.ends == 1
