"""Gathers what became of a command for many workers, and answers once."""

from __future__ import annotations

from collections.abc import Callable

from proctui.protocol import Outcome
from proctui.supervisor.world import Done


class Collector:
    """Calls `complete` with the outcomes, in the order asked for, once there is one for each."""

    def __init__(self, count: int, complete: Callable[[tuple[Outcome, ...]], None]) -> None:
        self._outcomes: list[Outcome | None] = [None] * count
        self._missing = count
        self._complete = complete
        if not count:
            complete(())

    def slot(self, index: int) -> Done:
        """Takes the outcome for one of them; a second one is ignored."""

        def done(outcome: Outcome) -> None:
            if self._outcomes[index] is None:
                self._outcomes[index] = outcome
                self._missing -= 1
                if not self._missing:
                    self._complete(tuple(filter(None, self._outcomes)))

        return done
