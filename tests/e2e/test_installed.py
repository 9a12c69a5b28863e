"""What was installed, from the console script on: nothing that it needs was left behind."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

from tests.e2e.commanding import CommandLine, proctui
from tests.e2e.terminal import terminal
from tests.support import ROOT

__all__ = ["proctui"]


@pytest.fixture
def script() -> Path:
    """The console script of an installed copy; skips where only the checkout is there."""
    try:
        place = Path(str(distribution("proctui").locate_file("proctui"))).resolve()
    except PackageNotFoundError:
        pytest.skip("proctui is not installed beside this Python")
    found = Path(sys.executable).parent / "proctui"
    if place.is_relative_to(ROOT) and "site-packages" not in place.parts:
        pytest.skip("the checkout itself is installed")
    if not found.exists():
        pytest.skip(f"there is no {found}")
    return found


def test_a_join_by_key_and_a_kill_by_button(proctui: CommandLine, script: Path) -> None:
    with terminal(folder=proctui.folder, installed=script) as shown:
        shown.sees("builtin", "● steady", "Z zombie", " orphan → ", "failed: ")
        shown.click("Z zombie  ")
        shown.sees("name          zombie")
        shown.type("j")
        shown.sees("ended 7, joined")
        shown.click("● steady")
        shown.sees("name          steady")
        shown.click("Kill k")
        shown.sees("Kill steady (")
        shown.type("y")
        shown.sees("Z steady")
        shown.type("q")
        shown.sees("Leave builtin?")
        shown.type("s")
        assert shown.ended() == 0
        assert shown.is_restored()


def test_a_lesson_starts_with_its_guide(proctui: CommandLine, script: Path) -> None:
    with terminal("scenario", "crash", folder=proctui.folder, installed=script) as shown:
        shown.sees("crash", "Exit codes tell how it ended", "-11 SIGSEGV")
        shown.type("q")
        shown.until(lambda: "Leave" in shown.text or shown.process.poll() is not None, "leaving")
        shown.type("s")
        assert shown.ended() == 0
