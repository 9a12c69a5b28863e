"""The contexts: everything `multiprocessing.Process` documents, and only `join()` reaps."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import select
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from proctui.supervisor import popen, process
from tests.supervisor import targets

pytestmark = pytest.mark.insides

PEEKING = ["fork", "spawn"]
ALL = [*PEEKING, "forkserver"]


def kernel_state(pid: int) -> str | None:
    """State letter from /proc, None once reaped."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rpartition(")")[2].split()[0]


def wait_until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        select.select([], [], [], 0.002)


@pytest.fixture(autouse=True)
def helpers_end() -> Iterator[None]:
    """The fork server and the resource tracker end with the test that started them."""
    yield
    from multiprocessing import forkserver, resource_tracker

    server: Any = forkserver._forkserver
    server._stop()
    tracker: Any = resource_tracker._resource_tracker
    if tracker._fd is not None:
        os.close(tracker._fd)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(tracker._pid, 0)
        tracker._fd = tracker._pid = None


@pytest.fixture(params=ALL)
def any_context(request: pytest.FixtureRequest) -> Any:
    return process.get_context(request.param)


@pytest.fixture(params=PEEKING)
def peeking(request: pytest.FixtureRequest) -> Any:
    return process.get_context(request.param)


def ended(p: Any) -> None:
    wait_until(lambda: not p.is_alive())


@pytest.mark.parametrize("method", PEEKING)
def test_looking_and_sibling_starts_leave_a_zombie_in_place(method: str) -> None:
    ctx: Any = process.get_context(method)
    p = ctx.Process(target=targets.end_with, args=(9,))
    p.start()
    wait_until(lambda: kernel_state(p.pid) == "Z")
    for _ in range(600):  # a minute's worth of looking, ten times a second
        assert p.is_alive() is False
        assert p.exitcode == 9
        assert "exitcode=9" in repr(p)
        multiprocessing.active_children()
        assert kernel_state(p.pid) == "Z"
    for _ in range(10):
        sibling = ctx.Process(target=targets.end_with, args=(0,))
        sibling.start()
        assert kernel_state(p.pid) == "Z"
        sibling.join()
    assert kernel_state(p.pid) == "Z"
    p.join()
    assert kernel_state(p.pid) is None
    assert p.exitcode == 9
    assert p.is_alive() is False
    p.close()


def test_stock_multiprocessing_reaps_by_looking() -> None:
    """The reason for this module; were it no longer so, it could go."""
    p = multiprocessing.get_context("fork").Process(target=targets.end_with, args=(9,))
    p.start()
    pid = p.pid
    assert pid is not None
    wait_until(lambda: kernel_state(pid) == "Z")
    assert not p.is_alive()
    assert kernel_state(pid) is None


def test_join_with_timeout_gives_up_and_later_reaps(any_context: Any) -> None:
    p = any_context.Process(target=targets.sleep)
    p.start()
    before = time.monotonic()
    p.join(0.05)
    assert 0.04 <= time.monotonic() - before < 5
    assert (p.is_alive(), p.exitcode) == (True, None)
    p.terminate()
    p.join(20)
    assert p.exitcode == -signal.SIGTERM
    assert kernel_state(p.pid) is None or any_context.get_start_method() == "forkserver"


def test_join_zero_on_a_zombie_reaps_it(peeking: Any) -> None:
    p = peeking.Process(target=targets.end_with, args=(4,))
    p.start()
    wait_until(lambda: kernel_state(p.pid) == "Z")
    p.join(0)
    assert kernel_state(p.pid) is None
    assert p.exitcode == 4


@pytest.mark.parametrize(
    ("target", "args", "code"),
    [
        (targets.end_with, (0,), 0),
        (targets.end_with, (3,), 3),
        (targets.die_by, (signal.SIGKILL,), -9),
        (targets.die_by, (signal.SIGSEGV,), -11),
    ],
)
def test_exit_codes(any_context: Any, target: Any, args: tuple[Any, ...], code: int) -> None:
    p = any_context.Process(target=target, args=args)
    p.start()
    ended(p)
    assert p.exitcode == code
    p.join()
    assert p.exitcode == code


