"""One stop on its way: stop signal, grace period, SIGKILL, and patience with the kernel."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable
from typing import NamedTuple

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
GROUP_OUT_OF_REACH = (
    f"of its process group somebody is left {seconds(PATIENCE)} after SIGKILL: the kernel can't "
    "end it yet (an uninterruptible wait), or it is another user's"
)


class Aim(NamedTuple):
    """Whom a stop ends."""

    run: Run
    group: bool = False
    """All of the process group that the run leads: what a shell line started is in it too."""


class Stopping:
    """Ends one run by steps, each an event.

    That the run has ended is noticed elsewhere, which then calls `leader_ended` where the whole
    group is to end, and `over` otherwise.  `failed` is called with the reason once nothing more
    can be tried, `alone` once the run has ended and nobody of its group is left.
    """

    def __init__(
        self,
        record: Record,
        world: World,
        aim: Aim,
        by: str,
        failed: Callable[[str], None],
        alone: Callable[[], None],
    ) -> None:
        self.by = by
        self.group = aim.group
        self.waiters: list[Done] = []
        self._record = record
        self._world = world
        self._run = aim.run
        self._failed = failed
        self._alone = alone
        self._first: tuple[int, float] | None = None
        """Signal and grace period, until that is sent."""
        self._due = 0.0
        self._timer: Timer | None = None
        self._watch: Timer | None = None
        self._killed = False

    def begin(self, signum: int, grace: float) -> None:
        """Sends `signum`, and SIGKILL once `grace` seconds have passed.

        SIGCONT follows the first, since a stopped process acts on no signal but SIGKILL
        before it goes on (signal(7)).  Where the run has ended already, it is its group that is
        meant, if anybody is left there.
        """
        self._record.change(stopping=True)
        self._first = (signum, grace)
        if self._run.end() is None:
            self._begin(signum, grace)
        else:
            self.leader_ended()

    def _begin(self, signum: int, grace: float) -> None:
        self._first = None
        if signum == signal.SIGKILL or grace <= 0:
            self._kill("without a grace period")
            return
        name = signal_name(signum)
        then = f"SIGKILL follows in {seconds(grace)}"
        if self._send(signum, f"stop: {name} sent{self._to_whom()}, {then}"):
            self._schedule(grace)

    def leader_ended(self) -> None:
        """Waits for the rest of the group; the run may not be reaped before `alone`."""
        self._watch = self._world.watch_group(self._run, self._looked)

    def _looked(self, anybody: bool) -> None:
        if not anybody:
            self._watch = None
            self._alone()
        elif self._first is not None:
            self._begin(*self._first)

    def hasten(self, grace: float) -> None:
        """Lets SIGKILL come `grace` seconds from now, if that is sooner than it would."""
        if self._first is not None:
            self._first = (self._first[0], min(self._first[1], grace))
            return
        if self._killed or self._timer is None or self._world.time() + grace >= self._due:
            return
        self._schedule(grace)

    def over(self) -> list[Done]:
        """Ends the stop; answers who waits for it."""
        self._cancel()
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        self._record.change(stopping=False)
        waiters, self.waiters = self.waiters, []
        return waiters

    def _schedule(self, grace: float) -> None:
        self._cancel()
        if grace <= 0:
            self._kill("the grace period was cut short")
            return
        self._due = self._world.time() + grace
        self._timer = self._world.call_later(grace, lambda: self._kill("the grace period is over"))

    def _kill(self, why: str) -> None:
        self._killed = True
        if self._send(signal.SIGKILL, f"stop: SIGKILL sent{self._to_whom()}, {why}"):
            self._timer = self._world.call_later(PATIENCE, self._out_of_patience)

    def _out_of_patience(self) -> None:
        ended = self._run.end() is not None
        self._failed(GROUP_OUT_OF_REACH if ended else OUT_OF_REACH)

    def _to_whom(self) -> str:
        if not self.group:
            return ""
        rest = "what is left of " if self._run.end() is not None else ""
        return f" to {rest}its process group"

    def _send(self, signum: int, text: str) -> bool:
        """False where the kernel refuses.  That it has ended meanwhile is no failure."""
        try:
            self._run.signal(signum, group=self.group)
            if signum != signal.SIGKILL:
                # That the first one has ended it already is no reason not to tell who sent it.
                with contextlib.suppress(ProcessLookupError):
                    self._run.signal(signal.SIGCONT, group=self.group)
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
