"""Taking a log along: for the clipboard and into a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from proctui.tui.log_taking import clipboard_text, save
from proctui.tui.loglines import LogLines


def _lines(data: bytes) -> LogLines:
    lines = LogLines()
    lines.feed(data)
    return lines


def test_colours_and_commands_stay_behind() -> None:
    data = b"a\x1b[1mbold\x1b[0m\tb\x1b]0;title\x07c\x9b\x7f\xc2\x9d\x00d\n[200~\x1b[200~"
    text = clipboard_text(_lines(data)).text
    assert text == "abold\tbc\ufffdd\n[200~\n"


def test_the_newest_lines_where_there_is_no_room_for_all() -> None:
    copied = clipboard_text(_lines(b"".join(b"%03d\n" % n for n in range(100))), 13)
    assert copied == ("097\n098\n099\n", 3)


def test_the_unfinished_line_is_a_line_too() -> None:
    assert clipboard_text(_lines("é\nü".encode()), 6) == ("é\nü\n", 2)
    assert clipboard_text(_lines("é\nü".encode()), 5) == ("ü\n", 1)
    assert clipboard_text(_lines(b"")) == ("", 0)


def test_saved_byte_for_byte(tmp_path: Path) -> None:
    log, kept = tmp_path / "log", tmp_path / "kept"
    log.write_bytes(data := b"\x00\xff\x1b[1m\r\n" * 300_000 + b"open end")
    assert save(log, kept, replace=False) == len(data)
    assert kept.read_bytes() == data


def test_never_over_another_file_unasked_nor_over_itself(tmp_path: Path) -> None:
    log, kept = tmp_path / "log", tmp_path / "kept"
    log.write_bytes(b"x\n")
    kept.write_bytes(b"precious")
    with pytest.raises(FileExistsError):
        save(log, kept, replace=False)
    assert kept.read_bytes() == b"precious"
    with pytest.raises(OSError, match="the log itself"):
        save(log, log, replace=True)
    assert log.read_bytes() == b"x\n"
    assert save(log, kept, replace=True) == 2
    assert kept.read_bytes() == b"x\n"
