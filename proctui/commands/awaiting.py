"""Waiting until signalled workers have ended (``--timeout``), whoever joins them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import msgspec

from proctui.linux.grip import Grip, default_source, hold
from proctui.model import Worker
from proctui.protocol import Outcome, Reply

PAUSE = 0.02
"""Seconds between two looks."""


class Awaited:
    """The processes of workers, held since before anything was done to them."""

    def __init__(self, workers: Sequence[Worker]) -> None:
        """Takes hold of those that run."""
        self._grips: dict[str, Grip] = {}
        source = default_source()
        for worker in workers:
            if worker.alive and worker.pid is not None:
                try:
                    self._grips[worker.id] = hold(worker.pid, source)
                except OSError:
                    continue  # it has ended meanwhile

    def told(self, reply: Reply, seconds: float) -> Reply:
        """Waits until all that were reached have ended, `seconds` at most; the reply tells of it.

        Who has not ended by then did not do what was asked.
        """
        reached = [one.worker for one in reply.outcomes if one.ok and one.worker in self._grips]
        deadline = time.monotonic() + seconds
        left = self._running(reached)
        while left and time.monotonic() < deadline:
            time.sleep(PAUSE)
            left = self._running(left)
        outcomes = (_told(one, one.worker in left, seconds) for one in reply.outcomes)
        return msgspec.structs.replace(reply, outcomes=tuple(outcomes))

    def _running(self, workers: list[str]) -> list[str]:
        return [worker for worker in workers if not self._grips[worker].has_ended()]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for grip in self._grips.values():
            grip.close()


def _told(outcome: Outcome, runs: bool, seconds: float) -> Outcome:
    if not outcome.ok:
        return outcome
    end = f"but it has not ended within {seconds:g} s" if runs else "and it has ended"
    return msgspec.structs.replace(outcome, ok=not runs, text=f"{outcome.text}, {end}")
