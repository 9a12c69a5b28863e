"""proctui as one user beside others: what may not be seen, signalled, read or followed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from proctui.sessions.session import find
from tests.e2e.commanding import CommandLine, proctui
from tests.somebody import NOBODY, PYTHONPATH, interpreter

__all__ = ["proctui"]

Finished = subprocess.CompletedProcess[str]

SIGNALS_ANOTHERS = """
import asyncio, os, sys
from proctui.kernel import KernelView

async def main():
    view = KernelView("", lambda: None)
    view.follow([int(sys.argv[1])])
    told = await view.refresh()
    [seen] = told.observations
    try:
        view.send_signal(seen.token, 15)
    except PermissionError as error:
        print(error)
    details = view.details(seen.token)
    print(details.user, details.cwd, details.open_files)
    view.close()

asyncio.run(main())
"""


pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else"),
    pytest.mark.skipif(
        os.geteuid() == 0 and interpreter() is None, reason="others may run no interpreter here"
    ),
]


class Nobody:
    """The command line of an ordinary user who has no rights here."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.chmod(0o755)
        os.chown(folder, NOBODY, NOBODY)
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": PYTHONPATH,
            "PROCTUI_RUNTIME_DIR": str(folder / "run"),
            "PROCTUI_STATE_DIR": str(folder / "state"),
            "PROCTUI_CONFIG_DIR": str(folder / "config"),
            "HOME": str(folder),
        }

    def __call__(
        self, *words: str, around: tuple[str, ...] = ()
    ) -> subprocess.CompletedProcess[str]:
        own = not around
        return subprocess.run(
            [*around, str(interpreter()), *words], cwd=self.folder, env=self.environment,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
            user=NOBODY if own else None, group=NOBODY if own else None,
            extra_groups=[] if own else None,
        )  # fmt: skip


@pytest.fixture
def nobody(short_root: Path) -> Iterator[Nobody]:
    short_root.chmod(0o755)
    folder = short_root / "nobody"
    folder.mkdir()
    yield Nobody(folder)
    shutil.rmtree(folder)


def test_another_users_process_is_seen_and_not_signalled(nobody: Nobody) -> None:
    with subprocess.Popen(["sleep", "600"], cwd="/root") as roots:
        try:
            done = nobody("-c", SIGNALS_ANOTHERS, str(roots.pid))
            forbidden, details = done.stdout.splitlines()
            assert roots.poll() is None
        finally:
            roots.kill()
    assert forbidden == f"process {roots.pid} belongs to root: not permitted to signal it"
    assert details == "root None None"


def test_another_user_reads_and_reaches_nothing(proctui: CommandLine, nobody: Nobody) -> None:
    proctui.write('[workers.w]\ncommand = "echo secret; exec sleep 600"\n')
    proctui.right("run", "--detach")
    where = find().paths
    tries = """
import socket, sys
for path in sys.argv[2:]:
    try:
        print(open(path).read())
    except OSError as error:
        print(type(error).__name__)
try:
    socket.socket(socket.AF_UNIX).connect(sys.argv[1])
except OSError as error:
    print(type(error).__name__)
"""
    files = [where.log_dir / "w.log", where.journal, where.facts, where.spec, where.supervisor_log]
    done = nobody("-c", tries, str(where.socket), *map(str, files))
    assert done.stdout.split() == ["PermissionError"] * 6, done
    for folder in (where.socket.parent, *where.log_dir.parents[:4], where.log_dir):
        folder.chmod(0o755)
    done = nobody("-c", tries, str(where.socket), *map(str, files))
    assert done.stdout.split() == ["PermissionError"] * 6, "the files themselves are closed too"
    refused = proctui("ls")
    assert refused.status == 1 and "is open to other users (mode 0755)" in refused.err
    for folder in (where.socket.parent, *where.log_dir.parents[:4], where.log_dir):
        folder.chmod(0o700)
    proctui.right("shutdown")


@pytest.mark.parametrize("kind", ["link", "folder", "file"])
def test_what_another_user_put_in_our_way_is_not_used(
    proctui: CommandLine, short_tmp: Path, kind: str
) -> None:
    """As in /tmp, where the place of the runtime directory is anybody's to take first."""
    shared, treasure = short_tmp / "shared", short_tmp / "treasure"
    shared.mkdir()
    shared.chmod(0o1777)
    treasure.mkdir(mode=0o700)
    trap = shared / f"proctui-{os.geteuid()}"
    if kind == "link":
        trap.symlink_to(treasure)
    elif kind == "folder":
        trap.mkdir(mode=0o700)
    else:
        trap.touch()
    os.chown(trap, NOBODY, NOBODY, follow_symlinks=False)
    for name in ("PROCTUI_RUNTIME_DIR", "XDG_RUNTIME_DIR"):
        proctui.environment.pop(name, None)
    proctui.environment["TMPDIR"] = str(shared)
    proctui.write('[workers.w]\ncommand = ["sleep", "600"]\n')
    refused = proctui("run", "--detach")
    assert refused.status == 1 and not list(treasure.iterdir())
    said = {"link": "is a link, which is not followed for safety",
            "folder": "belongs to user 65534, not to you (user 0), and is not used for safety",
            "file": "can't be used: Not a directory"}[kind]  # fmt: skip
    [sentence] = refused.err.splitlines()
    assert sentence.endswith(said), refused


def test_somebody_elses_worker_file_warns(proctui: CommandLine) -> None:
    file = proctui.write('[workers.w]\ncommand = ["sleep", "600"]\n')
    os.chown(file, NOBODY, NOBODY)
    started = proctui("run", "--detach")
    assert started.status == 0
    assert "this worker file belongs to nobody, who decides what your workers run" in started.err
    proctui.right("shutdown")


HIDDEN = """
mount -t proc -o hidepid={mode} proc /proc || exit 99
exec setpriv --reuid={nobody} --regid={nobody} --clear-groups "$@"
"""


@pytest.mark.parametrize("mode", [2, 4])
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv of util-linux is missing")
def test_where_proc_hides_other_users(nobody: Nobody, mode: int) -> None:
    script = HIDDEN.format(mode=mode, nobody=NOBODY)
    around = ("unshare", "--mount", "sh", "-c", script, "sh")
    if nobody("-c", "", around=around).returncode != 0:
        pytest.skip("no mount namespaces, or no such mode of /proc here")
    (nobody.folder / "proctui.toml").write_text(
        '[workers.w]\ncommand = ["sleep", "600"]\n[workers.e]\ncommand = "exit 3"\n'
    )

    def right(*words: str) -> str:
        done = nobody("-m", "proctui", *words, around=around)
        assert done.returncode == 0, done
        return done.stdout + done.stderr

    right("run", "--detach")
    assert "joined: ended with exitcode 3" in right("join", "e")
    [worker] = [line for line in right("ps").splitlines() if line.startswith("w ")]
    assert " sleeping " in worker and " True " in worker
    assert "is mounted so that it hides them" in right("scan", "--all-users")
    assert "hides" not in right("scan")
    assert "SIGTERM" in right("terminate", "w")
    assert "joined" in right("join", "w")
    assert "has ended" in right("shutdown")
