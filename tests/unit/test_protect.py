from __future__ import annotations

import os
from pathlib import Path

import pytest

from proctui.linux import protect
from proctui.linux.procfs import Stat
from proctui.linux.protect import Surroundings, look_around, protected

AROUND = Surroundings(
    me=100,
    ancestors={90: "bash", 80: "sshd"},
    supervisors={200},
    desktop={300: "gnome-shell"},
    kernel_threads={12},
)


@pytest.mark.parametrize(
    ("pid", "reason"),
    [
        (1, "init"),
        (0, "whole group"),
        (-5, "whole group"),
        (100, "proctui itself"),
        (90, "runs in bash"),
        (80, "runs in sshd"),
        (200, "supervisor"),
        (300, "login session"),
        (2, "kernel"),
        (12, "kernel"),
    ],
)
def test_says_why(pid: int, reason: str) -> None:
    said = protected(pid, AROUND)
    assert said is not None
    assert reason in said


def test_nothing_speaks_against_anybody_else() -> None:
    assert protected(4711, AROUND) is None


def test_this_process_and_everything_above_it() -> None:
    around = look_around({4})
    assert around.me == os.getpid()
    assert os.getppid() in around.ancestors or os.getppid() <= 1
    assert 1 not in around.ancestors
    assert protected(4, around) is not None


def test_what_carries_a_session_is_not_looked_for_among_workers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def leader(pid: int, ppid: int, comm: str) -> Stat:
        return Stat(pid, comm, "S", ppid, pid, pid, 0, 1, 1, 0, 0, 0)

    asked: list[str] = []

    def cgroup(path: Path) -> str:
        asked.append(str(path))
        return "0::/user.slice/user-1.slice/user@1.service/session.slice/x.service\n"

    monkeypatch.setattr(protect, "_text", cgroup)
    monkeypatch.setattr(protect, "_login_leaders", list)
    rows = [leader(10, 1, "gnome-shell"), leader(20, 1, "supervisor")]
    rows += [leader(pid, 20, "python") for pid in range(100, 200)]
    around = look_around({20}, stats={row.pid: row for row in rows}, me=10)
    assert asked == ["/proc/10/cgroup", "/proc/20/cgroup"]
    assert around.desktop.keys() == {10, 20}


def test_inside_tmux_also_where_its_client_is_shown() -> None:
    def stat(pid: int, ppid: int, comm: str) -> Stat:
        return Stat(pid, comm, "S", ppid, pid, 0, 0, 1, 1, 0, 0, 0)

    rows = [
        stat(10, 1, "tmux: server"),
        stat(11, 10, "bash"),
        stat(12, 11, "proctui"),
        stat(20, 1, "sshd"),
        stat(21, 20, "tmux: client"),
        stat(30, 1, "sshd"),
    ]
    around = look_around(stats={row.pid: row for row in rows}, me=12)
    assert dict(around.ancestors) == {
        10: "tmux: server",
        11: "bash",
        20: "sshd",
        21: "tmux: client",
    }
