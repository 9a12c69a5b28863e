"""The ticks of a lesson outlive the screen that has seen them."""

from __future__ import annotations

import stat
from pathlib import Path

from proctui.lessons.ticks import Ticks


def test_every_screen_of_a_session_reads_what_any_has_seen(tmp_path: Path) -> None:
    journal = str(tmp_path / "journal")
    first, second = Ticks(journal), Ticks(journal)
    assert first.read() == frozenset()
    first.add({0})
    second.add({2, 0})
    assert first.read() == second.read() == {0, 2}
    assert stat.S_IMODE((tmp_path / "steps").stat().st_mode) == 0o600


def test_nothing_is_written_before_there_is_something(tmp_path: Path) -> None:
    Ticks(str(tmp_path / "journal")).add(())
    assert list(tmp_path.iterdir()) == []


def test_rubbish_is_no_step(tmp_path: Path) -> None:
    (tmp_path / "steps").write_bytes(b"1\nx\n-4\n\xff 3\n" + b"\n" * 100_000 + b"2\n")
    assert Ticks(str(tmp_path / "journal")).read() == {0, 2}


def test_where_nothing_can_be_kept_nothing_breaks(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("mine\n")
    (tmp_path / "steps").symlink_to(tmp_path / "elsewhere")
    for journal in ("", str(tmp_path / "no" / "journal"), str(tmp_path / "journal")):
        ticks = Ticks(journal)
        ticks.add({1})
        assert ticks.read() == frozenset()
    assert (tmp_path / "elsewhere").read_text() == "mine\n"
