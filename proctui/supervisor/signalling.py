"""One signal to one worker, or a sentence that says why not."""

from __future__ import annotations

from proctui.linux.signals import signal_name, signal_number
from proctui.supervisor.record import Record
from proctui.supervisor.world import Done, Run


def send(record: Record, run: Run | None, name: str, *, group: bool, by: str, done: Done) -> None:
    """Sends the signal called `name` to `run`, or with `group` to the process group it leads.

    `run` is the process of the worker until it is reaped.
    """
    try:
        signum = signal_number(name)
    except ValueError as error:
        record.refuse(f"can't be signalled: {error}", by, done)
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
        return f"already dead: only its parent {worker.ppid} can join it"
    if worker.phase == "backoff":
        return "does not run: it waits for its restart, which stop cancels"
    return "was never started" if worker.pid is None else "does not run any more"
