"""Pure: when an ended worker is started again, after which pause, and when that is given up."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from proctui.spec import WorkerSpec

_ENOUGH_DOUBLINGS = 64
"""More would only overflow: every cap is reached long before."""


class History(msgspec.Struct, frozen=True):
    """The automatic restarts since the last start by hand.  Times are seconds since the epoch."""

    moments: tuple[float, ...] = ()
    """When they happened; only those that the window may still hold, oldest first."""
    streak: int = 0
    """How many of them since the last stable run: the exponent of the pause."""


class Pause(NamedTuple):
    """Start it again after `seconds`."""

    seconds: float


class GiveUp(NamedTuple):
    """Never start it again by itself; `reason` begins what the row shows behind ``failed:``."""

    reason: str


Verdict = Pause | GiveUp | None
"""None: the policy leaves the worker as it is."""


def wants_restart(spec: WorkerSpec, exitcode: int | None) -> bool:
    """Whether the policy starts a worker again that ended so.

    An exit code that can't be known (None) counts as a failure.
    """
    if spec.restart == "always":
        return True
    return spec.restart == "on-failure" and exitcode != 0


def after_run(history: History, spec: WorkerSpec, lasted: float) -> History:
    """The history after a run of `lasted` seconds.

    A run as long as `restart_window` is stable: the pause starts over.
    """
    if lasted >= spec.restart_window:
        return msgspec.structs.replace(history, streak=0)
    return history


def judge(history: History, spec: WorkerSpec, now: float) -> Pause | GiveUp:
    """What to do about a worker that is to be restarted and ended at `now`.

    Given up is what would be one restart too many in a window that ends with it.
    """
    doublings = min(history.streak, _ENOUGH_DOUBLINGS)
    pause = min(spec.backoff * 2.0**doublings, spec.backoff_max)
    if len(_recent(history, spec, now + pause)) >= spec.max_restarts:
        times = "once" if spec.max_restarts == 1 else f"{spec.max_restarts} times"
        return GiveUp(f"restarted {times} in {spec.restart_window:g} s, then given up")
    return Pause(pause)


def restarted(history: History, spec: WorkerSpec, now: float) -> History:
    """The history once the restart has been tried at `now`."""
    return History((*_recent(history, spec, now), now), history.streak + 1)


def _recent(history: History, spec: WorkerSpec, now: float) -> tuple[float, ...]:
    return tuple(moment for moment in history.moments if moment > now - spec.restart_window)
