"""A real session as a whole: the process, its journal, its logs, its orphans."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from proctui.protocol import (
    Join,
    Note,
    Signal,
    Start,
)
from proctui.sessions import journal
from proctui.spec import StartMethod
from proctui.supervisor.limits import MOST
from tests.conftest import Supervise
from tests.supervisor.specs import command, ends, sleeper, target
from tests.support import ROOT, Supervisor, children_of, kernel_state, session, until


def test_it_is_one_thread_and_small(supervise: Supervise) -> None:
    supervisor = supervise(target("py", "targets:sleep"), command("c", "true"))
    client = supervisor.client(subscribe=True)
    client.pid_of("py")
    assert len(list(Path(f"/proc/{supervisor.pid}/task").iterdir())) == 1
    soft, hard = resource.prlimit(supervisor.pid, resource.RLIMIT_NOFILE)
    assert soft == min(hard, MOST) or soft == MOST, "as many as are allowed and of use"
    assert Path(f"/proc/{supervisor.pid}/cwd").readlink() == Path("/")
    ends_of = [Path(f"/proc/{supervisor.pid}/fd/{fd}").readlink() for fd in (0, 1, 2)]
    assert ends_of == [Path("/dev/null"), supervisor.complaints, supervisor.complaints]


def test_what_it_imports() -> None:
    code = (
        "import sys, proctui.lean; proctui.lean.import_msgspec(); "
        "import proctui.supervisor.program; print(sorted(sys.modules.keys() & "
        "{'typing_extensions', 'inspect', 'ast', 'dataclasses', 'shutil', "
        "'textual', 'rich', 'psutil', 'platformdirs', 'proctui.sessions.session', "
        "'proctui.sessions.client', 'proctui.files.config', 'proctui.core.store', "
        "'proctui.kernel', 'concurrent.futures.thread'}))"
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
    client.pid_of("w")
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


def test_the_journal_tells_what_was_heard(supervise: Supervise) -> None:
    supervisor = supervise(ends("w", 3), sleeper("s"))
    client = supervisor.client(subscribe=True)
    client.until("w", lambda worker: worker.phase == "ended")
    client.pid_of("s")
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
    pid = client.pid_of("s")
    for n in range(5):
        client.until(f"w{n}", lambda worker: worker.phase == "ended")
    supervisor.kill()
    written = journal.read(supervisor.journal)
    assert {e.worker: e.exitcode for e in written if e.kind == "ended"} == {
        f"w{n}": n for n in range(5)
    }
    assert written[-1].kind != "session-ended"
    os.kill(pid, signal.SIGKILL)


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


def test_a_held_session_starts_nobody_before_it_is_asked(supervise: Supervise) -> None:
    supervisor = supervise(sleeper("a"), sleeper("b"), hold=True)
    client = supervisor.client(subscribe=True)

    def announced() -> bool:
        return ("added", "b") in {(e.kind, e.worker) for e in journal.read(supervisor.journal)}

    until(announced)
    assert client.request(Start(workers=("b",))).error is None
    assert children_of(supervisor.pid) == [client.pid_of("b")], "a would have come before it"
    assert client.worker("a").phase == "idle"
