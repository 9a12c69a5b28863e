"""What the driver does with signals that come while the program leaves."""

from __future__ import annotations

import asyncio
import errno
import os
import pty
import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest

from proctui.tui.driver import driver


@pytest.mark.parametrize(("leaving", "resumed"), [(False, 1), (True, 0)])
async def test_a_program_that_leaves_is_not_continued(
    monkeypatch: pytest.MonkeyPatch, leaving: bool, resumed: int
) -> None:
    """SIGCONT comes together with SIGHUP where a terminal is closed (credentials(7))."""
    made = cast(Any, object.__new__(driver(None, lambda: None)))
    made._app = SimpleNamespace(_exit=leaving)
    made._loop, made._auto_restart = asyncio.get_running_loop(), True
    times: list[bool] = []
    monkeypatch.setattr(type(made), "resume_application_mode", lambda self: times.append(True))
    made._sigcont_application()
    assert not times, "not within the signal handler"
    await asyncio.sleep(0)
    assert len(times) == resumed


async def test_a_read_in_the_midst_of_a_hang_up_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the end of the other side and the hang-up a terminal answers EIO (tty_ioctl(4))."""
    told, panics = asyncio.Event(), list[object]()
    made = cast(Any, object.__new__(driver(None, told.set)))
    main, made.fileno = pty.openpty()
    made._app = SimpleNamespace(call_later=lambda act, *_: panics.append(act), panic=None)
    made._loop, made._debug, made.exit_event = asyncio.get_running_loop(), False, threading.Event()

    def hung_up(*_: object) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    try:
        os.write(main, b"x\n")
        with monkeypatch.context() as patched:
            patched.setattr("textual.drivers.linux_driver.os.read", hung_up)
            await asyncio.to_thread(made._run_input_thread)
        await asyncio.wait_for(told.wait(), 10)
    finally:
        os.close(main)
        os.close(made.fileno)
    assert not panics


async def test_a_terminal_that_is_gone_is_noticed_without_a_signal() -> None:
    """Reads find nothing then, for ever; SIGHUP comes only to whom the terminal controls."""
    told = asyncio.Event()
    made = cast(Any, object.__new__(driver(None, told.set)))
    main, made.fileno = pty.openpty()
    made._loop = asyncio.get_running_loop()
    try:
        made._look()
        assert not told.is_set()
    finally:
        os.close(main)
    try:
        await asyncio.wait_for(told.wait(), 10)
    finally:
        os.close(made.fileno)
