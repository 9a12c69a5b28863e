"""All processes that are known, found by pid, parent, session and descent.  Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from proctui.core.index import Index
from proctui.core.kin import Kin
from proctui.model import Departure

_REMEMBERED = 4096
"""Tokens of departed processes kept, so that nothing late brings one back."""


class Changes(NamedTuple):
    """What one pass brought."""

    fresh: list[Kin]
    """Processes seen for the first time, in the order of their starts."""
    touched: set[int]
    """Tokens of all about whom something may have changed."""
    departed: list[tuple[Kin, Departure]]
    """Those that are gone, and forgotten already."""
    looked_at: list[Kin]
    """Those of whom the pass told more than figures, fresh ones among them."""
    figures: list[Kin]
    """Those of whom nothing but figures has changed."""


class Kindred:
    """The indexes behind `family.Family`; every change costs what it concerns."""

    def __init__(self) -> None:
        self.kin: dict[int, Kin] = {}
        self._by_pid: dict[int, int] = {}
        self._under = Index()
        self._in_session = Index()
        self._born = Index()
        self._departed: dict[int, None] = {}

    def living(self, pid: int) -> Kin | None:
        """The process that has `pid` as far as is known, dead or not as long as it has it."""
        token = self._by_pid.get(pid)
        return None if token is None else self.kin[token]

    def under(self, pid: int) -> Collection[int]:
        """Tokens of those whose parent has `pid`."""
        return self._under.get(pid)

    def in_session(self, sid: int) -> Collection[int]:
        """Tokens of those who live in session `sid`."""
        return self._in_session.get(sid)

    def born_of(self, token: int) -> Collection[int]:
        """Tokens of those linked to this one as their nearest ancestor that is known."""
        return self._born.get(token)

    def has_departed(self, token: int) -> bool:
        """Whether it was here and is gone."""
        return token in self._departed

    def enter(self, kin: Kin) -> int | None:
        """Adds a process; the token of the one that had its pid and so must be gone."""
        former = self._by_pid.get(kin.pid)
        self.kin[kin.token] = kin
        self._by_pid[kin.pid] = kin.token
        self._link(kin)
        return former

    def relink(self, kin: Kin) -> None:
        """Its parent or its session is another than before."""
        self._unlink(kin)
        self._link(kin)

    def descend(self, kin: Kin, parent: Kin) -> None:
        """`parent` is the first parent that was seen of it; to be told once."""
        if kin.via is not None:
            self._born.discard(kin.via, kin.token)
        kin.parent = kin.via = parent.token
        self._born.add(parent.token, kin.token)

    def forget(self, token: int) -> Kin:
        """Takes a process out; what it brought forth is linked to its own ancestor then."""
        kin = self.kin.pop(token)
        self._departed[token] = None
        if len(self._departed) > _REMEMBERED:
            del self._departed[next(iter(self._departed))]
        if self._by_pid.get(kin.pid) == token:
            del self._by_pid[kin.pid]
        self._unlink(kin)
        if kin.via is not None:
            self._born.discard(kin.via, token)
        for child in self._born.pop(token):
            self.kin[child].via = kin.via
            if kin.via is not None:
                self._born.add(kin.via, child)
        return kin

    def _link(self, kin: Kin) -> None:
        kin.linked = (kin.sample.ppid, kin.sample.sid)
        self._under.add(kin.sample.ppid, kin.token)
        self._in_session.add(kin.sample.sid, kin.token)

    def _unlink(self, kin: Kin) -> None:
        ppid, sid = kin.linked
        self._under.discard(ppid, kin.token)
        self._in_session.discard(sid, kin.token)