def test_kill_and_terminate_after_the_end_do_nothing(any_context: Any) -> None:
    p = any_context.Process(target=targets.end_with, args=(5,))
    p.start()
    ended(p)
    p.terminate()
    p.kill()
    p.join()
    p.terminate()
    p.kill()
    assert p.exitcode == 5


def test_documented_errors(any_context: Any) -> None:
    p = any_context.Process(target=targets.sleep, args=(0.01,))
    assert p.pid is None
    assert p.exitcode is None
    assert p.is_alive() is False
    with pytest.raises(AssertionError, match="can only join a started process"):
        p.join()
    p.start()
    with pytest.raises(AssertionError, match="cannot start a process twice"):
        p.start()
    with pytest.raises(AssertionError, match="process has already started"):
        p.daemon = True
    p.join()
    p.close()
    with pytest.raises(ValueError, match="process object is closed"):
        p.is_alive()


def test_close_refuses_a_running_process(any_context: Any) -> None:
    p = any_context.Process(target=targets.sleep)
    p.start()
    with pytest.raises(ValueError, match="still running"):
        p.close()
    p.kill()
    p.join()
    p.close()


def test_name_and_pid_and_args_reach_the_child(any_context: Any) -> None:
    mine, theirs = any_context.Pipe()
    p = any_context.Process(target=targets.say, args=(theirs,), kwargs={"text": "hi"}, name="nm")
    p.start()
    assert mine.recv() == ("hi", p.pid, "nm")
    p.join()
    mine.close()
    theirs.close()


def test_parent_process_is_seen_alive(any_context: Any) -> None:
    mine, theirs = any_context.Pipe()
    p = any_context.Process(target=targets.watch_parent, args=(theirs,))
    p.start()
    assert mine.recv() is True
    p.join()
    mine.close()
    theirs.close()


