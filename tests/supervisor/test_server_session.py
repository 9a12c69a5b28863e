"""A real session as a whole: its journal, its logs, its changes and its end."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from proctui import journal
from proctui.protocol import (
    Add,
    Describe,
    Join,
    Note,
    Reload,
    Remove,
    Shutdown,
    Signal,
    Start,
    Stop,
)
from proctui.spec import StartMethod
from tests.conftest import Supervise
from tests.supervisor.specs import command, ends, sleeper, target
from tests.support import ROOT, RawClient, Supervisor, children_of, kernel_state, session, until


def pid_of(client: RawClient, name: str) -> int:
    """Of a worker, once it has one and runs user code."""
    pid = client.until(name, lambda worker: worker.phase == "alive").pid
    assert pid is not None
    return pid


def gone(supervisor: Supervisor) -> None:
    """It has ended, and cleared its socket away."""
    assert supervisor.process.wait(30) == 0
    assert not supervisor.socket.exists()


# ---------------------------------------------------------------- the process itself


def test_it_is_one_thread_and_small(supervise: Supervise) -> None:
    supervisor = supervise(target("py", "targets:sleep"), command("c", "true"))
    client = supervisor.client(subscribe=True)
    pid_of(client, "py")
    assert len(list(Path(f"/proc/{supervisor.pid}/task").iterdir())) == 1
    soft, hard = resource.prlimit(supervisor.pid, resource.RLIMIT_NOFILE)
    assert soft == hard
    assert Path(f"/proc/{supervisor.pid}/cwd").readlink() == Path("/")
    ends_of = [Path(f"/proc/{supervisor.pid}/fd/{fd}").readlink() for fd in (0, 1, 2)]
    assert ends_of == [Path("/dev/null"), supervisor.complaints, supervisor.complaints]


def test_what_it_imports() -> None:
    code = (
        "import sys, proctui.supervisor.__main__; print(sorted(sys.modules.keys() & "
        "{'textual', 'rich', 'psutil', 'platformdirs', 'proctui.session', 'proctui.client', "
        "'proctui.config', 'proctui.store', 'proctui.kernel', 'concurrent.futures.thread'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


def test_it_says_why_it_cannot_begin(short_tmp: Path) -> None:
    (short_tmp / "s").write_text("not a socket")
    supervisor = Supervisor(session(), short_tmp)
    assert not supervisor.answer.ready
    assert supervisor.answer.error is not None
    assert "Address already in use" in supervisor.answer.error
    assert supervisor.process.wait() == 1
    assert supervisor.end() == ""


def test_it_does_not_understand_its_start() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "proctui.supervisor"],
        input=b'{"spec": 3}\n', capture_output=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert done.returncode == 1 and b"told what it can't understand" in done.stdout


@pytest.mark.parametrize("name", ["SIGHUP", "SIGINT"])
def test_what_ends_terminal_programs_leaves_it_alone(supervise: Supervise, name: str) -> None:
    supervisor = supervise(sleeper("w"))
    client = supervisor.client()
    pid_of(client, "w")
    supervisor.process.send_signal(signal.Signals[name])
    assert client.request(Note(text="still there")).error is None
    assert client.worker("w").alive


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_terminating_a_worker_never_reaches_the_supervisors_handler(
    supervise: Supervise, method: StartMethod
) -> None:
    names = tuple(f"w{n}" for n in range(20 if method == "fork" else 4))
    supervisor = supervise(
        *(target(n, "targets:sleep", autostart=False, start_method=method) for n in names)
    )
    client = supervisor.client(subscribe=True)
    for name in names:
        # Both at once: the signal meets the worker as early as can be.
        started = client.ask(Start(workers=(name,)))
        signalled = client.ask(Signal(workers=(name,), signal="SIGTERM"))
        client.reply(started)
        assert client.reply(signalled).outcomes[0].ok
    reply = client.request(Join(workers=names))
    assert {outcome.exitcode for outcome in reply.outcomes} == {-15}
    assert not [event for event in client.events if event.kind == "session-ending"]


def test_asyncio_works_in_a_forked_worker(supervise: Supervise, tmp_path: Path) -> None:
    path = tmp_path / "said"
    client = supervise(target("a", "targets:run_asyncio", str(path))).client()
    assert client.outcome(Join(workers=("a",))).exitcode == 0
    assert path.read_text() == "it works"


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_worker_holds_no_descriptor_but_its_own(
    supervise: Supervise, tmp_path: Path, method: StartMethod
) -> None:
    path = tmp_path / "descriptors"
    workers = [sleeper(f"other{n}") for n in range(3)]
    supervisor = supervise(
        *workers, target("fd", "targets:list_descriptors", str(path), start_method=method)
    )
    client = supervisor.client(subscribe=True)
    assert client.outcome(Join(workers=("fd",))).exitcode == 0
    found = eval(path.read_text())
    held = {str(where) for where in found.values()}
    log = str(supervisor.log_dir / "fd.log")
    assert {found[0], found[1], found[2]} == {"/dev/null", log}
    foreign = [one for one in held if "socket:" in one or "journal" in one or "eventpoll" in one]
    if method != "forkserver":
        assert not foreign, found
    assert "other" not in str(held)


# ---------------------------------------------------------------- journal and logs


def test_the_journal_tells_what_was_heard(supervise: Supervise) -> None:
    supervisor = supervise(ends("w", 3), sleeper("s"))
    client = supervisor.client(subscribe=True)
    client.until("w", lambda worker: worker.phase == "ended")
    client.request(Join(workers=("w",)))
    client.request(Note(text="end", pid=5, worker="s", signal="SIGTERM"))
    heard = [*client.subscribe(10_000).history]
    written = journal.read(supervisor.journal)
    assert [event.seq for event in written] == list(range(1, len(written) + 1))
    assert written[: len(heard)] == heard
    note = written[-1]
    assert (note.text, note.pid, note.worker, note.signal) == ("end", 5, "s", "SIGTERM")
    assert supervisor.journal.stat().st_mode & 0o777 == 0o600


def test_the_journal_after_a_killed_supervisor_is_true(supervise: Supervise) -> None:
    supervisor = supervise(*(ends(f"w{n}", n) for n in range(5)), sleeper("s"))
    client = supervisor.client()
    pid = pid_of(client, "s")
    for n in range(5):
        client.until(f"w{n}", lambda worker: worker.phase == "ended")
    supervisor.kill()
    written = journal.read(supervisor.journal)
    assert {e.worker: e.exitcode for e in written if e.kind == "ended"} == {
        f"w{n}": n for n in range(5)
    }
    assert written[-1].kind != "session-ended"
    os.kill(pid, signal.SIGKILL)


def test_a_journal_that_cannot_be_written_stops_nothing(supervise: Supervise) -> None:
    supervisor = supervise(ends("w", 3, autostart=False))
    client = supervisor.client(subscribe=True)
    hard = resource.prlimit(supervisor.pid, resource.RLIMIT_FSIZE)[1]
    size = supervisor.journal.stat().st_size
    resource.prlimit(supervisor.pid, resource.RLIMIT_FSIZE, (size, hard))
    client.request(Note(text="lost"))
    told = client.event(lambda event: "journal can't be written" in event.text)
    assert told.kind == "note"
    client.request(Note(text="lost too"))
    resource.prlimit(supervisor.pid, resource.RLIMIT_FSIZE, (hard, hard))
    client.request(Note(text="kept"))
    client.event(lambda event: event.text == "the journal is written again; it lacks 3 events")
    said = [event.text for event in client.events if event.kind == "note"]
    assert sum("can't be written" in text for text in said) == 1
    texts = [event.text for event in journal.read(supervisor.journal)]
    assert "kept" in texts and "lost" not in texts
    assert "can't be written" in supervisor.complaints.read_text()
    supervisor.complaints.write_text("")


def test_logs_are_kept_within_their_limit(supervise: Supervise) -> None:
    limit = 256 * 1024
    supervisor = supervise(target("c", "behaviours:chatter", 30_000), log_limit=limit)
    client = supervisor.client(subscribe=True)
    log = supervisor.log_dir / "c.log"
    until(lambda: log.exists() and log.stat().st_size >= 3_000_000)
    until(lambda: log.stat().st_blocks * 512 <= limit)
    event = client.event(lambda event: event.kind == "log-trimmed")
    assert event.worker == "c" and log.read_bytes().endswith(b"x\n")
    assert sum(event.kind == "log-trimmed" for event in client.events) == 1


def test_a_restart_is_marked_in_the_log(supervise: Supervise) -> None:
    supervisor = supervise(command("w", "echo", "said"))
    client = supervisor.client("someone")
    client.until("w", lambda worker: worker.phase == "ended")
    client.request(Start(workers=("w",)))
    client.request(Join(workers=("w",)))
    first, mark, second = supervisor.log("w").splitlines()
    assert (first, second) == ("said", "said")
    assert mark.startswith(f"--- proctui: restarted by someone {os.getpid()}")


# ---------------------------------------------------------------- changes


def test_adding_describing_and_removing(supervise: Supervise) -> None:
    supervisor = supervise(sleeper("w"))
    client = supervisor.client(subscribe=True)
    bad = command("bad", "true", stop_signal="SIGNO")
    reply = client.request(
        Add(specs=(sleeper("new"), sleeper("w"), bad, sleeper("idle", autostart=False)))
    )
    assert [outcome.ok for outcome in reply.outcomes] == [True, False, False, True]
    assert client.worker("new").alive and client.worker("idle").phase == "idle"
    described = client.request(Describe()).session
    assert described is not None
    assert [spec.id for spec in described.workers] == ["w", "new", "idle"]
    assert described.workers[1] == sleeper("new")
    assert not client.outcome(Remove(workers=("new",))).ok
    client.request(Stop(workers=("new",)))
    assert client.outcome(Remove(workers=("new",))).ok
    assert [worker.id for worker in client.subscribe().workers] == ["w", "idle"]
    assert client.event(lambda event: event.kind == "removed").worker == "new"


def test_reload_follows_the_file(supervise: Supervise) -> None:
    supervisor = supervise(
        sleeper("same"), sleeper("gone"), sleeper("changed"), sleeper("off", autostart=False)
    )
    client = supervisor.client(subscribe=True)
    same, changed, old = (pid_of(client, name) for name in ("same", "changed", "gone"))
    wanted = session(
        sleeper("new"),
        sleeper("changed", stop_timeout=1.0),
        sleeper("same"),
        sleeper("off", autostart=False, reap="auto"),
        refresh=0.25,
    )
    reply = client.request(Reload(spec=wanted))
    assert reply.error is None
    assert {o.worker: o.ok for o in reply.outcomes} == {
        "gone": True, "changed": True, "off": True, "new": True,
    }  # fmt: skip
    workers = {worker.id: worker for worker in client.subscribe(0).workers}
    assert list(workers) == ["new", "changed", "same", "off"]
    assert workers["same"].pid == same and workers["new"].alive
    assert workers["changed"].alive and workers["changed"].pid != changed
    assert workers["off"].phase == "idle" and workers["off"].reap == "auto"
    assert kernel_state(old) is None
    assert client.request(Describe()).session == wanted
    hello = supervisor.client().hello
    assert hello is not None and hello.refresh == 0.25


@pytest.mark.parametrize(
    ("workers", "reason"),
    [
        ((sleeper("a"), sleeper("a")), "a: there are two workers of this name"),
        ((command("a", ""),), "a: the command is empty"),
    ],
)
def test_a_reload_that_cannot_be_right_changes_nothing(
    supervise: Supervise, workers: tuple[object, ...], reason: str
) -> None:
    supervisor = supervise(sleeper("w"))
    client = supervisor.client()
    pid = pid_of(client, "w")
    reply = client.request(Reload(spec=session(*workers)))  # type: ignore[arg-type]
    assert reply.error == f"not reloaded: {reason}"
    assert client.worker("w").pid == pid


def test_one_reload_at_a_time(supervise: Supervise) -> None:
    supervisor = supervise(target("s", "behaviours:stubborn", stop_timeout=1.0))
    client, other = supervisor.client(), supervisor.client("other")
    until(lambda: "ignoring" in supervisor.log("s"))
    first = client.ask(Reload(spec=session()))
    other.until("s", lambda worker: worker.stopping)
    assert other.request(Reload(spec=session())).error == (
        "not reloaded: another reload is still under way"
    )
    assert client.reply(first).outcomes[0].text == "removed"
    assert other.request(Reload(spec=session())).error is None


# ---------------------------------------------------------------- the end


def test_shutdown_stops_all_and_what_they_left_behind(supervise: Supervise, tmp_path: Path) -> None:
    supervisor = supervise(
        sleeper("s"),
        ends("z", 3),
        target("l", "behaviours:leave_behind", str(tmp_path / "pid")),
        target("f", "targets:sleep", start_method="forkserver"),
    )
    client, other = supervisor.client(), supervisor.client("other", subscribe=True)
    pids = [pid_of(client, "s"), pid_of(client, "f")]
    client.until("z", lambda worker: worker.phase == "ended")
    client.until("l", lambda worker: worker.phase == "ended")
    pids.append(int(until(lambda: (tmp_path / "pid").read_text())))
    assert client.request(Shutdown()).error is None
    gone(supervisor)
    assert [kernel_state(pid) in (None, "Z") for pid in pids] == [True, True, True]
    while other.read() is not None:
        pass
    assert other.events[-1].kind == "session-ended"
    assert any(f"({pids[2]}) was left behind" in event.text for event in other.events)
    joined = {event.worker for event in other.events if event.kind == "joined"}
    assert joined == {"s", "z", "l", "f"}
    assert journal.read(supervisor.journal, last=1)[0].kind == "session-ended"


def test_sigterm_ends_the_session_in_order(supervise: Supervise) -> None:
    supervisor = supervise(sleeper("s"))
    pid = pid_of(supervisor.client(), "s")
    supervisor.process.send_signal(signal.SIGTERM)
    gone(supervisor)
    assert kernel_state(pid) is None
    kinds = {event.kind: event.by for event in journal.read(supervisor.journal)}
    assert kinds["session-ending"] == "SIGTERM" and "session-ended" in kinds


def test_grace_periods_run_side_by_side(supervise: Supervise) -> None:
    supervisor = supervise(
        *(target(f"s{n}", "behaviours:stubborn", stop_timeout=1.0) for n in range(6))
    )
    client = supervisor.client()
    for n in range(6):
        pid_of(client, f"s{n}")
        until(lambda n=n: "ignoring" in supervisor.log(f"s{n}"))  # type: ignore[misc]
    began = time.monotonic()
    client.request(Shutdown())
    assert time.monotonic() - began < 4
    gone(supervisor)


def test_a_second_shutdown_hastens_the_first(supervise: Supervise) -> None:
    supervisor = supervise(target("s", "behaviours:stubborn", stop_timeout=600.0))
    client, other = supervisor.client(), supervisor.client("other")
    pid_of(client, "s")
    until(lambda: "ignoring" in supervisor.log("s"))
    first = client.ask(Shutdown())
    other.until("s", lambda worker: worker.stopping)
    assert other.request(Shutdown()).error is None
    assert client.reply(first).error is None
    gone(supervisor)


def test_shutdown_may_wait_and_ends_only_the_daemonic(supervise: Supervise) -> None:
    supervisor = supervise(
        target("d", "targets:sleep", daemon=True),
        sleeper("n"),
        ends("r", 1, restart="always", backoff=0.1, max_restarts=10_000, backoff_max=0.1),
    )
    client, other = supervisor.client(), supervisor.client("other", subscribe=True)
    daemon, normal = pid_of(client, "d"), pid_of(client, "n")
    number = client.ask(Shutdown(mode="wait"))
    until(lambda: kernel_state(daemon) is None)
    assert kernel_state(normal) in ("S", "R")
    assert not other.outcome(Start(workers=("d",))).ok
    other.request(Signal(workers=("n",), signal="SIGKILL"))
    assert client.reply(number).error is None
    gone(supervisor)


def test_a_shutdown_that_waits_can_be_turned_into_a_stop(supervise: Supervise) -> None:
    supervisor = supervise(sleeper("n"))
    client, other = supervisor.client(), supervisor.client("other")
    pid = pid_of(client, "n")
    waiting = client.ask(Shutdown(mode="wait"))
    other.until("n", lambda worker: worker.joining == 1)
    other.request(Shutdown(mode="stop"))
    assert client.reply(waiting).error is None
    assert kernel_state(pid) is None
    gone(supervisor)


def test_shutdown_while_workers_are_still_being_started(supervise: Supervise) -> None:
    supervisor = supervise(*(sleeper(f"w{n}") for n in range(200)))
    assert supervisor.client().request(Shutdown()).error is None
    gone(supervisor)


# ---------------------------------------------------------------- orphans


def test_orphans_go_elsewhere_unless_they_are_adopted(supervise: Supervise, tmp_path: Path) -> None:
    supervisor = supervise(target("l", "behaviours:leave_behind", str(tmp_path / "pid")))
    client = supervisor.client()
    client.until("l", lambda worker: worker.phase == "ended")
    assert int((tmp_path / "pid").read_text()) not in children_of(supervisor.pid)


def test_adopted_orphans_stay_with_their_exit_status_untouched(
    supervise: Supervise, tmp_path: Path
) -> None:
    supervisor = supervise(
        target("o", "behaviours:orphan_that_ends", str(tmp_path / "pid")),
        *(ends(f"e{n}", n) for n in range(3)),
        adopt=True,
    )
    client = supervisor.client()
    assert client.hello is not None and client.hello.adopt
    for name in ("o", "e0", "e1", "e2"):
        client.until(name, lambda worker: worker.phase == "ended")
    orphan = int((tmp_path / "pid").read_text())
    until(lambda: kernel_state(orphan) == "Z")
    assert orphan in children_of(supervisor.pid)
    reply = client.request(Join(workers=("e0", "e1", "e2", "o")))
    assert [outcome.exitcode for outcome in reply.outcomes] == [0, 1, 2, 0]
    assert kernel_state(orphan) == "Z", "nobody joined it"
