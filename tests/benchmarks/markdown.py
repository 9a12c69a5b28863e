"""Kept results as tables for the README: ``python -m tests.benchmarks.markdown [FILE]``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks import kept
from tests.benchmarks.figures import number

GROWTH = "growth"


def main() -> None:
    """Prints what was kept."""
    report = kept.load(Path(sys.argv[1]) if len(sys.argv) > 1 else kept.RESULTS)
    for line in (*compared(report), "", *growth(report)):
        print(line)


def compared(report: dict[str, Any]) -> Iterator[str]:
    """Every figure that has a baseline."""
    yield from ("| what | ours | baseline | ratio |", "| --- | --- | --- | --- |")
    for name, benchmark in report["benchmarks"].items():
        for one in benchmark["figures"] if name != GROWTH else ():
            if one["ratio"] is not None:
                ours, theirs = number(one["ours"]), number(one["theirs"])
                baseline = f"{one['baseline']}: {theirs}"
                ratio = number(one["ratio"])
                yield f"| {one['what']} | {ours} {one['unit']} | {baseline} | {ratio} |"


def growth(report: dict[str, Any]) -> Iterator[str]:
    """One row for each cost, one column for each number of workers."""
    rows: dict[str, dict[str, str]] = {}
    for one in report["benchmarks"].get(GROWTH, {"figures": ()})["figures"]:
        count, _, what = one["what"].partition(" workers: ")
        rows.setdefault(f"{what}, {one['unit']}", {})[count] = number(one["ours"])
    counts = list(dict.fromkeys(count for row in rows.values() for count in row))
    if counts:
        yield f"| with so many workers alive | {' | '.join(counts)} |"
        yield f"| --- |{' --- |' * len(counts)}"
    for what, row in rows.items():
        yield f"| {what} | {' | '.join(row.get(count, '–') for count in counts)} |"


if __name__ == "__main__":
    main()
