"""Observations that steps of lessons wait for.  Pure.

Workers are meant by a pattern of their ids (`fnmatch`), their descendants by the pattern of the
worker's id and, where it matters, one of their own name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fnmatch import translate

from proctui.core.exitcodes import exitcode_text
from proctui.core.history import History, Mark, MarkKind
from proctui.core.store import Store
from proctui.lessons.lesson import Seen
from proctui.model import CureKind, Row, Worker
from proctui.protocol import Event, EventKind


def both(*parts: Seen) -> Seen:
    """All of them, at the same time."""
    return lambda store: all(part(store) for part in parts)


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
        if worker is not None and match(worker) and match_name(row.name):
            yield row


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


def lives(row: Row) -> bool:
    """The kernel shows it alive."""
    return row.sample is not None and not row.zombie and not row.gone


def is_zombie(row: Row) -> bool:
    """The kernel shows it in state Z, dead; that Python says so is not enough."""
    return row.sample is not None and row.sample.is_zombie


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
            yield history


def went_through(
    pattern: str, *kinds: MarkKind, name: str = "*", gone: bool = False, at_least: int = 1
) -> Seen:
    """As many descendants went through all of this; with `gone` they don't exist any more."""

    def did(history: History) -> bool:
        if gone and history.ended_at is None:
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


def _enough(found: Iterator[bool], at_least: int) -> bool:
    count = 0
    for one in found:
        count += one
        if count >= at_least:
            return True
    return False
