"""Workers that execute nothing, and the environment that the kernel shows of them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from proctui.linux import procfs
from proctui.spec import StartMethod
from proctui.supervisor import marking
from tests.conftest import Supervise
from tests.supervisor.specs import sleeper, target
from tests.support import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads and writes /proc")


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_what_a_worker_leaves_in_a_session_of_its_own_names_the_worker(
    supervise: Supervise, tmp_path: Path, method: StartMethod
) -> None:
    names = ("one", "two-2")
    supervisor = supervise(
        *(
            target(name, "behaviours:leave_behind", str(tmp_path / name), start_method=method)
            for name in names
        )
    )
    client = supervisor.client()
    for name in names:
        client.until(name, lambda worker: worker.phase == "ended")
        orphan = int((tmp_path / name).read_text())
        until(lambda pid=orphan: os.getsid(pid) == pid)  # type: ignore[misc]
        assert procfs.tags(orphan) == (supervisor.tag, name)
    assert procfs.tags(supervisor.pid) == (supervisor.tag, None)


def test_a_command_is_named_by_its_own_environment(supervise: Supervise) -> None:
    supervisor = supervise(sleeper("c"))
    pid = supervisor.client().pid_of("c")
    assert procfs.tags(pid) == (supervisor.tag, "c")


def test_without_room_nothing_is_written() -> None:
    before = Path("/proc/self/environ").read_bytes()
    assert marking.find_place() is None
    marking.mark("w")
    assert Path("/proc/self/environ").read_bytes() == before


def test_an_id_that_is_too_long_is_not_cut() -> None:
    place = marking.Place(4096, 5)
    assert place.holding("abc") == (4096, b"abc  ")
    assert place.holding("abcdef") is None
