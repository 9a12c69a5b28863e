"""Descriptors held back for what must not be refused when all others are taken."""

from __future__ import annotations

import contextlib
import os


class Spare:
    """A few descriptors that stand for nothing until one of them is needed."""

    def __init__(self, count: int) -> None:
        """Takes as many of them as there are."""
        self._count = count
        self._held: list[int] = []
        self.take_back()

    def give(self) -> bool:
        """Lets go of one, for the very next call that needs it; False where none is left."""
        if not self._held:
            return False
        os.close(self._held.pop())
        return True

    def take_back(self) -> None:
        """Holds as many as before, where they can be had."""
        with contextlib.suppress(OSError):
            while len(self._held) < self._count:
                self._held.append(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))

    def close(self) -> None:
        """Lets go of all of them, for good."""
        self._count = 0
        while self.give():
            pass
