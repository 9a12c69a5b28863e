"""What the driver does with signals that come while the program leaves."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from proctui.tui.driver import driver


@pytest.mark.parametrize(("leaving", "resumed"), [(False, 1), (True, 0)])
async def test_a_program_that_leaves_is_not_continued(
    monkeypatch: pytest.MonkeyPatch, leaving: bool, resumed: int
) -> None:
    """SIGCONT comes together with SIGHUP where a terminal is closed (credentials(7))."""
    made = cast(Any, object.__new__(driver(None)))
    made._app = SimpleNamespace(_exit=leaving)
    made._loop, made._auto_restart = asyncio.get_running_loop(), True
    times: list[bool] = []
    monkeypatch.setattr(type(made), "resume_application_mode", lambda self: times.append(True))
    made._sigcont_application()
    assert not times, "not within the signal handler"
    await asyncio.sleep(0)
    assert len(times) == resumed