def test_sentinel_is_ready_although_a_grandchild_holds_every_descriptor(peeking: Any) -> None:
    mine, theirs = peeking.Pipe()
    p = peeking.Process(target=targets.leave_a_child, args=(theirs,))
    p.start()
    grandchild = mine.recv()
    try:
        from multiprocessing.connection import wait

        assert wait([p.sentinel], timeout=20) == [p.sentinel]
        assert kernel_state(grandchild) is not None
        p.join()
        assert p.exitcode == 0
    finally:
        os.kill(grandchild, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(grandchild, 0)
        mine.close()
        theirs.close()


def test_a_status_taken_by_somebody_else_is_unknown_not_alive(peeking: Any) -> None:
    p = peeking.Process(target=targets.end_with, args=(6,))
    p.start()
    os.waitpid(p.pid, 0)
    assert p.is_alive() is False
    assert p.exitcode is None
    p.join()
    p.kill()  # the pid may be somebody else's by now: no signal is sent
    p.close()


def test_without_pidfd_all_the_same_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(popen, "pidfd_open", lambda pid: None)
    ctx = process.get_context("fork")
    p = ctx.Process(target=targets.end_with, args=(7,))
    p.start()
    pid = p.pid
    assert pid is not None
    wait_until(lambda: kernel_state(pid) == "Z")
    assert not p.is_alive()
    assert kernel_state(pid) == "Z"
    p.join(5)
    assert p.exitcode == 7
    assert kernel_state(pid) is None
    q = ctx.Process(target=targets.sleep)
    q.start()
    q.join(0.01)
    assert q.is_alive()
    q.terminate()
    q.join(20)
    assert q.exitcode == -15


def test_a_pool_works(any_context: Any) -> None:
    with any_context.Pool(2) as pool:
        assert pool.map(abs, [-1, -2, 3]) == [1, 2, 3]
        pool.close()
        pool.join()


def test_starts_poll_no_sibling(monkeypatch: pytest.MonkeyPatch) -> None:
    """The N-th start must not look at the N - 1 before it."""
    ctx = process.get_context("fork")
    some = [ctx.Process(target=targets.sleep) for _ in range(5)]
    for p in some:
        p.start()
    looked: list[int] = []
    monkeypatch.setattr(popen.PeekingPopen, "poll", lambda self, flag=0: looked.append(1))
    extra = ctx.Process(target=targets.sleep)
    extra.start()
    monkeypatch.undo()
    assert looked == []
    for p in [*some, extra]:
        p.kill()
        p.join()


def test_daemonic_children_end_with_a_clean_exit_of_the_parent(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        from proctui.supervisor import process
        from tests.supervisor import targets
        import sys
        if __name__ == "__main__":
            p = process.get_context(sys.argv[1]).Process(target=targets.sleep, daemon=True)
            p.start()
            print(p.pid, flush=True)
        """
    )
    (tmp_path / "main.py").write_text(script)
    for method in ALL:
        done = subprocess.run(
            [sys.executable, str(tmp_path / "main.py"), method],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "PYTHONPATH": os.getcwd()},
            check=True,
        )
        pid = int(done.stdout)
        wait_until(lambda pid=pid: kernel_state(pid) in (None, "Z"))  # type: ignore[misc]


@pytest.mark.parametrize("method", PEEKING)
def test_parent_process_is_seen_ended(method: str, tmp_path: Path) -> None:
    """`parent_process()` must tell the end even while siblings that were forked live on."""
    script = textwrap.dedent(
        """
        from proctui.supervisor import process
        from tests.supervisor import targets
        import os, sys
        if __name__ == "__main__":
            ctx = process.get_context(sys.argv[1])
            ctx.Process(target=targets.outlive_parent, args=(sys.argv[2],)).start()
            process.get_context("fork").Process(target=targets.sleep, args=(3,)).start()
            os._exit(0)
        """
    )
    (tmp_path / "main.py").write_text(script)
    told = tmp_path / "told"
    subprocess.run(
        [sys.executable, str(tmp_path / "main.py"), method, str(told)],
        timeout=60,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
        check=True,
        stdin=subprocess.DEVNULL,
    )
    wait_until(lambda: told.exists() and told.read_text() != "")
    assert told.read_text().startswith("False")


def test_unknown_method() -> None:
    with pytest.raises(ValueError, match="cannot find context for 'thread'"):
        process.get_context("thread")


def test_default_is_the_standard_default() -> None:
    assert process.get_context().get_start_method() == (
        multiprocessing.get_context().get_start_method()
    )


_MODULE = """
import sys
from multiprocessing import util
from proctui.supervisor.process import get_context

spawn = get_context("spawn")
lock = spawn.Lock()
util.Finalize(None, print, args=("finalized", __name__), exitpriority=1)

def child():
    sys.stdout.flush()

if __name__ == "__main__":
    process = spawn.Process(target=child)
    process.start()
    process.join()
"""


def test_a_spawned_process_keeps_the_finalizers_of_its_own_modules(tmp_path: Path) -> None:
    """As stock does: it is no copy, so there is nothing of a parent's to forget."""
    (tmp_path / "program.py").write_text(_MODULE)
    done = subprocess.run(
        [sys.executable, "program.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.splitlines() == ["finalized __mp_main__", "finalized __main__"]
    assert "leaked" not in done.stderr


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_contexts_of_a_context_are_ours(method: str) -> None:
    one = process.get_context(method)
    assert one.get_context() is one
    assert process.get_context("fork").get_context(method) is one
    with pytest.raises(ValueError, match="nothing"):
        one.get_context("nothing")


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_closing_leaves_no_zombie_behind(method: str) -> None:
    chosen: Any = process.get_context(method)
    p = chosen.Process(target=targets.sleep, args=(1000,))
    p.start()
    with pytest.raises(ValueError, match="still running"):
        p.close()
    pid = p.pid
    assert pid is not None
    p.terminate()
    wait_until(lambda: kernel_state(pid) == "Z")
    p.close()
    assert kernel_state(pid) is None
    with pytest.raises(ValueError, match="closed"):
        p.join()
