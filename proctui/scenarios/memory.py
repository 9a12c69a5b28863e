"""Every process has its own memory: what the child changes, the parent never sees."""

import multiprocessing
import sys
import time

fork = multiprocessing.get_context("fork")

value = 100


def child() -> None:
    """Changes its own copy, and carries that out in its exit code."""
    global value
    value = 0
    print(f"child: I have set value to {value}")
    sys.exit(value)


def parent(seconds: float) -> None:
    """Starts the child, joins it a while later, looks at its own copy."""
    process = fork.Process(target=child)
    process.start()
    time.sleep(seconds)
    process.join()
    print(f"parent: the child ended with {process.exitcode}, my value is still {value}")
    # An exit code is the one number that the kernel hands from a process to its parent.
    sys.exit(value)
