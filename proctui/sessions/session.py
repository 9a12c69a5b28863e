"""Sessions by name: where they are, which run, what became of them.

Each start of a session is a *run* with a directory of its own in the state directory, so that
journal and logs stay as they are when the session is started again::

    STATE/sessions/NAME/RUN/session.json    facts, written before the supervisor runs
                           /spec.json       what was launched, without environment values
                           /journal         every event
                           /logs/ID.log     one per worker
                           /supervisor.log  what the supervisor itself complained about
                           /steps           of a lesson: which were seen
    RUNTIME/NAME.sock                       where it listens

The newest run of a name *is* the session of that name; an older one is called ``NAME@RUN``.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal, NamedTuple

import msgspec

from proctui.linux import procfs
from proctui.sessions import journal
from proctui.sessions.places import existing_state_directory, state_directory
from proctui.sessions.private import NotPrivate

SOCKET_PATIENCE: Final = 3.0
"""Seconds that a supervisor has to see that its socket was removed, and to make another."""

Status = Literal["running", "dead", "ended"]
"""``dead``: its supervisor was killed, so what it left behind may still run."""


class SessionError(Exception):
    """What was asked for can't be done; the text is one clear sentence."""


class Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is remembered of a run, whatever becomes of its supervisor."""

    name: str
    asked_name: str
    """As it stood in the worker file, before another session of that name made it differ."""
    run: str
    tag: str
    """Value of PROCTUI_SESSION in everything it started."""
    socket: str
    pid: int
    """The supervisor's."""
    start_ticks: int
    """Of the supervisor, in clock ticks since boot (proc_pid_stat(5)); 0 where not known."""
    boot: str
    """Which boot of the machine, so that old pids are not believed."""
    started_at: float
    """Seconds since the epoch."""
    program: str
    """Version of proctui."""
    source: str | None = None
    """Absolute path of the worker file."""


class SessionPaths(NamedTuple):
    """Where one run of a session is."""

    name: str
    directory: Path
    """In the state directory."""
    socket: Path

    @property
    def journal(self) -> Path:
        """Every event, as `proctui.sessions.journal` reads it."""
        return self.directory / "journal"

    @property
    def log_dir(self) -> Path:
        """The workers' logs."""
        return self.directory / "logs"

    @property
    def supervisor_log(self) -> Path:
        """What the supervisor wrote to its standard error."""
        return self.directory / "supervisor.log"

    @property
    def facts(self) -> Path:
        """`Facts` as JSON."""
        return self.directory / "session.json"

    @property
    def spec(self) -> Path:
        """The `SessionSpec` as JSON, without environment values."""
        return self.directory / "spec.json"


class Session(NamedTuple):
    """One run of a session as it stands at the moment."""

    paths: SessionPaths
    facts: Facts
    status: Status

    @property
    def name(self) -> str:
        """What it is called on the command line."""
        return self.paths.name

    @property
    def running(self) -> bool:
        """Its supervisor is there."""
        return self.status == "running"


def paths(name: str) -> SessionPaths:
    """Where the session called `name` is, whatever its status.  Raises `SessionError`."""
    return find(name, running=False).paths


def list_sessions(*, older: bool = False) -> list[Session]:
    """The sessions of this user by name; with `older` also runs that newer ones have replaced.

    Raises `SessionError` where the state directory can't be trusted.
    """
    found: list[Session] = []
    for directory in session_directories():
        newest = True
        for run in sorted(_subdirectories(directory), reverse=True):
            session = _look(run, newest)
            if session is None:
                continue
            found.append(session)
            if not older:
                break
            newest = False
    return found


def find(name: str | None = None, *, running: bool = True) -> Session:
    """The session called `name`, or the only running one.

    With `running` it has to run; without, and where none does, the one started last is meant.
    Where a running one's socket was removed, waits for its supervisor to make it anew.
    Raises `SessionError`: none, several, or no such.
    """
    found = _find(name, running)
    if found.running:
        _await_socket(found)
    return found


def _await_socket(session: Session) -> None:
    """Whether it came or not, whoever connects hears it."""
    deadline = time.monotonic() + SOCKET_PATIENCE
    while not session.paths.socket.exists() and time.monotonic() < deadline:
        if not supervisor_lives(session.facts):
            return
        time.sleep(0.05)


