"""The two ways to say what a worker does: a function, and a subclass of Process."""

import os
import time
from multiprocessing import Process


def work(who: str, seconds: float) -> None:
    """A target: called in the child with the worker's args and kwargs."""
    print(f"{who} begins, in process {os.getpid()}")
    time.sleep(seconds)
    print(f"{who} is done after {seconds:g} s")


class Work(Process):
    """The other way: what the child runs is its `run()`."""

    def __init__(self, who: str, seconds: float) -> None:
        super().__init__()  # must come, and should come first: see names.py
        self.who = who
        self.seconds = seconds

    def run(self) -> None:
        """Called in the child by `start()`."""
        work(self.who, self.seconds)
