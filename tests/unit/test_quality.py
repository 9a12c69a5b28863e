"""The house rules that a program can check: types, style, and who may import what."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "proctui"


def run(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.timeout(300)
def test_types() -> None:
    assert run("-m", "mypy", "--no-error-summary", "--cache-dir", "/dev/null") == ""


def test_style() -> None:
    assert run("-m", "ruff", "check", "--no-cache", "-q", ".") == ""


def test_format() -> None:
    assert run("-m", "ruff", "format", "--check", "--no-cache", "-q", ".") == ""


def imported_names(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize(
    ("library", "allowed"),
    [("textual", "tui/"), ("rich", "tui/"), ("textual_plotext", "tui/"), ("psutil", "kernel/")],
)
def test_who_imports_what(library: str, allowed: str) -> None:
    guilty = [
        name
        for path in sorted(PACKAGE.rglob("*.py"))
        if library in imported_names(path)
        and not (name := path.relative_to(PACKAGE).as_posix()).startswith(allowed)
    ]
    assert guilty == []


@pytest.mark.parametrize(
    "module", ["proctui.supervisor.server", "proctui.supervisor.child", "proctui.sessions.client"]
)
def test_the_supervisor_and_its_workers_stay_small(module: str) -> None:
    code = (
        f"import sys, {module}; "
        "print(sorted({'textual', 'psutil', 'rich', 'platformdirs'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("words", [["--version"], ["ps", "--help"]])
def test_the_command_line_starts_without_textual(words: list[str]) -> None:
    code = (
        "import sys, proctui.cli\n"
        "try:\n    proctui.cli.main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "sys.exit('textual' in sys.modules)"
    )
    subprocess.run(
        [sys.executable, "-c", code, *words], cwd=ROOT, stdout=subprocess.DEVNULL, check=True
    )


def test_nothing_is_left_open() -> None:
    words = ["TO" + "DO", "FIX" + "ME", "NotImplemented" + "Error", "except Exception: pass"]
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text()
        assert not [word for word in words if word in text], path
