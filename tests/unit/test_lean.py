"""What is done so that little is imported before the first picture."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from proctui import terminal
from tests.support import ROOT

LOOK = "; print('typing_extensions' in sys.modules, msgspec.json.encode([1]))"


def said(code: str, *places: Path) -> str:
    """What an interpreter of its own prints."""
    path = f"import sys; sys.path[:0] = {[str(place) for place in (*places, ROOT)]}; "
    words = [sys.executable, "-P", "-c", path + code]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def test_msgspec_comes_without_typing_extensions_which_can_be_imported_later() -> None:
    lean = "from proctui import lean; lean.import_msgspec(); import msgspec"
    assert said(lean + LOOK) == "False b'[1]'"
    assert said(f"{lean}; import typing_extensions{LOOK}") == "True b'[1]'"


def test_what_is_there_already_stays() -> None:
    first = "import typing_extensions; from proctui import lean; lean.import_msgspec(); "
    assert said(f"{first}import msgspec{LOOK}") == "True b'[1]'"


def test_a_msgspec_that_needs_it_gets_it(tmp_path: Path) -> None:
    (tmp_path / "msgspec.py").write_text("import typing_extensions; whole = True")
    code = "from proctui import lean; lean.import_msgspec(); import msgspec; print(msgspec.whole)"
    assert said(code, tmp_path) == "True"


@pytest.mark.parametrize("columns", ["", "0", "-3", "132", "many"])
@pytest.mark.parametrize("lines", ["", "50"])
def test_the_size_of_the_terminal_is_what_the_library_says(
    columns: str, lines: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("LINES", lines)
    assert terminal.size() == tuple(shutil.get_terminal_size())
