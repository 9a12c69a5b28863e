"""What is drawn before Textual is there: true, safe, and no more than fits."""

from __future__ import annotations

import subprocess
import sys

import pytest

from proctui.linux.procfs import CLOCK_TICKS, Stat
from proctui.model import Worker
from proctui.tui import text
from proctui.tui.first_picture import opening, picture
from tests.support import ROOT
from tests.tui.fakes import NOW, SUPERVISOR, worker

UNNEEDED = {
    "textual", "psutil", "asyncio", "typing_extensions", "inspect", "dataclasses", "subprocess",
    "json", "shutil", "tempfile", "tomllib", "proctui.tui.actions", "proctui.sessions.startup",
    "proctui.files.settings_rules", "proctui.linux.treekill",
}  # fmt: skip
"""Each takes longer than all that is drawn."""
MOST_MODULES = 200
"""Of Python's own, too; 169 in 3.11."""


def stat(pid: int, state: str = "S", ppid: int = SUPERVISOR) -> Stat:
    """A process that started twelve seconds ago."""
    start = int((NOW - 12) * CLOCK_TICKS)
    return Stat(pid, "python3", state, ppid, pid, pid, 0, 1, start, 2048, 0, 0)


def drawn(
    *workers: Worker, size: tuple[int, int] = (120, 40), state: str = "S", ppid: int = SUPERVISOR
) -> tuple[list[str], list[int]]:
    """The lines, and the pids that were read for them."""
    read: list[int] = []

    def reading(pid: int) -> Stat:
        read.append(pid)
        return stat(pid, state, ppid)

    lines = picture("lessons", workers, SUPERVISOR, size, read=reading, now=NOW, boot_time=0.0)
    return lines, read


def test_a_row_says_what_both_views_say() -> None:
    (bar, _, header, row), _ = drawn(worker("piao-1", 40321, "m:piao"))
    assert "lessons" in bar
    assert "1 worker" in bar
    assert "1 alive" in bar
    assert header.split()[:4] == ["NAME", "PID", "PPID", "ALIVE"]
    for cell in ("piao-1", "40321", str(SUPERVISOR), "True", "S sleeping", "8.0M", "0:12"):
        assert cell in row
    assert row.index("40321") + 5 == header.index("PID") + 3


def test_what_has_ended_is_a_zombie_and_counted() -> None:
    ended = worker("w", 40321, "m:f", phase="ended", alive=False, exitcode=3, ended_at=NOW - 5)
    (bar, *_, row), _ = drawn(ended, state="Z")
    assert "1 ZOMBIE" in bar
    assert "Z zombie 0:05" in row


def test_a_pid_that_went_to_another_is_not_taken_for_the_worker() -> None:
    (*_, row), _ = drawn(worker("w", 40321, "m:f"), ppid=1)
    assert "sleeping" not in row


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 12), (20, 6)])
def test_it_fits_and_reads_no_more_than_it_draws(size: tuple[int, int]) -> None:
    workers = [worker(f"w-{n}", 50_000 + n, "m:f") for n in range(10_000)]
    lines, read = drawn(*workers, size=size)
    assert len(lines) <= size[1]
    assert all(text.cells(line) <= size[0] for line in lines)
    assert 0 < len(read) < size[1]


def test_untrusted_names_are_harmless() -> None:
    lines, _ = drawn(worker("w", 40321, "m:f", name="\x1b[31m\x9b2J\u202eevil\n"))
    assert all(line.isprintable() for line in lines)
    assert all(line.isprintable() for line in opening("\x1b]0;x\x07", "Starting…", 80))


def test_nothing_is_imported_that_it_does_not_need() -> None:
    code = (
        "import sys, proctui.cli as cli\n"
        "cli.handler(cli._arguments(['attach']).handler)\n"
        "import proctui.tui.first_picture\n"
        f"print(sorted({UNNEEDED} & set(sys.modules)), len(sys.modules) > {MOST_MODULES})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[] False\n"
