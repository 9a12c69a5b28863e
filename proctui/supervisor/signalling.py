"""One signal to one worker, or a sentence that says why not."""

from __future__ import annotations

from typing import NamedTuple

from proctui.linux.signals import signal_name, signal_number
from proctui.supervisor.record import Record
from proctui.supervisor.world import Done, Run


class Order(NamedTuple):
    """Which signal, and to whom."""

    name: str
    group: bool = False
    """To the process group that the worker leads."""
    pid: int | None = None
    """Of the process that is meant; None for whichever runs."""


def send(record: Record, run: Run | None, order: Order, *, by: str, done: Done) -> None:
    """Sends a signal to `run`, which is the process of the worker until it is reaped.

    Never to another one than was meant: between the decision and the signal it may have ended
    and been started again.
    """
    group = order.group
    try:
        signum = signal_number(order.name)
    except ValueError as error:
        record.refuse(f"can't be signalled: {error}", by, done)
        return
    if order.pid not in (None, record.worker.pid):
        reason = f"not signalled: process {order.pid}, which was meant, is not its process"
        now = "" if run is None else f"; it runs as pid {run.pid} now"
        record.refuse(reason + now, by, done)
        return
    if run is None or run.end() is not None:
        record.refuse(_why_not(record, run), by, done)
        return
    shown = signal_name(signum)
    try:
        run.signal(signum, group=group)
    except ProcessLookupError:
        record.refuse(_why_not(record, run), by, done)
    except PermissionError:
        record.refuse(f"the kernel forbids {shown}: it is another user's process", by, done)
    else:
        text = f"{shown} sent to {'its process group' if group else 'it'}"
        record.tell("signalled", text, by=by, signal=shown)
        done(record.outcome(True, text))


def _why_not(record: Record, run: Run | None) -> str:
    worker = record.worker
    if run is not None:
        if worker.start_method == "forkserver":
            return "already dead: the fork server reaps it, a join takes its exit code"
        return f"already dead: only its parent {worker.ppid} can join it"
    if worker.phase == "backoff":
        return "does not run: it waits for its restart, which stop cancels"
    return "was never started" if worker.pid is None else "does not run any more"
