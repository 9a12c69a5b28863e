"""Figures over time, evenly spaced, and as a line of blocks.  Pure; times in seconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from proctui.core.history import Point

_BLOCKS = "▁▂▃▄▅▆▇█"
_ASCII_BLOCKS = "_.:-=+*#"


class Sample(NamedTuple):
    """The greatest figures during a stretch of time; None where none are known."""

    cpu_percent: float | None
    rss_bytes: int | None


_NOTHING = Sample(None, None)


def resample(points: Sequence[Point], end: float, step: float, count: int) -> list[Sample]:
    """`count` stretches of `step` seconds, the last of which ends with `end`.

    Points are in order of time.  A figure holds until the next point: a process whose figures
    stand still brings none.  Stretches begin on multiples of `step`, so that what was drawn
    once keeps its shape while time goes by.
    """
    last = int(end // step)
    first = last - count + 1
    samples: list[Sample] = []
    held: Point | None = None
    index = 0
    while index < len(points) and points[index].time < first * step:
        held = points[index]
        index += 1
    for number in range(first, last + 1):
        here = [] if held is None else [held]
        while index < len(points) and points[index].time < (number + 1) * step:
            held = points[index]
            here.append(held)
            index += 1
        samples.append(_greatest(here))
    return samples


def _greatest(points: list[Point]) -> Sample:
    if not points:
        return _NOTHING
    return Sample(max(p.cpu_percent for p in points), max(p.rss_bytes for p in points))


def sparkline(values: Sequence[float | None], top: float, *, ascii: bool = False) -> str:
    """One cell for each value, from nothing (a low line) to `top` (a full block)."""
    blocks = _ASCII_BLOCKS if ascii else _BLOCKS
    most = len(blocks) - 1
    return "".join(
        " " if value is None else blocks[max(0, min(most, round(value / top * most)))]
        for value in values
    )
