"""What a worker finds when it is forked, spawned, or forked by the fork server."""

import os
import sys
import time
from multiprocessing import current_process, parent_process


def look_around(seconds: float) -> None:
    """Says where it came from, then sleeps."""
    parent = parent_process()
    print(f"{current_process().name}: process {os.getpid()}")
    print(f"parent for multiprocessing: {parent.pid if parent else None}")
    print(f"parent for the kernel:      {os.getppid()}")
    print(f"modules in memory: {len(sys.modules)}")
    time.sleep(seconds)
