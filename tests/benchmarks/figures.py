"""What a benchmark tells: ours, the baseline measured in the same run, and their ratio."""

from __future__ import annotations

import os
import platform
import statistics
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple


class Figure(NamedTuple):
    """One line.  Compare figures of one run only: they drift with the machine."""

    what: str
    ours: float
    unit: str
    baseline: str = ""
    """What `theirs` is; empty where there is nothing to compare with."""
    theirs: float | None = None
    more_is_better: bool = False

    @property
    def ratio(self) -> float | None:
        """Ours to theirs; None where there is nothing, or nothing measurable, to compare with."""
        return self.ours / self.theirs if self.theirs else None

    @property
    def better(self) -> bool | None:
        """Whether ours is no worse."""
        ratio = self.ratio
        if ratio is None:
            return None
        return ratio >= 1 if self.more_is_better else ratio <= 1

    def line(self) -> str:
        """For people."""
        ours = f"{self.what:58} {number(self.ours):>9} {self.unit:10}"
        if self.theirs is None:
            return ours.rstrip()
        ratio = "" if self.ratio is None else f"ratio {number(self.ratio)}"
        return f"{ours} {self.baseline}: {number(self.theirs)}, {ratio}"

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        ratio = None if self.ratio is None else float(f"{self.ratio:.3g}")
        return {**self._asdict(), "ratio": ratio, "better": self.better}


Figures = Iterator[Figure]


def number(value: float) -> str:
    """Three digits that mean something."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"


def percentile(values: Sequence[float], part: float) -> float:
    """The value that `part` (0 to 1) of them don't exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def distribution(
    what: str, seconds: Sequence[float], baseline: str = "", theirs: Sequence[float] = ()
) -> Figures:
    """Median, p95 and the worst, in milliseconds."""
    for name, place in (("median", 0.5), ("p95", 0.95), ("worst", 1.0)):
        other = 1000 * percentile(theirs, place) if theirs else None
        yield Figure(f"{what}, {name}", 1000 * percentile(seconds, place), "ms", baseline, other)


def median(values: Sequence[float]) -> float:
    """Of some."""
    return statistics.median(values)


def machine() -> dict[str, Any]:
    """Where and with what it was measured."""
    return {
        "cpus": os.cpu_count(),
        "load": os.getloadavg()[0],
        "kernel": platform.release(),
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        **{name: _version(name) for name in ("textual", "psutil", "msgspec")},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
