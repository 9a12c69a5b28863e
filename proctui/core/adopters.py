"""To whom the kernel gives what has lost its parent, as far as that was told.  Pure."""

from __future__ import annotations

from proctui.core.naming import INIT
from proctui.model import Pass


class Adopters:
    """Inits and subreapers by pid."""

    def __init__(self) -> None:
        self._subreapers: set[int] = set()
        self._inits: set[int] = set()
        """Those of containers, by their pids out here."""

    def learn(self, seen: Pass) -> None:
        """Takes in what a pass tells; who has a new name may have the pid of another."""
        self._subreapers |= seen.subreapers
        self._inits = (self._inits - seen.names.keys()) | seen.inits

    def forget(self, pid: int) -> None:
        """The process that had this pid is gone."""
        self._inits.discard(pid)

    def is_init(self, pid: int) -> bool:
        """PID 1, here or of a container."""
        return pid == INIT or pid in self._inits

    def __contains__(self, pid: int) -> bool:
        """Whether it is one that surely adopts."""
        return self.is_init(pid) or pid in self._subreapers
