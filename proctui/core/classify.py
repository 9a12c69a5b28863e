"""What a row is, from the two views laid side by side.  Pure: no clock, no machine.

`Facts` is what is known of one row; `worker_state` and `process_state` name its
state; `proctui.core.verdicts` puts what there is to say into sentences, and
`proctui.core.rules` says which action applies.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

from proctui.core.exitcodes import from_wait_status
from proctui.core.naming import container_init, person
from proctui.core.runs import is_over
from proctui.model import Departure, Lineage, ProcessSample, State, Worker

Role = Literal["supervisor", "init", "worker", "fork server", "process"]

_LETTERS = {
    "R": State.RUNNING,
    "S": State.SLEEPING,
    "I": State.SLEEPING,
    "D": State.WAITING,
    "T": State.STOPPED,
    "t": State.STOPPED,
    "Z": State.ZOMBIE,
}
"""proc_pid_stat(5), field 3."""

FORK_SERVER_LOST = 255
"""Exit code that `multiprocessing` makes up when it lost its fork server (popen_forkserver.py)."""

ALIVE_STATES = frozenset(
    {State.STARTING, State.RUNNING, State.SLEEPING, State.WAITING, State.STOPPED}
)


class Parent(NamedTuple):
    """Whose child a process is now: the one that has to reap it."""

    pid: int
    name: str = ""
    role: Role = "process"
    stopped: bool = False
    """Its state is T: it can't reap anything until it is continued."""
    program: str = ""
    """What runs as PID 1, where `name` says init; untrusted."""
    container: bool = False
    """An init too: PID 1 of a container that is looked at from outside."""

    @property
    def who(self) -> str:
        """Name and pid; untrusted."""
        return (container_init if self.container else person)(self.name, self.pid)


class Facts(msgspec.Struct, kw_only=True):
    """Everything that is known of one row."""

    name: str = ""
    """Of the process; untrusted."""
    worker: Worker | None = None
    """The Python view; None for what has no `Process` object that is known."""
    sample: ProcessSample | None = None
    """The kernel view; None where there is no process, or none was seen yet."""
    departure: Departure | None = None
    """How the process went, once the kernel said that it is gone."""
    orphan: bool = False
    lineage: Lineage = Lineage()
    parent: Parent | None = None
    helper: str = ""
    zombie_since: float | None = None
    since_exact: bool = True
    not_reaping: bool = False
    """It has been a zombie under its adopter for longer than any reaping takes."""
    neglected: int = 0
    """Children of it that ended and that it has not joined."""
    left_behind: int = 0
    """Orphans that this worker left."""
    searched: bool = False
    """The kernel was asked after the end that Python tells, and knew no such process."""
    lost_at: float | None = None
    """When the supervisor was lost: what Python says is as old as that."""

    state: State = State.UNKNOWN
    """The state of the row; follows from the rest."""

    def __post_init__(self) -> None:
        if self.worker is not None:
            gone = self.departure is not None or self.searched
            self.state = worker_state(self.worker, self.sample, departed=gone, lost_at=self.lost_at)
        elif self.sample is not None:
            self.state = process_state(self.sample)

    @property
    def exitcode(self) -> int | None:
        """From Python where it says so, else from the kernel's wait status."""
        if self.worker is not None and self.worker.exitcode is not None:
            return self.worker.exitcode
        if self.sample is not None and self.sample.is_zombie:
            return from_wait_status(self.sample.wait_status)
        return from_wait_status(self.departure.wait_status) if self.departure else None


def process_state(sample: ProcessSample) -> State:
    """The kernel's word for a process.

    A thread-group leader that has exited shows Z while its threads live on: it
    is not dead, and does what its threads do.
    """
    if sample.leader_exited:
        return _LETTERS.get(sample.living, State.RUNNING)
    return _LETTERS.get(sample.state, State.UNKNOWN)


def worker_state(
    worker: Worker,
    sample: ProcessSample | None,
    *,
    departed: bool = False,
    lost_at: float | None = None,
) -> State:
    """The state of a worker's row: each view says what only it can know.

    The end of a worker comes from whichever view tells it first; that it was
    joined comes from Python, that nothing is left of it from the kernel.
    """
    if sample is not None and (is_doubtful(worker) or not is_over(worker)):
        return _with_process(worker, sample)
    if sample is None and not departed and is_doubtful(worker):
        return State.UNKNOWN
    if is_over(worker):
        return _without_process(worker)
    if departed:
        over = worker.phase in ("failed", "backoff")
        return _without_process(worker) if over else State.ENDED
    if lost_at is not None and worker.phase != "failed":  # what failed is not started again
        return State.UNKNOWN
    match worker.phase:
        case "starting":
            return State.STARTING
        case "ended":
            return State.ZOMBIE if stays_zombie(worker) else State.ENDED
        case "failed":
            return State.FAILED
    return State.UNKNOWN


def _without_process(worker: Worker) -> State:
    match worker.phase:
        case "idle":
            return State.IDLE
        case "failed":
            return State.FAILED
        case "backoff":
            return State.BACKOFF
    return State.ENDED


def _with_process(worker: Worker, sample: ProcessSample) -> State:
    state = process_state(sample)
    if worker.phase == "failed":
        return State.FAILED
    if state is State.ZOMBIE:
        return state
    if has_ended(worker) and not contradicts(worker, sample):
        return State.ZOMBIE if stays_zombie(worker) else State.ENDED
    if worker.phase == "starting" and state is not State.STOPPED:
        return State.STARTING
    return state


def has_ended(worker: Worker) -> bool:
    """Python says that its process has ended, joined or not."""
    return worker.phase in ("ended", "joined", "backoff")


def stays_zombie(worker: Worker) -> bool:
    """Whether it stays Z from its end until somebody joins it.

    Not under the fork server, which reaps its children itself, nor where
    something else took the status, nor where the supervisor joins at once.
    """
    return (
        worker.phase == "ended"
        and worker.start_method != "forkserver"
        and worker.reap != "auto"
        and not worker.exitcode_lost
    )


def contradicts(worker: Worker, sample: ProcessSample) -> bool:
    """Whether a process that shows no end proves wrong what Python says of its end.

    Only where Python's word is doubtful.  Else the sample is old.
    """
    return is_doubtful(worker) and not sample.is_zombie


def is_doubtful(worker: Worker) -> bool:
    """Whether what Python says of the end is second-hand and may be made up.

    When its fork server is gone, `multiprocessing` gives a worker an exit code
    without knowing whether it lives.
    """
    return (
        has_ended(worker)
        and worker.start_method == "forkserver"
        and worker.exitcode == FORK_SERVER_LOST
    )
