"""Long work under way: how far it is, and giving it up.  Pure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def _nobody() -> None:
    """The listener until there is one."""


class Work:
    """One thing that takes a while."""

    def __init__(self, title: str, total: int, measure: Callable[[], int]) -> None:
        """`title` is a participle: ``Starting``; `measure` tells how many are done."""
        self.title = title
        self.total = total
        self.on_given_up: Callable[[], None] = _nobody
        self._measure = measure
        self._over = asyncio.Event()

    @property
    def done(self) -> int:
        """How many of `total` are done."""
        return min(self._measure(), self.total)

    @property
    def given_up(self) -> bool:
        """The person does not want to wait for the rest."""
        return self._over.is_set()

    def give_up(self) -> None:
        """Nothing more is begun."""
        self._over.set()
        self.on_given_up()

    async def abandoned(self) -> None:
        """Returns once it is given up."""
        await self._over.wait()


class Works:
    """What is under way at the moment, the newest last."""

    def __init__(self) -> None:
        self.listener: Callable[[], None] = _nobody
        """Called when work begins, ends or is given up."""
        self._under_way: list[Work] = []

    @property
    def newest(self) -> Work | None:
        """What is shown and given up first."""
        return self._under_way[-1] if self._under_way else None

    @contextmanager
    def under_way(self, work: Work) -> Iterator[Work]:
        """Shows it until it is over."""
        self._under_way.append(work)
        self.listener()
        try:
            yield work
        finally:
            self._under_way.remove(work)
            self.listener()

    def give_up(self) -> bool:
        """Gives up the newest that is not given up already; False where there is none."""
        for work in reversed(self._under_way):
            if not work.given_up:
                work.give_up()
                self.listener()
                return True
        return False
