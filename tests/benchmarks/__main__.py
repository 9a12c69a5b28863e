"""``python -m tests.benchmarks [--quick] [--json] [--save FILE] [NAME …]``: all figures.

Each stands beside its baseline, measured in the same run, and their ratio.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

from tests.benchmarks import peers
from tests.benchmarks.figures import Figure, machine

NAMES = ("sampling", "idle", "ends", "keys", "paint", "starts", "bulk")
"""Each is a module here with ``figures(quick)``."""


def main() -> int:
    """Runs those that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--quick", action="store_true", help="small sizes, in about a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--save", type=Path, help="also writes the JSON object to a file")
    arguments = parser.parse_args()
    for name in arguments.names:
        if name not in NAMES:
            parser.error(f"there is no benchmark {name!r}; there are {', '.join(NAMES)}")
    said = sys.stderr if arguments.json else sys.stdout
    for line in peers.missing():
        print(line, file=said)
    results: dict[str, list[dict[str, Any]]] = {}
    for name in arguments.names or NAMES:
        results[name] = _run(name, arguments.quick, said)
    report = {"machine": machine(), "quick": arguments.quick, "benchmarks": results}
    if arguments.json:
        print(json.dumps(report, indent=1))
    if arguments.save:
        arguments.save.write_text(json.dumps(report, indent=1) + "\n")
    return 0


def _run(name: str, quick: bool, said: Any) -> list[dict[str, Any]]:
    module = importlib.import_module(f"tests.benchmarks.{name}")
    title = (module.__doc__ or name).strip().splitlines()[0]
    print(f"\n{name}: {title}", file=said, flush=True)
    began = time.perf_counter()
    found: list[Figure] = []
    for figure in module.figures(quick):
        found.append(figure)
        print("  " + figure.line(), file=said, flush=True)
    print(f"  ({time.perf_counter() - began:.0f} s)", file=said, flush=True)
    return [figure.as_dict() for figure in found]


if __name__ == "__main__":
    sys.exit(main())
