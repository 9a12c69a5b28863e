"""Fixtures for tests of the screen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from proctui.tui import untrusted


@pytest.fixture
def ascii_terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A terminal that can show nothing but ASCII."""
    monkeypatch.setenv("PROCTUI_ASCII", "1")
    untrusted.ascii_only.cache_clear()
    untrusted._fit.cache_clear()
    yield
    untrusted.ascii_only.cache_clear()
    untrusted._fit.cache_clear()


@pytest.fixture(autouse=True)
def many_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same colours wherever the tests run."""
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)
