"""The kernel's view of a session: its processes, their ends, signals to them.

`KernelView` watches the roots it is given (the supervisor and the workers, or
any process) and everything that descends from them.  Ends are events; figures
come with each `refresh`.  It looks and never waits: no status is ever taken
from a parent.  Everything runs on the event loop's thread, in slices, because
a thread would wait for the interpreter lock of a busy screen.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from proctui import procfs
from proctui.discovery import Newcomers
from proctui.grip import Source
from proctui.model import Departure, Pass, ProcessDetails
from proctui.pidfd import EndWatcher
from proctui.procfs import Stat
from proctui.trails import belonging, tagged
from proctui.treekill import user_name
from proctui.watched import Budget, Watched, watch

SLICE = 256
"""Processes read before the loop gets its turn."""
PAUSE = 0.001
"""Seconds the loop has for other things between two slices."""

_Item = TypeVar("_Item")


class KernelView:
    """What the kernel knows of the watched processes.

    `on_end` is called from the loop, without arguments, each time there is
    something that `urgent` would tell at once.  Made inside a running loop it
    watches ends; elsewhere they are found by the next `refresh`.
    """

    def __init__(
        self,
        session_tag: str,
        on_end: Callable[[], None],
        *,
        source: Source | None = None,
        budget: Budget | None = None,
    ) -> None:
        self._tag = session_tag
        self._on_end = on_end
        self._source = source if source is not None else default_source()
        self._budget = budget if budget is not None else Budget()
        self._newcomers = Newcomers(self._source)
        self._boot_time = self._source.boot_time()
        self._watched: dict[int, Watched] = {}
        self._tokens: dict[int, Watched] = {}
        self._pidfds: dict[int, Watched] = {}
        self._children: dict[int, set[int]] = {}
        self._sessions: set[int] = set()
        self._ended: list[Watched] = []
        self._changed: dict[int, Watched] = {}
        self._departures: list[Departure] = []
        self._refreshing = False
        self._loop, self._ends = self._watch_ends()

    def _watch_ends(self) -> tuple[asyncio.AbstractEventLoop | None, EndWatcher | None]:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return None, None
        if not hasattr(select, "epoll"):
            return loop, None
        ends = EndWatcher()
        loop.add_reader(ends.fileno(), self._ends_told)
        return loop, ends

    # ------------------------------------------------------------ what is watched

    def follow(self, roots: Iterable[int]) -> None:
        """Watches these pids and, from the next refresh, all that descends from them.

        Takes hold of them at once.  May be called again with more or the same;
        what is watched stays so until it is gone.  Pids of nobody are ignored.
        """
        for pid in roots:
            if pid in self._watched:
                continue
            if self._newcomers.is_foreign(pid):
                self._newcomers.read_all_next()
            # a worker that has ended meanwhile may have left others in its session
            self._sessions.add(pid)
            self._watch(pid)

    def _watch(self, pid: int, *, by_parent: bool = True) -> Watched | None:
        """Takes hold of a process; None where it is gone or may not be seen."""
        try:
            watched = watch(pid, self._source, self._budget)
        except OSError:
            return None
        watched.adopted = not by_parent
        self._watched[pid] = self._tokens[watched.token] = watched
        self._children.setdefault(watched.sample.ppid, set()).add(pid)
        self._changed[watched.token] = watched
        self._note_session(watched)
        self._attend(watched)
        return watched

    def _attend(self, watched: Watched) -> None:
        """Has the end of a process told, where that can be."""
        if watched.pidfd is not None and self._ends is not None:
            self._pidfds[watched.pidfd] = watched
            self._ends.watch(watched.pidfd, ended=watched.sample.is_zombie)

    def _note_session(self, watched: Watched) -> None:
        if watched.sample.sid == watched.pid:
            self._sessions.add(watched.pid)

    # ------------------------------------------------------------ looking

    def _ends_told(self) -> None:
        """The loop says that pidfds are readable."""
        self._collect_ends()
        if self._ended:
            self._on_end()

    def _collect_ends(self) -> None:
        if self._ends is None:
            return
        now = time.time()
        for descriptor in self._ends.fired():
            watched = self._pidfds[descriptor]
            if watched.ended_at is None and not watched.sample.is_zombie:
                watched.ended_at = now
            self._ended.append(watched)

    def urgent(self) -> Pass:
        """Looks at once at the processes that ended and at their children, who got a new parent.

        Cheap, and safe at any time; tells everything that is known and was not
        told before.
        """
        self._collect_ends()
        ended, self._ended = self._ended, []
        clock = time.monotonic()
        for watched in ended:
            orphaned = self._children.get(watched.pid, ())
            self._look(watched, clock, figures=False)
            for pid in tuple(orphaned):
                if pid in self._watched:
                    self._look(self._watched[pid], clock, figures=False)
        return self._told()

    async def refresh(self) -> Pass:
        """Reads everything that is watched and finds what has come.

        A process may come and depart within one pass: observations count first.

        In slices, with turns for the loop between them.  Apply the answer
        before anything else gets a turn: `urgent` goes on telling meanwhile.
        """
        if self._refreshing:
            return self._told()
        self._refreshing = True
        try:
            for chunk in _slices(tuple(self._watched.values())):
                clock = time.monotonic()
                for watched in chunk:
                    self._look(watched, clock)
                await asyncio.sleep(PAUSE)
            await self._discover()
        finally:
            self._refreshing = False
        return self._told()

    def _look(self, watched: Watched, clock: float, *, figures: bool = True) -> None:
        if self._tokens.get(watched.token) is not watched:
            return
        parent = watched.sample.ppid
        try:
            if watched.look(clock, figures=figures):
                self._changed[watched.token] = watched
        except ProcessLookupError:
            self._depart(watched)
            return
        if watched.sample.ppid != parent:
            self._unlink(parent, watched.pid)
            self._children.setdefault(watched.sample.ppid, set()).add(watched.pid)
        self._note_session(watched)
        if watched.stat_fd is None and watched.hold_late(self._budget):
            self._attend(watched)

    def _depart(self, watched: Watched) -> None:
        self._departures.append(watched.departure(time.time()))
        self._release(watched)
        del self._tokens[watched.token]
        del self._watched[watched.pid]
        self._unlink(watched.sample.ppid, watched.pid)

    def _unlink(self, parent: int, pid: int) -> None:
        siblings = self._children[parent]
        siblings.discard(pid)
        if not siblings:
            del self._children[parent]

    def _release(self, watched: Watched) -> None:
        if watched.pidfd is not None and self._ends is not None:
            self._ends.forget(watched.pidfd)
            del self._pidfds[watched.pidfd]
        watched.release(self._budget)

    async def _discover(self) -> None:
        """Finds processes that belong here and are not watched yet."""
        candidates = self._newcomers.candidates(self._watched, time.monotonic())
        stats: dict[int, Stat] = {}
        for chunk in _slices(candidates):
            for pid in chunk:
                with contextlib.suppress(OSError):
                    stats[pid] = self._source.read_stat(pid)
            if len(candidates) > SLICE:
                await asyncio.sleep(PAUSE)
        self._admit(stats)
        for part in _slices(tuple(stats.values())) if self._tag else ():
            for stat, _ in tagged(part, self._tag, self._source.tags):
                if stat.pid in stats:
                    self._enter(stats.pop(stat.pid), by_parent=False)
                    self._admit(stats)
            if len(stats) > SLICE:
                await asyncio.sleep(PAUSE)
        self._newcomers.dismiss(stats)
        self._forget_sessions()

    def _admit(self, stats: dict[int, Stat]) -> None:
        for stat, by_parent in belonging(stats, self._watched, self._sessions):
            self._enter(stat, by_parent=by_parent)

    def _enter(self, stat: Stat, *, by_parent: bool) -> None:
        """Watches a process that was just read, unless its pid went to another meanwhile."""
        if stat.pid in self._watched:
            return
        watched = self._watch(stat.pid, by_parent=by_parent)
        if watched is not None and watched.start_ticks != stat.start_ticks:
            self._depart(watched)
            self._departures.pop()
            self._changed.pop(watched.token)

    def _forget_sessions(self) -> None:
        """Drops sessions nobody lives in any more: their number may now go to another."""
        leaderless = self._sessions.difference(self._watched)
        if leaderless:
            inhabited = {watched.sample.sid for watched in self._watched.values()}
            self._sessions -= leaderless - inhabited

    # ------------------------------------------------------------ telling

    def _told(self) -> Pass:
        """Everything new, once."""
        changed = tuple(self._changed.values())
        departures = tuple(self._departures)
        self._changed = {}
        self._departures = []
        names: dict[int, str] = {}
        subreapers: set[int] = set()
        for watched in changed:
            self._name_parent(watched, names, subreapers)
        return Pass(
            time=time.time(),
            observations=tuple(watched.observation(self._boot_time) for watched in changed),
            departures=departures,
            names=names,
            subreapers=frozenset(subreapers),
        )

    def _name_parent(self, watched: Watched, names: dict[int, str], subreapers: set[int]) -> None:
        """Tells the name of a parent that is not watched, once for each of its children."""
        parent = watched.sample.ppid
        if parent == watched.named_ppid or parent == 0 or parent in self._watched:
            return
        watched.named_ppid = parent
        with contextlib.suppress(OSError):
            if parent not in names:
                names[parent] = self._source.name(parent)
            adopts = watched.adopted or parent != watched.first_ppid
            if adopts and not self._source.is_namespace_init(parent):
                subreapers.add(parent)

    def details(self, token: int) -> ProcessDetails:
        """What is worth knowing of the process under the cursor.

        Raises `ProcessLookupError` where it is gone.
        """
        from proctui import portable  # psutil is worth its import only once somebody asks

        watched = self._held(token)
        details = portable.read_details(watched.pid)
        if not watched.exists():
            raise ProcessLookupError(f"process {watched.pid} is gone")
        return details

    # ------------------------------------------------------------ acting

    def send_signal(self, token: int, signum: int) -> None:
        """Signals the process that the token stands for, and no other.

        Raises `ProcessLookupError` where it is gone and `PermissionError`
        naming its owner.
        """
        watched = self._held(token)
        try:
            watched.send(signum)
        except ProcessLookupError:
            raise ProcessLookupError(f"process {watched.pid} is gone") from None
        except PermissionError:
            raise PermissionError(_not_yours(watched)) from None

    def _held(self, token: int) -> Watched:
        watched = self._tokens.get(token)
        if watched is None:
            raise ProcessLookupError("that process is gone")
        return watched

    def close(self) -> None:
        """Lets go of everything.  The processes live on."""
        if self._ends is not None and self._loop is not None:
            self._loop.remove_reader(self._ends.fileno())
        for watched in self._watched.values():
            self._release(watched)
        self._watched, self._tokens = {}, {}
        if self._ends is not None:
            self._ends.close()
            self._ends = None


def default_source() -> Source:
    """/proc where it is there, else what psutil gives."""
    if procfs.available():
        return procfs
    from proctui import portable

    return portable


def machine_totals() -> tuple[float, int, int]:
    """CPU use of the whole machine since the last call (100 = all cores), bytes used, bytes in all.

    The first call has nothing to compare with and answers 0 for the CPU.
    """
    from proctui import portable

    return portable.machine_totals()


def _not_yours(watched: Watched) -> str:
    owner = "another user" if watched.uid is None else user_name(watched.uid)
    return f"process {watched.pid} belongs to {owner}: not permitted to signal it"


def _slices(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), SLICE):
        yield items[start : start + SLICE]
