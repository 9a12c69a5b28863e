"""Launching workers: what is in order before user code runs, and what is said when it can't."""

from __future__ import annotations

import ast
import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import pytest

from proctui.spec import StartMethod, WorkerSpec
from proctui.supervisor import child
from tests.supervisor.test_process import helpers_end, kernel_state, wait_until
from tests.support import ROOT

pytestmark = pytest.mark.insides
__all__ = ["helpers_end"]

HERE = str(Path(__file__).parent)
METHODS: list[StartMethod] = ["fork", "spawn", "forkserver"]


class Launcher:
    """Launches workers into one log and joins whatever is left."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        self._all: list[child.Launched] = []

    def __call__(self, **settings: Any) -> child.Launched:
        given = {"id": "w", "cwd": str(self.folder), "import_root": HERE, **settings}
        fd = os.open(self.log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        try:
            launched = child.launch(WorkerSpec(**given), log_fd=fd, tag="session-tag")
        finally:
            os.close(fd)
        self._all.append(launched)
        return launched

    def reports(self, launched: child.Launched) -> list[child.Report]:
        """What it reported up to the end of the pipe."""
        os.set_blocking(launched.report_fd, True)
        data = b""
        while piece := os.read(launched.report_fd, 65536):
            data += piece
        return child.parse_reports(data)

    def finish(self, launched: child.Launched) -> int | None:
        launched.process.join(30)
        return launched.process.exitcode

    def close(self) -> None:
        for worker, report_fd in self._all:
            worker.kill()
            worker.join()
            worker.close()
            os.close(report_fd)


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launcher]:
    launcher = Launcher(tmp_path)
    yield launcher
    launcher.close()


@pytest.fixture(params=METHODS)
def method(request: pytest.FixtureRequest) -> StartMethod:
    found: StartMethod = request.param
    return found


def told(path: Path) -> Any:
    return ast.literal_eval(path.read_text())


def test_what_user_code_finds(launch: Launcher, tmp_path: Path, method: StartMethod) -> None:
    path = tmp_path / "told"
    launched = launch(
        target="targets:describe_myself",
        args=(str(path),),
        env={"EXTRA": "yes"},
        start_method=method,
    )
    assert launch.reports(launched) == [child.Report("ready", "w", False)]
    assert launch.finish(launched) == 0
    facts = told(path)
    pid = launched.process.pid
    assert facts["handlers"][int(signal.SIGTERM)] == str(signal.SIG_DFL)
    assert facts["handlers"][int(signal.SIGHUP)] == str(signal.SIG_DFL)
    assert "default_int_handler" in facts["handlers"][int(signal.SIGINT)]
    del facts["handlers"]
    assert facts == {
        "name": "w",
        "daemon": False,
        "sid": pid,
        "pgid": pid,
        "pid": pid,
        "cwd": str(tmp_path),
        "worker": "w",
        "session": "session-tag",
        "extra": "yes",
        "blocked": [],
        "main": None,
    }


def test_the_parent_keeps_nothing_that_only_the_child_needs(
    launch: Launcher, method: StartMethod
) -> None:
    """Each later fork copies the tables of all memory there is."""
    launched = launch(target="targets:sleep", start_method=method)
    assert not {"plan", "birth", "load", "_reporter"} & vars(launched.process).keys()
    assert launched.process.name == "w" and launched.process.is_alive()


def test_another_interpreter_finds_the_same(launch: Launcher, tmp_path: Path) -> None:
    path = tmp_path / "told"
    launched = launch(
        target="targets.py:describe_myself",
        args=(str(path),),
        python=sys.executable,
        name="elsewhere",
        daemon=True,
    )
    assert launch.reports(launched) == [child.Report("ready", "elsewhere", True)]
    assert launch.finish(launched) == 0
    facts = told(path)
    assert (facts["name"], facts["daemon"]) == ("elsewhere", True)
    assert facts["pid"] == facts["sid"] == launched.process.pid
    assert facts["worker"] == "w"


def test_a_forked_worker_holds_no_descriptor_but_its_own(launch: Launcher, tmp_path: Path) -> None:
    ours = [os.open("/dev/zero", os.O_RDONLY) for _ in range(5)]
    path = tmp_path / "told"
    launched = launch(target="targets:list_descriptors", args=(str(path),))
    assert launch.finish(launched) == 0
    for fd in ours:
        os.close(fd)
    found = told(path)
    assert found.pop(0) == "/dev/null"
    assert found.pop(1) == found.pop(2) == str(launch.log)
    rest = [where for where in found.values() if not where.startswith("/proc/")]
    assert rest == ["anon_inode:[pidfd]"]  # parent_process()


def test_a_command_holds_nothing_but_stdio(launch: Launcher) -> None:
    launched = launch(command=("ls", "-l", "/proc/self/fd"))
    assert launch.finish(launched) == 0
    assert launch.reports(launched) == []
    found = [x.partition(" -> ")[2] for x in launch.log.read_text().splitlines() if " -> " in x]
    held = [where for where in found if not where.startswith("/proc/")]  # what it lists itself
    assert held == ["/dev/null", str(launch.log), str(launch.log)]


def test_output_is_in_the_log_at_once(launch: Launcher, method: StartMethod) -> None:
    launched = launch(target="targets:print_and_sleep", start_method=method)
    wait_until(lambda: launch.log.exists() and launch.log.read_text() == "no newlineand an error")
    assert launched.process.is_alive()


def test_a_subclass_keeps_its_own_name_and_daemon(
    launch: Launcher, tmp_path: Path, method: StartMethod
) -> None:
    path = tmp_path / "told"
    launched = launch(
        target="targets:Named",
        args=(str(path),),
        kwargs={"daemon": True},
        start_method=method,
    )
    reports = launch.reports(launched)
    assert reports == [child.Report("ready", "own name", True)]
    child.adopt_report(launched.process, reports[0])
    assert (launched.process.name, launched.process.daemon) == ("own name", True)
    assert launch.finish(launched) == 0
    assert told(path) == ("own name", True, True)


def test_a_name_set_before_init_is_lost(launch: Launcher, tmp_path: Path) -> None:
    launched = launch(
        target="targets:Named", args=(str(tmp_path / "told"),), kwargs={"early": True}
    )
    [report] = launch.reports(launched)
    kind, _, number = report.name.partition("-")
    assert kind == "Named"
    assert number.isdecimal()
    assert launch.finish(launched) == 0


def test_the_configured_name_and_daemon_win(launch: Launcher, tmp_path: Path) -> None:
    launched = launch(
        target="targets:Named",
        args=(str(tmp_path / "told"),),
        kwargs={"daemon": True},
        name="mine",
        daemon=False,
    )
    assert launch.reports(launched) == [child.Report("ready", "mine", False)]
    assert launch.finish(launched) == 0


@pytest.mark.parametrize(
    "line", ["exit 3", "X=1 exit 3", "if true; then exit 3; fi", "(exit 3)", "cd / && exit 3"]
)
def test_what_the_shell_itself_knows_is_found(launch: Launcher, line: str) -> None:
    launched = launch(command=("/bin/sh", "-c", line))
    assert launch.finish(launched) == 3
    assert launch.reports(launched) == []


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"target": "no_such_module:f"}, ["'no_such_module' not found", "python ="]),
        ({"target": "targets:no_such"}, ["'targets' has no 'no_such'"]),
        ({"target": "targets:not_callable"}, ["not callable", "int"]),
        ({"target": "nowhere.py:f"}, ["there is no file", "nowhere.py"]),
        ({"target": "broken.py:f"}, ["can't be imported", "line 1"]),
        ({"target": "targets:Forgetful"}, ["Forgetful.__init__ never called Process.__init__"]),
        ({"target": "targets:Named"}, ["Named(...) raised TypeError"]),
        ({"command": ("no-such-command-here",)}, ["command not found: 'no-such-command-here'"]),
        ({"command": ("/bin/sh", "-c", "no-such --x")}, ["command not found: 'no-such'"]),
        ({"command": ("./broken.py",)}, ["'./broken.py' can't be executed: Permission denied"]),
        ({"target": "targets:sleep", "cwd": "/no/such"}, ["cwd '/no/such' can't be entered"]),
        ({"target": "targets:sleep", "python": "no-such-python"}, ["no-such-python"]),
    ],
)
def test_what_can_not_start_says_why(
    launch: Launcher, tmp_path: Path, settings: dict[str, Any], words: list[str]
) -> None:
    (tmp_path / "broken.py").write_text("def f(:\n")
    if settings.get("target") == "broken.py:f":
        settings = {**settings, "import_root": str(tmp_path)}
    launched = launch(**settings)
    [report] = launch.reports(launched)
    assert report.kind == "failed"
    for word in words:
        assert word in report.reason
    assert "\n" not in report.reason
    assert launch.finish(launched) not in (0, None)
    assert report.reason in launch.log.read_text()


def test_what_can_not_start_with_another_interpreter_says_why(launch: Launcher) -> None:
    launched = launch(target="no_such_module:f", python=sys.executable)
    [report] = launch.reports(launched)
    assert report.kind == "failed"
    assert "'no_such_module' not found" in report.reason
    assert launch.finish(launched) == 1


async def test_terminate_ends_a_worker_forked_under_asyncio_and_spares_the_parent(
    launch: Launcher,
) -> None:
    seen: list[str] = []
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, lambda: seen.append("SIGTERM"))
    try:
        for _ in range(20):
            launched = launch(target="targets:sleep")
            launched.process.terminate()  # at once: before, during or after its start-up
            assert launch.finish(launched) == -signal.SIGTERM
            await asyncio.sleep(0)
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
    assert seen == []


async def test_asyncio_runs_in_a_worker_forked_under_asyncio(
    launch: Launcher, tmp_path: Path
) -> None:
    path = tmp_path / "told"
    launched = launch(target="targets:run_asyncio", args=(str(path),))
    assert launch.finish(launched) == 0
    assert path.read_text() == "it works"


def test_a_daemonic_worker_may_not_have_children(
    launch: Launcher, tmp_path: Path, method: StartMethod
) -> None:
    path = tmp_path / "told"
    launched = launch(
        target="targets:start_a_child", args=(str(path),), daemon=True, start_method=method
    )
    assert launch.finish(launched) == 0
    assert path.read_text() == "daemonic processes are not allowed to have children"


@pytest.mark.parametrize(
    ("settings", "survives"),
    [
        ("target='targets:sleep', daemon=True", False),
        ("target='targets:sleep', daemon=True, start_method='spawn'", False),
        ("target='targets:sleep', daemon=True, start_method='forkserver'", False),
        ("target='targets:sleep', daemon=True, python=sys.executable", False),
        ("command=('sleep', '60'), daemon=True", False),
        ("target='targets:SelfMadeDaemon'", False),
        ("target='targets:SelfMadeDaemon', python=sys.executable", False),
        ("target='targets:sleep'", True),
    ],
)
def test_a_killed_parent_takes_the_daemonic_with_it(
    settings: str, survives: bool, tmp_path: Path
) -> None:
    script = textwrap.dedent(
        f"""
        import os, signal, sys
        from proctui.spec import WorkerSpec
        from proctui.supervisor import child
        log = os.open({str(tmp_path / "log")!r}, os.O_CREAT | os.O_WRONLY, 0o600)
        spec = WorkerSpec(id="w", cwd="/", import_root={HERE!r}, {settings})
        launched = child.launch(spec, log_fd=log, tag="t")
        os.set_blocking(launched.report_fd, True)
        while os.read(launched.report_fd, 4096):
            pass
        print(launched.process.pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, timeout=60, check=False
    )
    assert done.returncode == -signal.SIGKILL
    pid = int(done.stdout)
    if survives:
        assert kernel_state(pid) not in (None, "Z")
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: kernel_state(pid) in (None, "Z"))


