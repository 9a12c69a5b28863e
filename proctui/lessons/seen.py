"""Observations that steps of lessons wait for.  Pure.

Workers are meant by a pattern of their ids (`fnmatch`), their descendants by the pattern of the
worker's id and, where it matters, one of their own name.  Only descendants of a worker's present
run count: what an earlier one left proves nothing about this one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fnmatch import translate
from typing import Final

from proctui.core.exitcodes import exitcode_text
from proctui.core.history import History, Mark, MarkKind
from proctui.core.store import Store
from proctui.lessons.lesson import Again, Attention, Looked, Seen
from proctui.model import CureKind, Phase, Row, Worker
from proctui.protocol import Event, EventKind

SLACK: Final = 0.2
"""Seconds by which a child may seem older than its parent: starts are told in clock ticks."""


def both(*parts: Seen) -> Seen:
    """All of them, at the same time."""
    return lambda store: all(part(store) for part in parts)


def either(*parts: Seen) -> Seen:
    """At least one of them."""
    return lambda store: any(part(store) for part in parts)


# ---------------------------------------------------------------- rows


def rows(store: Store, pattern: str) -> Iterator[Row]:
    """The rows of these workers."""
    match = re.compile(translate(pattern)).match
    for row in store.rows.values():
        if row.worker is not None and match(row.worker.id):
            yield row


def descendants(store: Store, pattern: str, name: str = "*") -> Iterator[Row]:
    """The rows of what descends from these workers, as long as it exists."""
    match, match_name = re.compile(translate(pattern)).match, re.compile(translate(name)).match
    for row in store.rows.values():
        worker = row.lineage.worker if row.worker is None else None
        if worker is None or not match(worker) or not match_name(row.name):
            continue
        if _of_this_run(store, worker, row.started_at):
            yield row


def _of_this_run(store: Store, worker: str, started_at: float | None) -> bool:
    """Whether what started then belongs to the worker's present run, or its last one."""
    row = store.rows.get(f"w:{worker}")
    began = None if row is None or row.worker is None else row.worker.started_at
    return began is not None and (started_at is None or started_at >= began - SLACK)


def worker(pattern: str, test: Callable[[Row], bool], at_least: int = 1) -> Seen:
    """As many of these workers' rows are so now."""
    return lambda store: _enough(map(test, rows(store, pattern)), at_least)


def every(pattern: str, test: Callable[[Row], bool]) -> Seen:
    """There are such workers, and all their rows are so now."""

    def seen(store: Store) -> bool:
        found = [test(row) for row in rows(store, pattern)]
        return bool(found) and all(found)

    return seen


def descendant(
    pattern: str,
    test: Callable[[Row], bool] = lambda row: True,
    name: str = "*",
    at_least: int = 1,
) -> Seen:
    """As many descendants of these workers are so now."""
    return lambda store: _enough(map(test, descendants(store, pattern, name)), at_least)


def seen_alive(pattern: str, at_least: int = 1) -> Seen:
    """The kernel has shown as many of these workers alive in their present run."""

    def was_alive(store: Store, row: Row) -> bool:
        if lives(row):
            return True
        began = None if row.worker is None else row.worker.started_at
        history = store.history(row.key)
        if began is None or history is None:
            return False
        # the dead have no memory
        return any(point.rss_bytes and point.time >= began for point in history.points())

    return lambda store: _enough((was_alive(store, row) for row in rows(store, pattern)), at_least)


def lives(row: Row) -> bool:
    """The kernel shows it alive."""
    return row.sample is not None and not row.zombie and not row.gone


def is_zombie(row: Row) -> bool:
    """The kernel shows it in state Z, dead; that Python says so is not enough."""
    return row.sample is not None and row.sample.is_zombie


def in_phase(*phases: Phase) -> Callable[[Row], bool]:
    """Python says that it is at this point of its life."""
    return of_worker(lambda one: one.phase in phases)


def ended_with(exitcode: int) -> Callable[[Row], bool]:
    """Python says that its run has ended so; the kernel alone may say it a moment earlier."""
    return of_worker(lambda one: one.exitcode == exitcode)


def has_cure(kind: CureKind) -> Callable[[Row], bool]:
    """Something can be done about it in this way."""
    return lambda row: any(cure.kind == kind for one in row.findings for cure in one.cures)


def of_worker(test: Callable[[Worker], bool]) -> Callable[[Row], bool]:
    """What Python says of it."""
    return lambda row: row.worker is not None and test(row.worker)


# ---------------------------------------------------------------- events


