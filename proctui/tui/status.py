"""What the first line says of a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proctui.tui.widgets.status_line import Status

if TYPE_CHECKING:
    from proctui.tui.screens.workers import WorkersScreen


def first(screen: WorkersScreen) -> Status:
    """Before anything is known: what it is of."""
    return Status(session=screen.place, counts=None, of=screen.counted)


def of(screen: WorkersScreen) -> Status:
    """Counts and signs as they stand."""
    feed, looks = screen.feed, screen.looks
    cpu, used, total = feed.totals
    return Status(
        session=screen.place,
        counts=feed.store.counts if screen.known else None,
        of=screen.counted,
        listed=len(feed.store.rows),
        machine_cpu=cpu,
        machine_used=used,
        machine_total=total,
        paused_since=looks.paused_since,
        filter=screen.listing.filter,
        shown=screen.listing.matching(screen.table.arrangement),
        tagged=len(screen.table.tagged),
        following=looks.following,
        lost_since=feed.store.lost_at,
        lost_seen=feed.lost_seen,
    )
