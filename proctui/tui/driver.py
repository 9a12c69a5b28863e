"""Textual's driver, for terminals that go away, programs that are stopped, and a first picture."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import termios
from collections.abc import Callable
from typing import Any, TextIO, cast

from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

from proctui.tui.curtain import ENTER, Curtain

_LOOK = 1.0
"""Seconds between two looks at whether the terminal is there."""


class _Lasting:
    """A terminal that may be hung up: what is written then goes nowhere.

    Textual writes from a thread, which an error would end; whoever waits for that thread to
    write would wait for ever.
    """

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal

    def write(self, text: str) -> int:
        """Writes, or not: EIO once the terminal is gone (tty_ioctl(4), "hangup")."""
        with contextlib.suppress(OSError):
            self._terminal.write(text)
        return len(text)

    def flush(self) -> None:
        """Likewise."""
        with contextlib.suppress(OSError):
            self._terminal.flush()

    def fileno(self) -> int:
        """The terminal's descriptor."""
        return self._terminal.fileno()

    def isatty(self) -> bool:
        """Whether it is one still."""
        return self._terminal.isatty()


class _Terminal(LinuxDriver):
    """Stops and goes on between two turns of the loop, and starts anew only what does not run.

    Textual does both inside the signal handlers; one that comes in the middle of a write would
    wait for ever for the queue that it interrupted.  And SIGCONT comes also where nothing was
    suspended: after SIGSTOP, and with SIGHUP when the terminal is closed (credentials(7)).
    """

    _watch: asyncio.TimerHandle | None = None

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        if self._file is not None:
            self._file = cast(Any, _Lasting(self._file))

    def _gone(self) -> None:
        """Hears that the terminal is gone, which SIGHUP tells only whom it controls."""

    def _look(self) -> None:
        """Whether the terminal is there still, every second."""
        try:
            termios.tcgetattr(self.fileno)
        except termios.error as error:
            if error.args[0] == errno.EIO:
                self._gone()
                return
        self._watch = self._loop.call_later(_LOOK, self._look)

    def _sigtstp_application(self, *_: Any) -> None:
        self._soon(super()._sigtstp_application)

    def _sigcont_application(self, *_: Any) -> None:
        self._soon(self._go_on)

    def _go_on(self) -> None:
        """Not for a program that is leaving: a reader would be left that nobody ends."""
        if not self._app._exit:
            super()._sigcont_application()

    def run_input_thread(self) -> None:
        """As Textual's, but a terminal that is being hung up ends it without a traceback.

        A read that comes between the end of the other side and the hang-up finds EIO
        (tty_ioctl(4)); after the hang-up it finds nothing, again and again, which `_look` notices.
        """
        try:
            super().run_input_thread()
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            self._soon(self._gone)

    def _soon(self, act: Callable[[], None]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(act)

    def start_application_mode(self) -> None:
        """As Textual's, with one reader and one writer."""
        reader, writer, before = self._key_thread, self._writer_thread, self.attrs_before
        ours = reader is not None and reader.is_alive()
        if reader is not None and ours:
            # not disable_input(): that would throw away what was typed meanwhile
            self.exit_event.set()
            reader.join()
            self.exit_event.clear()
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if ours:  # the modes that were found just now are ours
            self.attrs_before = before
        if self._watch is None:
            self._look()
        if writer is not None and writer is not self._writer_thread and writer.is_alive():
            writer.stop()


def driver(curtain: Curtain | None, gone: Callable[[], None]) -> type[Driver]:
    """The driver for a terminal; it takes it over from `curtain` without a blank screen between.

    `gone` is called where the terminal turns out to be hung up.
    """

    class Following(_Terminal):
        """Leaves out one thing: entering the alternate screen where that was done."""

        def _gone(self) -> None:
            gone()

        def write(self, data: str) -> None:
            """As Textual's."""
            if data == ENTER and curtain is not None and curtain.standing:
                curtain.taken()
            else:
                super().write(data)

    return Following
