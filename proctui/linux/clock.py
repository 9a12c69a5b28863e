"""The time of a session: as the machine's clock had it once, and never set again.

Standard library only: the supervisor imports this.
"""

from __future__ import annotations

import time


def since_boot() -> float:
    """Seconds of a clock that nobody sets, with those asleep (clock_gettime(2))."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Clock:
    """Seconds since the epoch, counted from when the machine was booted.

    A supervisor and its clients count from the same moment.  So no age and no duration changes
    when somebody sets the machine's clock, and what happened later has the later time.
    """

    __slots__ = ("boot_time",)

    def __init__(self, boot_time: float = 0.0) -> None:
        """Without `boot_time`, in seconds since the epoch, as the machine's clock has it now."""
        self.boot_time = boot_time or time.time() - since_boot()

    def __call__(self) -> float:
        """The time now."""
        return self.boot_time + since_boot()
