"""Tells a store what happened, in few words: event histories as data."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from proctui.core.store import Store
from proctui.model import Departure, Finding, Observation, Pass, ProcessSample, Row, Worker
from proctui.protocol import Event, EventKind, Hello, Snapshot

SUPERVISOR = 100
NOON = 12 * 3600.0
"""1970-01-01 12:00:00 UTC: a time that reads well in sentences."""
SUPERVISOR_LINE = "python3 -P -m proctui.supervisor"
FORK_SERVER_LINE = "python3 -c from multiprocessing.forkserver import main; main(5)"
TRACKER_LINE = "python3 -c from multiprocessing.resource_tracker import main;main(4)"


def seen(
    token: int,
    pid: int,
    ppid: int,
    *,
    state: str = "S",
    sid: int | None = None,
    start: float = NOON,
    status: int | None = None,
    comm: str = "python3",
    command: str | None = None,
    threads: int = 1,
    cpu: float | None = None,
    cpu_ticks: int = 0,
    rss: int = 0,
    ended_at: float | None = None,
    forked_by: int | None = None,
    tag: tuple[str, str] | None = None,
) -> Observation:
    """One look at one process."""
    return Observation(
        token=token,
        sample=ProcessSample(
            pid=pid,
            ppid=ppid,
            pgid=pid if sid is None else sid,
            sid=pid if sid is None else sid,
            state=state,
            start_ticks=round(100 * start),
            comm=comm,
            threads=threads,
            cpu_ticks=cpu_ticks,
            rss_bytes=rss,
            wait_status=status,
        ),
        cpu_percent=cpu,
        command=command,
        started_at=start,
        ended_at=ended_at,
        forked_by=forked_by,
        tag_session=tag[0] if tag else None,
        tag_worker=tag[1] if tag else None,
    )


def running(id_: str = "factory", pid: int | None = 200, **fields: object) -> Worker:
    """A worker that runs since noon."""
    said: dict[str, object] = {
        "id": id_,
        "name": id_,
        "phase": "alive",
        "pid": pid,
        "ppid": SUPERVISOR,
        "alive": True,
        "started_at": NOON,
    }
    return Worker(**{**said, **fields})  # type: ignore[arg-type]


class Story:
    """A store, and the two that tell it things."""

    def __init__(self, *, adopt: bool = False, tag: str = "tag-1", at: float = NOON) -> None:
        self.now = at
        self.seq = 0
        self.changed: frozenset[str] = frozenset()
        hello = Hello(
            version=1,
            session="lessons",
            pid=SUPERVISOR,
            started_at=NOON - 1,
            python="3.11.7",
            tag=tag,
            adopt=adopt,
        )
        self.store = Store(hello)

    def snapshot(self, *workers: Worker, history: tuple[Event, ...] = ()) -> Story:
        """The supervisor tells everything."""
        self.seq = max([self.seq, *(event.seq for event in history)])
        snapshot = Snapshot(seq=self.seq, workers=workers, history=history)
        self.changed = self.store.apply(snapshot)
        return self

    def event(self, kind: EventKind, worker: Worker | None = None, /, **fields: object) -> Story:
        """The supervisor tells what happened."""
        self.seq += 1
        said: dict[str, object] = {"seq": self.seq, "time": self.now, "kind": kind}
        if worker is not None:
            said |= {"worker": worker.id, "pid": worker.pid, "state": worker}
            said |= {"exitcode": worker.exitcode}
        self.changed = self.store.apply(Event(**{**said, **fields}))  # type: ignore[arg-type]
        return self

    def look(
        self,
        *observations: Observation,
        gone: Iterable[int] = (),
        exact: bool = True,
        status: int | None = None,
        names: dict[int, str] | None = None,
        subreapers: Iterable[int] = (),
        inits: Iterable[int] = (),
        after: float = 0.0,
    ) -> Story:
        """The kernel view tells what it saw, `after` seconds later than what was told last."""
        self.now += after
        pass_ = Pass(
            time=self.now,
            observations=observations,
            departures=tuple(
                Departure(token=token, ended_at=self.now, exact=exact, wait_status=status)
                for token in gone
            ),
            names={} if names is None else names,
            subreapers=frozenset(subreapers),
            inits=frozenset(inits),
        )
        self.changed = self.store.observe(pass_)
        return self

    def row(self, key: str) -> Row:
        """A copy, so that later changes can be told from it."""
        return msgspec.structs.replace(self.store.rows[key])

    def finding(self, key: str, kind: str) -> Finding:
        """The one finding of that kind on a row."""
        (found,) = (f for f in self.store.rows[key].findings if f.kind == kind)
        return found

    def verdict(self, key: str) -> str:
        """What the details pane shows first."""
        return self.store.rows[key].findings[0].text
