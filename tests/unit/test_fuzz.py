"""A taste of what ``python -m tests.fuzz`` does at length."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.__main__ import fuzz, keep, outcome_of
from tests.fuzz.readers import CORPUS, READERS, folder_of, kept


@pytest.mark.parametrize("name", READERS)
def test_what_others_wrote_is_read_or_refused_in_a_sentence(name: str) -> None:
    result = fuzz(READERS[name], 1000, seed=1)
    assert result.faults == []
    assert result.outcomes > 0


def test_a_fault_is_found() -> None:
    """The fuzzer itself: a reader that trips over one byte is caught."""

    def read(data: bytes) -> None:
        if b"\x1b" in data:
            raise KeyError

    result = fuzz(READERS["logs"]._replace(read=read), 100, seed=1)
    assert len(result.faults) == 1


KEPT = [(name, what) for name in READERS for what in kept(name)]


@pytest.mark.timeout(20)
@pytest.mark.parametrize(("name", "what"), KEPT)
def test_what_once_found_a_fault_is_read_or_refused(name: str, what: str) -> None:
    """And soon: some of them took minutes."""
    outcome_of(READERS[name], kept(name)[what])


def test_every_kept_input_has_a_reader() -> None:
    assert {folder.name for folder in CORPUS.iterdir()} == {
        folder_of(name).name for name in READERS if kept(name)
    }
    assert len(KEPT) == sum(file.is_file() for file in CORPUS.rglob("*"))


def test_an_input_that_finds_a_fault_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.fuzz.readers.CORPUS", tmp_path)
    place = keep("/proc/PID/stat", b"7 (a", "ValueError in parse, line 3")
    assert place.parent == tmp_path / "proc-PID-stat"
    assert place.name.startswith("ValueError-in-parse-")
    assert list(kept("/proc/PID/stat").values()) == [b"7 (a"]
