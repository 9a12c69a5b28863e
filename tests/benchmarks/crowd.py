"""A session without processes, for screens: many workers, a part of which changes each second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

import msgspec

from proctui.model import Observation, Pass, ProcessDetails, ProcessSample, Worker

SUPERVISOR = 2_000_000
"""A pid that nobody has."""
SLICE = 256
"""Processes told between two turns of the loop, as the real kernel view reads them."""
PAUSE = 0.001


def name_of(number: int) -> str:
    """Of a worker; all are equally long."""
    return f"w-{number:05}"


def workers(count: int) -> list[Worker]:
    """The Python view."""
    return [
        Worker(
            id=name_of(number),
            name=name_of(number),
            pid=SUPERVISOR + number,
            ppid=SUPERVISOR,
            phase="alive",
            alive=True,
            label=f"tests.benchmarks.targets:pause({number})",
            started_at=time.time(),
        )
        for number in range(1, count + 1)
    ]


class CrowdKernel:
    """Stands for `proctui.kernel.KernelView`: tells everything once, then what changes."""

    def __init__(self, count: int, share: float) -> None:
        """`share` of the processes are otherwise at each refresh."""
        self._seen = [_first(number) for number in range(1, count + 1)]
        self._changing = int(count * share)
        self._next = 0
        self._told = False

    def follow(self, roots: Iterable[int]) -> None:
        """All that there are."""

    async def refresh(self) -> Pass:
        """The next part has used CPU and memory, and runs."""
        if not self._told:
            self._told = True
            return Pass(time=time.time(), observations=tuple(self._seen))
        changed: list[Observation] = []
        while len(changed) < self._changing:
            for _ in range(min(SLICE, self._changing - len(changed))):
                changed.append(self._change(self._next))
                self._next = (self._next + 1) % len(self._seen)
            await asyncio.sleep(PAUSE)
        return Pass(time=time.time(), observations=tuple(changed))

    def _change(self, index: int) -> Observation:
        old = self._seen[index]
        replace = msgspec.structs.replace
        sample = replace(
            old.sample,
            state="R" if old.sample.state == "S" else "S",
            cpu_ticks=old.sample.cpu_ticks + 3,
            rss_bytes=old.sample.rss_bytes + 100_000,
        )
        self._seen[index] = seen = replace(
            old, sample=sample, cpu_percent=((old.cpu_percent or 0.0) + 3.1) % 100
        )
        return seen

    def urgent(self) -> Pass:
        """Nobody ends here."""
        return Pass(time=time.time())

    def send_signal(self, token: int, signum: int) -> None:
        """Raises `ProcessLookupError`."""
        raise ProcessLookupError("there is no such process")

    def why_left(self, token: int, signum: int) -> str:
        """Nobody is signalled."""
        raise ProcessLookupError("there is no such process")

    def details(self, token: int) -> ProcessDetails:
        """Of the process under the cursor."""
        return ProcessDetails(pid=self._seen[token - 1].sample.pid, user="egon", threads=1)

    def close(self) -> None:
        """Nothing is held."""


def _first(number: int) -> Observation:
    pid = SUPERVISOR + number
    sample = ProcessSample(
        pid=pid, ppid=SUPERVISOR, pgid=pid, sid=pid, state="S", start_ticks=number,
        comm="python3", rss_bytes=9_000_000, uid=1000,
    )  # fmt: skip
    return Observation(token=number, sample=sample, cpu_percent=0.0, started_at=time.time())
