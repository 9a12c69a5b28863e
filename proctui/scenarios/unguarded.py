"""A program that spawns without the guard, run by the lesson ``start-methods``.

A spawned child imports the main module afresh, so it comes to `start()` too, and is stopped by a
RuntimeError before it would start a child of its own, and so on for ever.
"""

import multiprocessing
import sys


def greet() -> None:
    """What the child would do."""
    print("hello from a spawned process")


# if __name__ == "__main__":  is missing here
child = multiprocessing.get_context("spawn").Process(target=greet)
child.start()
child.join()
print(f"the child's exitcode: {child.exitcode}")
sys.exit(child.exitcode)
