"""Every process of the machine, read once and parsed no further than every one is looked at."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from proctui.linux import procfs

SLICE = 256
"""Processes that are read between two turns of an event loop; about 3 ms."""


class Line(NamedTuple):
    """What every process is looked at for."""

    state: bytes
    ppid: int
    sid: int
    raw: bytes
    """The whole of /proc/PID/stat."""

    @property
    def is_dead(self) -> bool:
        """A zombie, not merely without its leader while other threads live on."""
        return self.state == b"Z" and procfs.parse_stat(self.raw).is_zombie

    @property
    def name(self) -> str:
        """At most 15 bytes; untrusted."""
        return procfs.parse_stat(self.raw).comm

    @property
    def has_terminal(self) -> bool:
        """Whether it has a controlling terminal (tty_nr)."""
        return self.raw[self.raw.rfind(b")") + 2 :].split(None, 5)[4] != b"0"


def read_in_slices(lines: dict[int, Line]) -> Iterator[None]:
    """Fills `lines`, with a rest after every `SLICE` of them."""
    names = [name for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 (5,000 names)
    for start in range(0, len(names), SLICE):
        if start:
            yield
        _read(names[start : start + SLICE], lines)


def _read(names: Sequence[str], lines: dict[int, Line]) -> None:
    opened, read, close = os.open, os.read, os.close
    for name in names:
        try:
            descriptor = opened(f"/proc/{name}/stat", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            raw = read(descriptor, procfs.STAT_BYTES)
        except OSError:
            continue
        finally:
            close(descriptor)
        state, ppid, _, sid, _ = raw[raw.rfind(b")") + 2 :].split(None, 4)
        lines[int(name)] = Line(state, int(ppid), int(sid), raw)