def test_signals_hit_the_group(launch: Launcher) -> None:
    launched = launch(command=("/bin/sh", "-c", "sleep 60 & sleep 60"))
    pid = launched.process.pid
    assert pid is not None
    children = Path(f"/proc/{pid}/task/{pid}/children")
    wait_until(lambda: len(children.read_text().split()) == 2)
    members = [int(x) for x in children.read_text().split()]
    child.send_signal(launched.process, signal.SIGKILL, group=True)
    assert launch.finish(launched) == -9
    for member in members:
        wait_until(lambda member=member: kernel_state(member) in (None, "Z"))  # type: ignore[misc]
    with pytest.raises(ProcessLookupError):
        child.send_signal(launched.process, signal.SIGTERM)
    with pytest.raises(ProcessLookupError):
        child.send_signal(launched.process, signal.SIGTERM, group=True)


def test_a_refused_fork_leaves_nothing_behind(
    launch: Launcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    before = sorted(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(os, "fork", refuse)
    with pytest.raises(OSError, match="Resource temporarily unavailable"):
        launch(target="targets:sleep")
    monkeypatch.undo()
    assert sorted(os.listdir("/proc/self/fd")) == before
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == set()


def test_of_many_forked_together_one_may_be_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fork, refused = os.fork, iter([False, True, False])

    def sometimes() -> int:
        if next(refused):
            raise BlockingIOError(11, "Resource temporarily unavailable")
        return fork()

    before = sorted(os.listdir("/proc/self/fd"))
    log = os.open(tmp_path / "log", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    specs = [
        WorkerSpec(id=f"w-{n}", target="targets:end_with", args=(n,), import_root=HERE)
        for n in range(3)
    ]
    monkeypatch.setattr(os, "fork", sometimes)
    outcomes = child.launch_together([child.Order(spec, log) for spec in specs], tag="t")
    monkeypatch.undo()
    os.close(log)
    first, second, third = outcomes
    assert isinstance(second, BlockingIOError)
    for launched, code in ((first, 0), (third, 2)):
        assert isinstance(launched, child.Launched)
        launched.process.join(30)
        assert launched.process.exitcode == code
        launched.process.close()
        os.close(launched.report_fd)
    assert sorted(os.listdir("/proc/self/fd")) == before


def test_reports_that_are_none_of_ours_are_refused() -> None:
    with pytest.raises(ValueError, match="Expecting value"):
        child.parse_reports(b"rubbish\n")


def test_the_fork_server_imports_once_what_every_child_needs(launch: Launcher) -> None:
    launched = launch(target="targets:end_with", args=(0,), start_method="forkserver")
    launch.finish(launched)
    server: Any = forkserver
    [preloaded] = server._forkserver._preload_modules
    assert preloaded == type(launched.process).__module__
    # It may only hold what is ours and the standard library's: every worker has it too.
    loaded, always = _loaded(f"import {preloaded}"), _loaded("")
    assert loaded - always - {"proctui", "__mp_main__"} <= sys.stdlib_module_names


def _loaded(code: str) -> set[str]:
    """Top-level names of what a fresh interpreter has after running this."""
    words = [sys.executable, "-P", "-c", f"import sys; {code}\nprint(*sys.modules)"]
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT)}
    said = subprocess.run(words, capture_output=True, text=True, check=True, env=surroundings)
    return {name.partition(".")[0] for name in said.stdout.split()}
