from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from proctui.linux import protect
from proctui.linux.procfs import Stat
from proctui.linux.protect import Surroundings, look_around, protected
from tests.support import ROOT

AROUND = Surroundings(
    me=100,
    ancestors={90: "bash", 80: "sshd"},
    supervisors={200},
    desktop={300: "gnome-shell"},
    kernel_threads={2, 12},
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


@pytest.mark.parametrize(("name", "ppid", "of_kernel"), [("kthreadd", 0, True), ("sh", 1, False)])
def test_pid_2_of_a_pid_namespace_is_no_part_of_the_kernel(
    name: str, ppid: int, of_kernel: bool
) -> None:
    def stat(pid: int, ppid: int, comm: str) -> Stat:
        return Stat(pid, comm, "S", ppid, 0, 0, 0, 1, 1, 0, 0, 0)

    stats = {1: stat(1, 0, "init"), 2: stat(2, ppid, name), 3: stat(3, 2, "other")}
    around = look_around(stats=stats, me=100)
    for pid in (2, 3):
        assert (protected(pid, around) is not None) is of_kernel


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


def test_the_leader_of_a_login_session_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(protect, "_LOGIND_SESSIONS", tmp_path)
    (tmp_path / "3").write_text("# This is private data.\nUID=1000\nLEADER=70\nTTY=pts/1\n")
    (tmp_path / "c1").write_text("LEADER=71\nLEADER_FD_SAVED=1\n")
    (tmp_path / "3.ref").write_text("LEADER=72\n")
    (tmp_path / "4").write_text("LEADER=1\nLEADER=none\n")
    (tmp_path / "5").symlink_to("nowhere")
    names = {70: "sshd", 71: "gdm-session-wor", 72: "other", 100: "proctui"}
    stats = {pid: Stat(pid, name, "S", 1, pid, pid, 0, 1, 1, 0, 0, 0)
             for pid, name in names.items()}  # fmt: skip
    around = look_around(stats=stats, me=100)
    assert protected(70, around) == "sshd (70) carries a login session, which would end with it"
    assert "gdm-session-wor (71)" in (protected(71, around) or "")
    assert protected(72, around) is None


LOGIN = """
import json, os, pty, sys
from proctui.linux.protect import look_around, protected

server = os.getpid()
read, write = os.pipe()
shell, terminal = pty.fork()
if shell == 0:
    leader = os.getpid()
    if os.fork() == 0:
        between = os.getpid()
        if os.fork() == 0:
            while os.getppid() == between:
                pass
            around = look_around()
            said = [protected(leader, around), protected(server, around)]
            os.write(write, json.dumps([server, leader, said]).encode())
        os._exit(0)
    os.wait()
    os.read(0, 1)
    os._exit(0)
os.close(write)
print(os.read(read, 4096).decode())
os.write(terminal, b"\\n")
os.waitpid(shell, 0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_who_lost_its_parent_still_spares_what_holds_its_terminal() -> None:
    """As sshd, its login shell on a terminal, and in that session somebody who is an orphan."""
    done = subprocess.run(
        [sys.executable, "-c", LOGIN], capture_output=True, text=True, check=True, cwd=ROOT
    )
    server, leader, (of_leader, of_server) = json.loads(done.stdout)
    assert of_leader is not None and f"({leader}): it would end with it" in of_leader
    assert of_server is not None and f"({server}): it would end with it" in of_server


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
