"""The two views of a process, and what comes of laying them side by side.

`Worker` is the Python view: what the `multiprocessing.Process` object says.
`ProcessSample` is the kernel view: what /proc says.  They are kept apart until
they meet in a `Row`.  Nothing here does I/O; nothing assumes that proctui's own
supervisor is a worker's parent.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, NamedTuple

import msgspec

from proctui.spec import ReapPolicy, StartMethod

Phase = Literal["idle", "starting", "alive", "ended", "joined", "backoff", "failed"]
"""A worker's life as its parent tells it.

``ended`` means ended and not joined (a zombie, where the parent is the one to
reap it); ``failed`` means it never reached user code, or was restarted too often.
"""


class Worker(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The Python view of one worker at one moment.  Times are seconds since the epoch."""

    id: str
    """Identity of the worker across restarts, unique in its session."""
    name: str
    """`Process.name`."""
    phase: Phase = "idle"
    pid: int | None = None
    """`Process.pid`: of the present run, or of the last one; None before the first start."""
    ppid: int | None = None
    """Who started it: the pid of the process whose `Process` object this describes."""
    alive: bool | None = None
    """`Process.is_alive()`; None before the first start."""
    exitcode: int | None = None
    """`Process.exitcode`: None while running, -N when ended by signal N."""
    exitcode_lost: bool = False
    """Ended, but somebody else took the status: the exit code can't be known."""
    daemon: bool = False
    start_method: StartMethod = "fork"
    is_command: bool = False
    label: str = ""
    """What runs, for the TARGET column; untrusted."""
    reap: ReapPolicy = "join"
    started_at: float | None = None
    ended_at: float | None = None
    joined_at: float | None = None
    restarts: int = 0
    """Automatic restarts since the last start by hand."""
    backoff_until: float | None = None
    joining: int = 0
    """Joins that wait for it right now."""
    stopping: bool = False
    """A stop was asked for and its grace period runs."""
    failure: str | None = None
    """Why the phase is ``failed``, one sentence; untrusted."""
    authkey_length: int = 0
    authkey_fingerprint: str = ""
    """First 8 hex digits of the key's SHA-256, never the key."""
    log: str | None = None
    """Absolute path of its log file."""
    autostart: bool = True
    stop_signal: str = "SIGTERM"
    """What a stop sends first, by name."""
    stop_timeout: float = 5.0
    """Seconds between that and SIGKILL."""
    is_shell_line: bool = False
    """A line that a shell runs: what it stands for are the shell's children."""


class ProcessKey(NamedTuple):
    """Display key of a process; quick reuse of a pid can repeat it (proc(5): 10 ms ticks)."""

    pid: int
    start_ticks: int


class ProcessSample(msgspec.Struct, frozen=True, kw_only=True):
    """The kernel view of one process at one moment (proc_pid_stat(5))."""

    pid: int
    ppid: int
    pgid: int
    sid: int
    state: str
    """One letter: R S D T t Z X I."""
    start_ticks: int
    """Clock ticks since boot."""
    comm: str
    """At most 15 bytes, decoded with surrogateescape; untrusted."""
    threads: int = 1
    cpu_ticks: int = 0
    """utime + stime, in clock ticks."""
    rss_bytes: int = 0
    wait_status: int | None = None
    """wait(2) status of a zombie where it may be read; None means not known."""
    uid: int | None = None
    living: str = ""
    """State letter of the threads that live on where the leader has exited, of the busiest; ""
    for every other process, and where it may not be read."""

    @property
    def leader_exited(self) -> bool:
        """Its first thread has ended, which shows Z, and others live on."""
        return self.state == "Z" and not self.is_zombie

    @property
    def key(self) -> ProcessKey:
        """Display key."""
        return ProcessKey(self.pid, self.start_ticks)

    @property
    def is_zombie(self) -> bool:
        """Dead and not reaped.  A leader whose threads live on shows Z too, but is not dead."""
        return self.state == "Z" and self.threads <= 1


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """What one look at one watched process brought.  Only `kernel` makes these."""

    token: int
    """Identity: one number for one process for as long as the client runs, never given again,
    bound to the pidfd or stat descriptor held since the process was first seen."""
    sample: ProcessSample
    cpu_percent: float | None = None
    """Of one core, since the look before; None at the first."""
    command: str | None = None
    """Command line, arguments joined by spaces, cut at 4096 characters; None where not read anew
    or where there is none (zombies, kernel threads); untrusted."""
    tag_session: str | None = None
    """PROCTUI_SESSION as it stands in /proc/PID/environ; None where not read or absent."""
    tag_worker: str | None = None
    """PROCTUI_WORKER likewise."""
    started_at: float = 0.0
    """Start in seconds since the epoch."""
    ended_at: float | None = None
    """Of a zombie: when its pidfd told the end, seconds since the epoch; None where it was found
    dead by a look instead, so that it ended at the latest then."""
    forked_by: int | None = None
    """Its first parent, where the kernel told of the fork itself (proc connector): it may have
    another parent by the time of the first sample."""


