"""What tests of all kinds share: waiting on conditions, reading the kernel, a raw client, and a
supervisor of one's own."""

from __future__ import annotations

import contextlib
import os
import random
import select
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from proctui.model import Worker
from proctui.protocol import (
    PROTOCOL_VERSION,
    AnyMessage,
    ClientHello,
    Command,
    Event,
    Hello,
    Message,
    Outcome,
    Refusal,
    Reply,
    Snapshot,
    Subscribe,
    decode_message,
    encode,
)
from proctui.spec import SessionSpec, WorkerSpec
from proctui.supervisor import marking
from proctui.supervisor.start import (
    SupervisorAnswer,
    SupervisorStart,
    decode_answer,
    encode_start,
)

ROOT = Path(__file__).resolve().parent.parent
DEADLINE = 30.0
"""Seconds after which a condition that should have come is taken never to come."""

SEED = int(os.environ.get("PROCTUI_TEST_SEED", "0")) or random.randrange(1, 1 << 31)
"""Of all that is chosen at random; told wherever it matters."""

T = TypeVar("T")


def until(condition: Callable[[], T], timeout: float = DEADLINE, what: str = "") -> T:
    """The first true value of `condition`; fails once `timeout` seconds have passed."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"waited {timeout:g} s in vain {what}".rstrip()
        select.select([], [], [], 0.004)


def kernel_state(pid: int) -> str | None:
    """The state letter of proc_pid_stat(5), None once the process is reaped."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rpartition(")")[2].split()[0]


def children_of(pid: int) -> list[int]:
    """Direct children, of all threads."""
    found: list[int] = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                found += map(int, (task / "children").read_text().split())
    return found


def descendants_of(pid: int) -> list[int]:
    """All that hang below it now."""
    found = children_of(pid)
    for child in found:
        found += [one for one in children_of(child) if one not in found]
    return found


