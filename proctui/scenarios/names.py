"""`Process.__init__` names the process.  A name given before it is lost."""

import time
from multiprocessing import Process


class TooEarly(Process):
    """Sets its name first: `super().__init__()` overwrites it with ``TooEarly-N``."""

    def __init__(self, seconds: float) -> None:
        self.name = "my own name"
        super().__init__()
        self.seconds = seconds

    def run(self) -> None:
        """Says its name."""
        print(f"I am called {self.name!r}")
        time.sleep(self.seconds)


class InTime(Process):
    """Sets its name afterwards, and keeps it."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.name = "my own name"
        self.seconds = seconds

    def run(self) -> None:
        """Says its name."""
        print(f"I am called {self.name!r}")
        time.sleep(self.seconds)
