"""A short-lived helper process: input from memory, output collected, exactly it is reaped.

Not `asyncio.create_subprocess_exec`, whose child watcher is not ours to trust
with the statuses of other children.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable

from proctui.supervisor.loop import Loop

REAP_AGAIN = 0.01
"""Seconds between two looks whether a helper that has closed its output has ended."""

_MOST_OUTPUT = 16 << 20

Finished = Callable[[int | None, bytes], None]
"""Takes the exit code, None where it was too late and was killed, and the output."""


class Helper:
    """One run of a helper.  Raises OSError where it can't be started."""

    def __init__(
        self,
        loop: Loop,
        argv: list[str],
        given: bytes,
        timeout: float,
        finished: Finished,
    ) -> None:
        self._loop = loop
        self._finished = finished
        self._output = b""
        self._late = False
        self._fd, self.pid = _spawn(argv, given)
        os.set_blocking(self._fd, False)
        loop.add_reader(self._fd, self._readable)
        self._timer = loop.call_later(timeout, self._too_late)

    def cancel(self) -> None:
        """Kills it; `finished` is not called."""
        self._finished = _ignore
        self._kill()

    def _readable(self) -> None:
        try:
            data = os.read(self._fd, 1 << 16)
        except BlockingIOError:
            return
        self._output += data
        if len(self._output) > _MOST_OUTPUT:
            self._too_late()
        elif not data:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._reap()

    def _reap(self) -> None:
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid == 0:
            self._loop.call_later(REAP_AGAIN, self._reap)
            return
        self._timer.cancel()
        code = os.waitstatus_to_exitcode(status)
        self._finished(None if self._late else code, self._output)

    def _too_late(self) -> None:
        self._late = True
        self._kill()

    def _kill(self) -> None:
        # It is our child and not reaped, so the pid is still its own.
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


def _spawn(argv: list[str], given: bytes) -> tuple[int, int]:
    """The read end of its output, and its pid."""
    with open(_memory_file(), "w+b") as file:
        file.write(given)
        file.seek(0)
        read_end, write_end = os.pipe()
        try:
            pid = os.posix_spawn(
                argv[0],
                argv,
                os.environ,
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, file.fileno(), 0),
                    (os.POSIX_SPAWN_DUP2, write_end, 1),
                ],
                setsigmask=(),
                setsigdef=(signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE),
            )
        except BaseException:
            os.close(read_end)
            raise
        finally:
            os.close(write_end)
    return read_end, pid


def _memory_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("given")
    import tempfile  # heavy, and not needed on Linux

    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _ignore(code: int | None, output: bytes) -> None:
    """What becomes of a helper that was cancelled."""
