from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from proctui.linux import procfs
from proctui.linux.treekill import Report
from proctui.protocol import Shutdown
from proctui.sessions import leftovers, startup
from proctui.sessions.session import Session, SessionError, SessionPaths, find, list_sessions
from proctui.sessions.sync_client import ConnectionLost, SyncClient
from proctui.spec import SessionSpec, WorkerSpec
from tests.support import ROOT, until


@pytest.fixture(autouse=True)
def sessions_end(own_places: None) -> Iterator[None]:
    yield
    for session in list_sessions(older=True):
        if session.running:
            with SyncClient(session.paths.socket) as client:
                client.request(Shutdown())
                client.wait_for_end()
        leftovers.end(session)


def spec(*workers: WorkerSpec, name: str = "s", source: str | None = "/s.toml") -> SessionSpec:
    return SessionSpec(name=name, source=source, workers=workers)


def sleeper(id: str = "w", seconds: float = 100) -> WorkerSpec:
    return WorkerSpec(id=id, command=("sleep", str(seconds)), stop_timeout=1.0)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def alive(where: SessionPaths, *workers: str) -> dict[str, int]:
    """Pids of these workers once all of them run."""

    def look() -> dict[str, int]:
        with SyncClient(where.socket) as client:
            there = client.subscribe().workers
        running = {one.id: one.pid for one in there if one.phase == "alive" and one.pid}
        return running if set(workers) <= set(running) else {}

    return until(look)


def killed(where: SessionPaths) -> Session:
    session = find(where.name)
    os.kill(session.facts.pid, signal.SIGKILL)
    until(lambda: not find(where.name, running=False).running)
    return find(where.name, running=False)


def test_a_started_session_can_be_talked_to_and_found() -> None:
    where = startup.start(spec(sleeper()))
    with SyncClient(where.socket) as client:
        hello = client.hello
        assert (hello.session, hello.source) == ("s", "/s.toml")
        assert [worker.id for worker in client.subscribe().workers] == ["w"]
    session = find()
    assert session.paths == where
    assert session.status == "running"
    assert session.facts.pid == hello.pid
    assert session.facts.tag == hello.tag


def test_nothing_of_it_is_open_to_others() -> None:
    where = startup.start(spec(sleeper()))
    alive(where, "w")
    state = Path(os.environ["PROCTUI_STATE_DIR"])
    inner = [path for path in state.rglob("*") if path.is_dir()]
    for directory in (state, *inner, where.socket.parent):
        assert mode(directory) == 0o700
    files = [where.socket, where.journal, where.facts, where.spec, where.supervisor_log]
    for file in (*files, where.log_dir / "w.log"):
        assert mode(file) == 0o600


def test_environment_values_stay_in_the_supervisor() -> None:
    secret = WorkerSpec(id="w", command=("sleep", "9"), env={"TOKEN": "tell nobody"})
    where = startup.start(spec(secret))
    alive(where, "w")
    for file in where.directory.rglob("*"):
        if file.is_file():
            assert b"tell nobody" not in file.read_bytes()


def test_the_supervisor_is_nobody_s_child_and_leads_its_own_session() -> None:
    with starter(spec(sleeper())) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "s\n"
        session = find()
        supervisor = procfs.read_stat(session.facts.pid)
        assert supervisor.ppid != process.pid
        assert supervisor.sid == supervisor.pgid == supervisor.pid
        assert procfs.children(process.pid) == []
        process.kill()
        process.wait()
    assert find().running
    assert Path(f"/proc/{session.facts.pid}/cwd").readlink() == Path("/")


def test_it_does_not_inherit_what_its_starter_blocked() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGUSR1})
    try:
        startup.start(spec())
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    status = Path(f"/proc/{find().facts.pid}/status").read_text()
    assert "SigBlk:\t0000000000000000\n" in status


def test_its_forked_workers_carry_its_tag() -> None:
    where = startup.start(spec(WorkerSpec(id="w", target="time:sleep", args=(100,))))
    pid = alive(where, "w")["w"]
    assert procfs.tags(pid)[0] == find().facts.tag


STARTER = """
import msgspec, sys
from proctui.sessions import startup
from proctui.spec import SessionSpec
try:
    print(startup.start(msgspec.json.decode(sys.argv[1], type=SessionSpec)).name, flush=True)
except startup.AlreadyRunning as error:
    print("running already as", error.session.name)
sys.stdin.read()
"""


