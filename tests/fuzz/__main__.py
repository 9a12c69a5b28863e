"""``python -m tests.fuzz [--inputs N] [--seed N] [NAME …]``: N inputs for each reader.

Guided by outcomes: an input that is answered in a way not seen before is kept and mutated
further.  A fault is printed with the input that brings it, and the input kept in the corpus,
which the suite replays, for somebody to give it a name; exit status 1 then.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import re
import sys
import time
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tests.fuzz.mutations import mutated
from tests.fuzz.readers import READERS, Reader, folder_of, kept
from tests.hostile import BYTES

MOST_KEPT = 5000


class Result(NamedTuple):
    """What came of one reader."""

    inputs: int
    refused: int
    outcomes: int
    """Different ways in which it answered."""
    faults: list[tuple[bytes, str]]


def outcome_of(reader: Reader, data: bytes) -> str:
    """How it answers, without what differs between inputs of a kind; raises what it must not."""
    try:
        return f"read {type(reader.read(data)).__name__}"
    except reader.refuses as error:
        return "refused " + re.sub(r"'[^']*'|\"[^\"]*\"|\d+", "", str(error))[:120]


def fuzz(reader: Reader, inputs: int, seed: int, more: Iterable[bytes] = ()) -> Result:
    """That many inputs, the same for the same seed; `more` to begin with."""
    chance = random.Random(seed)
    known = [*reader.seeds, *BYTES.values(), *more]
    seen: set[str] = set()
    refused = 0
    faults: dict[str, tuple[bytes, str]] = {}
    for number in range(inputs):
        data = known[number] if number < len(known) else mutated(chance, known)
        try:
            outcome = outcome_of(reader, data)
        except Exception as error:  # noqa: BLE001  (whatever it raises is what is looked for)
            where = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{type(error).__name__} in {where.name}, line {where.lineno}"
            faults.setdefault(place, (data, f"{place}: {error}"))
            continue
        refused += outcome.startswith("refused")
        if outcome not in seen and len(known) < MOST_KEPT:
            seen.add(outcome)
            known.append(data)
    return Result(inputs, refused, len(seen), list(faults.values()))


def keep(name: str, data: bytes, fault: str) -> Path:
    """Where an input stands in the corpus now."""
    folder = folder_of(name)
    folder.mkdir(parents=True, exist_ok=True)
    words = "-".join(re.findall(r"\w+", fault)[:3])
    place = folder / f"{words}-{hashlib.sha256(data).hexdigest()[:8]}"
    place.write_bytes(data)
    return place


def small(inputs: dict[str, bytes]) -> list[bytes]:
    """Those that can be mutated often."""
    return [data for data in inputs.values() if len(data) <= 4096]


def main() -> int:
    """All readers, or those that are named."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(READERS))
    parser.add_argument("--inputs", type=int, default=100_000, help="for each")
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    failed = 0
    for name in asked.names or READERS:
        began = time.perf_counter()
        result = fuzz(READERS[name], asked.inputs, asked.seed, small(kept(name)))
        failed += len(result.faults)
        print(
            f"{name:26} {result.inputs:>8} inputs, {result.refused} refused, "
            f"{result.outcomes} outcomes, {len(result.faults)} faults, "
            f"{time.perf_counter() - began:.0f} s",
            flush=True,
        )
        for data, fault in result.faults:
            print(f"  {fault}\n    {data[:300]!r}\n    {keep(name, data, fault)}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
