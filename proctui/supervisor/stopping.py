"""One stop on its way: stop signal, grace period, SIGKILL, and patience with the kernel."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable

from proctui.linux.signals import signal_name
from proctui.supervisor.record import Record
from proctui.supervisor.words import seconds
from proctui.supervisor.world import Done, Run, Timer, World

PATIENCE = 5.0
"""Seconds after SIGKILL until a process that still isn't gone is said to be out of reach."""

OUT_OF_REACH = (
    f"not gone {seconds(PATIENCE)} after SIGKILL: the kernel can't end it yet "
    "(an uninterruptible wait)"
)


class Stopping:
    """Ends one run by steps, each an event.

    That the run has ended is noticed elsewhere, which then calls `over`.
    `failed` is called with the reason once nothing more can be tried.
    """

    def __init__(
        self, record: Record, world: World, run: Run, by: str, failed: Callable[[str], None]
    ) -> None:
        self.by = by
        self.waiters: list[Done] = []
        self._record = record
        self._world = world
        self._run = run
        self._failed = failed
        self._due = 0.0
        self._timer: Timer | None = None
        self._killed = False

    def begin(self, signum: int, grace: float) -> None:
        """Sends `signum`, and SIGKILL once `grace` seconds have passed.

        SIGCONT follows the first, since a stopped process acts on no signal but SIGKILL
        before it goes on (signal(7)).
        """
        self._record.change(stopping=True)
        if signum == signal.SIGKILL or grace <= 0:
            self._kill("stop: SIGKILL sent, without a grace period")
            return
        name = signal_name(signum)
        if self._send(signum, f"stop: {name} sent, SIGKILL follows in {seconds(grace)}"):
            self._schedule(grace)

    def hasten(self, grace: float) -> None:
        """Lets SIGKILL come `grace` seconds from now, if that is sooner than it would."""
        if self._killed or self._timer is None or self._world.time() + grace >= self._due:
            return
        self._schedule(grace)

    def over(self) -> list[Done]:
        """Ends the stop; answers who waits for it."""
        self._cancel()
        self._record.change(stopping=False)
        waiters, self.waiters = self.waiters, []
        return waiters

    def _schedule(self, grace: float) -> None:
        self._cancel()
        if grace <= 0:
            self._kill("stop: SIGKILL sent, the grace period was cut short")
            return
        self._due = self._world.time() + grace
        self._timer = self._world.call_later(
            grace, lambda: self._kill("stop: SIGKILL sent, the grace period is over")
        )

    def _kill(self, text: str) -> None:
        self._killed = True
        if self._send(signal.SIGKILL, text):
            self._timer = self._world.call_later(PATIENCE, lambda: self._failed(OUT_OF_REACH))

    def _send(self, signum: int, text: str) -> bool:
        """False where the kernel refuses.  That it has ended meanwhile is no failure."""
        try:
            self._run.signal(signum)
            if signum != signal.SIGKILL:
                # That the first one has ended it already is no reason not to tell who sent it.
                with contextlib.suppress(ProcessLookupError):
                    self._run.signal(signal.SIGCONT)
        except ProcessLookupError:
            return True
        except PermissionError:
            self._failed(f"the kernel forbids {signal_name(signum)}: it is another user's now")
            return False
        self._record.tell("stopping", text, by=self.by, signal=signal_name(signum))
        return True

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
