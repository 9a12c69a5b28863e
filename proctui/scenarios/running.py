"""`start()` makes a process that calls `run()`.  Calling `run()` yourself makes none."""

import multiprocessing
import os
import time

fork = multiprocessing.get_context("fork")


def task(seconds: float) -> None:
    """What the Process objects below are for."""
    print(f"task runs in process {os.getpid()}")
    time.sleep(seconds)


def call_run(seconds: float) -> None:
    """The task runs right here; there is no other process, so there is nothing to join."""
    print(f"I am process {os.getpid()}")
    process = fork.Process(target=task, args=(seconds,))
    process.run()
    print(f"pid of the Process object: {process.pid}")
    process.join()  # AssertionError: can only join a started process


def call_start(seconds: float) -> None:
    """The task runs in a child, which has a pid and can be joined."""
    print(f"I am process {os.getpid()}")
    process = fork.Process(target=task, args=(seconds,))
    process.start()
    print(f"pid of the Process object: {process.pid}")
    process.join()
    print(f"joined, exitcode {process.exitcode}")
