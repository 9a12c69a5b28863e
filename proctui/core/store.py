"""Where the two views meet: events and passes go in, rows come out.

The Python view comes as protocol messages, the kernel view as passes.  `Store`
keeps one `Row` for each worker and each process that descends from one, and
says which of them changed.  Pure: no I/O, and no clock but the times that come
in.  What a message or a pass costs grows with what changed, not with all rows.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable
from typing import Final

from proctui.core.exitcodes import from_wait_status
from proctui.core.family import Family
from proctui.core.history import History
from proctui.core.kin import Kin
from proctui.core.roster import Roster
from proctui.core.runs import Run, is_over
from proctui.core.table import Table
from proctui.model import Counts, Departure, Pass, Row, State, Worker
from proctui.protocol import Event, EventKind, Hello, Snapshot

MAX_EVENTS = 5000
"""Events kept, the latest."""
MAX_UNPLACED = 256
_OF_OTHERS: Final[tuple[EventKind, ...]] = ("note", "adopted")
"""What is told with the name of a worker, but of its descendants as a rule."""
NAMING_PATIENCE = 1.0
"""Seconds a new child of the supervisor is held back: the event that names it is on its way."""


class Store:
    """All rows of one session."""

    def __init__(self, hello: Hello) -> None:
        self.events: deque[Event] = deque(maxlen=MAX_EVENTS)
        """What happened, oldest first."""
        self._family = Family(hello.pid, hello.tag, adopt=hello.adopt, roots=hello.roots)
        self._roster = Roster(self._family)
        self._table = Table(self._family, self._roster)
        self.rows: dict[str, Row] = self._table.rows
        """Every row by its key.  A row stays the same object for as long as it is here."""
        self._due: list[tuple[float, int]] = []
        self._unplaced: dict[int, Event] = {}
        """By pid: adoptions of processes that are not shown yet."""
        self._seq = 0
        self.told_until = 0.0
        """Seconds since the epoch: whatever the supervisor started before, it has told."""
        self.told = False
        """Whether the supervisor has said what there is; before, no rows tell nothing."""
        self._now = 0.0
        self._patience = max(3.0, 3 * hello.refresh)
        self._pids: frozenset[int] | None = None
        self._new_pids: set[int] = set()
        self._unsettled: deque[tuple[float, Kin]] = deque()
        """Whose figures have come, and when, and are not in their rows yet."""

    # ------------------------------------------------------------ asking

    @property
    def structure(self) -> int:
        """Grows when rows come, go or change parent or place."""
        return self._table.forest.structure

    @property
    def roots(self) -> list[str]:
        """Keys of the rows at the root: workers in session order, then others by start."""
        return self._table.forest.roots

    def children(self, key: str) -> list[str]:
        """Keys of the rows under `key`, by start."""
        return self._table.forest.children(key)

    @property
    def counts(self) -> Counts:
        """What the status bar counts."""
        return self._table.tally.counts

    @property
    def lost_at(self) -> float | None:
        """When the supervisor was lost, seconds since the epoch; None while it is there."""
        return self._table.lost_at

    @property
    def supervisor_stopped(self) -> bool:
        """Whether the kernel shows it stopped: it does nothing until it is continued."""
        kin = self._family.supervisor
        return kin is not None and not self._family.supervisor_ended and kin.sample.state in "Tt"

    def history(self, key: str) -> History | None:
        """A row's past, also of many that are gone; None where nothing is known of it."""
        return self._table.chronicle.histories.get(key)

    def histories(self) -> Iterable[History]:
        """Everybody's past, also of those gone lately."""
        return iter(self._table.chronicle.histories)

    def worker_pids(self) -> frozenset[int]:
        """Pids of workers whose process exists or was not joined: whom to follow."""
        if self._pids is None:
            posts = self._roster.posts.values()
            workers = (post.worker for post in posts if not is_over(post.worker))
            self._pids = frozenset(w.pid for w in workers if w.pid is not None)
        return self._pids

    def take_new_pids(self) -> set[int]:
        """Those of `worker_pids` that came since this was last asked; costs what came."""
        taken, self._new_pids = self._new_pids, set()
        return taken

    def key_of(self, pid: int) -> str | None:
        """Key of the row that shows the process which has this pid, zombies included."""
        kin = self._family.living(pid)
        key = None if kin is None else self._table.key(kin)
        return key if key in self.rows else None

    @property
    def heir(self) -> str:
        """Who adopts what loses its parent in this session: name and pid, "" where not known.

        The supervisor lost its own parent at its start, so whoever has it now is the nearest
        subreaper above everything here, or init.
        """
        return self._family.heir

    # ------------------------------------------------------------ the Python view

    def apply(self, *messages: Snapshot | Event, seen: Pass | None = None) -> frozenset[str]:
        """Takes in what the supervisor says; keys of the rows that changed.

        Of several messages about one worker only what they come to makes a row, and of what
        was `seen` of it meanwhile, which is as `observe` takes it.
        """
        touched: set[int] = set()
        workers: set[str] = set()
        changed: frozenset[str] = frozenset()
        for message in messages:
            if isinstance(message, Snapshot):
                self._snapshot(message, touched, workers)
            elif self._happened(message):
                if message.kind == "note":  # told of a row, which must be there
                    changed |= self._table.refresh(touched, workers, self._now)
                    touched, workers = set(), set()
                self._event(message, touched, workers)
        if seen is not None:
            self._table.owe(touched, workers)
            return changed | self.observe(seen)
        return changed | self._table.refresh(touched, workers, self._now)

    def _event(self, event: Event, touched: set[int], workers: set[str]) -> None:
        if event.state is not None:
            touched |= self._worker(event.state)
            workers.add(event.state.id)
        elif event.kind == "removed" and event.worker is not None:
            touched |= self._remove(event.worker)
        touched |= self._adoption(event)
        self._mark(event)

    def recall(self, events: Iterable[Event]) -> None:
        """Takes into the histories of workers what a journal tells of before `self.events`."""
        first = self.events[0].seq if self.events else self._seq + 1
        for event in events:
            if (
                event.seq < first
                and event.worker in self._roster.posts
                and event.kind not in _OF_OTHERS
            ):
                self._table.chronicle.recalled(f"w:{event.worker}", event)

    def supervisor_lost(self, when: float) -> frozenset[str]:
        """The connection broke at `when`: what Python said is what was last known."""
        self._table.lost_at = when
        self._now = max(self._now, when)
        return self._table.refresh((), self._roster.posts, self._now)

    def _snapshot(self, snapshot: Snapshot, touched: set[int], workers: set[str]) -> None:
        self._table.lost_at = None
        self.told = True
        news = [event for event in snapshot.history if self._happened(event)]
        for event in news:
            touched |= self._past_run(event)
        present = {worker.id for worker in snapshot.workers}
        for gone in [worker for worker in self._roster.posts if worker not in present]:
            touched |= self._remove(gone)
        for worker in snapshot.workers:
            touched |= self._worker(worker)
        self._roster.reorder(snapshot.workers)
        self._seq = snapshot.seq
        for event in news:
            touched |= self._adoption(event)
            self._mark(event)
        for worker in snapshot.workers:
            self._table.chronicle.known_of(worker)
        workers |= present

    def _happened(self, event: Event) -> bool:
        """Keeps an event; False where it is known already."""
        if event.seq <= self._seq:
            return False
        self._seq = event.seq
        self._now = max(self._now, event.time)
        self.told_until = max(self.told_until, event.time)
        self.events.append(event)
        return True

    def _past_run(self, event: Event) -> set[int]:
        """A run that only the history tells of led a session too."""
        if event.worker is None or event.pid is None:
            return set()
        run = self._family.leaders.run(event.pid)
        if event.kind == "started":
            return self._family.lead(Run(event.worker, event.pid, event.time), self._now)
        if event.kind == "joined" and run is not None and run.worker == event.worker:
            run.ended_at = event.time
        return set()

    def _worker(self, worker: Worker) -> set[int]:
        post = self._roster.posts.get(worker.id)
        before = None if post is None else post.worker
        touched = self._roster.update(worker, self._now)
        over = is_over(worker)
        if before is None or before.pid != worker.pid or is_over(before) != over:
            self._pids = None
            if worker.pid is not None and not over:
                self._new_pids.add(worker.pid)
        self._await_departure(touched)
        self._await_decision(worker.pid)
        return touched

    def _remove(self, worker: str) -> set[int]:
        self._pids = None
        touched = self._roster.remove(worker, self._now)
        self._await_departure(touched)
        self._table.drop(f"w:{worker}", self._now)
        return touched

    def _await_departure(self, tokens: set[int]) -> None:
        for token in tokens:
            kin = self._family.kin.get(token)
            if kin is not None and kin.retired_at is not None:
                heapq.heappush(self._due, (kin.retired_at + self._patience, token))

    def _await_decision(self, pid: int | None) -> None:
        decided_at = self._roster.decided_at(pid)
        kin = None if decided_at is None else self._family.living(pid or 0)
        if kin is not None and decided_at is not None:
            heapq.heappush(self._due, (decided_at, kin.token))

    def _adoption(self, event: Event) -> set[int]:
        """Whom the supervisor says it adopted, where that is known; else `_newcomer` asks."""
        kin = self._family.living(event.pid or 0) if event.kind == "adopted" else None
        return set() if kin is None else self._family.taken_in(kin, event.worker, event.time)

    def _mark(self, event: Event) -> None:
        if event.pid is not None and (event.worker is None or event.kind in _OF_OTHERS):
            self._mark_descendant(event, event.pid)
        elif event.worker in self._roster.posts:
            self._table.chronicle.event(f"w:{event.worker}", event)

    def _mark_descendant(self, event: Event, pid: int) -> None:
        key = self.key_of(pid)
        if key is not None:
            self._table.chronicle.of_descendant(key, event)
        elif event.kind == "adopted":  # it may be shown later: children are held back at first
            self._unplaced[pid] = event
            if len(self._unplaced) > MAX_UNPLACED:
                del self._unplaced[next(iter(self._unplaced))]

    def _place(self) -> None:
        """Who was told of before anybody saw them."""
        for pid, event in list(self._unplaced.items()):
            key = self.key_of(pid)
            if key is not None:
                del self._unplaced[pid]
                if (self.rows[key].started_at or 0.0) <= event.time:
                    self._table.chronicle.of_descendant(key, event)

    # ------------------------------------------------------------ the kernel view

    def observe(self, pass_: Pass, most: int | None = None) -> frozenset[str]:
        """Takes in one pass over the kernel; keys of the rows that changed.

        With `most`, all but so many of the rows in which nothing but figures is new are left as
        they are until `settle` is called; else as many are settled as come.
        """
        self._now = max(self._now, pass_.time)
        ended, stopped = self._family.supervisor_ended, self.supervisor_stopped
        changes = self._family.observe(pass_)
        touched = changes.touched
        workers: set[str] = set()
        for kin, departure in changes.departed:
            self._roster.departed(kin, departure)
            if kin.bound is not None:
                workers.add(kin.bound)
            key = f"p:{kin.token}"
            self._table.drop(key, self._went_at(key, departure, pass_.time))
            self._table.chronicle.exitcode(key, from_wait_status(departure.wait_status))
        for kin in changes.fresh:
            if kin.token in self._family.kin:
                touched |= self._newcomer(kin, pass_.time)
        if self._family.supervisor_ended and not ended:
            touched |= self._roster.supervisor_ended()
        if self.supervisor_stopped != stopped:  # has no row of its own whose children are told
            touched.update(self._family.under(self._family.supervisor_pid))
        workers |= self._roster.searched(pass_.time)
        touched |= self._by_time_alone(pass_.time)
        changed = self._table.refresh(touched, workers, self._now)
        for due in self._table.waiting:
            heapq.heappush(self._due, due)
        self._table.waiting.clear()
        self._place()
        for kin in changes.looked_at:
            self._point(pass_.time, kin)
        self._unsettled.extend((pass_.time, kin) for kin in changes.figures)
        return changed | self.settle(len(changes.figures) if most is None else most)

    @property
    def unsettled(self) -> int:
        """How many rows wait for figures that are known."""
        return len(self._unsettled)

    def settle(self, most: int) -> frozenset[str]:
        """Gives so many rows the figures they wait for; keys of those that changed.

        These are the newest that are known, whatever came meanwhile.
        """
        touched: set[int] = set()
        for _ in range(min(most, len(self._unsettled))):
            time, kin = self._unsettled.popleft()
            if not self._table.figures(kin):
                touched.add(kin.token)
            if time >= kin.last_seen:  # else a later look has told of its own figures
                self._point(time, kin)
        return self._table.refresh(touched, (), self._now)

    def _point(self, time: float, kin: Kin) -> None:
        key = self._table.key(kin)
        if key is not None and key in self.rows:
            self._table.chronicle.figures(key, time, kin)

    def _went_at(self, key: str, departure: Departure, now: float) -> float:
        """When nothing was left of a process: a zombie that is reaped has ended long before."""
        row = self.rows.get(key)
        zombie = row is not None and row.state is State.ZOMBIE
        return max(now, departure.ended_at) if zombie else departure.ended_at

    def _newcomer(self, kin: Kin, time: float) -> set[int]:
        touched = self._roster.claim(kin, time)
        self._await_departure(touched)
        self._await_decision(kin.pid)
        adoption = self._unplaced.get(kin.pid)
        if adoption is not None:
            touched |= self._family.taken_in(kin, adoption.worker, adoption.time)
        unknown = kin.bound is None and kin.worker is None and not kin.helper and not kin.orphan
        if unknown and self._family.is_own_child(kin):
            kin.held = True
            heapq.heappush(self._due, (time + NAMING_PATIENCE, kin.token))
        return touched

    def _by_time_alone(self, now: float) -> set[int]:
        """Processes about whom something else is true now, although nothing happened."""
        touched: set[int] = set()
        while self._due and self._due[0][0] <= now:
            kin = self._family.kin.get(heapq.heappop(self._due)[1])
            if kin is None:
                continue
            touched.add(kin.token)
            if self._roster.decided_at(kin.pid) is not None:
                kin.last_seen = now  # nobody has told that it is gone
                touched |= self._roster.claim(kin, now)
            if kin.held:
                kin.held = False
                no_worker = self._roster.is_other(kin, self.told_until)
                touched |= self._family.settle(kin, now, no_worker=no_worker)
            if kin.retired_at is not None and kin.retired_at + self._patience <= now:
                # it is still there, so it was not what was joined
                touched |= self._family.disown(kin, now)
        return touched
