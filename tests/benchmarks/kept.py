"""Results that are kept, and what has become worse since.

Times drift with the machine, ratios to a baseline of the same run hardly do: those are compared.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

RESULTS = Path(__file__).with_name("results.json")
"""The figures in the README come from it."""
TOLERANCE = 1.5
"""Times worse that a ratio may be before it is worth a word; a busy machine makes that much."""


def save(report: dict[str, Any], path: Path) -> None:
    """Keeps a report; benchmarks of the same size that it doesn't hold stay as they were."""
    merged = dict(report)
    if path.exists():
        before = load(path)
        if before.get("scale") == report["scale"]:
            known = {**before["benchmarks"], **report["benchmarks"]}
            merged["benchmarks"] = dict(sorted(known.items()))
    path.write_text(json.dumps(merged, indent=1) + "\n")


def load(path: Path) -> dict[str, Any]:
    """A report that was kept."""
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


def worse(now: dict[str, Any], before: dict[str, Any]) -> list[str]:
    """A sentence for each ratio that is worse than it was, beyond the tolerance."""
    known = dict(_ratios(before))
    found = []
    for key, (ratio, more_is_better) in _ratios(now):
        if key not in known:
            continue
        then = known[key][0]
        if (then / ratio if more_is_better else ratio / then) > TOLERANCE:
            name, what, baseline = key
            found.append(f"{name}: {what}: {ratio:.3g} × {baseline}, it was {then:.3g} ×")
    return found


def complain(now: dict[str, Any], before: dict[str, Any], said: TextIO) -> int:
    """Says what is worse; the exit status."""
    found = worse(now, before)
    for sentence in found:
        print(f"worse than it was: {sentence}", file=said)
    if not found:
        print("\nnothing is worse than it was", file=said)
    return 1 if found else 0


Key = tuple[str, str, str]


def _ratios(report: dict[str, Any]) -> Iterator[tuple[Key, tuple[float, bool]]]:
    for name, benchmark in report["benchmarks"].items():
        for figure in benchmark["figures"]:
            if figure["ratio"]:
                key = (name, figure["what"], figure["baseline"])
                yield key, (figure["ratio"], figure["more_is_better"])
