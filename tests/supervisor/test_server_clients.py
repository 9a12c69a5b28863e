"""Clients of a real supervisor: several at once, and those that misbehave."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from proctui.protocol import (
    MAX_LINE,
    PROTOCOL_VERSION,
    ClientHello,
    Describe,
    Hello,
    Join,
    Note,
    Refusal,
    Reply,
    Restart,
    Signal,
    Start,
    Stop,
    Subscribe,
)
from proctui.sessions.sync_client import SyncClient
from tests.conftest import Supervise
from tests.supervisor.specs import command, ends, sleeper
from tests.support import ROOT, RawClient, Supervisor, until


def refusal(client: RawClient) -> str:
    """Why the supervisor closed the connection, after whatever it said before."""
    while message := client.read():
        if isinstance(message, Refusal):
            assert client.read() is None, "said more after its refusal"
            return message.reason
    raise AssertionError("closed without a reason")


def answers(supervisor: Supervisor) -> None:
    """It is there, and quick."""
    with RawClient(supervisor.socket) as client:
        began = time.monotonic()
        assert client.request(Describe()).session is not None
        assert time.monotonic() - began < 5


def test_the_hello_says_what_a_client_needs(supervise: Supervise) -> None:
    supervisor = supervise(refresh=0.5, source="/some/file.toml", env={"LC_ALL": "C"})
    hello = supervisor.client().hello
    assert hello is not None
    assert (hello.version, hello.session, hello.pid) == (PROTOCOL_VERSION, "test", supervisor.pid)
    assert hello.tag == supervisor.tag and hello.refresh == 0.5
    assert hello.source == "/some/file.toml" and not hello.adopt
    assert hello.journal == str(supervisor.journal) and hello.log_dir == str(supervisor.log_dir)
    assert hello.python == ".".join(map(str, sys.version_info[:3]))
    assert abs(hello.started_at - time.time()) < 60


def test_clients_hear_of_each_others_actions(supervise: Supervise) -> None:
    supervisor = supervise(sleeper("w"))
    one, two = supervisor.client("one", subscribe=True), supervisor.client("two", subscribe=True)
    one.until("w", lambda worker: worker.phase == "alive")
    one.request(Signal(workers=("w",), signal="SIGTERM"))
    heard = two.event(lambda event: event.kind == "signalled")
    assert heard.by == f"one {os.getpid()}" and heard.signal == "SIGTERM"
    assert heard.state is not None and heard.state.id == "w"
    ended = two.event(lambda event: event.kind == "ended")
    assert ended.by is None and ended.exitcode == -15
    two.request(Join(workers=("w",)))
    joined = one.event(lambda event: event.kind == "joined")
    assert joined.by == f"two {os.getpid()}"
    two.close()
    went = one.event(lambda event: event.kind == "client-went")
    assert went.by == f"two {os.getpid()}"


def test_who_only_glances_is_no_event(supervise: Supervise) -> None:
    supervisor = supervise(sleeper("w"))
    screen = supervisor.client("screen", subscribe=True)
    pid = screen.pid_of("w")
    with SyncClient(supervisor.socket, "ps") as glances:
        assert glances.subscribe().workers[0].id == "w"
        assert glances.request(Describe()).session is not None
    with SyncClient(supervisor.socket, "kill") as acts:
        acts.subscribe()
        assert acts.request(Signal(workers=("w",), signal="SIGKILL", pids=(pid,))).outcomes[0].ok
    screen.event(lambda event: event.kind == "client-went")
    clients = [(e.kind, (e.by or "").split()[0]) for e in screen.events if "client" in e.kind]
    assert clients == [("client-came", "kill"), ("client-went", "kill")]


def test_a_signal_for_a_process_that_is_gone_is_not_sent(supervise: Supervise) -> None:
    client = supervise(sleeper("w")).client()
    first = client.pid_of("w")
    assert client.outcome(Restart(workers=("w",))).ok
    again = client.pid_of("w")
    outcome = client.outcome(Signal(workers=("w",), signal="SIGKILL", pids=(first,)))
    assert (
        not outcome.ok and f"process {first}, which was meant, is not its process" in outcome.text
    )
    assert client.worker("w").alive and client.worker("w").pid == again


def test_snapshot_and_events_fit_together(supervise: Supervise) -> None:
    supervisor = supervise(*(command(f"w{n}", "sleep", "0.05") for n in range(30)))
    first = supervisor.client("first", subscribe=True)
    later = supervisor.client("later")
    snapshot = later.subscribe(history=10_000)
    assert [event.seq for event in snapshot.history] == list(range(1, snapshot.seq + 1))
    first.request(Note(text="done"))
    for client in (first, later):
        client.event(lambda event: event.text == "done")
        heard = [event.seq for event in client.events]
        assert heard == list(range(heard[0], heard[0] + len(heard))), "lost or doubled"
    assert later.events[0].seq == snapshot.seq + 1
    assert [worker.id for worker in snapshot.workers] == [f"w{n}" for n in range(30)]


def test_history_is_as_long_as_wanted(supervise: Supervise) -> None:
    client = supervise(ends("w", 0)).client()
    client.until("w", lambda worker: worker.phase == "ended")
    everything = client.subscribe(1000).history
    assert client.subscribe(0).history == ()
    assert client.subscribe(2).history == everything[-2:]


def test_starting_many_keeps_nobody_waiting(supervise: Supervise) -> None:
    names = tuple(f"w{n}" for n in range(300))
    supervisor = supervise(*(sleeper(name, autostart=False) for name in names))
    starter, other = supervisor.client(), supervisor.client("other")
    number = starter.ask(Start(workers=names))
    seen = set[int]()
    longest = 0.0
    while 300 not in seen:
        began = time.monotonic()
        snapshot = other.subscribe(0)
        longest = max(longest, time.monotonic() - began)
        seen.add(sum(worker.phase == "alive" for worker in snapshot.workers))
    assert len(seen) > 3, "others were answered only when all had been started"
    assert longest < 1.0
    assert all(outcome.ok for outcome in starter.reply(number).outcomes)
    assert [outcome.worker for outcome in other.request(Stop(workers=names)).outcomes] == [*names]


def test_a_stop_reaches_starts_that_still_wait_for_their_turn(supervise: Supervise) -> None:
    names = tuple(f"w{n}" for n in range(300))
    supervisor = supervise(*(sleeper(name, autostart=False) for name in names))
    client = supervisor.client()
    started = client.ask(Start(workers=names))
    stopped = client.ask(Stop(workers=names[::-1]))
    outcomes = client.reply(started).outcomes
    assert all(outcome.ok for outcome in client.reply(stopped).outcomes)
    assert any("stopped before its turn" in outcome.text for outcome in outcomes)
    assert not any(worker.alive for worker in client.subscribe(0).workers)


# ---------------------------------------------------------------- misbehaviour

RUBBISH = [
    b"",
    b"\0\xff\xfe",
    b"{",
    b"[]",
    b"null",
    b'{"type":"start"}',
    b'{"type":"start","workers":"w"}',
    b'{"type":"start","workers":[1]}',
    b'{"type":"fly","id":7}',
    b'{"type":"join","workers":["w"],"timeout":"soon"}',
    b'{"type":"signal","workers":["w"],"signal":{}}',
    b'{"type":"reload","spec":{"name":5}}',
    b'{"type":"hello","version":1}',
    b"[" * 100_000,
    b'{"type":"start","workers":' + b"[" * 50_000,
    b'{"type":"note","text":"\\ud800"}',
]


def test_rubbish_is_answered_and_hurts_nobody(supervise: Supervise) -> None:
    supervisor = supervise(sleeper("w"))
    client = supervisor.client("rubbish")
    for line in RUBBISH:
        client.write(line + b"\n")
        reply = client.read()
        assert isinstance(reply, Reply) and reply.error, line
    client.write(b'{"type":"fly","id":41}\n')
    assert client.reply(41).error is not None
    assert client.worker("w").phase in ("starting", "alive")
    history = client.subscribe().history
    told = [event for event in history if event.kind == "refused"]
    assert len(told) == 1, "the journal isn't filled with it"
    answers(supervisor)


def test_unknown_fields_are_ignored(supervise: Supervise) -> None:
    client = supervise().client()
    client.write(b'{"type":"describe","id":3,"mood":"good"}\n')
    assert client.reply(3).session is not None


def test_commands_may_come_in_any_pieces(supervise: Supervise) -> None:
    client = supervise(sleeper("w")).client()
    for byte in b'{"type":"describe","id":9}\n{"type":"desc':
        client.write(bytes([byte]))
    assert client.reply(9).session is not None
    client.write(b'ribe","id":10}\n{"type":"describe","id":11}\n')
    assert client.reply(10).session is not None and client.reply(11).session is not None


def test_half_a_line_holds_nobody_up(supervise: Supervise) -> None:
    supervisor = supervise()
    half = supervisor.client("half")
    half.write(b'{"type":"desc')
    answers(supervisor)
    watcher = supervisor.client("watcher", subscribe=True)
    half.close()
    went = watcher.event(lambda event: event.kind == "client-went")
    assert went.text.endswith("left in the middle of a line")


@pytest.mark.parametrize("ended", [True, False])
def test_a_huge_line_ends_the_connection(supervise: Supervise, ended: bool) -> None:
    supervisor = supervise()
    client = supervisor.client("huge")
    try:
        client.write(b"x" * (MAX_LINE + 1) + b"\n" * ended)
        if not ended:
            client.write(b"x" * MAX_LINE * 20)
    except (BrokenPipeError, ConnectionResetError):
        pass
    assert refusal(client) == f"a line may have {MAX_LINE} bytes, this one is longer"
    answers(supervisor)


def test_the_longest_line_that_is_allowed(supervise: Supervise) -> None:
    client = supervise().client()
    start, end = b'{"type":"note","id":5,"text":"', b'"}'
    client.write(start + b"x" * (MAX_LINE - len(start) - len(end)) + end + b"\n")
    assert client.reply(5).error is None
    (note,) = (event for event in client.subscribe().history if event.kind == "note")
    assert len(note.text) == 2000, "what goes to everybody and to the journal is cut"


@pytest.mark.parametrize(
    "line",
    [b"hello\n", b'{"type":"describe"}\n', b"\n", b"GET / HTTP/1.1\r\n"],
)
def test_who_does_not_greet_is_refused(supervise: Supervise, line: bytes) -> None:
    supervisor = supervise()
    with RawClient(supervisor.socket, greet=None) as client:
        client.write(line)
        assert refusal(client).startswith("the first line has to be a hello")
    answers(supervisor)


def test_another_version_is_told_so(supervise: Supervise) -> None:
    supervisor = supervise()
    with RawClient(supervisor.socket, greet=None) as client:
        client.write(b'{"type":"hello","version":999,"client":"future","wings":2}\n')
        reason = refusal(client)
    assert f"speaks protocol {PROTOCOL_VERSION}, the client speaks 999" in reason
    answers(supervisor)


def test_who_says_nothing_is_closed_after_a_while(supervise: Supervise) -> None:
    supervisor = supervise()
    silent = [RawClient(supervisor.socket, greet=None) for _ in range(3)]
    began = time.monotonic()
    answers(supervisor)
    for client in silent:
        assert refusal(client) == "no hello within 5 s"
        client.close()
    assert 4 < time.monotonic() - began < 15
    answers(supervisor)


def test_a_name_cannot_forge(supervise: Supervise) -> None:
    supervisor = supervise()
    client = RawClient(supervisor.socket, greet=None)
    client.send(ClientHello(version=1, client="evil\x1b[2J\nname" + "x" * 500, pid=1))
    assert isinstance(client.read(), Hello)
    client.subscribe()
    client.request(Note(text="hi"))
    by = client.event(lambda event: event.text == "hi").by
    assert by is not None and by.startswith("evil?[2J?name") and len(by) < 80
    assert by.endswith(f" {os.getpid()}"), "the kernel knows the pid better"
    client.close()


def test_a_slow_client_is_let_go_with_a_reason_and_may_come_back(supervise: Supervise) -> None:
    supervisor = supervise(sleeper("w"))
    slow, busy = supervisor.client("slow"), supervisor.client("busy", subscribe=True)
    slow.send(Subscribe(history=0))
    text = "x" * 2000
    wanted = 6000
    for _ in range(wanted // 100):
        numbers = [busy.ask(Note(text=text)) for _ in range(100)]
        for number in numbers:
            busy.reply(number)
    assert sum(event.text == text for event in busy.events) == wanted, "the busy one lost none"
    went = busy.event(lambda event: event.kind == "client-went")
    assert went.by is not None and went.by.startswith("slow ")
    assert "were waiting to be read" in refusal(slow)
    heard = [event.seq for event in slow.events]
    assert heard == list(range(heard[0], heard[0] + len(heard))), "what it got has no gaps"
    again = supervisor.client("slow")
    assert again.worker("w").alive
    answers(supervisor)


def test_a_client_that_asks_and_never_reads_is_not_served_without_end(
    supervise: Supervise,
) -> None:
    supervisor = supervise(*(sleeper(f"w{n}", autostart=False) for n in range(200)))
    flood = supervisor.client("flood")
    flood.socket.setblocking(False)
    line = b'{"type":"subscribe","history":5000}\n'
    sent = 0
    began = time.monotonic()
    while time.monotonic() - began < 1.5 and sent < 50_000_000:
        try:
            sent += flood.socket.send(line * 1000)
        except BlockingIOError:
            time.sleep(0.01)
    answers(supervisor)
    status = Path(f"/proc/{supervisor.pid}/status").read_text()
    rss = int(status.split("VmRSS:")[1].split()[0])
    assert rss < 200_000, f"{rss} kB"


def test_many_clients_at_once(supervise: Supervise) -> None:
    supervisor = supervise(sleeper("w"))
    clients = [supervisor.client(f"c{n}", subscribe=True) for n in range(40)]
    for client in clients:
        client.request(Note(text="one"))
    clients[0].request(Note(text="last"))
    for client in clients:
        client.event(lambda event: event.text == "last")
        assert sum(event.text == "one" for event in client.events) == 40


def test_a_killed_client_is_only_a_client(supervise: Supervise) -> None:
    supervisor = supervise(sleeper("w"))
    watcher = supervisor.client("watcher", subscribe=True)
    code = (
        "import sys, time; sys.path.insert(0, sys.argv[2])\n"
        "from tests.support import RawClient\nfrom proctui.protocol import Join\n"
        "c = RawClient(sys.argv[1], greet='victim'); c.subscribe()\n"
        "c.ask(Join(workers=('w',))); c.write(b'{\"type\":'); time.sleep(600)"
    )
    victim = subprocess.Popen([sys.executable, "-c", code, str(supervisor.socket), str(ROOT)])
    watcher.event(lambda event: event.kind == "join-waiting")
    victim.kill()
    victim.wait()
    watcher.event(lambda event: event.kind == "join-cancelled")
    watcher.event(lambda event: event.kind == "client-went")
    assert watcher.worker("w").joining == 0 and watcher.worker("w").alive


def test_only_this_user_can_connect(supervise: Supervise) -> None:
    supervisor = supervise()
    assert supervisor.socket.stat().st_mode & 0o777 == 0o600
    if os.geteuid() != 0:
        pytest.skip("another user to try it with is needed")
    supervisor.socket.chmod(0o666)
    for folder in (supervisor.socket.parent, supervisor.socket.parent.parent):
        folder.chmod(0o755)
    code = (
        "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); "
        "print(s.recv(9999).decode())"
    )
    done = subprocess.run(
        ["/usr/bin/env", "python3", "-c", code, str(supervisor.socket)],
        user=65534, group=65534, extra_groups=[], capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["reason"] == "this session belongs to user 0, not to user 65534"
    answers(supervisor)


def test_many_that_never_greet_leave_room_again(supervise: Supervise) -> None:
    supervisor = supervise()
    crowd = []
    for _ in range(300):
        one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        one.connect(str(supervisor.socket))
        crowd.append(one)
    with RawClient(supervisor.socket, greet=None) as late:
        assert refusal(late) == "this session has 256 clients already"
    for one in crowd:
        one.close()

    def room() -> bool:
        with RawClient(supervisor.socket, greet=None) as client:
            client.send(ClientHello(version=1))
            return isinstance(client.read(), Hello)

    until(room)
