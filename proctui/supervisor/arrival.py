"""How far a run has come on its way to user code, by its own word."""

from __future__ import annotations

from collections.abc import Callable

from proctui.spec import WorkerSpec
from proctui.supervisor.world import World

SILENT = 0.5
"""Seconds that a run which should have reported something is given to end."""

_OLDEST = "Python 3.8 or newer is needed"
"""As `runner` says of itself."""


class Arrival:
    """Kept from the launch of one run to its end."""

    def __init__(self, spec: WorkerSpec) -> None:
        self.failure: str | None = None
        """Why it doesn't reach user code, as it said itself."""
        self.reached = False
        """It said that user code runs."""
        self._over = False
        self._python = spec.python if spec.target is not None else None

    def when_likely(self, world: World, call: Callable[[], None]) -> None:
        """Calls at once, now that it was executed and will say no more.

        What was to be another interpreter and has said nothing is perhaps none, and about to end.
        """
        if self._doubtful:
            world.call_later(SILENT, lambda: None if self._over else call())
        else:
            call()

    def why_not(self, exitcode: int | None) -> str | None:
        """At its end: why it has not reached user code; None where it has, or was ended."""
        self._over = True
        if not self._doubtful or (exitcode is not None and exitcode < 0):
            return self.failure
        code = "unknown" if exitcode is None else exitcode
        return f"{self._python!r} ended before the target was reached (exit code {code}); {_OLDEST}"

    @property
    def _doubtful(self) -> bool:
        return self._python is not None and not self.reached and self.failure is None
