"""What a benchmark tells: ours, the baseline measured in the same run, and their ratio."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

FORKED = 1.6
"""MB that a forked worker needs at most."""
SHARE = 0.8
"""Of the memory that is free, at most."""


class Scale(NamedTuple):
    """How large a benchmark is."""

    counts: tuple[int, ...]
    """Of processes, workers or rows, one after the other."""
    seconds: float = 1.0
    """How long something is watched."""
    rounds: int = 5
    """How often something is done."""


Scales = Mapping[str, Scale]
"""Each benchmark's: ``full``, ``quick`` (all of them in a minute or two), ``tiny`` (for tests)."""


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
        ours = f"{self.what:54} {number(self.ours):>8} {self.unit:11}"
        if self.theirs is None:
            return ours.rstrip()
        ratio = "" if self.ratio is None else f"ratio {number(self.ratio)}"
        return f"{ours} {self.baseline} {number(self.theirs)}, {ratio}".rstrip(", ")

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        ratio = None if self.ratio is None else _rounded(self.ratio)
        theirs = None if self.theirs is None else _rounded(self.theirs)
        known = {**self._asdict(), "ours": _rounded(self.ours), "theirs": theirs}
        return {**known, "ratio": ratio, "better": self.better}


Figures = Iterator[Figure | str]
"""What a benchmark yields; text is a remark, such as why something was left out."""


def number(value: float) -> str:
    """Three digits that mean something."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


def percentile(values: Sequence[float], part: float) -> float:
    """The value that `part` (0 to 1) of them don't exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def distribution(
    what: str, seconds: Sequence[float], baseline: str = "", theirs: Sequence[float] = ()
) -> Iterator[Figure]:
    """Median, p95 and the worst, in milliseconds."""
    for name, place in (("median", 0.5), ("p95", 0.95), ("worst", 1.0)):
        other = 1000 * percentile(theirs, place) if theirs else None
        yield Figure(f"{what}, {name}", 1000 * percentile(seconds, place), "ms", baseline, other)


def machine() -> dict[str, Any]:
    """Where and with what it was measured."""
    return {
        "cpus": os.cpu_count(),
        "memory_gb": round(_memory("MemTotal") / 1024**3, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        **{name: _version(name) for name in ("proctui", "textual", "psutil", "msgspec")},
    }


def crowded(count: int, each: float = FORKED) -> str | None:
    """Why so many processes of `each` MB can't be had now; None where they can.

    Others live here too: some of what is free (proc_meminfo(5): MemAvailable) is left to them.
    """
    free = _memory("MemAvailable") / 2**20
    if count * each <= SHARE * free:
        return None
    return f"they would need {count * each:,.0f} MB of {free:,.0f} MB that are free"


def _memory(name: str) -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    return 0


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
