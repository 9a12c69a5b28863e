"""What the workers of the built-in session run: one small function for each thing to see.

All of them end by themselves a while after the process that started them has gone.
"""

import math
import os
import signal
import sys
import time
from collections.abc import Iterator

LINGER = 120.0
"""Seconds that anything here lives on without its parent."""


def while_needed(step: float) -> Iterator[float]:
    """Yields the age in seconds about every `step`, until the parent has been gone for a while."""
    parent = os.getppid()
    start = parent_seen = time.monotonic()
    while True:
        now = time.monotonic()
        if os.getppid() == parent:
            parent_seen = now
        elif now - parent_seen > LINGER:
            return
        yield now - start
        time.sleep(step)


def steady() -> None:
    """Sleeps nearly all the time, like most processes: state S."""
    for age in while_needed(1.0):
        print(f"steady for {age:.0f} s", flush=True)


def busy() -> None:
    """Computes in bursts and pauses in between: state R now and then, about a fifth of a core."""
    for age in while_needed(0.4):
        burst_ends = time.monotonic() + 0.1
        rounds = 0
        while time.monotonic() < burst_ends:
            math.factorial(500)
            rounds += 1
        print(f"{rounds} factorials at {age:.1f} s", flush=True)


def end(after: float, status: int) -> None:
    """Ends with an exit status of its own choice: 0 means well, anything else badly."""
    print(f"I end with {status} in {after:g} s", flush=True)
    time.sleep(after)
    sys.exit(status)


def end_by_signal(after: float) -> None:
    """Ends by SIGKILL, which nothing can catch: the exit code is minus the signal's number."""
    print(f"I kill myself in {after:g} s", flush=True)
    time.sleep(after)
    os.kill(os.getpid(), signal.SIGKILL)


def neglect_a_child() -> None:
    """Forks a child that ends at once, and never waits for it: the child stays a zombie."""
    child = os.fork()
    if child == 0:
        os._exit(5)
    print(f"my child {child} has ended, and I never wait for it", flush=True)
    for _ in while_needed(1.0):
        pass


def leave_a_child_behind(after: float) -> None:
    """Forks a child and ends before it: the child becomes an orphan and is adopted."""
    if os.fork() == 0:
        print(f"child {os.getpid()}: my parent is {os.getppid()}", flush=True)
        time.sleep(after + 1.0)
        print(f"child {os.getpid()}: now my parent is {os.getppid()}", flush=True)
        time.sleep(LINGER)
        os._exit(0)
    print(f"I am {os.getpid()}, and I end in {after:g} s without waiting", flush=True)
    time.sleep(after)
