"""What the two views say about one process, laid side by side.  Pure; values may be untrusted."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from itertools import zip_longest
from typing import NamedTuple

from proctui.core.exitcodes import exitcode_text, from_wait_status
from proctui.model import ProcessDetails, ProcessSample, Row, State, Worker
from proctui.tui import text

_DAY = 20 * 3600
_CORE_DUMPED = 0x80  # wait(2): WCOREFLAG


class Fact(NamedTuple):
    """One thing that one view says."""

    label: str
    value: str


class Pair(NamedTuple):
    """What stands on one line: the Python view at the left, the kernel view at the right."""

    python: Fact | None
    kernel: Fact | None
    differ: bool = False
    """Whether the two say something else about the same thing."""


def pairs(row: Row, now: float, details: ProcessDetails | None = None) -> list[Pair]:
    """Line by line, what can be compared first.  `now` in seconds since the epoch."""
    python = list(_python(row.worker, now)) if row.worker is not None else []
    kernel = list(_kernel(row, now, details))
    different = _differences(row)
    return [
        Pair(left, right, left is not None and right is not None and left.label in different)
        for left, right in zip_longest(python, kernel)
    ]


def _differences(row: Row) -> frozenset[str]:
    """Labels of the Python facts that the kernel contradicts."""
    worker, sample = row.worker, row.sample
    if worker is None:
        return frozenset()
    found = set()
    exists = sample is not None and not row.gone
    living = exists and row.state is not State.ZOMBIE
    if worker.alive is not None and (worker.alive != living or (exists and not worker.alive)):
        found.add("alive")
    if sample is not None:
        code = _kernel_exitcode(sample)
        if code is not None and code != worker.exitcode:
            found.add("exitcode")
        if worker.pid is not None and worker.pid != sample.pid:
            found.add("pid")
        if worker.ppid is not None and worker.ppid != sample.ppid:
            found.add("parent")
    return frozenset(found)


# ----------------------------------------------------------------------- the Python view


def _python(worker: Worker, now: float) -> Iterator[Fact]:
    yield Fact("alive", _alive(worker))
    yield Fact("exitcode", _exitcode(worker))
    yield Fact("pid", text.UNKNOWN if worker.pid is None else str(worker.pid))
    yield Fact(
        "parent", text.UNKNOWN if worker.ppid is None else f"{worker.ppid}, {_parent(worker)}"
    )
    yield Fact("name", worker.name)
    yield Fact("daemon", f"{worker.daemon}{_daemon(worker)}")
    yield Fact("start method", "execs a command" if worker.is_command else worker.start_method)
    yield Fact("started", moment(worker.started_at, now))
    yield Fact("ended", moment(worker.ended_at, now))
    yield Fact("joined", moment(worker.joined_at, now) + _joins(worker))
    yield Fact("reap policy", _REAP[worker.reap])
    yield Fact("restarts", str(worker.restarts))
    yield Fact("authkey", _authkey(worker))


_REAP = {
    "join": "join: a zombie until somebody joins it",
    "auto": "auto: joined as soon as it ends",
    "implicit": "implicit: the next start of a sibling reaps it",
}


def _alive(worker: Worker) -> str:
    if worker.alive is None:
        return f"{text.UNKNOWN} (not started)"
    return f"{worker.alive}, stopping" if worker.stopping else str(worker.alive)


def _exitcode(worker: Worker) -> str:
    if worker.exitcode_lost:
        return "? (somebody else took the status)"
    if worker.exitcode is not None:
        return exitcode_text(worker.exitcode)
    return "None" if worker.alive is not None else f"{text.UNKNOWN} (not started)"


def _parent(worker: Worker) -> str:
    return "which is to start it" if worker.alive is None else "which started it"


def _daemon(worker: Worker) -> str:
    return ", ends with its parent" if worker.daemon else ""


def _joins(worker: Worker) -> str:
    return f" ({worker.joining} waiting to join)" if worker.joining else ""


def _authkey(worker: Worker) -> str:
    if not worker.authkey_length:
        return text.UNKNOWN
    return f"{worker.authkey_length} bytes, SHA-256 {worker.authkey_fingerprint}…"


# ----------------------------------------------------------------------- the kernel view


def _kernel(row: Row, now: float, details: ProcessDetails | None) -> Iterator[Fact]:
    sample = row.sample
    yield Fact("state", _state(row, now))
    yield Fact("exit status", _exit_status(row))
    if sample is not None:
        yield Fact("pid", str(sample.pid))
        yield Fact("parent", f"{sample.ppid} {_parent_name(row, sample.ppid)}".rstrip())
        yield Fact("name", sample.comm)
        yield Fact("group", _leads(sample.pgid, sample.pid))
        yield Fact("session", _leads(sample.sid, sample.pid))
        yield Fact("started", moment(row.started_at, now))
        yield Fact("threads", str(sample.threads))
        yield Fact("cpu", _cpu(row, details))
        yield Fact("memory", _memory(sample, details))
    yield from _lineage(row, now)
    if details is not None:
        yield from _further(details)


def _state(row: Row, now: float) -> str:
    sample = row.sample
    if sample is None or row.gone:
        if row.pid is None:
            return f"{text.UNKNOWN} (no process)"
        return "no such process (reaped)" if row.state is State.ENDED else "no such process"
    if row.state is not State.ZOMBIE:
        return text.state_word(row)
    if row.zombie_since is None:
        return "Z (ended, not joined)"
    least = "" if row.since_exact else "at least "
    return f"Z (ended {least}{text.age(int(now) - int(row.zombie_since))} ago)"


def _exit_status(row: Row) -> str:
    sample = row.sample
    if sample is None:
        return f"{text.UNKNOWN} (forgotten with the process)" if row.pid else text.UNKNOWN
    if row.state is not State.ZOMBIE:
        return f"{text.UNKNOWN} (has not ended)"
    status = sample.wait_status
    code = _kernel_exitcode(sample)
    if code is None and row.exitcode is not None and row.worker is None:
        return exitcode_text(row.exitcode)
    if status is None or code is None:
        return "? (may not be read)"
    core = ", core dumped" if status & _CORE_DUMPED and os.WIFSIGNALED(status) else ""
    return f"{exitcode_text(code)} (wait status {status}{core})"


def _kernel_exitcode(sample: ProcessSample) -> int | None:
    return from_wait_status(sample.wait_status) if sample.is_zombie else None


def _parent_name(row: Row, ppid: int) -> str:
    lineage = row.lineage
    if ppid == lineage.adopter_pid:
        return lineage.adopter
    return lineage.first_parent if ppid == lineage.first_ppid else ""


def _leads(leader: int, pid: int) -> str:
    return f"{leader}, which it leads" if leader == pid else str(leader)


def _cpu(row: Row, details: ProcessDetails | None) -> str:
    shown = text.percent(row.cpu_percent)
    if row.cpu_percent is not None:
        shown += "% of a core"
    if details is None or details.cpu_user is None or details.cpu_system is None:
        return shown
    return f"{shown}, user {details.cpu_user:.2f} s, system {details.cpu_system:.2f} s"


def _memory(sample: ProcessSample, details: ProcessDetails | None) -> str:
    shown = f"{text.size(sample.rss_bytes)} resident"
    if details is None:
        return shown
    if details.memory_unique is not None:
        shown += f", {text.size(details.memory_unique)} its own"
    if details.memory_virtual is not None:
        shown += f", {text.size(details.memory_virtual)} virtual"
    return shown


_CERTAINTY = {
    "seen": "by parent links that were seen",
    "session": "by the session id that it led",
    "group": "by the process group that it led",
    "tag": "by the tag in its environment",
}


def _lineage(row: Row, now: float) -> Iterator[Fact]:
    lineage = row.lineage
    if lineage.first_ppid is not None:
        first = f"{lineage.first_ppid} {lineage.first_parent}".rstrip()
        unseen = row.worker is None and not lineage.birth_told and not row.orphan
        yield Fact("first parent", first + (", its birth was not seen" if unseen else ""))
    if lineage.adopter_pid is not None:
        when = "" if lineage.adopted_at is None else f", {moment(lineage.adopted_at, now)}"
        yield Fact("adopted by", f"{lineage.adopter_pid} {lineage.adopter}".rstrip() + when)
    if lineage.why:
        yield Fact("because", lineage.why)
    if row.worker is None and lineage.worker is not None:
        known = f"{lineage.worker}, known {_CERTAINTY[lineage.certainty]}"
        mark = f" alone ({text.plain(text.INFERRED)} in the list)" if text.is_inferred(row) else ""
        yield Fact("descends from", known + mark)
    if row.helper:
        yield Fact("helper", f"multiprocessing's {row.helper}, no leak")


def _further(details: ProcessDetails) -> Iterator[Fact]:
    known = (
        ("user", details.user),
        ("open files", details.open_files),
        ("terminal", details.terminal),
        ("nice", details.nice),
    )
    yield from (Fact(label, str(value)) for label, value in known if value is not None)


def long_facts(row: Row, details: ProcessDetails | None = None) -> list[Fact]:
    """What needs the whole width."""
    worker = row.worker
    shown: list[Fact] = []
    if worker is not None and worker.label:
        shown.append(Fact("target", worker.label))
    if worker is not None and worker.failure:
        shown.append(Fact("failure", worker.failure))
    command = row.command
    if details is not None and details.command:
        command = " ".join(details.command)
    if command:
        shown.append(Fact("command", command))
    if details is not None and details.executable:
        shown.append(Fact("executable", details.executable))
    if details is not None and details.cwd:
        shown.append(Fact("folder", details.cwd))
    if worker is not None and worker.log:
        shown.append(Fact("log", worker.log))
    return shown


def moment(when: float | None, now: float) -> str:
    """``12:03:44 (0:12 ago)``, with the date where that is not today's."""
    if when is None:
        return text.UNKNOWN
    pattern = "%H:%M:%S" if abs(now - when) < _DAY else "%Y-%m-%d %H:%M:%S"
    return f"{time.strftime(pattern, time.localtime(when))} ({text.age(int(now) - int(when))} ago)"
