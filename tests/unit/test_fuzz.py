"""A taste of what ``python -m tests.fuzz`` does at length."""

from __future__ import annotations

import pytest

from tests.fuzz.__main__ import fuzz
from tests.fuzz.readers import READERS


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
