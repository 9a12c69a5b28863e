"""The two rules of daemonic processes: no children, and no life after the parent's."""

import multiprocessing
import time

from naming import call_me

fork = multiprocessing.get_context("fork")


def sleep(name: str, seconds: float) -> None:
    """A child with a name."""
    call_me(name)
    time.sleep(seconds)


def start_a_child() -> None:
    """In a daemonic process `start()` raises AssertionError: it may not have children."""
    fork.Process(target=sleep, args=("never", 1)).start()


def end_before_child(daemon: bool, after: float, seconds: float) -> None:
    """Comes to its end while a child still lives.

    A daemonic child is terminated then; for any other one the parent waits.
    """
    name = "daemonic child" if daemon else "ordinary child"
    fork.Process(target=sleep, args=(name, seconds), daemon=daemon).start()
    time.sleep(after)
    print(f"I am done, and there is still the {name}")
