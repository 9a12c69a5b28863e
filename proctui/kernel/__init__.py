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
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TypeVar

from proctui.kernel.brief import BriefLives
from proctui.kernel.discovery import Newcomers
from proctui.kernel.flock import Flock
from proctui.kernel.watched import Budget, Watched
from proctui.linux.clock import Clock
from proctui.linux.grip import Source, default_source
from proctui.linux.pidfd import EndWatcher
from proctui.linux.procconn import ProcConnector
from proctui.linux.procfs import Stat
from proctui.linux.standing import why_left
from proctui.linux.trails import tagged
from proctui.linux.treekill import user_name
from proctui.model import Pass, ProcessDetails

SLICE = 256
"""Processes read before the loop gets its turn."""
HOLDS = 64
"""Processes taken hold of before the loop gets its turn: that costs ten times a read."""
PAUSE = 0.001
"""Seconds the loop has for other things between two slices."""
MOST_WAKE_UPS = 100
"""Per refresh, for forks anywhere on the machine; on a busier one they wait for the refresh."""

_Item = TypeVar("_Item")


class KernelView:
    """What the kernel knows of the watched processes.

    `on_end` is called from the loop, without arguments, each time there is
    something that `urgent` would tell at once.  Made inside a running loop it
    hears of ends and forks; elsewhere they are found by the next `refresh`.
    """

    def __init__(
        self,
        session_tag: str,
        on_end: Callable[[], None],
        *,
        source: Source | None = None,
        budget: Budget | None = None,
        connector: Callable[[], ProcConnector | None] = ProcConnector.open,
        clock: Clock | None = None,
        workers: Collection[str] | None = None,
    ) -> None:
        """`clock` is that of the session; without it the machine's.

        `connector` gives one that may have been opened long before, with all that happened since.

        Where `workers` are given only their tags count, not those of the session's others.
        """
        self._tag = session_tag
        self._workers = workers
        self._on_end = on_end
        self._source = source if source is not None else default_source()
        self._newcomers = Newcomers(self._source)
        self._clock: Callable[[], float] = time.time if clock is None else clock
        follows = clock is not None and self._source.KEEPS_OPEN
        self._boot_time = clock.boot_time if follows and clock else self._source.boot_time()
        self._loop = _running_loop()
        self._ends = EndWatcher() if self._loop and hasattr(select, "epoll") else None
        limit = budget if budget is not None else Budget()
        self._flock = Flock(self._source, limit, self._ends, self._clock)
        self._brief = BriefLives(self._flock, self._boot_time, self._clock)
        self._connector = connector() if self._source.KEEPS_OPEN else None
        self._deaf = True
        """Until somebody is watched what the connector tells would be about nobody, and lost."""
        self._wake_ups = 0
        self._ended: list[Watched] = []
        self._known: set[int] = set()
        """Tokens of those that were told and have not departed."""
        self._refreshing = False
        if self._loop is not None and self._ends is not None:
            self._loop.add_reader(self._ends.fileno(), self._ends_told)

    # ------------------------------------------------------------ what is watched

    def follow(self, roots: Iterable[int], *, groups: bool = False) -> None:
        """Watches these pids and, from the next refresh, all that descends from them.

        With `groups` also whoever was orphaned in the process groups that they lead.

        Takes hold of them at once.  May be called again with more or the same;
        what is watched stays so until it is gone.  Pids of nobody are ignored.
        """
        for pid in roots:
            if pid <= 0 or pid in self._flock.watched:
                continue  # 0 is the session of the kernel's own threads
            if self._newcomers.is_foreign(pid):
                self._newcomers.read_all_next()
            # a worker that has ended meanwhile may have left others in its session
            self._flock.claim_session(pid)
            self._flock.enter(pid)
            if groups:
                self._flock.claim_group(pid)
        if self._deaf:
            self._deaf = False
            self._listen()

    # ------------------------------------------------------------ events

    def _ends_told(self) -> None:
        """The loop says that pidfds are readable."""
        self._ended += self._flock.ended()
        if self._ended:
            self._on_end()

    def _listen(self) -> None:
        """Has the loop tell of forks."""
        if self._connector is not None and self._loop is not None and not self._deaf:
            self._wake_ups = 0
            self._loop.add_reader(self._connector.fileno(), self._happenings_told)

    def _happenings_told(self) -> None:
        self._wake_ups += 1
        if self._wake_ups > MOST_WAKE_UPS and self._loop is not None and self._connector:
            self._loop.remove_reader(self._connector.fileno())
        elif self._hear():
            self._on_end()

    def _hear(self) -> bool:
        """Takes in what happened; True where there is something to tell.

        Always before ends are: who was forked has its parent only until then.
        """
        if self._connector is None or self._deaf:
            return False
        return self._brief.hear(self._connector.read())

    # ------------------------------------------------------------ looking

    def urgent(self) -> Pass:
        """Looks at once at the processes that ended and at their children, who got a new parent.

        Cheap, and safe at any time; tells everything that is known and was not
        told before.
        """
        self._hear()
        ended, self._ended = self._ended + self._flock.ended(), []
        self._flock.look_at_end(ended)
        return self._told()

    async def refresh(self) -> Pass:
        """Reads everything that is watched and finds what has come.

        In slices, with turns for the loop between them.  Apply the answer
        before anything else gets a turn: `urgent` goes on telling meanwhile.
        """
        if self._refreshing:
            return self._told()
        self._refreshing = True
        try:
            self._listen()
            for chunk in _slices(tuple(self._flock.watched.values())):
                self._hear()
                self._flock.look_at(chunk, time.monotonic())
                await asyncio.sleep(PAUSE)
            await self._discover()
        finally:
            self._refreshing = False
        return self._told()

    async def _discover(self) -> None:
        """Finds processes that belong here and are not watched yet."""
        candidates = self._newcomers.candidates(self._flock.watched, time.monotonic())
        stats: dict[int, Stat] = {}
        for chunk in _slices(candidates):
            for pid in chunk:
                with contextlib.suppress(OSError):
                    stats[pid] = self._source.read_stat(pid)
            if len(candidates) > SLICE:
                await asyncio.sleep(PAUSE)
        await self._admit(self._flock.relatives(stats))
        for part in _slices(tuple(stats.values())) if self._tag else ():
            for stat, worker in tagged(part, self._tag, self._source.tags):
                if self._workers is not None and worker not in self._workers:
                    continue
                if stats.pop(stat.pid, None) is not None:
                    await self._admit([(stat, False)])
                    await self._admit(self._flock.relatives(stats))
            if len(stats) > SLICE:
                await asyncio.sleep(PAUSE)
        self._newcomers.dismiss(stats)
        self._flock.forget_sessions()

    async def _admit(self, newcomers: Sequence[tuple[Stat, bool]]) -> None:
        for chunk in _slices(newcomers, HOLDS):
            for stat, by_parent in chunk:
                self._flock.enter_as(stat, by_parent=by_parent)
            if len(newcomers) > HOLDS:
                await asyncio.sleep(PAUSE)

    # ------------------------------------------------------------ telling

    def _told(self) -> Pass:
        """Everything new, once.

        Who departs although nobody was told of it before is told now, and its
        departure with the next pass.
        """
        flock = self._flock
        changed, flock.changed = flock.changed, {}
        departures, flock.departures = flock.departures, []
        names: dict[int, str] = {}
        subreapers: set[int] = set()
        inits: dict[int, bool] = {}
        for watched in changed.values():
            self._name_parent(watched, names, subreapers, inits)
        observations = [watched.observation(self._boot_time) for watched in changed.values()]
        for seen, gone in self._brief.told():
            observations.append(seen)
            departures.append(gone)
        new = {seen.token for seen in observations} - self._known
        flock.departures += [gone for gone in departures if gone.token in new]
        self._known |= new
        told = tuple(gone for gone in departures if gone.token not in new)
        self._known.difference_update(gone.token for gone in told)
        return Pass(
            time=self._clock(),
            observations=tuple(observations),
            departures=told,
            names=names,
            subreapers=frozenset(subreapers),
            inits=frozenset(pid for pid, is_init in inits.items() if is_init),
        )

    def _name_parent(
        self, watched: Watched, names: dict[int, str], subreapers: set[int], inits: dict[int, bool]
    ) -> None:
        """Tells the name of a parent that is not watched, once for each of its children.

        And of whoever adopts, or has not joined its child, whether it is an init.
        """
        parent = watched.sample.ppid
        if parent in (0, watched.named_ppid):
            return
        adopts = watched.adopted or parent != (watched.forked_by or watched.first_ppid)
        known = parent in self._flock.watched
        if known and not adopts and not watched.sample.is_zombie:
            return
        watched.named_ppid = parent
        with contextlib.suppress(OSError):
            if not known and parent not in names:
                names[parent] = self._source.name(parent)
            if parent not in inits:
                inits[parent] = self._source.is_namespace_init(parent)
            if adopts and not known and not inits[parent]:
                subreapers.add(parent)

    def details(self, token: int) -> ProcessDetails:
        """What is worth knowing of the process under the cursor.

        Raises `ProcessLookupError` where it is gone.
        """
        from proctui.kernel import portable  # psutil is worth its import only once somebody asks

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

    def why_left(self, token: int, signum: int) -> str:
        """Why the process is there still after this signal, the rest of a sentence.

        Raises `ProcessLookupError` where it is gone.
        """
        return why_left(self._held(token), signum)

    def _held(self, token: int) -> Watched:
        watched = self._flock.tokens.get(token)
        if watched is None:
            raise ProcessLookupError("that process is gone")
        return watched

    def close(self) -> None:
        """Lets go of everything.  The processes live on.  Harmless when repeated."""
        for heard in (self._connector, self._ends):
            if heard is not None and self._loop is not None:
                self._loop.remove_reader(heard.fileno())
        self._flock.close()
        for heard in (self._connector, self._ends):
            if heard is not None:
                heard.close()
        self._connector = self._ends = None


def machine_totals() -> tuple[float, int, int]:
    """CPU use of the whole machine since the last call (100 = all cores), bytes used, bytes in all.

    The first call has nothing to compare with and answers 0 for the CPU.
    """
    from proctui.kernel import portable

    return portable.machine_totals()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _not_yours(watched: Watched) -> str:
    owner = "another user" if watched.uid is None else user_name(watched.uid)
    return f"process {watched.pid} belongs to {owner}: not permitted to signal it"


def _slices(items: Sequence[_Item], size: int = SLICE) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