class ProcessDetails(msgspec.Struct, frozen=True, kw_only=True):
    """What only the process under the cursor is asked for; None where it may not be read."""

    pid: int
    user: str | None = None
    """Effective user, its number where it has no name."""
    command: tuple[str, ...] | None = None
    """Untrusted."""
    executable: str | None = None
    cwd: str | None = None
    terminal: str | None = None
    nice: int | None = None
    threads: int | None = None
    open_files: int | None = None
    """Number of open descriptors."""
    memory_rss: int | None = None
    """Bytes; likewise the next two."""
    memory_unique: int | None = None
    """What would come free if it ended (USS)."""
    memory_virtual: int | None = None
    cpu_user: float | None = None
    """Seconds; likewise the next."""
    cpu_system: float | None = None


class Departure(msgspec.Struct, frozen=True, kw_only=True):
    """A watched process that no longer exists: it ended and was reaped."""

    token: int
    ended_at: float
    """When its end was noticed, seconds since the epoch."""
    exact: bool
    """True where the pidfd told the moment, False where a later look found it gone."""
    wait_status: int | None = None
    """wait(2) status where the kernel still tells (PIDFD_GET_INFO); None means not known."""


class Pass(msgspec.Struct, frozen=True, kw_only=True):
    """One refresh of the kernel view: only what is new or changed since the pass before."""

    time: float
    """Seconds since the epoch."""
    observations: tuple[Observation, ...] = ()
    departures: tuple[Departure, ...] = ()
    names: dict[int, str] = msgspec.field(default_factory=dict)
    """Names of parents and adopters that are not watched themselves, by pid; untrusted."""
    subreapers: frozenset[int] = frozenset()
    """Pids among `names` known to be no init although they adopt."""
    inits: frozenset[int] = frozenset()
    """Pids of parents that are PID 1, here or of a container: of those who adopted, or have not
    joined what ended."""


class State(StrEnum):
    """What a row is, in one word; being an orphan comes on top (`Row.orphan`)."""

    IDLE = "idle"
    STARTING = "starting"
    RUNNING = "running"
    SLEEPING = "sleeping"
    WAITING = "waiting for I/O"
    STOPPED = "stopped"
    ZOMBIE = "zombie"
    ENDED = "ended"
    FAILED = "failed"
    BACKOFF = "back-off"
    UNKNOWN = "unknown"


CureKind = Literal[
    "join",
    "wait",
    "nudge-parent",
    "terminate-parent",
    "kill-parent",
    "terminate",
    "kill",
    "end-left",
    "restart",
    "leave",
    "continue",
    "real-init",
]


class Cure(msgspec.Struct, frozen=True):
    """One way out, in the order of harm.  `text` is a sentence for the person."""

    kind: CureKind
    text: str
    pid: int | None = None
    """Whom it acts on where that is not the row's own process."""


FindingKind = Literal[
    "zombie", "orphan", "disagree", "helper", "leader-exited", "failed", "unknown", "note"
]


