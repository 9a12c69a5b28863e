"""Targets that don't join their children, for the tests of what proctui says about that."""

from __future__ import annotations

import os
import signal


def neglect(children: int = 1) -> None:
    """Forks children that end at once, with 0, 1, 2, …, and joins none of them."""
    for number in range(children):
        if os.fork() == 0:
            os._exit(number)
    while True:
        signal.pause()
