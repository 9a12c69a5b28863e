"""Descriptors are raised for the supervisor and given back to workers; full limits are named."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from proctui.spec import WorkerSpec
from proctui.supervisor import limits
from proctui.supervisor.words import fork_refusal
from tests.conftest import Supervise
from tests.supervisor.specs import command, target

FORMER = 300
"""A soft limit that no machine has by itself."""


@pytest.fixture
def few_descriptors() -> Iterator[None]:
    """Whatever the test starts begins with a soft limit of `FORMER`."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (FORMER, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize(
    "worker",
    [
        target("w", "targets:print_limit"),
        target("w", "targets:print_limit", start_method="spawn"),
        target("w", "targets:print_limit", start_method="forkserver"),
        command("w", "sh", "-c", "echo $(ulimit -Sn) $(ulimit -Hn)"),
    ],
    ids=lambda worker: worker.start_method if worker.target else "command",
)
def test_workers_find_the_limit_that_there_was(
    few_descriptors: None, supervise: Supervise, worker: WorkerSpec
) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    supervisor = supervise(worker)
    raised = resource.prlimit(supervisor.pid, resource.RLIMIT_NOFILE)[0]
    assert raised >= min(hard, limits.MOST) > FORMER
    wanted = f"{FORMER} {'unlimited' if hard == resource.RLIM_INFINITY else hard}\n"
    supervisor.client().until("w", lambda worker: worker.phase == "ended")
    assert supervisor.log("w") == wanted


def test_the_limit_is_raised_as_far_as_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    there = [(1024, 4096)]
    privileged = False

    def set_limit(what: int, limit: tuple[int, int]) -> None:
        if limit[1] > there[-1][1] and not privileged:
            raise ValueError("not allowed to raise maximum limit")
        there.append(tuple(limit))  # type: ignore[arg-type]

    monkeypatch.setattr(limits, "_former", [])
    monkeypatch.setattr(resource, "getrlimit", lambda what: there[-1])
    monkeypatch.setattr(resource, "setrlimit", set_limit)
    limits.raise_descriptors()
    assert there[-1] == (4096, 4096)
    assert limits.descriptors_of_workers() == (1024, 4096)
    there.append((1000, 1000))  # somebody has lowered it meanwhile: more can't be given back
    assert limits.descriptors_of_workers() == (1000, 1000)
    privileged = True
    limits.raise_descriptors()
    assert there[-1] == (limits.WANTED, limits.WANTED)


@pytest.mark.parametrize(
    ("former", "raised"),
    [
        ((1024, resource.RLIM_INFINITY), (limits.MOST, resource.RLIM_INFINITY)),
        ((1024, 1 << 30), (limits.MOST, 1 << 30)),
        ((1 << 30, 1 << 30), None),
        ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), None),
        ((limits.MOST, limits.MOST), None),
    ],
)
def test_no_more_is_raised_than_is_of_use(
    monkeypatch: pytest.MonkeyPatch, former: tuple[int, int], raised: tuple[int, int] | None
) -> None:
    set_to: list[tuple[int, int]] = []
    monkeypatch.setattr(limits, "_former", [])
    monkeypatch.setattr(resource, "getrlimit", lambda what: former)
    monkeypatch.setattr(resource, "setrlimit", lambda what, limit: set_to.append(limit))
    limits.raise_descriptors()
    assert set_to == ([] if raised is None else [raised])
    assert limits.descriptors_of_workers() == (None if raised is None else former)


def test_every_descriptor_is_below_the_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    high = os.dup2(0, 299)
    try:
        assert high < limits.end_of_descriptors() <= 4096, "not the limit, which may be a million"
    finally:
        os.close(high)
    monkeypatch.setattr(limits, "_PROC", tmp_path)
    assert limits.end_of_descriptors() == os.sysconf("SC_OPEN_MAX")


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty machine: what it says is written below."""
    monkeypatch.setattr(limits, "_PROC", tmp_path / "proc")
    monkeypatch.setattr(limits, "_CGROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return tmp_path


def say(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    ("line", "folder", "name"),
    [
        ("0::/user.slice/app", "user.slice/app", "/user.slice/app"),
        ("0::/user.slice/app", "user.slice", "/user.slice"),
        ("8:pids:/docker/4711", "pids", "/pids"),
        ("8:pids:/", "pids", "/pids"),
        ("0::/", "", "/."),
    ],
)
def test_a_full_control_group_is_named(kernel: Path, line: str, folder: str, name: str) -> None:
    say(kernel / "proc/self/cgroup", f"9:cpu:/elsewhere\n{line}\n")
    say(kernel / "cgroup" / folder / "pids.current", "50\n")
    say(kernel / "cgroup" / folder / "pids.max", "max\n")
    assert limits.full() is None
    say(kernel / "cgroup" / folder / "pids.max", "51\n")
    assert limits.full() is None
    say(kernel / "cgroup" / folder / "pids.max", "50\n")
    assert limits.full() == (
        f"the control group {name} may have 50 processes and threads (pids.max)"
    )


@pytest.mark.parametrize(("name", "there"), [("pid_max", 32500), ("threads-max", 32768)])
def test_a_full_machine_is_named(kernel: Path, name: str, there: int) -> None:
    say(kernel / "proc/loadavg", f"1.81 1.25 1.44 3/{there} 4711\n")
    say(kernel / f"proc/sys/kernel/{name}", "40000\n")
    assert limits.full() is None
    say(kernel / f"proc/sys/kernel/{name}", "32768\n")
    assert limits.full() == f"the machine may have 32768 processes and threads (kernel.{name})"


def test_the_limit_of_a_user_is_named(kernel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda what: (200, 400))
    assert limits.full() is None, "it doesn't hold for root"
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert fork_refusal(BlockingIOError(11, "Resource temporarily unavailable")) == (
        "the kernel refused to start a process (EAGAIN): "
        "user 1000 may have 200 processes and threads (RLIMIT_NPROC)"
    )
    monkeypatch.setattr(resource, "getrlimit", lambda what: (resource.RLIM_INFINITY,) * 2)
    assert limits.full() is None


def test_how_many_descriptors_there_may_be_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda what: (4096, 4096))
    assert fork_refusal(OSError(24, "Too many open files")).endswith(
        "as many descriptors open as it may, 4096 (RLIMIT_NOFILE)"
    )
