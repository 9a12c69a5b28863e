"""What a person is told by commands when supervisor, journal or disk are not as they should be."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from proctui.sessions.session import find
from tests.e2e.commanding import CommandLine, proctui
from tests.support import kernel_state, until

__all__ = ["proctui"]

FILE = '[workers.w]\ncommand = ["sleep", "600"]\n'


def complaint(proctui: CommandLine, *words: str) -> str:
    """The one sentence with which a command fails."""
    done = proctui(*words)
    [sentence] = done.err.splitlines()
    assert done.status == 1 and "Traceback" not in sentence, done
    return sentence.removeprefix("proctui: ")


def test_a_supervisor_that_stands_still(proctui: CommandLine) -> None:
    proctui.write(FILE)
    proctui.right("run", "--detach")
    pid = find().facts.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        until(lambda: kernel_state(pid) == "T")
        said = complaint(proctui, "stop", "w")
        assert said == "the supervisor did not answer within 5 s; it may be stopped"
        [told] = proctui.right("ls", "--json").json
        assert (told["status"], told["alive"]) == ("running", None)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert "stopped: was ended by SIGTERM" in proctui.right("stop", "w").out
    proctui.right("shutdown")


def test_a_journal_full_of_rubbish(proctui: CommandLine) -> None:
    proctui.write(FILE)
    proctui.right("run", "--detach")
    session = find()
    with session.paths.journal.open("ab") as file:
        file.write(b'\0\xff{{{\n{"type": "event"}\n' + os.urandom(999).replace(b"\n", b"") + b"\n")
    told = proctui("events")
    assert told.status == 0 and "runs as pid" in told.out
    assert told.err == "proctui: 3 lines of the journal could not be read\n"
    assert " sleeping " in proctui.right("ps").out
    os.kill(session.facts.pid, signal.SIGKILL)
    until(lambda: not find(running=False).running)
    assert "dead" in proctui.right("ls").out
    assert proctui("run", "--detach", "--leftovers", "end").status == 0
    proctui.right("shutdown")


def within(script: str, folder: Path, environment: dict[str, str]) -> list[str]:
    """What a script says that may mount what it likes; skips where nobody may."""
    if shutil.which("unshare") is None or os.geteuid() != 0:
        pytest.skip("needs mount namespaces")
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, "sh", sys.executable],
        cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=100, check=False,
    )  # fmt: skip
    if done.returncode == 99 or "unshare:" in done.stderr:
        pytest.skip("no mount namespaces here")
    return [line.removeprefix("proctui: ") for line in (done.stdout + done.stderr).splitlines()]


def test_a_state_directory_that_is_read_only(proctui: CommandLine) -> None:
    proctui.write(FILE)
    proctui.right("run", "--detach")
    proctui.right("shutdown")
    state = proctui.environment["PROCTUI_STATE_DIR"]
    said = within(
        f"mount --bind {state} {state} && mount -o remount,bind,ro {state} || exit 99\n"
        '$1 -m proctui run --detach; $1 -m proctui ls | grep -c ended',
        proctui.folder, proctui.environment,
    )  # fmt: skip
    sentence = f"sessions can't be started or removed: Read-only file system ({state}/lock)"
    assert sorted(said) == sorted([sentence, "1"])


def test_a_full_disk(proctui: CommandLine) -> None:
    """The start is refused; a session that runs already goes on and can be ended."""
    proctui.write(FILE)
    state = proctui.environment["PROCTUI_STATE_DIR"]
    said = within(
        f"mkdir -m 700 {state} && mount -t tmpfs -o size=256k,mode=700 none {state} || exit 99\n"
        f"$1 -m proctui run --detach; cat /dev/zero 2>&- > {state}/filler\n"
        "$1 -m proctui run --detach --session other; $1 -m proctui restart w >&2\n"
        "$1 -m proctui shutdown",
        proctui.folder, proctui.environment,
    )  # fmt: skip
    assert any("can't be started" in line and "No space left on device" in line for line in said)
    assert any(line.startswith("w: started") or "w: restart" in line for line in said), said
    assert any(line.endswith("has ended") for line in said), said