class Finding(msgspec.Struct, frozen=True):
    """Something worth saying about a row: one sentence, and what can be done."""

    kind: FindingKind
    text: str
    cures: tuple[Cure, ...] = ()


Certainty = Literal["seen", "session", "group", "tag"]
"""How a descendant is known to be a worker's: parent links that were seen, the session id that
the worker led, the process group that a watched process led, or the environment tag it was
executed with."""


class Lineage(msgspec.Struct, frozen=True, kw_only=True):
    """Where a process comes from: its first parent, who has it now, and whose worker it was."""

    first_ppid: int | None = None
    first_parent: str = ""
    """Name of the first parent as it was seen; empty where never seen."""
    birth_told: bool = False
    """The kernel told of the fork; else the first parent is whose child it was when it was first
    seen, which may have adopted it by then."""
    adopter_pid: int | None = None
    """Set once something else than the first parent is the parent."""
    adopter: str = ""
    """Name of the adopter: ``init``, or a subreaper's name."""
    adopted_at: float | None = None
    worker: str | None = None
    """Id of the worker it descends from, or `Row.root` of the watched process."""
    certainty: Certainty = "seen"
    why: str = ""
    """What tells that it is an orphan, for example ``its first parent 4711 is gone``."""


class Row(msgspec.Struct, kw_only=True):
    """One line of the process table: a worker, or a process that descends from one.

    Made and changed only by the store; `version` grows with every change that can
    be seen, so a drawn line is valid as long as the number stands.
    """

    key: str
    """``w:ID`` for a worker, ``p:TOKEN`` for any other process; never reused."""
    token: int | None = None
    """Identity of the process shown now (`Observation.token`): the target of every action."""
    version: int = 0
    worker: Worker | None = None
    sample: ProcessSample | None = None
    """Last sample of the present run; None where the kernel knows nothing (not started, reaped)."""
    state: State = State.UNKNOWN
    orphan: bool = False
    helper: str = ""
    """``fork server`` or ``resource tracker`` for multiprocessing's own helper processes."""
    root: str = ""
    """Of a process that is watched although nobody here launched it: what stands for it in the
    lineage of its descendants, its name and pid when it was first seen; untrusted."""
    name: str = ""
    """Best name known; untrusted."""
    command: str = ""
    """What runs, as far as known; untrusted."""
    exitcode: int | None = None
    """From Python where it says so, else from the kernel's wait status."""
    cpu_percent: float | None = None
    """Of one core, since the sample before; None until there are two."""
    first_seen: float = 0.0
    started_at: float | None = None
    zombie_since: float | None = None
    since_exact: bool = True
    """False where the end was only found later: then it was at the latest at `zombie_since`."""
    ended_at: float | None = None
    lineage: Lineage = Lineage()
    findings: tuple[Finding, ...] = ()
    parent: str | None = None
    """Key of the row it hangs under in the tree."""
    depth: int = 0
    gone: bool = False
    """The process has vanished; the row is kept for a moment or for its worker."""

    @property
    def worker_key(self) -> str:
        """Key of the row of the worker that it is or descends from."""
        return self.key if self.worker is not None else f"w:{self.lineage.worker}"

    @property
    def pid(self) -> int | None:
        """The pid both views agree on, or the one that is known."""
        if self.sample is not None:
            return self.sample.pid
        return self.worker.pid if self.worker is not None else None

    @property
    def zombie(self) -> bool:
        """Really dead and not reaped, whichever view told first."""
        if self.state is State.ZOMBIE:
            return True
        return self.sample is not None and self.sample.is_zombie


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What the status bar counts."""

    workers: int = 0
    alive: int = 0
    ended: int = 0
    failed: int = 0
    zombies: int = 0
    orphans: int = 0
    cpu_percent: float = 0.0
    rss_bytes: int = 0

    @property
    def states(self) -> tuple[int, ...]:
        """What changes only where something happens."""
        return (
            self.workers, self.alive, self.ended, self.failed, self.zombies, self.orphans,
        )  # fmt: skip
