"""``python -m tests.benchmarks [--quick] [--json] [--save FILE] [--compare FILE] [NAME …]``.

All figures, each beside its baseline of the same run, and their ratio.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, NoReturn, TextIO

from tests.benchmarks import kept, peers
from tests.benchmarks.figures import Figure, Scale, machine

NAMES = ("sampling", "idle", "ends", "keys", "lists", "paint", "starts", "joins", "logs", "growth")
"""Each is a module here with ``SCALES`` and ``figures(scale)``."""


def main() -> int:
    """Runs those that are named, or all; 1 where a comparison finds something worse."""
    parser = _parser()
    arguments = parser.parse_args()
    for name in arguments.names:
        if name not in NAMES:
            parser.error(f"there is no benchmark {name!r}; there are {', '.join(NAMES)}")
    signal.signal(signal.SIGTERM, _leave)
    if arguments.realtime:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    said = sys.stderr if arguments.json else sys.stdout
    for line in peers.missing():
        print(line, file=said)
    size = "quick" if arguments.quick else "full"
    results: dict[str, Any] = {}
    report = {"machine": machine(), "scale": size, "benchmarks": results}
    for name in arguments.names or NAMES:
        load = round(os.getloadavg()[0], 1)
        found = run(name, size, arguments.counts, said)
        # Kept with each: those of a file may come from several runs.
        results[name] = {"load": load, "realtime": arguments.realtime, **found}
        if arguments.save:
            kept.save(report, arguments.save)
    if arguments.json:
        print(json.dumps(report, indent=1))
    if arguments.compare is None:
        return 0
    return kept.complain(report, kept.load(arguments.compare), said)


def run(name: str, size: str, counts: tuple[int, ...], said: TextIO) -> dict[str, Any]:
    """One benchmark; each figure is said when it is known."""
    module = importlib.import_module(f"tests.benchmarks.{name}")
    scale: Scale = module.SCALES[size]
    if counts:
        scale = scale._replace(counts=counts)
    title = (module.__doc__ or name).strip().splitlines()[0]
    print(f"\n{name}: {title}", file=said, flush=True)
    began = time.perf_counter()
    figures, remarks = [], []
    for found in module.figures(scale):
        if isinstance(found, Figure):
            figures.append(found.as_dict())
            print("  " + found.line(), file=said, flush=True)
        else:
            remarks.append(found)
            print(f"  ({found})", file=said, flush=True)
    took = round(time.perf_counter() - began, 1)
    print(f"  ({took:.0f} s)", file=said, flush=True)
    return {"seconds": took, "figures": figures, "remarks": remarks}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--quick", action="store_true", help="small sizes, in about a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument(
        "--counts",
        type=lambda text: tuple(map(int, text.split(","))),
        default=(),
        metavar="N,N",
        help="other numbers of processes, workers or rows than the usual ones",
    )
    parser.add_argument(
        "--realtime",
        action="store_true",
        help="before whatever else runs on the machine (sched(7): SCHED_RR; needs root)",
    )
    parser.add_argument("--save", type=Path, metavar="FILE", help="keeps the figures in a file")
    parser.add_argument(
        "--compare",
        type=Path,
        metavar="FILE",
        nargs="?",
        const=kept.RESULTS,
        help="status 1 where a ratio is much worse than in a file (default: the one kept here)",
    )
    return parser


def _leave(*_: object) -> NoReturn:
    """So that what was started is ended."""
    raise SystemExit(143)


if __name__ == "__main__":
    sys.exit(main())
