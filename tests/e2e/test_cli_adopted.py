"""Adopted orphans, and what a command leaves alone, from the command line."""

from __future__ import annotations

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
