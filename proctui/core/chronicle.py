"""Writes what happens to rows into their histories.  Pure."""

from __future__ import annotations

from proctui.core.exitcodes import exitcode_text
from proctui.core.history import Histories, Mark, MarkKind
from proctui.core.kin import Kin
from proctui.core.naming import SUPERVISOR
from proctui.model import Row, State, Worker
from proctui.protocol import Event, EventKind

_MARKS: dict[EventKind, MarkKind] = {
    "started": "started",
    "start-failed": "failed",
    "gave-up": "failed",
    "ended": "ended",
    "joined": "joined",
    "adopted": "orphaned",
    "join-waiting": "join",
    "join-timed-out": "join",
    "join-cancelled": "join",
    "signalled": "signal",
    "note": "signal",
    "stopping": "stop",
    "restarting": "restart",
}


_TOGETHER = 1.0
"""Seconds within which what a worker says of itself and the event that told it are one."""


class Chronicle:
    """Marks from events where these tell, from changes of rows where only the kernel does."""

    def __init__(self) -> None:
        self.histories = Histories()

    def event(self, key: str, event: Event) -> None:
        """Something happened to that row."""
        kind = _MARKS.get(event.kind)
        if kind is None or (event.kind == "note" and event.signal is None):
            return
        text = event.signal or ("" if event.exitcode is None else exitcode_text(event.exitcode))
        self.histories.mark(key, Mark(event.time, kind, text or event.text, event.seq))
        if event.kind == "ended" and event.state is not None:
            self.known_of(event.state)  # a run may be too short for its start to be told

    def of_descendant(self, key: str, event: Event) -> None:
        """The supervisor tells of a process that is no worker, which the kernel may have shown."""
        kind = _MARKS.get(event.kind)
        history = self.histories.of(key)
        for mark in history.marks if kind in ("orphaned", "joined") else ():
            if mark.kind == kind and mark.seq is None:
                history.marks.remove(mark)
                when = min(mark.time, event.time)
                self.histories.mark(key, mark._replace(time=when, seq=event.seq))
                return
        if kind == "orphaned":
            self.histories.mark(key, Mark(event.time, kind, SUPERVISOR, event.seq))
        else:
            self.event(key, event)

    def recalled(self, key: str, event: Event) -> None:
        """Something that happened before all that was told; known moments get its sentence."""
        kind = _MARKS.get(event.kind)
        marks = self.histories.of(key).marks
        for index, mark in enumerate(marks):
            if mark.kind == kind and mark.seq is None and abs(mark.time - event.time) <= _TOGETHER:
                marks[index] = mark._replace(seq=event.seq)
                return
        self.event(key, event)

    def known_of(self, worker: Worker) -> None:
        """What a worker says of its present run, where no event that was kept told it."""
        history = self.histories.of(f"w:{worker.id}")
        told: tuple[tuple[MarkKind, float | None], ...] = (
            ("started", worker.started_at),
            ("ended", worker.ended_at),
            ("joined", worker.joined_at),
        )
        since = worker.started_at or 0.0
        for kind, when in told:
            known = any(m.kind == kind and m.time >= since - _TOGETHER for m in history.marks)
            if when is not None and not known:
                self.histories.mark(history.key, Mark(when, kind))

    def row(self, old: Row | None, row: Row, when: float) -> None:
        """A row came or changed from `old` to `row`, and that was seen at `when`."""
        history = self.histories.of(row.key)
        if old is None:
            self.histories.came_back(row.key)
        history.name, history.parent = row.name, row.parent
        history.worker = row.worker.id if row.worker is not None else row.lineage.worker
        if old is None and row.worker is None and row.started_at is not None:
            self.histories.mark(row.key, Mark(row.started_at, "started"))
        zombie = row.state is State.ZOMBIE
        if zombie and row.zombie_since is not None and (old is None or old.state is not row.state):
            text = exitcode_text(row.exitcode)
            if old is None and row.worker is None and not row.since_exact:
                self.histories.mark(row.key, Mark(row.zombie_since, "found-dead"))
            self.histories.mark(row.key, Mark(row.zombie_since, "zombie", text))
        adopted = row.lineage.adopted_at
        told = any(m.kind == "orphaned" and m.seq is not None for m in history.marks)
        new = row.orphan and not (old is not None and old.orphan) and not told
        if new and adopted is not None:
            self.histories.mark(row.key, Mark(adopted, "orphaned", row.lineage.adopter))
        if row.sample is not None and row.state is not State.ZOMBIE:
            same = old is not None and old.token == row.token
            was = same and old is not None and old.state is State.STOPPED
            if (row.state is State.STOPPED) != was:
                self.histories.mark(row.key, Mark(when, "continued" if was else "stopped"))

    def left(self, row: Row, when: float) -> None:
        """A row has gone: a process that was no worker ended, and nobody else tells it."""
        joined = any(mark.kind == "joined" for mark in self.histories.of(row.key).marks)
        if row.worker is None and not joined:
            kind: MarkKind = "joined" if row.state is State.ZOMBIE else "ended"
            self.histories.mark(row.key, Mark(when, kind))
        self.histories.left(row.key, when)

    def exitcode(self, key: str, code: int | None) -> None:
        """How a process ended of which only its history is left, where the kernel still tells."""
        history = self.histories.get(key)
        if code is None or history is None or not history.marks:
            return
        last = history.marks[-1]
        if last.kind in ("ended", "joined") and not last.text:
            history.marks[-1] = last._replace(text=exitcode_text(code))

    def figures(self, key: str, time: float, kin: Kin) -> None:
        """CPU and memory of a row's process at one moment."""
        history = self.histories.of(key)
        history.point(time, kin.cpu_percent or 0.0, kin.sample.rss_bytes, self.histories.keep)
