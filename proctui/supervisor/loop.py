"""A small event loop: descriptors, timers, things to do soon.

Not asyncio's.  Every worker is a fork of this process: what is loaded here makes each
fork slower and each worker larger, and asyncio with all that it brings (ssl among it)
doubles both.  Nor may user code find a running loop, a child watcher or a wake-up
descriptor that are not its own.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import os
import select
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from proctui.supervisor.complaints import attempt

Call = Callable[[], None]

_AT_ONCE = 64
"""Descriptors looked at in one round: the kernel tells of the others in the next (epoll(7))."""
_SLICE = 0.005
"""Seconds that timers which are due together may take before descriptors are looked at again."""
_MANY_CANCELLED = 100
"""Cancelled timers from which on it pays to look whether most of them are."""
_TROUBLE = select.POLLHUP | select.POLLERR


class Timer:
    """A call that is due at `when`, in seconds of `Loop.time`."""

    __slots__ = ("_loop", "call", "when")

    def __init__(self, loop: Loop, when: float, call: Callable[[], None]) -> None:
        self.when = when
        self.call: Callable[[], None] | None = call
        self._loop = loop

    def cancel(self) -> None:
        """Harmless once it has been made."""
        if self.call is not None:
            self.call = None
            self._loop._cancelled += 1


class Loop:
    """Calls what is due, one after the other, in one thread.

    What a call raises is complained of and goes to `fault`, and the loop goes on.
    Whoever watches a descriptor takes it out before closing it.
    """

    def __init__(self) -> None:
        self.fault: Callable[[Exception], None] = _ignore
        self._poll = _new_poll()
        self._readers: dict[int, Call] = {}
        self._writers: dict[int, Call] = {}
        self._soon: deque[Call] = deque()
        self._timers: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self._cancelled = 0
        self._running = False
        self._signalled: deque[Call] = deque()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self.add_reader(self._wake_read, self._woken)

    @staticmethod
    def time() -> float:
        """Seconds of a clock that nobody sets."""
        return time.monotonic()

    def call_soon(self, call: Call) -> None:
        """Calls in the next round, after what is due now."""
        self._soon.append(call)

    def call_later(self, delay: float, call: Call) -> Timer:
        """Calls after `delay` seconds."""
        timer = Timer(self, self.time() + delay, call)
        heapq.heappush(self._timers, (timer.when, next(self._order), timer))
        return timer

    def call_from_signal(self, call: Call) -> None:
        """As `call_soon`, from a signal handler."""
        self._signalled.append(call)
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_write, b".")

    def add_reader(self, fd: int, call: Call) -> None:
        """Calls as long as `fd` can be read."""
        before = self._mask(fd)
        self._readers[fd] = call
        self._watch(fd, before)

    def add_writer(self, fd: int, call: Call) -> None:
        """Calls as long as `fd` can be written."""
        before = self._mask(fd)
        self._writers[fd] = call
        self._watch(fd, before)

    def remove_reader(self, fd: int) -> None:
        """No more; harmless where there was none."""
        before = self._mask(fd)
        self._readers.pop(fd, None)
        self._watch(fd, before)

    def remove_writer(self, fd: int) -> None:
        """No more; harmless where there was none."""
        before = self._mask(fd)
        self._writers.pop(fd, None)
        self._watch(fd, before)

    def run(self) -> None:
        """Returns after `stop`."""
        self._running = True
        while self._running:
            self._round()

    def stop(self) -> None:
        """Ends `run` with the present round."""
        self._running = False

    def close(self) -> None:
        """Lets go of its own descriptors."""
        self.remove_reader(self._wake_read)
        os.close(self._wake_read)
        os.close(self._wake_write)
        if isinstance(self._poll, _Epoll):
            self._poll.close()

    # ------------------------------------------------------------ descriptors

    def _mask(self, fd: int) -> int:
        return select.POLLIN * (fd in self._readers) | select.POLLOUT * (fd in self._writers)

    def _watch(self, fd: int, before: int) -> None:
        mask = self._mask(fd)
        if mask == before:
            return
        if not mask:
            self._poll.unregister(fd)
        elif before:
            self._poll.modify(fd, mask)
        else:
            self._poll.register(fd, mask)

    def _look(self, timeout: float | None) -> None:
        due = []
        for fd, mask in self._ready(timeout):
            if mask & (select.POLLIN | _TROUBLE):
                due.append((self._readers, fd, self._readers.get(fd)))
            if mask & (select.POLLOUT | _TROUBLE):
                due.append((self._writers, fd, self._writers.get(fd)))
        for calls, fd, call in due:
            # A call before this one may have taken it out, and the descriptor be another's now.
            if call is not None and calls.get(fd) is call:
                self._make(call)

    def _ready(self, timeout: float | None) -> list[tuple[int, int]]:
        found: list[tuple[int, int]]
        if isinstance(self._poll, _Epoll):
            found = self._poll.poll(timeout, _AT_ONCE)
        else:
            found = self._poll.poll(None if timeout is None else timeout * 1000)
        return found

    def _woken(self) -> None:
        os.read(self._wake_read, 4096)
        while self._signalled:
            self.call_soon(self._signalled.popleft())

    # ------------------------------------------------------------ time

    def _round(self) -> None:
        self._look(self._patience())
        self._make_due()
        for _ in range(len(self._soon)):
            self._make(self._soon.popleft())

    def _patience(self) -> float | None:
        if self._soon:
            return 0.0
        self._drop_cancelled()
        if not self._timers:
            return None
        return max(0.0, self._timers[0][0] - self.time())

    def _make_due(self) -> None:
        now = self.time()
        while self._timers and self._timers[0][0] <= now:
            timer = heapq.heappop(self._timers)[2]
            call, timer.call = timer.call, None
            if call is None:
                self._cancelled -= 1
                continue
            self._make(call)
            if self.time() >= now + _SLICE:
                return

    def _drop_cancelled(self) -> None:
        while self._timers and self._timers[0][2].call is None:
            heapq.heappop(self._timers)
            self._cancelled -= 1
        if self._cancelled > max(_MANY_CANCELLED, len(self._timers) // 2):
            self._timers = [entry for entry in self._timers if entry[2].call is not None]
            heapq.heapify(self._timers)
            self._cancelled = 0

    def _make(self, call: Call) -> None:
        error = attempt("something that was due", call)
        if error is not None:
            self.fault(error)


_Epoll: Any = getattr(select, "epoll", ())


def _new_poll() -> Any:
    return _Epoll(select.EPOLL_CLOEXEC) if _Epoll else select.poll()


def _ignore(error: Exception) -> None:
    """It has been complained of."""
