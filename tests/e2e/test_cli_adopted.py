"""Adopted orphans, and what a command leaves alone, from the command line."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.e2e.commanding import CommandLine, proctui
from tests.support import ROOT, kernel_state, until

__all__ = ["proctui"]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")

ADOPTING = """
[session]
adopt = true
[workers.parent]
command = "(sleep 0.3; exit 7) & exit 0"
"""


def test_an_adopted_orphan_is_joined_by_its_pid(proctui: CommandLine) -> None:
    proctui.run(ADOPTING)
    (orphan,) = until(
        lambda: [one for one in proctui.processes() if one["orphan"] and one["zombie"]]
    )
    assert (orphan["parent_worker"], orphan["exitcode"]) == ("parent", 7)
    done = proctui.right("join", str(orphan["pid"]), "parent")
    assert f"({orphan['pid']}): joined: ended with exitcode 7" in done.out
    assert kernel_state(orphan["pid"]) is None
    again = proctui("join", str(orphan["pid"]))
    assert again.status == 1
    assert "the supervisor has not adopted it" in again.err


def test_what_proctui_runs_in_is_left_alone(proctui: CommandLine, tmp_path: Path) -> None:
    """A worker that ends workers, itself among them, as a shell in which somebody types would."""
    told = tmp_path / "told"
    one = f"PYTHONPATH={ROOT} {sys.executable} -m proctui"
    proctui.run(
        "[workers.shell]\n"
        f"command = \"{one} kill '*' >{told}.all 2>&1; {one} kill shell >{told}.one 2>&1; "
        f'echo done >{told}.done; exec sleep 100"\n'
        '[workers.other]\ncommand = "exec sleep 100"\n',
        "shell",
    )
    until(lambda: Path(f"{told}.done").exists())
    everything, single = Path(f"{told}.all").read_text(), Path(f"{told}.one").read_text()
    assert "shell is left alone: proctui runs in" in everything
    assert "other" in everything
    assert "shell is left alone: proctui runs in" in single
    workers = proctui.workers()
    assert workers["shell"]["alive"] is True
    until(lambda: proctui.workers()["other"]["alive"] is False)


ESCAPING = """
import os, time

def escape():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            open("escaped", "w").write(str(os.getpid()))
            time.sleep(600)
        os._exit(0)
    os.wait()
    while True:
        time.sleep(60)
"""


def test_who_double_forked_unseen_is_still_its_workers(proctui: CommandLine) -> None:
    proctui.write(ESCAPING, "escaping.py")
    proctui.run('[workers.parent]\ntarget = "escaping.py:escape"\n[workers.other]\n'
                'target = "escaping.py:escape"\nautostart = false\n', "parent")  # fmt: skip
    escaped = int(until(lambda: (file := proctui.folder / "escaped").exists() and file.read_text()))
    (orphan,) = [one for one in proctui.processes() if one["pid"] == escaped]
    assert orphan["orphan"] and orphan["parent_worker"] == "parent"
    found = proctui.right("scan", "--json").json["orphans"]
    assert [one["worker"] for one in found if one["pid"] == escaped] == ["parent"]
    proctui.right("kill", "--tree", "parent")
    assert kernel_state(escaped) in (None, "Z")


HIDING = """
import os, signal

def hide():
    if os.fork() == 0:
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                open("hidden", "w").write(str(os.getpid()))
                os.execve("/bin/sleep", ["sleep", "600"], {})
        os._exit(0)
    os.wait()
    signal.pause()
"""


def hidden(proctui: CommandLine) -> int:
    """Pid of an orphan without a trail, in a session that adopts."""
    proctui.write(HIDING, "hiding.py")
    proctui.run('[session]\nadopt = true\n[workers.parent]\ntarget = "hiding.py:hide"\n', "parent")
    told = proctui.folder / "hidden"
    return int(until(lambda: told.exists() and told.read_text()))


def test_an_adopted_orphan_without_a_trail_is_one_and_can_be_ended_and_joined(
    proctui: CommandLine,
) -> None:
    pid = hidden(proctui)
    (orphan,) = until(
        lambda: [one for one in proctui.processes() if one["pid"] == pid and one["orphan"]]
    )
    assert orphan["adopter"] == "proctui supervisor"
    leader = os.getsid(pid)  # its parent, dead and adopted too, in a session of its own
    until(lambda: [one for one in proctui.processes() if one["pid"] == leader and one["orphan"]])
    done = proctui.right("terminate", "--timeout", "20", str(pid))
    assert done.out == f"sleep ({pid}): SIGTERM sent to it, and it has ended\n"
    dead = proctui("kill", str(pid))
    assert dead.status == 1 and "already dead" in dead.err
    proctui.right("join", str(pid))
    assert kernel_state(pid) is None
    gone = proctui("kill", str(pid))
    assert (gone.status, gone.err) == (
        1,
        f"proctui: process {pid}: not signalled: it is no orphan of this session\n",
    )
    assert proctui.workers()["parent"]["alive"]


def test_the_tree_of_an_orphan_beside_a_worker(proctui: CommandLine) -> None:
    pid = hidden(proctui)
    until(lambda: [one for one in proctui.processes() if one["pid"] == pid and one["orphan"]])
    done = proctui.right("kill", "--tree", str(pid), "parent")
    assert f"sleep ({pid}): ended with the tree" in done.out
    assert kernel_state(pid) in (None, "Z")
    until(lambda: not proctui.workers()["parent"]["alive"])
