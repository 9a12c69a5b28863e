"""What passes before this one found, so that a live view asks once of each process."""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

from proctui.linux.procfs import Stat

ROUND = 8
"""Passes in one of which each process is looked at anew: it may have let go of what it held."""
SETTLED = 5.0
"""Seconds that a process has to become what it is: a daemon lets go soon after its start."""

T = TypeVar("T")


class Answer(NamedTuple, Generic[T]):
    """What was found of one process."""

    uid: int
    found: T | None
    """None where it is nothing to be told of."""


class Memory(Generic[T]):
    """Of a number of passes.  A process that has another parent or session is another one."""

    def __init__(self) -> None:
        self._before: dict[tuple[object, ...], Answer[T]] = {}
        self._now: dict[tuple[object, ...], Answer[T]] = {}
        self._passes = 0

    def begin(self) -> None:
        """A pass begins: what the last one did not meet is forgotten."""
        self._before, self._now = self._now, {}
        self._passes += 1

    def recall(self, stat: Stat, *more: object) -> Answer[T] | None:
        """What is known of it under the same circumstances; None where it is to be looked at."""
        key = _key(stat, more)
        answer = self._before.get(key)
        if answer is None or (stat.pid + self._passes) % ROUND == 0:
            return None
        self._now[key] = answer
        return answer

    def keep(self, stat: Stat, age: float, answer: Answer[T], *more: object) -> None:
        """For the passes to come; not of one that is younger than `SETTLED` seconds."""
        if age >= SETTLED:
            self._now[_key(stat, more)] = answer


def _key(stat: Stat, more: tuple[object, ...]) -> tuple[object, ...]:
    return (stat.pid, stat.start_ticks, stat.ppid, stat.sid, stat.is_zombie, *more)
