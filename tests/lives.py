"""What the workers of `tests.load` run.  Imports nothing that costs memory or time."""

from __future__ import annotations

import sys
import time


def live(seconds: float, code: int) -> None:
    """A worker's whole life."""
    time.sleep(seconds)
    sys.exit(code)
