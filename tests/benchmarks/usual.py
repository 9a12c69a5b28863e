"""What stock multiprocessing takes for the same: `tests.benchmarks.stock` in its own process."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from tests.benchmarks.terminals import environment


@contextlib.contextmanager
def stock(what: str, method: str, count: int, *arguments: object) -> Iterator[dict[str, Any]]:
    """What it measured, while what it started still runs."""
    words = [what, method, str(count), *map(str, arguments)]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.stock", *words],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(f"stock multiprocessing could not do it: {' '.join(words)}")
            measured: dict[str, Any] = json.loads(line)
            yield measured
        except BaseException:
            process.terminate()  # else its end would be waited for
            raise
