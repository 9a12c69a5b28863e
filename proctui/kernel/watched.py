"""One watched process: held from the moment it was first seen until it is reaped.

The pidfd and the open stat descriptor are what its identity hangs on; pid and
start time alone can't tell two quick users of a pid apart.
"""

from __future__ import annotations

import itertools
import os
import resource
import sys
import time
from collections.abc import Callable
from typing import TypeVar

from proctui.linux import pidfd, procfs
from proctui.linux.grip import Descriptors, Grip, Source, close_descriptors, open_descriptors
from proctui.model import Departure, Observation, ProcessSample

RESERVED_DESCRIPTORS = 256
"""Left for everything else that the program opens."""
_CPU_INTERVAL = 0.2
"""Seconds below which a CPU share is not worth computing: the kernel counts 10 ms ticks."""
_IDLE = 0.0
UNREAD = 8
"""In one pass of so many the line is also read of a process that has not run."""
_Tags = tuple[str | None, str | None]
_NO_TAGS: _Tags = (None, None)
_Read = TypeVar("_Read")
_tokens = itertools.count(1)


def new_token() -> int:
    """A number that stands for one process and is never given again."""
    return next(_tokens)


class Budget:
    """How many descriptors may still be held open."""

    def __init__(self, limit: int | None = None) -> None:
        """Without `limit` the soft limit is raised to the hard one and all but a reserve used."""
        self._left = _raise_limit() - RESERVED_DESCRIPTORS if limit is None else limit
        self._reserve = self._left // 2

    def take(self) -> bool:
        """Asks for the two descriptors of one process."""
        if self._left < 2:
            return False
        self._left -= 2
        return True

    def take_one(self) -> bool:
        """Asks for another that would be nice to have: granted while half of them are left."""
        if self._left <= self._reserve:
            return False
        self._left -= 1
        return True

    def give_back(self, count: int = 2) -> None:
        """Returns what `take` granted."""
        self._left += count


