"""Parts of the supervisor where a real one can't be brought to fail."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from proctui.journal import Journal
from proctui.protocol import (
    Add,
    Join,
    Message,
    Refusal,
    Reload,
    Reply,
    Start,
    Subscribe,
    decode_message,
    encode,
)
from proctui.supervisor import connection as connection_module
from proctui.supervisor.clients import Client
from proctui.supervisor.connection import MOST_PENDING, Connection
from proctui.supervisor.dispatch import Dispatcher
from proctui.supervisor.helper import Helper
from proctui.supervisor.loop import Loop
from proctui.supervisor.session import INTERNAL, Session
from proctui.supervisor.start import SupervisorStart
from tests.supervisor.specs import sleeper
from tests.support import children_of, kernel_state, session


@pytest.fixture
def loop() -> Iterator[Loop]:
    made = Loop()
    yield made
    made.close()


def run_until(loop: Loop, condition: Callable[[], object], timeout: float = 20.0) -> None:
    """Runs the loop until then."""
    deadline = loop.time() + timeout

    def look() -> None:
        assert loop.time() < deadline, "waited in vain"
        if condition():
            loop.stop()
        else:
            loop.call_later(0.002, look)

    failed: list[Exception] = []

    def fault(error: Exception) -> None:
        failed.append(error)
        loop.stop()

    loop.fault = fault
    loop.call_soon(look)
    loop.run()
    assert not failed, failed


# ---------------------------------------------------------------- connection


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
    text = b"x" * 9_999 + b"\n"
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


# ---------------------------------------------------------------- dispatch


class FakeClient:
    """What a `Dispatcher` needs of a client."""

    by = "test 1"
    open = True

    def __init__(self) -> None:
        self.said: list[Message] = []
        self.tickets: set[object] = set()
        self.connection = self

    def send(self, message: Message, *, large: bool = False) -> None:
        self.said.append(message)


@pytest.fixture
def broken_session(loop: Loop, tmp_path: Path) -> Iterator[Session]:
    """A session of one idle worker, with everything but a socket."""
    (tmp_path / "logs").mkdir()
    journal = Journal(tmp_path / "journal")
    start = SupervisorStart(
        spec=session(sleeper("w", autostart=False)),
        socket="", journal="", log_dir=str(tmp_path / "logs"), tag="t",
    )  # fmt: skip
    made = Session(start, loop, journal, lambda: None)
    made.begin()
    yield made
    journal.close()


@pytest.mark.parametrize("command", [Start(workers=("w",)), Join(workers=("w",))])
def test_a_flaw_in_a_handler_is_an_answer(
    broken_session: Session,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: Start | Join,
) -> None:
    def flawed(*_: object) -> None:
        raise ZeroDivisionError("a flaw")

    machine = broken_session.workers.get("w")
    assert machine is not None
    for name in ("start", "join"):
        monkeypatch.setattr(machine, name, flawed)
    client = FakeClient()
    Dispatcher(broken_session).handle(cast(Client, client), command)
    (reply,) = client.said
    assert isinstance(reply, Reply)
    assert [outcome.text for outcome in reply.outcomes] == [INTERNAL]
    assert "a flaw" in broken_session.events.history(1)[0].text
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "owner", "name"),
    [
        (Subscribe(), "workers", "snapshot"),
        (Reload(spec=session()), "workers", "specs"),
        (Add(specs=(sleeper("n"),)), "workers", "add"),
    ],
)
def test_a_flaw_anywhere_is_an_answer(
    broken_session: Session,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: Subscribe | Reload | Add,
    owner: str,
    name: str,
) -> None:
    def flawed(*_: object) -> None:
        raise ZeroDivisionError("a flaw")

    monkeypatch.setattr(getattr(broken_session, owner), name, flawed)
    client = FakeClient()
    Dispatcher(broken_session).handle(cast(Client, client), command)
    (reply,) = client.said
    assert isinstance(reply, Reply)
    assert INTERNAL in (reply.error, *(outcome.text for outcome in reply.outcomes))
    assert "Traceback" in capsys.readouterr().err
    monkeypatch.undo()
    if isinstance(command, Reload):
        Dispatcher(broken_session).handle(cast(Client, client), command)
        again = client.said[-1]
        assert isinstance(again, Reply) and again.error is None, "a failed reload blocks no other"
    assert encode(reply)


# ---------------------------------------------------------------- helper


class Result:
    def __init__(self) -> None:
        self.got: list[tuple[int | None, bytes]] = []

    def __call__(self, code: int | None, output: bytes) -> None:
        self.got.append((code, output))


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_helper_gets_its_input_and_gives_its_output(loop: Loop) -> None:
    given = os.urandom(1 << 20)
    result = Result()
    code = "import sys; d = sys.stdin.buffer.read(); sys.stdout.buffer.write(d[::-1]); sys.exit(3)"
    helper = Helper(loop, python(code), given, 60.0, result)
    run_until(loop, lambda: result.got)
    assert result.got == [(3, given[::-1])]
    assert kernel_state(helper.pid) is None


def test_a_helper_takes_no_status_but_its_own(loop: Loop) -> None:
    other = os.spawnv(os.P_NOWAIT, sys.executable, python("pass"))
    run_until(loop, lambda: kernel_state(other) == "Z")
    result = Result()
    Helper(loop, python("pass"), b"", 60.0, result)
    run_until(loop, lambda: result.got)
    assert kernel_state(other) == "Z"
    assert os.waitpid(other, 0)[1] == 0


@pytest.mark.parametrize("closes_output", [True, False])
def test_a_helper_that_takes_too_long_is_killed(loop: Loop, closes_output: bool) -> None:
    code = f"import os, time; {'os.close(1); ' * closes_output}time.sleep(600)"
    result = Result()
    helper = Helper(loop, python(code), b"", 0.3, result)
    run_until(loop, lambda: result.got)
    assert result.got[0][0] is None and kernel_state(helper.pid) is None


def test_a_cancelled_helper_is_reaped_without_a_word(loop: Loop) -> None:
    result = Result()
    helper = Helper(loop, python("import time; time.sleep(600)"), b"", 60.0, result)
    helper.cancel()
    run_until(loop, lambda: kernel_state(helper.pid) is None)
    assert not result.got and helper.pid not in children_of(os.getpid())


def test_a_helper_has_no_handlers_but_the_usual(loop: Loop) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        result = Result()
        code = "import signal; print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN)"
        Helper(loop, python(code), b"", 60.0, result)
        run_until(loop, lambda: result.got)
    finally:
        signal.signal(signal.SIGINT, before)
    assert result.got == [(0, b"False\n")]


def test_a_helper_that_does_not_exist(loop: Loop) -> None:
    descriptors = len(os.listdir("/proc/self/fd"))
    with pytest.raises(FileNotFoundError):
        Helper(loop, ["/no/such/program"], b"", 1.0, Result())
    assert len(os.listdir("/proc/self/fd")) == descriptors
