"""What workers of the supervisor's tests do, beyond `targets`."""

from __future__ import annotations

import os
import signal
import sys
import time


def last() -> None:
    """Stays; what this module imports is loaded quickly."""
    time.sleep(600)


def stubborn() -> None:
    """Ignores SIGTERM, and says when it does."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("ignoring", flush=True)
    time.sleep(600)


def chatter(lines: int) -> None:
    """Prints numbered lines, then stays."""
    for number in range(lines):
        print(f"{number:08d} {'x' * 90}")
    time.sleep(600)


def leave_behind(path: str) -> None:
    """Ends and leaves a child in a session of its own; its pid goes to `path`."""
    pid = os.fork()
    if pid == 0:
        os.setsid()
        time.sleep(600)
        os._exit(0)
    with open(path, "w") as file:
        file.write(str(pid))
    sys.exit(0)


def orphan_that_ends(path: str) -> None:
    """As `leave_behind`, but the child ends with 5 once its parent has gone."""
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        while os.getppid() == parent:
            time.sleep(0.01)
        os._exit(5)
    with open(path, "w") as file:
        file.write(str(pid))
