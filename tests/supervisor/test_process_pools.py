"""What the standard library builds upon a context joins what it started, as it does with stock."""

from __future__ import annotations

import concurrent.futures
import gc
import os
import signal
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from proctui.supervisor import popen, process
from tests.supervisor import targets
from tests.supervisor.test_process import ALL, PEEKING, helpers_end, kernel_state, wait_until
from tests.support import children_of

pytestmark = pytest.mark.insides
__all__ = ["helpers_end"]


def zombies() -> list[int]:
    """Children of this process that have ended and were not joined."""
    return [pid for pid in children_of(os.getpid()) if kernel_state(pid) == "Z"]


@pytest.fixture(autouse=True)
def pools_are_gone(helpers_end: None) -> Iterator[None]:
    """Pools have threads, and fork beside them where a worker is replaced (3.12 on warns).

    Their semaphores are given back before the resource tracker ends, who would do it as well.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield
    gc.collect()


@pytest.mark.parametrize("method", PEEKING)
def test_a_pool_that_is_left_leaves_no_zombie(method: str) -> None:
    """Stock joins only those that have not ended yet, and relies on `is_alive` for the others."""
    ctx: Any = process.get_context(method)
    for _ in range(20 if method == "fork" else 4):
        with ctx.Pool(2) as pool:
            assert pool.map(abs, [1, -2]) == [1, 2]
        assert zombies() == []


@pytest.mark.parametrize("method", ALL)
def test_an_executor_leaves_no_zombie(method: str) -> None:
    ctx: Any = process.get_context(method)
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=ctx) as executor:
        assert list(executor.map(abs, [1, -2])) == [1, 2]
    assert zombies() == []


@pytest.mark.parametrize("method", PEEKING)
def test_an_executor_that_broke_leaves_no_zombie(method: str) -> None:
    ctx: Any = process.get_context(method)
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=ctx) as executor:
        broken = executor.submit(targets.die_by, signal.SIGKILL)
        assert isinstance(broken.exception(60), concurrent.futures.process.BrokenProcessPool)
    assert zombies() == []


@pytest.mark.parametrize("method", PEEKING)
def test_a_manager_leaves_no_zombie(method: str) -> None:
    ctx: Any = process.get_context(method)
    with ctx.Manager() as manager:
        assert list(manager.list([1, 2])) == [1, 2]
    assert zombies() == []


@pytest.mark.parametrize("method", PEEKING)
def test_a_manager_that_was_killed_leaves_no_zombie(method: str) -> None:
    ctx: Any = process.get_context(method)
    with ctx.Manager() as manager:
        pid = manager._process.pid
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: kernel_state(pid) == "Z")
    assert zombies() == []


def test_a_descriptor_is_closed_even_when_modules_are_empty_already(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As they are while an interpreter ends."""
    ours, other = os.pipe()
    closer = popen.Closer(ours)
    with monkeypatch.context() as patched:
        patched.setattr(popen, "os", None)
        closer()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.close(ours)
    os.close(other)
