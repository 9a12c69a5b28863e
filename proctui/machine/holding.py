"""The processes that the Machine view has on screen, each held from the first sight on.

Whoever an action could mean is held, so that no signal hits who has the pid later; and whoever is
held is watched, so that its end, and a zombie's reaping, is an event.  Both as far as there are
descriptors: the rest is told apart by the kernel's unique number and found out by the next pass.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import select
from collections.abc import Callable, Collection

from proctui.core.kin import process_name
from proctui.linux import procfs
from proctui.linux.grip import Grip, Source, hold
from proctui.linux.pidfd import EndWatcher
from proctui.linux.treekill import owner_name
from proctui.machine.rows import Seen, living_key

MOST_HELD = 16_384
"""Processes held by a descriptor, however many descriptors there may be."""
_SHARE = 2
"""One part in this of the descriptors that are free may be taken."""


class Holds:
    """Living processes by token, zombies by the key of their row.

    `on_told` is called from the loop, without arguments, each time `told` has something to tell;
    never where it is made outside of a running loop.
    """

    def __init__(self, source: Source, on_told: Callable[[], None]) -> None:
        self._source = source
        self._on_told = on_told
        self._living: dict[int, tuple[int, Grip]] = {}
        """Tokens and grips by pid."""
        self._grips: dict[int, Grip] = {}
        self._dead: dict[str, Grip] = {}
        self._names: dict[int, tuple[str, str, str]] = {}
        """Name, command line and owner by token."""
        self._watched: dict[int, str] = {}
        """Keys of rows by the descriptors that tell their ends."""
        self._tokens = 0
        self._room = MOST_HELD
        self._loop = _running_loop()
        self._ends = EndWatcher() if self._loop and hasattr(select, "epoll") else None
        if self._loop is not None and self._ends is not None:
            self._loop.add_reader(self._ends.fileno(), on_told)

    def make_room(self) -> None:
        """Counts anew how many descriptors may be taken; before each pass."""
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        free = limit - _open_descriptors() if self._source.KEEPS_OPEN else 0
        self._room = max(0, min(MOST_HELD - len(self._watched), free // _SHARE))

    # ------------------------------------------------------------ the living

    def see(self, pid: int, start_ticks: int | None = None) -> Seen | None:
        """The process with this pid, held from now on; None where it is gone."""
        token, grip = self._living.get(pid, (0, None))
        if grip is not None and not grip.exists():
            self._drop(pid)
            grip = None
        try:
            if grip is None:
                token, grip = self._take(pid)
            stat = grip.present()
            if start_ticks not in (None, stat.start_ticks):
                return None
            return self._seen(token, stat)
        except OSError:
            return None

    def again(self, token: int) -> Seen | None:
        """What is held under this token, as it is now, a zombie or not; None once it is reaped."""
        grip = self._grips.get(token)
        if grip is None:
            return None
        try:
            return self._seen(token, grip.present())
        except OSError:
            return None

    def _seen(self, token: int, stat: procfs.Stat) -> Seen:
        if token not in self._names:
            self._names[token] = self._described(stat)
        name, command, user = self._names[token]
        return Seen(token, stat, name, command, user)

    def _take(self, pid: int) -> tuple[int, Grip]:
        grip = self._hold(pid)
        self._tokens += 1
        self._living[pid] = self._tokens, grip
        self._grips[self._tokens] = grip
        self._watch(grip, living_key(self._tokens))
        return self._tokens, grip

    def _described(self, stat: procfs.Stat) -> tuple[str, str, str]:
        try:
            command = self._source.command_line(stat.pid) or ""
        except OSError:
            command = ""
        return process_name(stat.comm, command), command, owner_name(stat.pid)

    def key_of(self, pid: int) -> str | None:
        """Key of the row of a living process that is held; None for all others."""
        held = self._living.get(pid)
        return None if held is None else living_key(held[0])

    def grip(self, token: int) -> Grip:
        """What holds a process; raises `ProcessLookupError` where it is gone."""
        grip = self._grips.get(token)
        if grip is None:
            raise ProcessLookupError("that process is gone")
        return grip

    def has_ended(self, token: int) -> bool:
        """True once it is dead, reaped or not."""
        grip = self._grips.get(token)
        return grip is None or grip.has_ended()

    # ------------------------------------------------------------ the dead

    def bury(self, key: str, pid: int, start_ticks: int) -> None:
        """Has the reaping of a zombie told (Linux 6.9 on, and as far as there is room)."""
        if key in self._dead or not self._room or self._ends is None:
            return
        try:
            grip = self._hold(pid)
        except OSError:
            return
        if grip.start_ticks != start_ticks:
            grip.close()
            return
        self._dead[key] = grip
        self._watch(grip, key, ended=True)

    # ------------------------------------------------------------ events

    def told(self) -> list[str]:
        """Keys of rows whose process has ended, or as a zombie was reaped, since the last call."""
        if self._ends is None:
            return []
        return [self._watched[fd] for fd in self._ends.fired() if fd in self._watched]

    def _hold(self, pid: int) -> Grip:
        return hold(pid, self._source) if self._room else Grip(pid, self._source)

    def _watch(self, grip: Grip, key: str, *, ended: bool = False) -> None:
        if grip.pidfd is None:
            return
        self._room -= 1
        self._watched[grip.pidfd] = key
        if self._ends is not None:
            with contextlib.suppress(OSError):  # more than epoll(7) lets one user watch: polled
                self._ends.watch(grip.pidfd, ended=ended)

    # ------------------------------------------------------------ letting go

    def keep(self, tokens: Collection[int | None], zombies: Collection[str]) -> None:
        """Lets go of everything else."""
        for pid in [pid for pid, (token, _) in self._living.items() if token not in tokens]:
            self._drop(pid)
        for key in [key for key in self._dead if key not in zombies]:
            self.unbury(key)

    def let_go(self, token: int) -> None:
        """Of one living process; harmless where it is not held."""
        grip = self._grips.get(token)
        if grip is not None and self._living.get(grip.pid, (0, None))[0] == token:
            self._drop(grip.pid)

    def unbury(self, key: str) -> None:
        """Lets go of one zombie; harmless where it is not held."""
        grip = self._dead.pop(key, None)
        if grip is not None:
            self._release(grip)

    def _drop(self, pid: int) -> None:
        token, grip = self._living.pop(pid)
        self._grips.pop(token, None)
        self._names.pop(token, None)
        self._release(grip)

    def _release(self, grip: Grip) -> None:
        if grip.pidfd is not None:
            del self._watched[grip.pidfd]
            self._room += 1
            if self._ends is not None:
                self._ends.forget(grip.pidfd)
        grip.close()

    def close(self) -> None:
        """Lets go of everything.  Harmless when repeated."""
        self.keep((), ())
        if self._ends is not None and self._loop is not None:
            self._loop.remove_reader(self._ends.fileno())
            self._ends.close()
            self._ends = None


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 (may be thousands)
