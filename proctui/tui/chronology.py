"""What the timeline reads: the list of the workers view, the gone in it, and their lifelines."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Literal

from proctui.core.naming import cause_besides
from proctui.core.store import Store
from proctui.model import Row
from proctui.protocol import Event
from proctui.tui.listing import Listing
from proctui.views.lifelines import Lifeline, lifeline, together
from proctui.views.past import WithPast, ghost
from proctui.views.timeline import Window
from proctui.views.view import Arrangement

Fold = Literal["", "folded", "open"]
"""Whether a row stands for others, and whether these are listed below it."""


class Chronology:
    """Store and listing, as the timeline needs them."""

    def __init__(
        self, store: Store, listing: Listing, folded: Callable[[], Collection[str]]
    ) -> None:
        """`folded` tells whose descendants are hidden."""
        self._store = store
        self._listing = listing
        self._folded = folded
        self._earlier: dict[int, Event] = {}
        self._made: tuple[int, frozenset[str]] | None = None
        self._unfolded: set[str] = set()
        self._bundles: dict[str, list[str]] = {}
        self._lines: dict[str, Lifeline] = {}
        self._arrangement = Arrangement()

    def stale(self) -> None:
        """The list was sorted, filtered or folded otherwise."""
        self._made = None

    def arrange(self, window: Window) -> Arrangement:
        """The rows in the order of the list, with those of the gone that are seen in `window`.

        The same object as before while nothing came, went or changed its place.
        """
        gone = [
            one
            for one in self._store.histories()
            if one.ended_at is not None
            and one.key not in self._store.rows
            and window.shows(one.marks[0].time if one.marks else one.ended_at, one.ended_at)
        ]
        made = (self._store.structure, frozenset(one.key for one in gone))
        if made != self._made:
            self._made = made
            past = WithPast(self._store, gone, bundled=self._listing.tree)
            self._bundles, self._lines = past.bundles, {}
            folded = past.bundles.keys() - self._unfolded
            self._arrangement = self._listing.arrange(past, folded.union(self._folded()))
        return self._arrangement

    # ------------------------------------------------------------------ rows that stand for many

    def fold_of(self, key: str) -> Fold:
        """Whether a row stands for many of the gone, and whether these are hidden."""
        if key not in self._bundles:
            return ""
        return "folded" if key in self._arrangement.hidden else "open"

    def toggle(self, key: str) -> None:
        """Shows whom a row stands for, or hides them again."""
        self._unfolded ^= {key}
        self.stale()

    def stands_for(self, key: str | None) -> str | None:
        """Key of the row that stands for one of the gone; None where none does."""
        found = (bundle for bundle, keys in self._bundles.items() if key in keys)
        return next(found, None)

    # ------------------------------------------------------------------ rows and their lines

    def row(self, key: str) -> Row | None:
        """The row that stands, or one that stands for a process that is gone."""
        row = self._store.rows.get(key)
        if row is None and (history := self._store.history(key)) is not None:
            row = ghost(history)
        return row

    def line(self, row: Row) -> Lifeline:
        """A row's lifeline."""
        if row.key in self._bundles:
            return self._line_for(row)
        history = self._store.history(row.key)
        if history is None:
            return Lifeline(row.key, row.name)
        return lifeline(history, self._store.rows.get(row.key))

    def _line_for(self, row: Row) -> Lifeline:
        if row.key not in self._lines:
            known = (self._store.history(key) for key in self._bundles[row.key])
            lines = [lifeline(one) for one in known if one is not None]
            self._lines[row.key] = together(row.key, row.name, lines)
        return self._lines[row.key]

    def told(self, seq: int | None) -> str:
        """The sentence of the event of that number, with who caused it; "" where it is unknown."""
        events = self._store.events
        if seq is None:
            return ""
        index = seq - events[0].seq if events else -1
        known = 0 <= index < len(events) and events[index].seq == seq
        event = events[index] if known else self._earlier.get(seq)
        if event is None:
            return ""
        cause = cause_besides(event.text, event.by)
        return f"{event.text}  (by {cause})" if cause else event.text

    def recall(self, events: Iterable[Event]) -> None:
        """What the journal tells of before the client came."""
        self._earlier = {event.seq: event for event in events}
        self._store.recall(self._earlier.values())

    def began(self) -> float | None:
        """When the first thing happened that is known of."""
        firsts = (one.marks[0].time for one in self._store.histories() if one.marks)
        return min(firsts, default=None)