def _find(name: str | None, running: bool) -> Session:
    sessions = list_sessions(older=name is not None and "@" in name)
    if name is not None:
        return _named(name, sessions, running)
    candidates = [session for session in sessions if session.running]
    if not candidates and not running and sessions:
        return max(sessions, key=lambda session: session.facts.started_at)
    if not candidates:
        dead = ", ".join(session.name for session in sessions if session.status == "dead")
        hint = f" (dead: {dead})" if dead else ""
        raise SessionError(f"no session is running{hint}; proctui run FILE starts one")
    if len(candidates) > 1:
        names = ", ".join(session.name for session in candidates)
        raise SessionError(f"several sessions are running, say which with --session: {names}")
    return candidates[0]


def spec_names(session: Session) -> list[str]:
    """Ids of the workers that were launched with the session, in order."""
    try:
        raw = session.paths.spec.read_bytes()
        return [worker.id for worker in msgspec.json.decode(raw, type=_SpecIds).workers]
    except (OSError, msgspec.DecodeError):
        return []


@contextlib.contextmanager
def starting() -> Iterator[Path]:
    """Holds the lock under which sessions are started and cleaned; gives the state directory.

    Waits for whoever has it.  Raises `SessionError`.
    """
    try:
        state = state_directory()
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        lock = os.open(state / "lock", flags, 0o600)
    except NotPrivate as error:
        raise SessionError(str(error)) from error
    except OSError as error:
        why = f"{error.strerror} ({error.filename})"
        raise SessionError(f"sessions can't be started or removed: {why}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield state
    finally:
        # a process forked meanwhile may have the descriptor still: closing alone would not do
        fcntl.flock(lock, fcntl.LOCK_UN)
        os.close(lock)


def boot_id() -> str:
    """Which boot of the machine this is; empty where the kernel doesn't tell (random(4))."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def supervisor_lives(facts: Facts) -> bool:
    """Whether the very process that supervised the run still does."""
    if facts.boot != boot_id():
        return False
    if not procfs.available():
        return _exists(facts.pid)
    try:
        stat = procfs.read_stat(facts.pid)
    except OSError:
        return False
    return stat.start_ticks == facts.start_ticks and not stat.is_zombie


def supervisor_goes(facts: Facts, seconds: float = 1.0) -> bool:
    """Waits for a supervisor that has closed its connections to be gone; False if it stays."""
    deadline = time.monotonic() + seconds
    while supervisor_lives(facts):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


class _SpecId(msgspec.Struct):
    id: str


class _SpecIds(msgspec.Struct):
    workers: list[_SpecId] = []


def session_directories() -> list[Path]:
    """One for each name, sorted; whatever is in them.  Raises `SessionError`."""
    try:
        state = existing_state_directory()
    except NotPrivate as error:
        raise SessionError(str(error)) from error
    return [] if state is None else sorted(_subdirectories(state / "sessions"))


def _subdirectories(directory: Path) -> list[Path]:
    try:
        with os.scandir(directory) as entries:
            return [Path(entry) for entry in entries if entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return []


def _look(run: Path, newest: bool) -> Session | None:
    """The run in a directory; None where its start never got so far, or it is unreadable."""
    try:
        facts = msgspec.json.decode((run / "session.json").read_bytes(), type=Facts)
    except (OSError, msgspec.DecodeError):
        return None
    name = facts.name if newest else f"{facts.name}@{facts.run}"
    where = SessionPaths(name, run, Path(facts.socket))
    return Session(where, facts, _status(where, facts))


def _status(where: SessionPaths, facts: Facts) -> Status:
    if supervisor_lives(facts):
        return "running"
    try:
        last = journal.read(where.journal, last=1)
    except OSError:
        last = []
    return "ended" if last and last[-1].kind == "session-ended" else "dead"


def _named(name: str, sessions: list[Session], running: bool) -> Session:
    for session in sessions:
        if session.name == name:
            if running and not session.running:
                left = "; what it left is reached by proctui ps, logs, terminate and kill"
                raise SessionError(gone(session) + (left if session.status == "dead" else ""))
            return session
    others = [session.name for session in sessions if session.running or not running]
    known = f"; there is {', '.join(others)}" if others else "; none is running"
    raise SessionError(f"there is no session called {name}{known}")


def gone(session: Session) -> str:
    """Why nobody can be asked there: one sentence."""
    if session.status == "dead":
        return f"session {session.name} is dead: its supervisor was killed"
    return f"session {session.name} has ended"


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
