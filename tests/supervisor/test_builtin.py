"""The session shown where there is no file: every state is really reached, and all of it ends."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import pytest

from proctui.files import config
from proctui.scenarios import builtin
from tests.supervisor.kin import Family, family, until

ROOT = Path(__file__).parents[2]

LAUNCH = """
    from proctui.files import config
    from proctui.supervisor import child

    launched = {}
    for spec in config.builtin().workers:
        if spec.autostart:
            path = os.path.join(os.environ["LOGS"], spec.id)
            log = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
            launched[spec.id] = child.launch(spec, log_fd=log, tag="built-in").process
            os.close(log)
    say(**{name: process.pid for name, process in launched.items()})
    hang()
"""


class Stat(NamedTuple):
    """What proc_pid_stat(5) says that matters here."""

    state: str
    ppid: int
    sid: int
    status: int


def stat(pid: int) -> Stat:
    fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    return Stat(fields[0].decode(), int(fields[1]), int(fields[3]), int(fields[-1]))


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def zombie_with(pid: int, status: int) -> bool:
    found = stat(pid)
    return found.state == "Z" and found.status == status


def orphans(run: Family) -> list[int]:
    return [pid for pid in children(run["keeper"]) if stat(pid).sid == run["leaves-orphan"] != pid]


def test_every_state_is_reached(tmp_path: Path) -> None:
    environment = {"PYTHONPATH": str(ROOT), "LOGS": str(tmp_path)}
    with family(LAUNCH, env=environment) as run:
        until(lambda: zombie_with(run["zombie"], 7 << 8), "zombie")
        until(lambda: zombie_with(run["misspelt"], 1 << 8), "misspelt")
        until(lambda: zombie_with(run["ends-well"], 0), "ends-well")
        until(lambda: zombie_with(run["ends-badly"], 3 << 8), "ends-badly")
        until(lambda: zombie_with(run["ends-by-signal"], 9), "ends-by-signal")
        until(lambda: zombie_with(run["leaves-orphan"], 0), "leaves-orphan")
        (neglected,) = children(run["negligent"])
        assert zombie_with(neglected, 5 << 8)
        (orphan,) = orphans(run)
        log = tmp_path / "leaves-orphan"
        adopted = f"child {orphan}: now my parent is {run['keeper']}\n"
        until(lambda: adopted in log.read_text(), "the orphan names its adopter")
        assert stat(orphan).state != "Z"
        for name in ("steady", "busy", "daemonic"):
            assert stat(run[name]).state in "SR", name
            assert stat(run[name]).ppid == run["actor"], name
        assert "has no 'stedy'" in (tmp_path / "misspelt").read_text()
        assert all(log.stat().st_size for log in tmp_path.iterdir())


def test_it_is_found_by_the_loader_like_any_file() -> None:
    session = config.builtin()
    assert session.source is None
    assert session.workers == config.load(config.BUILTIN).workers
    assert [worker.id for worker in session.workers if not worker.autostart] == ["idle"]
    assert [worker.id for worker in session.workers if worker.daemon] == ["daemonic"]
    for worker in session.workers:
        assert worker.target is not None
        function = worker.target.removeprefix("builtin.py:")
        assert hasattr(builtin, function) == (worker.id != "misspelt")


def test_what_loops_ends_a_while_after_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    parents = iter([1, 1, 1, 2])
    monkeypatch.setattr(os, "getppid", lambda: next(parents))
    monkeypatch.setattr(builtin, "LINGER", 0.0)
    assert len(list(builtin.while_needed(0.001))) == 2
