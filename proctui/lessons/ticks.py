"""The ticks of a lesson, kept beside the journal of its session.

A screen that comes later, or a second one, can't see what is over: it takes the word of those
that have seen it.  One line for each step that was observed, appended, so that several screens
may write at the same time.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_MOST: Final = 4096
"""Bytes that are read: a lesson has few steps."""


class Ticks:
    """The steps of one session's lesson that somebody has seen, counted from 0."""

    def __init__(self, journal: str) -> None:
        """`journal` is where that of the session is, "" where it has none: then nothing is kept."""
        self._path = Path(journal).with_name("steps") if journal else None

    def read(self) -> frozenset[int]:
        """What has been kept so far; nothing where it can't be read."""
        if self._path is None:
            return frozenset()
        try:
            with open(self._open(os.O_RDONLY), "rb") as file:
                lines = file.read(_MOST).split()
        except OSError:
            return frozenset()
        return frozenset(int(line) - 1 for line in lines if line.isdigit())

    def add(self, steps: Iterable[int]) -> None:
        """Keeps more of them, where that can be; on a full disk they live as long as the screen."""
        lines = b"".join(b"%d\n" % (step + 1) for step in sorted(steps))
        if self._path is None or not lines:
            return
        try:
            with open(self._open(os.O_WRONLY | os.O_APPEND | os.O_CREAT), "ab", 0) as file:
                file.write(lines)
        except OSError:
            return

    def _open(self, flags: int) -> int:
        assert self._path is not None
        return os.open(self._path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
