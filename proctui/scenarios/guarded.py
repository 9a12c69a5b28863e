"""The same program as unguarded.py, with the guard: the child that imports it starts nothing."""

import multiprocessing
import sys


def greet() -> None:
    """What the child does."""
    print("hello from a spawned process")


if __name__ == "__main__":
    child = multiprocessing.get_context("spawn").Process(target=greet)
    child.start()
    child.join()
    print(f"the child's exitcode: {child.exitcode}")
    sys.exit(child.exitcode)
