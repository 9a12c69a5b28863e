"""Parts of the supervisor where a real one can't be brought to fail."""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from proctui.protocol import (
    PROTOCOL_VERSION,
    Add,
    ClientHello,
    Join,
    Message,
    Reload,
    Reply,
    Start,
    Subscribe,
    encode,
)
from proctui.sessions.journal import Journal
from proctui.supervisor import server as server_module
from proctui.supervisor.clients import Client
from proctui.supervisor.dispatch import Dispatcher
from proctui.supervisor.helper import Helper
from proctui.supervisor.listening import listen
from proctui.supervisor.logs import LogStore
from proctui.supervisor.loop import Loop
from proctui.supervisor.realworld import RealWorld
from proctui.supervisor.runs import ProcessRun
from proctui.supervisor.server import Server
from proctui.supervisor.session import INTERNAL, Session
from proctui.supervisor.start import SupervisorStart
from proctui.supervisor.world import Run
from tests.supervisor.looping import run_until
from tests.supervisor.specs import command, sleeper
from tests.support import DEADLINE, children_of, kernel_state, session, until


@pytest.fixture
def loop() -> Iterator[Loop]:
    made = Loop()
    yield made
    made.close()


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


# ---------------------------------------------------------------- server


def test_who_has_left_is_told_nothing_more(
    loop: Loop, broken_session: Session, short_tmp: Path
) -> None:
    listener = listen(str(short_tmp / "s"))
    server = Server(broken_session, listener, loop)
    server.begin()
    theirs = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    theirs.connect(str(short_tmp / "s"))
    theirs.send(encode(ClientHello(version=PROTOCOL_VERSION)) + encode(Subscribe()))
    run_until(loop, lambda: broken_session.events._listeners)
    theirs.close()
    run_until(loop, lambda: not server._clients)
    assert not broken_session.events._listeners and not server._leaving
    server.close(loop.stop)
    assert not (short_tmp / "s").exists()


# ---------------------------------------------------------------- runs


class Heard:
    """A `Listener` that remembers."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.run: ProcessRun | None = None

    def launched(self, run: Run) -> None:
        assert isinstance(run, ProcessRun)
        self.run = run

    def refused(self, reason: str) -> None:
        self.calls.append(f"refused {reason}")

    def ready(self, name: str, daemon: bool) -> None:
        self.calls.append("ready")

    def failed(self, reason: str) -> None:
        self.calls.append(f"failed {reason}")

    def settled(self) -> None:
        self.calls.append("settled")

    def ended(self) -> None:
        self.calls.append("ended")


def test_what_was_reported_is_heard_before_the_end(loop: Loop, tmp_path: Path) -> None:
    world = RealWorld(loop, LogStore(tmp_path, 1 << 20), "t")
    heard = Heard()
    world.launch(command("c", "no-such-command"), heard)
    world.launch_now()
    run = heard.run
    assert run is not None
    until(lambda: run.end() is not None)
    run._sentinel_fired()
    assert heard.calls == ["failed command not found: 'no-such-command'", "ended"]
    assert run.reap().exitcode == 127


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


def test_a_hello_that_the_supervisor_was_late_to_read_is_not_called_missing(
    broken_session: Session, loop: Loop, short_tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under load the time for it may be over while it waits to be read."""
    monkeypatch.setattr(server_module, "HELLO_TIMEOUT", 0.01)
    listener = listen(str(short_tmp / "s"))
    server = Server(broken_session, listener, loop)
    server.begin()
    waiting, silent = (socket.socket(socket.AF_UNIX) for _ in range(2))
    with waiting, silent:
        for client in (waiting, silent):
            client.connect(str(short_tmp / "s"))
            client.settimeout(DEADLINE)
        loop.call_later(0, loop.stop)
        loop.run()  # both are accepted
        waiting.send(encode(ClientHello(version=PROTOCOL_VERSION, client="late", pid=1)))
        time.sleep(0.02)  # the supervisor is busy
        loop._make_due()
        run_until(loop, lambda: len(select.select([waiting, silent], [], [], 0)[0]) == 2)
        assert b'"hello"' in waiting.recv(1 << 16)
        assert b"no hello within" in silent.recv(1 << 16)
        gone: list[bool] = []
        server.close(lambda: gone.append(True))
        run_until(loop, lambda: bool(gone))