def happened(
    kind: EventKind,
    pattern: str,
    test: Callable[[Event], bool] = lambda event: True,
    at_least: int = 1,
) -> Seen:
    """As many of these workers had such an event."""

    def seen(store: Store) -> bool:
        match = re.compile(translate(pattern)).match
        found = {
            event.worker
            for event in store.events
            if event.kind == kind and event.worker and match(event.worker) and test(event)
        }
        return len(found) >= at_least

    return seen


def joined(pattern: str, test: Callable[[Event], bool] = lambda event: True) -> Seen:
    """One of these workers was joined, and not merely on the way to its next start."""

    def seen(store: Store) -> bool:
        match = re.compile(translate(pattern)).match
        restarting: set[str] = set()
        for event in store.events:
            if event.worker is None or not match(event.worker):
                continue
            if event.kind == "restarting":
                restarting.add(event.worker)
            elif event.kind in ("starting", "started"):
                restarting.discard(event.worker)
            elif event.kind == "joined" and event.worker not in restarting and test(event):
                return True
        return False

    return seen


def with_exitcode(exitcode: int) -> Callable[[Event], bool]:
    """The event tells this exit code."""
    return lambda event: event.exitcode == exitcode


# ---------------------------------------------------------------- histories


def past(store: Store, pattern: str, name: str = "*") -> Iterator[History]:
    """The histories of what descends from these workers, also of what is gone."""
    match, match_name = re.compile(translate(pattern)).match, re.compile(translate(name)).match
    for history in store.histories():
        worker = history.worker if history.key.startswith("p:") else None
        if worker is not None and match(worker) and match_name(history.name):
            start = mark_of(history, "started")
            if _of_this_run(store, worker, None if start is None else start.time):
                yield history


def went_through(
    pattern: str,
    *kinds: MarkKind,
    name: str = "*",
    gone: bool = False,
    untouched: bool = False,
    at_least: int = 1,
) -> Seen:
    """As many descendants went through all of this; with `gone` they don't exist any more.

    With `untouched` nobody has sent them a signal from proctui.
    """

    def did(history: History) -> bool:
        if gone and history.ended_at is None:
            return False
        if untouched and mark_of(history, "signal") is not None:
            return False
        return all(mark_of(history, kind) is not None for kind in kinds)

    return lambda store: _enough(map(did, past(store, pattern, name)), at_least)


def zombie_with(pattern: str, exitcode: int, name: str = "*") -> Seen:
    """A descendant of these workers was a zombie with this exit code; the kernel told it."""

    def did(history: History) -> bool:
        mark = mark_of(history, "zombie")
        return mark is not None and mark.text == exitcode_text(exitcode)

    return lambda store: any(map(did, past(store, pattern, name)))


def mark_of(history: History, kind: MarkKind) -> Mark | None:
    """Its first mark of a kind."""
    return next((mark for mark in history.marks if mark.kind == kind), None)


def lifetime(history: History) -> float | None:
    """Seconds from its start to its end; None as long as not both are known."""
    start, end = mark_of(history, "started"), history.ended_at
    return None if start is None or end is None else end - start.time


# ---------------------------------------------------------------- what the person looks at


def looks_at_worker(worker: str) -> Looked:
    """The cursor is on this worker, and the details are open."""
    return lambda store, attention: attention == Attention(f"w:{worker}", "details")


def looks_at_descendant(
    pattern: str, test: Callable[[Row], bool] = lambda row: True, name: str = "*"
) -> Looked:
    """The cursor is on such a descendant of these workers."""
    return lambda store, attention: any(
        row.key == attention.row and test(row) for row in descendants(store, pattern, name)
    )


# ---------------------------------------------------------------- what is over


def over(*patterns: str) -> Again:
    """Those of these workers whose run is over."""
    return lambda store: [row.name for row in _over(store, *patterns)]


def ended_otherwise(pattern: str, exitcode: int) -> Again:
    """Those of these workers whose run is over, and did not end with this exit code."""
    return lambda store: [row.name for row in _over(store, pattern) if row.exitcode != exitcode]


def over_unless(pattern: str, still: Seen) -> Again:
    """Those of these workers whose run is over, unless this is still so without them."""
    return lambda store: () if still(store) else over(pattern)(store)


def when(missed: Seen, *patterns: str) -> Again:
    """These workers, when this is so."""
    return lambda store: [
        row.name for pattern in patterns if missed(store) for row in rows(store, pattern)
    ]


def any_of(*parts: Again) -> Again:
    """All whom one of these names."""
    return lambda store: tuple(dict.fromkeys(name for part in parts for name in part(store)))


def _over(store: Store, *patterns: str) -> Iterator[Row]:
    for pattern in patterns:
        yield from filter(in_phase("ended", "joined", "failed"), rows(store, pattern))


def _enough(found: Iterator[bool], at_least: int) -> bool:
    count = 0
    for one in found:
        count += one
        if count >= at_least:
            return True
    return False