def _raise_limit() -> int:
    """Soft limit of open files, raised to the hard one where it may be (getrlimit(2))."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (ValueError, OSError):  # macOS names a limit it does not grant
        return soft
    return 1 << 20 if hard == resource.RLIM_INFINITY else hard


class Watched(Grip):
    """A process under watch.  Made by `hold`."""

    __slots__ = (
        "adopted",
        "command",
        "cpu_clock",
        "cpu_mark",
        "cpu_percent",
        "digest",
        "ended_at",
        "first_ppid",
        "forked_by",
        "named_ppid",
        "pulse",
        "pulse_fd",
        "rested",
        "sample",
        "stack",
        "tags",
        "token",
        "told_status",
        "uid",
    )

    def __init__(self, pid: int, source: Source, descriptors: Descriptors = (None, None)) -> None:
        super().__init__(pid, source, descriptors)
        self.token = new_token()
        self.digest = 0
        """Of the line that was read last; the line itself would be a third of all memory."""
        self.pulse_fd: int | None = None
        self.pulse = 0
        """Of what `procfs.open_pulse` said before the line was read last."""
        self.rested = 0
        """Passes in which it was asked whether it has run."""
        stat = self.present()
        self.start_ticks = stat.start_ticks
        self.adopted = False
        """Known by another trail than its parent: whoever is its parent now has adopted it."""
        self.first_ppid = stat.ppid
        self.forked_by: int | None = None
        """Who forked it, where the proc connector told."""
        self.told_status: int | None = None
        """wait(2) status that the proc connector told."""
        self.named_ppid: int | None = None
        """Parent whose name has been told."""
        self.cpu_percent: float | None = None
        self.cpu_mark = stat.cpu_ticks
        self.cpu_clock = time.monotonic()
        self.ended_at: float | None = None
        """When the pidfd told its end, seconds since the epoch."""
        self.uid: int | None = None
        self.command: str | None = None
        self.tags = _NO_TAGS
        self.stack = stat.stack
        self._read_texts(stat)
        self.sample = self._sample(stat, None)

    # ------------------------------------------------------------ looking

    def rests(self, clock: float, *, parent_told: bool = False) -> bool:
        """True where not a byte differs and it used no CPU time: the short way of `look`.

        Most processes sleep most of the time.  One that has not run since has done nothing:
        its line need not be read, if the end of its parent would be told (`parent_told`).  What
        others do to it without waking it, such as swapping it out, shows after `UNREAD` passes
        at the latest.  Raises `ProcessLookupError`.
        """
        if self.cpu_percent != 0.0 or self.stat_fd is None or self.sample.leader_exited:
            return False
        if self.pulse_fd is not None and self._still(self.pulse_fd) and parent_told:
            self.cpu_clock = clock
            return True
        if hash(os.pread(self.stat_fd, procfs.STAT_BYTES, 0)) != self.digest:
            return False
        self.cpu_clock = clock
        return True

    def _still(self, pulse_fd: int) -> bool:
        """Whether its only thread has not run since its line was read; now and then False.

        Asked before the line is read, so that what happens between the two is seen next time.
        """
        before, self.pulse = self.pulse, hash(os.pread(pulse_fd, procfs.PULSE_BYTES, 0))
        self.rested += 1
        due = (self.rested + self.token) % UNREAD == 0  # not all of them in the same pass
        return before == self.pulse and not due and self.sample.threads <= 1

    def look(self, clock: float, *, figures: bool = True) -> bool:
        """Reads the process again; True where something to show has changed.

        `clock` is time.monotonic().  Without `figures` the CPU share stays as
        it is.  Raises `ProcessLookupError` once it has been reaped.
        """
        stat = self._read()
        if stat is None:
            return figures and self._account(clock)
        before = self.sample
        if (stat.comm, stat.stack) != (before.comm, self.stack) and stat.state not in "ZX":
            self._read_texts(stat)
            self.stack = stat.stack
        self.sample = self._sample(stat, before.wait_status)
        return (figures and self._account(clock)) or self.sample != before

    def _read(self) -> procfs.Stat | None:
        """What stands there now; None where not a byte differs from the last time."""
        if self.stat_fd is not None:
            raw = procfs.pread_stat(self.stat_fd)
            digest = hash(raw)
            if digest == self.digest and not self.sample.leader_exited:
                return None
            self.digest = digest
            return procfs.parse_stat(raw)
        return self.present()

    def _account(self, clock: float) -> bool:
        """CPU share since the mark before; True where it differs from the last."""
        elapsed = clock - self.cpu_clock
        if elapsed < _CPU_INTERVAL:
            return False
        used = (self.sample.cpu_ticks - self.cpu_mark) / procfs.CLOCK_TICKS
        before, self.cpu_percent = self.cpu_percent, round(100 * used / elapsed, 1) or _IDLE
        self.cpu_mark, self.cpu_clock = self.sample.cpu_ticks, clock
        return before != self.cpu_percent

    def _read_texts(self, stat: procfs.Stat) -> None:
        """Owner, command line and tags: at the first look and after each exec."""
        self.uid = _or_none(self._source.owner, self.pid)
        if stat.state not in "ZX":
            self.command = _or_none(self._source.command_line, self.pid)
        if not stat.is_zombie and stat.state != "X":
            self.tags = _interned(_or_none(self._source.tags, self.pid))

    def _sample(self, stat: procfs.Stat, wait_status: int | None) -> ProcessSample:
        if stat.is_zombie and wait_status is None:
            wait_status = stat.exit_code if self._exit_is_shown(stat) else self.told_status
        leaderless = stat.state == "Z" and not stat.is_zombie  # its line tells nothing of the rest
        return ProcessSample(
            pid=self.pid,
            ppid=stat.ppid,
            pgid=stat.pgid,
            sid=stat.sid,
            state=stat.state,
            start_ticks=stat.start_ticks if self.start_ticks is None else self.start_ticks,
            comm=sys.intern(stat.comm),
            threads=stat.threads,
            cpu_ticks=stat.cpu_ticks,
            rss_bytes=stat.rss_pages * procfs.PAGE_SIZE,
            wait_status=wait_status,
            uid=self.uid,
            living=procfs.living_threads_state(self.pid) if leaderless else "",
        )

    def _exit_is_shown(self, stat: procfs.Stat) -> bool:
        return stat.exit_code != 0 or _or_none(self._source.may_read_exit, self.pid) is True

    # ------------------------------------------------------------ telling

    def observation(self, boot_time: float) -> Observation:
        """What there is to say now; the command line only the first time after it was read."""
        command, self.command = self.command, None
        session, worker = self.tags
        return Observation(
            token=self.token,
            sample=self.sample,
            cpu_percent=self.cpu_percent,
            command=command,
            tag_session=session,
            tag_worker=worker,
            started_at=boot_time + self.sample.start_ticks / procfs.CLOCK_TICKS,
            ended_at=self.ended_at if self.sample.is_zombie else None,
            forked_by=self.forked_by,
        )

    def departure(self, now: float) -> Departure:
        """To be asked once `look` has found it gone, before `release`."""
        status = self.sample.wait_status
        if status is None and self.pidfd is not None:
            status = pidfd.wait_status(self.pidfd)
        if status is None:
            status = self.told_status
        return Departure(
            token=self.token,
            ended_at=now if self.ended_at is None else self.ended_at,
            exact=self.ended_at is not None,
            wait_status=status,
        )

    # ------------------------------------------------------------ holding

    def hold_late(self, budget: Budget) -> bool:
        """Takes descriptors for a process that had to do without them; True where it did."""
        if self.stat_fd is not None or not self._source.KEEPS_OPEN or not budget.take():
            return False
        descriptors = open_descriptors(self.pid)
        if descriptors[1] is not None and self.take(descriptors):
            return True
        budget.give_back()
        return False

    def release(self, budget: Budget) -> None:
        """Closes what is held."""
        if self.stat_fd is not None:
            budget.give_back()
        if self.pulse_fd is not None:
            os.close(self.pulse_fd)
            self.pulse_fd = None
            budget.give_back(1)
        self.close()

    def feel_pulse(self, budget: Budget) -> None:
        """Has it told whether it has run, where that can be; before the last check of its pid."""
        if self.stat_fd is not None and self.pidfd is not None and budget.take_one():
            self.pulse_fd = procfs.open_pulse(self.pid)
            if self.pulse_fd is None:
                budget.give_back(1)


def watch(pid: int, source: Source, budget: Budget) -> Watched:
    """Takes hold of the process that has `pid` now.

    Raises `ProcessLookupError` where there is none or it vanished meanwhile.
    """
    descriptors: Descriptors = (None, None)
    granted = source.KEEPS_OPEN and budget.take()
    try:
        if granted:
            descriptors = open_descriptors(pid)
        watched = Watched(pid, source, descriptors)
    except OSError:
        close_descriptors(descriptors)
        if granted:
            budget.give_back()
        raise
    if granted and watched.stat_fd is None:
        budget.give_back()
    watched.feel_pulse(budget)
    # The texts were read by pid: they are its own if it had the pid from first to last.
    if not watched.exists():
        watched.release(budget)
        raise ProcessLookupError(f"there is no process {pid}")
    return watched


def _interned(tags: _Tags | None) -> _Tags:
    """Thousands of processes share a session's tag."""
    if tags in (None, _NO_TAGS):
        return _NO_TAGS
    session, worker = tags
    return session and sys.intern(session), worker and sys.intern(worker)


def _or_none(read: Callable[[int], _Read], pid: int) -> _Read | None:
    """What may not be read, or went away just now, is not known."""
    try:
        return read(pid)
    except OSError:
        return None