def starter(wanted: SessionSpec) -> subprocess.Popen[str]:
    """Another process that starts a session, says how that went, and then waits to be ended."""
    return subprocess.Popen(
        [sys.executable, "-c", STARTER, msgspec.json.encode(wanted).decode()],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_the_same_file_starts_once_however_many_try() -> None:
    starters = [starter(spec(sleeper())) for _ in range(4)]
    said = sorted(process.communicate("")[0].strip() for process in starters)
    assert said == ["running already as s"] * 3 + ["s"]


def test_other_files_of_the_same_name_run_beside_it() -> None:
    names = [startup.start(spec(source=f"/{n}.toml")).name for n in range(3)]
    assert names == ["s", "s-2", "s-3"]
    assert sorted(session.name for session in list_sessions()) == names


def fake_interpreter(home: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = home / "python"
    fake.write_text(f"#!/bin/sh\n{text}\n")
    fake.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(fake))


def nothing_is_left() -> bool:
    state = Path(os.environ["PROCTUI_STATE_DIR"])
    return list_sessions(older=True) == [] and not list(state.glob("sessions/*/*"))


def test_a_supervisor_that_dies_at_once_tells_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_interpreter(tmp_path, "echo first >&2; echo 'the last words' >&2; exit 1", monkeypatch)
    with pytest.raises(SessionError, match=r"supervisor ended at once: the last words$"):
        startup.start(spec())
    assert nothing_is_left()


def test_a_supervisor_that_never_answers_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_interpreter(tmp_path, f"echo $$ > {tmp_path}/pid; exec sleep 100", monkeypatch)
    monkeypatch.setattr(startup, "PATIENCE", 0.5)
    with pytest.raises(SessionError, match=r"was not ready after 0\.5 s and was ended"):
        startup.start(spec())
    pid = int((tmp_path / "pid").read_text())
    until(lambda: not Path(f"/proc/{pid}").exists() or procfs.read_stat(pid).is_zombie)
    assert nothing_is_left()


def test_an_interpreter_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(SessionError, match=r"session s can't be started: .*No such file"):
        startup.start(spec())
    assert nothing_is_left()


def test_a_start_that_is_broken_off_leaves_no_supervisor(monkeypatch: pytest.MonkeyPatch) -> None:
    pids = []

    def break_off(process: object, line: bytes, where: SessionPaths, pid: int, *_: object) -> None:
        pids.append(pid)
        assert find().facts.pid == pid  # it can be found already
        raise KeyboardInterrupt

    monkeypatch.setattr(startup, "_ask", break_off)
    with pytest.raises(KeyboardInterrupt):
        startup.start(spec(sleeper()))
    until(lambda: not Path(f"/proc/{pids[0]}").exists() or procfs.read_stat(pids[0]).is_zombie)
    assert nothing_is_left()


def test_what_the_supervisor_can_not_do_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    make = startup._make_directory

    def without_logs(state: Path, name: str) -> SessionPaths:
        where = make(state, name)
        where.journal.mkdir()
        return where

    monkeypatch.setattr(startup, "_make_directory", without_logs)
    with pytest.raises(SessionError, match="journal"):
        startup.start(spec())
    assert nothing_is_left()


def test_a_directory_that_can_not_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROCTUI_RUNTIME_DIR", "/proc/nowhere")
    with pytest.raises(SessionError, match="session s can't be started: the directory"):
        startup.start(spec())


FAMILY = "setsid sleep 101 & (exec env -i sleep 102) & sleep 103 & exec sleep 104"


def test_what_a_killed_supervisor_left_is_found_and_ended() -> None:
    where = startup.start(
        spec(
            WorkerSpec(id="family", command=("/bin/sh", "-c", FAMILY)),
            WorkerSpec(id="python", target="time:sleep", args=(100,)),
            WorkerSpec(id="daemonic", target="time:sleep", args=(100,), daemon=True),
            WorkerSpec(id="over", command=("true",)),
        )
    )
    alive(where, "family", "python", "daemonic")
    assert leftovers.find(find()) == []  # of a running session nothing is left over
    session = killed(where)
    assert session.status == "dead"
    found = until(lambda: sorted(_names(session)) if len(_names(session)) == 5 else None)
    assert found == ["family", "family", "family", "python", "sleep"]
    assert {one.name for one in leftovers.find(session)} == {"sleep", "python"} | {
        procfs.read_stat(one.pid).comm for one in leftovers.find(session)
    }
    report: Report = leftovers.end(session)
    assert len(report.ended) >= 5
    assert report.left == ()
    assert leftovers.find(session) == []


def _names(session: Session) -> list[str]:
    """Of everything left: its worker, or what it is where that can't be known."""
    return [one.worker or one.name for one in leftovers.find(session)]


def test_somebody_else_s_process_is_no_left_over() -> None:
    where = startup.start(spec(sleeper()))
    worker = alive(where, "w")["w"]
    session = killed(where)
    with subprocess.Popen(["sleep", "100"], start_new_session=True) as stranger:
        assert [one.pid for one in leftovers.find(session)] == [worker]
        leftovers.end(session)
        assert stranger.poll() is None
        stranger.kill()


def test_a_session_before_the_last_boot_left_nothing() -> None:
    where = startup.start(spec(sleeper()))
    alive(where, "w")
    session = killed(where)
    assert len(leftovers.find(session)) == 1
    before = session._replace(facts=msgspec.structs.replace(session.facts, boot="another"))
    assert leftovers.find(before) == []


def test_a_dead_socket_says_so() -> None:
    where = startup.start(spec())
    killed(where)
    with pytest.raises(ConnectionLost, match="its supervisor was killed"):
        SyncClient(where.socket)


def test_a_new_run_takes_the_place_of_a_dead_one() -> None:
    first = startup.start(spec(sleeper()))
    alive(first, "w")
    killed(first)
    second = startup.start(spec(sleeper()))
    assert second.name == "s"
    assert second.socket == first.socket
    assert second.directory != first.directory
    assert first.journal.exists()
    statuses = [session.status for session in list_sessions(older=True)]
    assert statuses == ["running", "dead"]
