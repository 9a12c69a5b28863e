"""The supervisor's loop, run by a test."""

from __future__ import annotations

from collections.abc import Callable

from proctui.supervisor.loop import Loop


def run_until(loop: Loop, condition: Callable[[], object], timeout: float = 20.0) -> None:
    """Runs the loop until then."""
    deadline = loop.time() + timeout

    def look() -> None:
        assert loop.time() < deadline, "waited in vain"
        if condition():
            loop.stop()
        else:
            loop.call_later(0.002, look)

    failed: list[Exception] = []

    def fault(error: Exception) -> None:
        failed.append(error)
        loop.stop()

    loop.fault = fault
    loop.call_soon(look)
    loop.run()
    assert not failed, failed