def command_of(pid: int) -> str:
    """For messages: what runs there."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return "gone"
    return words.strip() or f"[{kernel_state(pid)}]"


class RawClient:
    """One connection to a supervisor that says and reads exactly what the test wants."""

    def __init__(self, path: str | Path, *, greet: str | None = "test") -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.events: list[Event] = []
        """All that were read so far."""
        self.snapshot: Snapshot | None = None
        self._replies: dict[int, Reply] = {}
        self._inbox = b""
        self._lines: deque[bytes] = deque()
        self._numbers = 0
        self.hello: Hello | None = None
        try:
            self.socket.connect(str(path))
            if greet is not None:
                self._greet(greet)
        except BaseException:
            self.socket.close()
            raise

    def _greet(self, name: str) -> None:
        self.send(ClientHello(version=PROTOCOL_VERSION, client=name, pid=os.getpid()))
        hello = self.read()
        assert isinstance(hello, Hello), hello
        self.hello = hello

    def __enter__(self) -> RawClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def write(self, data: bytes) -> None:
        self.socket.settimeout(DEADLINE)
        self.socket.sendall(data)

    def send(self, message: Command | Message) -> None:
        self.write(encode(message))

    def read(self, timeout: float = DEADLINE) -> AnyMessage | None:
        """The next message; None once the supervisor has closed the connection."""
        deadline = time.monotonic() + timeout
        while not self._lines:
            self.socket.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                data = self.socket.recv(1 << 18)
            except (ConnectionResetError, BrokenPipeError):
                return None
            if not data:
                return None
            *lines, self._inbox = (self._inbox + data).split(b"\n")
            self._lines.extend(lines)
        message = decode_message(self._lines.popleft())
        self._note(message)
        return message

    def ask(self, command: Command) -> int:
        """Sends with a fresh number, which it answers."""
        self._numbers += 1
        self.send(msgspec.structs.replace(command, id=self._numbers))
        return self._numbers

    def reply(self, number: int, timeout: float = DEADLINE) -> Reply:
        """The answer to that number; what else comes is kept."""
        deadline = time.monotonic() + timeout
        while number not in self._replies:
            message = self.read(deadline - time.monotonic())
            assert message is not None, "the supervisor closed the connection"
            assert not isinstance(message, Refusal), message.reason
        return self._replies.pop(number)

    def request(self, command: Command, timeout: float = DEADLINE) -> Reply:
        return self.reply(self.ask(command), timeout)

    def outcome(self, command: Command, timeout: float = DEADLINE) -> Outcome:
        """The answer to a command for one worker."""
        reply = self.request(command, timeout)
        assert reply.error is None, reply.error
        (outcome,) = reply.outcomes
        return outcome

    def subscribe(self, history: int = 1000) -> Snapshot:
        self.request(Subscribe(history=history))
        assert self.snapshot is not None
        return self.snapshot

    def event(
        self, wanted: Callable[[Event], bool], timeout: float = DEADLINE, *, new: bool = False
    ) -> Event:
        """The first event, of those read or (with `new` only) of those to come, that fits."""
        seen = len(self.events) if new else 0
        deadline = time.monotonic() + timeout
        while True:
            for event in self.events[seen:]:
                if wanted(event):
                    return event
            seen = len(self.events)
            while len(self.events) == seen:
                assert self.read(max(0.001, deadline - time.monotonic())) is not None, "closed"

    def worker(self, name: str) -> Worker:
        """What a fresh snapshot says of it."""
        return next(worker for worker in self.subscribe(0).workers if worker.id == name)

    def until(self, name: str, wanted: Callable[[Worker], bool]) -> Worker:
        """Its state, once it is as wanted."""

        def look() -> Worker | None:
            worker = self.worker(name)
            return worker if wanted(worker) else None

        found = until(look, what=f"for {name}")
        assert found is not None
        return found

    def pid_of(self, name: str) -> int:
        """Of a worker, once it runs user code."""
        pid = self.until(name, lambda worker: worker.phase == "alive").pid
        assert pid is not None
        return pid

    def _note(self, message: AnyMessage) -> None:
        if isinstance(message, Event):
            self.events.append(message)
        elif isinstance(message, Snapshot):
            self.snapshot = message
        elif isinstance(message, Reply):
            self._replies[message.id] = message


class Supervisor:
    """A real supervisor of the test's own, in a short directory of its own."""

    def __init__(
        self,
        spec: SessionSpec,
        directory: Path,
        *,
        env: dict[str, str] | None = None,
        hold: bool = False,
    ) -> None:
        self.spec = spec
        self.socket = directory / "s"
        self.journal = directory / "journal"
        self.log_dir = directory / "logs"
        self.complaints = directory / "supervisor.log"
        self.tag = f"test.{os.urandom(6).hex()}"
        self.log_dir.mkdir(mode=0o700)
        start = SupervisorStart(
            spec=spec,
            socket=str(self.socket),
            journal=str(self.journal),
            log_dir=str(self.log_dir),
            tag=self.tag,
            hold=hold,
        )
        places = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        with self.complaints.open("wb") as complaints:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "proctui.supervisor"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                cwd="/",
                start_new_session=True,
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join(places),
                    "PROCTUI_SESSION": self.tag,
                    "PROCTUI_WORKER": marking.ROOM,
                    **(env or {}),
                },
            )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with self.process.stdin as stdin:
            stdin.write(encode_start(start))
        with self.process.stdout as stdout:
            line = stdout.readline()
        self.answer: SupervisorAnswer = decode_answer(line)
        self._clients: list[RawClient] = []

    @property
    def pid(self) -> int:
        return self.process.pid

    def client(self, name: str = "test", *, subscribe: bool = False) -> RawClient:
        """A greeted client, closed with the test."""
        client = RawClient(self.socket, greet=name)
        self._clients.append(client)
        if subscribe:
            client.subscribe()
        return client

    def log(self, worker: str) -> str:
        """Nothing where it has not been started yet."""
        path = self.log_dir / f"{worker}.log"
        return path.read_text() if path.exists() else ""

    def kill(self) -> None:
        """As a crash would: the workers become orphans."""
        self.process.kill()
        self.process.wait()

    def end(self) -> str:
        """Ends the session, hastily if need be; answers what the supervisor complained about."""
        for client in self._clients:
            client.close()
        for wait in (3.0, DEADLINE):
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGTERM)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(wait)
        if self.process.poll() is None:
            self.kill()
            return "the supervisor did not end\n" + self.complaints.read_text()
        return self.complaints.read_text()


def session(*workers: WorkerSpec, **settings: object) -> SessionSpec:
    """A specification called ``test``."""
    return SessionSpec(name="test", workers=workers, **settings)  # type: ignore[arg-type]
