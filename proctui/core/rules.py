"""Which action applies to a row, and if not, why not in one sentence.  Pure.

Names in the sentences are untrusted.
"""

from __future__ import annotations

from typing import Literal

from proctui.core.exitcodes import exitcode_text
from proctui.core.naming import person
from proctui.model import Row, State, Worker

Action = Literal[
    "join", "cancel-join", "terminate", "kill", "signal", "continue", "stop", "start", "restart",
    "nudge",
]  # fmt: skip

_VERBS = {"start": "started", "restart": "restarted", "stop": "stopped"}


def why_not(row: Row, action: Action, *, supervisor_lost: bool = False) -> str | None:
    """None where the action applies to the row as it stands, else one sentence why it doesn't."""
    match action:
        case "join":
            return _join(row, supervisor_lost)
        case "cancel-join":
            joining = row.worker is not None and row.worker.joining > 0
            return None if joining else "no join waits for it"
        case "terminate" | "kill" | "signal":
            return _signal(row)
        case "continue":
            if (reason := _signal(row)) is not None:
                return reason
            return None if row.state is State.STOPPED else "it is not stopped"
        case "nudge":
            return _nudge(row)
    return _manage(row, action, supervisor_lost)


def parent_of(row: Row) -> str:
    """Name and pid of the process whose child it is now."""
    lineage = row.lineage
    if lineage.adopter_pid is not None:
        return person(lineage.adopter, lineage.adopter_pid)
    pid = row.sample.ppid if row.sample is not None else lineage.first_ppid
    if pid is None:
        return "its parent"
    return person(lineage.first_parent if pid == lineage.first_ppid else "", pid)


def _join(row: Row, lost: bool) -> str | None:
    if row.worker is None:
        parent = parent_of(row)
        if any(cure.kind == "join" for finding in row.findings for cure in finding.cures):
            return None
        if row.orphan:
            return f"{parent} joins this one, not you: it has adopted it"
        name = row.lineage.first_parent or "its parent"
        return f"{name} joins this one, not you: it is {parent}'s child"
    worker = row.worker
    if worker.phase == "joined":
        return f"already joined: exitcode {_code(row)}"
    if worker.phase == "idle":
        return "can't join: it has not been started"
    if worker.phase == "backoff":
        return "already joined: it waits to be started again"
    if worker.phase == "failed":
        return "can't join: it failed and nothing of it is left"
    if lost:
        return "can't join: its supervisor is gone, and nobody else is its parent"
    if worker.joining:
        return "a join already waits for it"
    return None


def _signal(row: Row) -> str | None:
    worker = row.worker
    if row.state is State.ZOMBIE:
        if worker is not None and not row.orphan:
            return f"already dead: only its parent {parent_of(row)} can join it, and join does that"
        return f"already dead: only its parent {parent_of(row)} can join it"
    if worker is not None and worker.phase == "idle":
        return "it has not been started"
    if row.state is State.BACKOFF:
        return "it is not running: it waits to be started again, and stop prevents that"
    if row.state is State.FAILED:
        return "it failed and is not running"
    if row.gone or row.state is State.ENDED:
        return f"already ended: exitcode {_code(row)}"
    return None


def _nudge(row: Row) -> str | None:
    if any(cure.kind == "nudge-parent" for finding in row.findings for cure in finding.cures):
        return None
    if row.state is State.ZOMBIE and row.worker is not None:
        return "nobody needs a nudge: join does it"
    return "there is no parent here that neglects its children"


def _manage(row: Row, action: Literal["start", "restart", "stop"], lost: bool) -> str | None:
    worker = row.worker
    if worker is None:
        of = row.lineage.worker
        this = f"descends from {of}" if of else "is none"
        return f"only workers can be {_VERBS[action]}, and this {this}"
    if lost:
        return f"can't {action}: the supervisor is gone"
    if action == "start":
        return _start(worker)
    if action == "stop":
        return _stop(row, worker)
    return None


def _start(worker: Worker) -> str | None:
    if worker.phase in ("starting", "alive"):
        return f"already running as process {worker.pid}: restart starts it anew"
    return None


def _stop(row: Row, worker: Worker) -> str | None:
    if worker.stopping:
        return "already stopping"
    if worker.phase == "backoff":
        return None
    return _signal(row)


def _code(row: Row) -> str:
    return exitcode_text(row.exitcode)
