"""What is remembered of one process that the kernel view tells of.  Pure."""

from __future__ import annotations

import msgspec

from proctui.model import Certainty, Departure, Lineage, Observation, ProcessSample

_COMM_BYTES = 15
"""Longest name the kernel keeps (TASK_COMM_LEN, proc_pid_comm(5))."""
_AT_WORK = frozenset("RSI")
"""States between which a process goes many times a second: it runs, or has nothing to do."""
_HELPERS = (
    ("multiprocessing.forkserver", "fork server"),
    ("multiprocessing.resource_tracker", "resource tracker"),
    ("proctui.linux.sweep", "clean-up"),
)


class Kin(msgspec.Struct, kw_only=True, eq=False):
    """One process, from its first observation until it departs.

    Changed only by `family.Family` and by the store that owns that.
    """

    token: int
    sample: ProcessSample
    name: str
    """Best name known; untrusted."""
    first_seen: float
    last_seen: float
    """Time of the last pass that told of it: of a process at rest none does."""
    started_at: float
    command: str = ""
    """Command line as last read; untrusted."""
    cpu_percent: float | None = None
    tag_session: str | None = None
    tag_worker: str | None = None
    forked_by: int | None = None
    """Pid of its first parent where the kernel told of the fork itself."""
    parent: int | None = None
    """Token of its first parent, where that was watched."""
    parent_ended_at: float | None = None
    via: int | None = None
    """Token of the nearest ancestor that is still there and was linked by parents seen."""
    linked: tuple[int, int] = (0, 0)
    """Parent and session under which the indexes know it."""
    lineage: Lineage = Lineage()
    orphan: bool = False
    helper: str = ""
    root: str = ""
    """What stands for it in the lineage of its descendants, where it is watched by itself."""
    worker: str | None = None
    """Id of the worker, or `root` of the watched process, that it is or descends from."""
    certainty: Certainty = "seen"
    bound: str | None = None
    """Id of the worker whose present process it is."""
    retired_at: float | None = None
    """When its parent joined it: what was seen of it before must not show any more."""
    held: bool = False
    """A new child of the supervisor: not shown until an event names it, or none comes."""
    zombie_since: float | None = None
    since_exact: bool = True

    @classmethod
    def first(cls, seen: Observation, time: float) -> Kin:
        """A process that was not known before."""
        kin = cls(
            token=seen.token,
            sample=seen.sample,
            name="",
            first_seen=time,
            last_seen=time,
            started_at=seen.started_at,
            forked_by=seen.forked_by,
        )
        kin._take(seen, time)
        return kin

    @property
    def pid(self) -> int:
        """For display and for matching with what Python says."""
        return self.sample.pid

    def take_figures(self, seen: Observation, time: float) -> bool:
        """Takes a later look in if it brings figures alone; False where more has changed.

        Whether a process runs or sleeps at the moment of a look is one of them.
        """
        old, new = self.sample, seen.sample
        same = (
            seen.command is None
            and (old.state == new.state or (old.state in _AT_WORK and new.state in _AT_WORK))
            and old.ppid == new.ppid
            and old.comm == new.comm
            and old.living == new.living
            and (old.threads == new.threads or new.state != "Z")  # a leader's last thread
            and (old.sid, old.pgid, old.uid) == (new.sid, new.pgid, new.uid)
            and (old.wait_status is None) == (new.wait_status is None)
            and (seen.tag_worker is None or seen.tag_worker == self.tag_worker)
        )
        if same:
            self.last_seen = time
            self.sample = new
            self.cpu_percent = seen.cpu_percent
        return same

    def update(self, seen: Observation, time: float) -> bool:
        """Takes a later look in; True where its parent or session is another than before."""
        self.last_seen = time
        self.sample = seen.sample
        self._take(seen, time)
        return (seen.sample.ppid, seen.sample.sid) != self.linked

    def call_parent(self, name: str) -> None:
        """Its present parent is called that, "" says nothing.

        Names change, and some are told late.
        """
        lineage, ppid = self.lineage, self.sample.ppid
        if not name:
            return
        if self.orphan:
            if lineage.adopter != name and lineage.adopter_pid == ppid:
                self.lineage = msgspec.structs.replace(lineage, adopter=name)
        elif lineage.first_parent != name and lineage.first_ppid == ppid:
            self.lineage = msgspec.structs.replace(lineage, first_parent=name)

    def surely_there(self, end: Departure) -> float:
        """The last moment at which it certainly existed, given how its end was told."""
        return end.ended_at if end.exact else max(self.last_seen, self.started_at)

    def _take(self, seen: Observation, time: float) -> None:
        self.cpu_percent = seen.cpu_percent
        if seen.command is not None:
            self.command = seen.command
        self.tag_session = seen.tag_session or self.tag_session
        self.tag_worker = seen.tag_worker or self.tag_worker
        if self.bound is None:
            self.name = process_name(seen.sample.comm, self.command)
        if seen.sample.is_zombie and self.zombie_since is None:
            self.zombie_since = time if seen.ended_at is None else seen.ended_at
            self.since_exact = seen.ended_at is not None


def process_name(comm: str, command: str) -> str:
    """The kernel's name of a process, completed from its command line where that was cut."""
    if len(comm.encode(errors="surrogateescape")) < _COMM_BYTES:
        return comm
    program = command.split(" ", 1)[0].rsplit("/", 1)[-1]
    return program if program.startswith(comm) else comm


def helper_kind(command: str) -> str:
    """Which of `multiprocessing`'s helper processes runs this command line, "" for none.

    What the fork server forks shows the same line: whoever asks knows the parent.
    """
    for part, kind in _HELPERS:
        if part in command:
            return kind
    return ""
