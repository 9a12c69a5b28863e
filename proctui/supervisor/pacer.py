"""Long work in slices, so that the loop answers everybody meanwhile."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator

from proctui.supervisor.complaints import attempt
from proctui.supervisor.loop import Loop

SLICE = 0.005
"""Seconds of work between two looks at everything else."""


class Pacer:
    """Takes steps of several pieces of work in turn, so that none waits for another's end."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._work: deque[Iterator[None]] = deque()
        self._going = False

    def run(self, work: Iterator[None]) -> None:
        """Goes through `work`, beginning at once where nothing else is under way.

        What a step raises ends that work, and goes to the caller or to the loop's handler.
        """
        self._work.append(work)
        if not self._going:
            self._go()

    def _go(self) -> None:
        self._going = True
        try:
            self._take_steps(time.monotonic() + SLICE)
        finally:
            self._going = bool(self._work)
            if self._going:
                self._loop.call_soon(self._go)

    def _take_steps(self, until: float) -> None:
        while self._work:
            work = self._work.popleft()
            try:
                next(work)
            except StopIteration:
                continue
            self._work.append(work)
            if time.monotonic() >= until:
                return


def guarded(work: Iterator[None], failed: Callable[[Exception], None]) -> Iterator[None]:
    """`work`, with `failed` called where a step of it raises: then it is over."""
    going = True

    def step() -> None:
        nonlocal going
        going = next(work, _END) is not _END

    while going:
        error = attempt("work in slices", step)
        if error is not None:
            failed(error)
            return
        yield


_END = object()
