"""Starting a session: a name, a directory, a supervisor that is nobody's child.

The supervisor is started through a process that ends at once, so whoever started it needn't
reap it and may live or die as it likes.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from proctui import __version__
from proctui.linux import procfs
from proctui.sessions.places import socket_path
from proctui.sessions.private import NotPrivate, private_directory
from proctui.sessions.session import (
    Facts,
    Session,
    SessionError,
    SessionPaths,
    boot_id,
    list_sessions,
    starting,
)
from proctui.spec import SessionSpec
from proctui.supervisor import marking
from proctui.supervisor.logs import file_name
from proctui.supervisor.start import (
    SupervisorAnswer,
    SupervisorStart,
    decode_answer,
    encode_start,
)

PATIENCE: Final = 30.0
"""Seconds until a supervisor has to be ready."""


class AlreadyRunning(SessionError):
    """The same file runs already; `session` is where."""

    def __init__(self, session: Session) -> None:
        what = session.facts.source or f"session {session.facts.asked_name}"
        super().__init__(
            f"{what} is already running as session {session.name} (supervisor "
            f"{session.facts.pid}); proctui attach {session.name} goes to it"
        )
        self.session = session


def start(
    spec: SessionSpec, meanwhile: Callable[[], None] | None = None, *, hold: bool = False
) -> SessionPaths:
    """Starts a supervisor for `spec` and returns when clients can connect.

    With `hold` the workers wait for somebody to come and start them.

    `meanwhile` is called once the supervisor is on its way, for what takes time here too; what
    it raises is raised when the session stands.  Where a running session of another file has
    the name already, ``-2``, ``-3`` … is added.  Raises `AlreadyRunning` where it is the same
    file, and `SessionError`.
    """
    with starting() as state:
        name = free_name(spec, list_sessions())
        try:
            where = _make_directory(state, name)
        except (OSError, NotPrivate) as error:
            raise SessionError(f"session {name} can't be started: {_why(error)}") from error
        failures: list[BaseException] = []
        try:
            named = msgspec.structs.replace(spec, name=name)
            _launch(named, spec.name, where, partial(_done, meanwhile, failures), hold)
        except BaseException:
            import shutil  # seldom needed

            shutil.rmtree(where.directory, ignore_errors=True)
            raise
    if failures:
        raise failures[0]
    return where


def _done(meanwhile: Callable[[], None] | None, failures: list[BaseException]) -> None:
    """The session stands or falls by itself, whatever becomes of what is done meanwhile."""
    if meanwhile is not None:
        try:
            meanwhile()
        except BaseException as error:  # noqa: BLE001 (raised when the session stands)
            failures.append(error)


def same_session(spec: SessionSpec, session: Session) -> bool:
    """Whether a session was started from the same file, under the same name."""
    return session.facts.source == spec.source and session.facts.asked_name == spec.name


def same_file(spec: SessionSpec, session: Session) -> bool:
    """Whether both come from one file, by whatever path and name; without files, by the name."""
    if spec.source is None or session.facts.source is None:
        return same_session(spec, session)
    return os.path.realpath(spec.source) == os.path.realpath(session.facts.source)


def free_name(spec: SessionSpec, sessions: list[Session]) -> str:
    """The name that a new session gets.  Raises `AlreadyRunning`.

    A dead session keeps its name from other files' sessions: what it left may still run.
    """
    for session in sessions:
        if session.running and same_session(spec, session):
            raise AlreadyRunning(session)
    taken = {
        session.facts.name
        for session in sessions
        if session.running or (session.status == "dead" and not same_session(spec, session))
    }
    name, number = spec.name, 1
    while name in taken:
        number += 1
        name = f"{spec.name}-{number}"
    return name


def _make_directory(state: Path, name: str) -> SessionPaths:
    """A directory for a new run.  Raises OSError and `NotPrivate`."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    fraction = int(time.time() % 1 * 1e6)
    run = f"{stamp}-{fraction:06d}-{os.urandom(3).hex()}"
    where = SessionPaths(name, state / "sessions" / file_name(name) / run, socket_path(name))
    private_directory(where.log_dir)
    # Nobody listens there: what holds the name's lock has just seen that it doesn't run.
    where.socket.unlink(missing_ok=True)
    return where


def _launch(
    spec: SessionSpec,
    asked_name: str,
    where: SessionPaths,
    meanwhile: Callable[[], None],
    hold: bool,
) -> None:
    tag = f"{file_name(spec.name)}.{os.urandom(8).hex()}"
    started = SupervisorStart(
        spec=spec,
        socket=str(where.socket),
        journal=str(where.journal),
        log_dir=str(where.log_dir),
        tag=tag,
        hold=hold,
    )
    try:
        _write(where.spec, msgspec.json.encode(_without_values(spec)))
        process, pid = _spawn(where, tag)
        with process:
            # From here on the session can be found.  Should we end before the supervisor has its
            # first line, then so does it.
            facts = _facts(spec, asked_name, where, tag, pid)
            _write(where.facts, msgspec.json.encode(facts))
            answer = _ask(process, encode_start(started), where, pid, meanwhile)
    except (OSError, subprocess.SubprocessError) as error:
        raise SessionError(f"session {spec.name} can't be started: {_why(error)}") from error
    if answer.error is not None:
        raise SessionError(answer.error)


def _spawn(where: SessionPaths, tag: str) -> tuple[subprocess.Popen[bytes], int]:
    """A supervisor that waits for its first line, and its pid.

    What is returned as its process ended when it had made the supervisor.  Raises OSError.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
    with contextlib.ExitStack() as opened:
        complaints = os.open(where.supervisor_log, flags, 0o600)
        opened.callback(os.close, complaints)
        reader, writer = os.pipe()
        opened.callback(os.close, reader)
        try:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "proctui.supervisor"],
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                cwd="/",
                env=_environment(tag),
                preexec_fn=lambda: _leave(writer),
            )
        finally:
            os.close(writer)
        return process, int(os.read(reader, 32))


def _leave(writer: int) -> None:
    """In the child: makes the supervisor the child of nobody who is still there.

    It leads its own session, so that no terminal's end reaches it (credentials(7)), and blocks
    no signal that its starter did.
    """
    if os.fork():
        os._exit(0)
    os.setsid()
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.write(writer, b"%d" % os.getpid())


def _environment(tag: str) -> dict[str, str]:
    """The supervisor's: tagged, so that what it forks can be told from the kernel's view too."""
    tags = {procfs.SESSION_VARIABLE: tag, procfs.WORKER_VARIABLE: marking.ROOM}
    return {**importable(os.environ), **tags}


def importable(environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` with what another interpreter needs to find this program.

    Run from a checkout and started elsewhere, it would not.
    """
    root = Path(__file__).resolve().parent.parent.parent
    places = environment.get("PYTHONPATH", "").split(os.pathsep)
    if root.name in {"site-packages", "dist-packages"} or str(root) in places:
        return dict(environment)
    return {**environment, "PYTHONPATH": os.pathsep.join(filter(None, [str(root), *places]))}


def _ask(
    process: subprocess.Popen[bytes],
    line: bytes,
    where: SessionPaths,
    pid: int,
    meanwhile: Callable[[], None],
) -> SupervisorAnswer:
    """Tells the supervisor what to do and waits for its answer.  Raises `SessionError`."""
    assert process.stdin is not None
    assert process.stdout is not None
    deadline = time.monotonic() + PATIENCE
    try:
        _send(process.stdin.fileno(), line, deadline)
        meanwhile()
        return decode_answer(_receive(process.stdout.fileno(), deadline))
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        raise SessionError(
            f"the supervisor was not ready after {PATIENCE:g} s and was ended"
        ) from None
    except (OSError, msgspec.DecodeError) as error:
        raise SessionError(f"the supervisor ended at once{_last_words(where)}") from error


def _send(descriptor: int, data: bytes, deadline: float) -> None:
    os.set_blocking(descriptor, False)
    left = memoryview(data)
    while left:
        _ready([], [descriptor], deadline)
        left = left[os.write(descriptor, left) :]


def _receive(descriptor: int, deadline: float) -> bytes:
    """One line, or what there is of it where the other side ends."""
    data = b""
    while not data.endswith(b"\n"):
        _ready([descriptor], [], deadline)
        piece = os.read(descriptor, 1 << 16)
        if not piece:
            break
        data += piece
    return data


def _ready(readers: list[int], writers: list[int], deadline: float) -> None:
    found = select.select(readers, writers, [], max(0.0, deadline - time.monotonic()))
    if not (found[0] or found[1]):
        raise TimeoutError


def _last_words(where: SessionPaths) -> str:
    """What it complained about last, as the end of a sentence."""
    try:
        lines = where.supervisor_log.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return ""
    said = [line.strip() for line in lines if line.strip()]
    return f": {said[-1]}" if said else " and said nothing"


def _why(error: Exception) -> str:
    """The end of a sentence; what the system says without its number."""
    said = error.strerror if isinstance(error, OSError) else None
    where = f" ({error.filename})" if isinstance(error, OSError) and error.filename else ""
    return f"{said}{where}" if said else str(error)


def _facts(spec: SessionSpec, asked_name: str, where: SessionPaths, tag: str, pid: int) -> Facts:
    ticks = 0
    with contextlib.suppress(ProcessLookupError):  # then it will not answer either
        ticks = procfs.read_stat(pid).start_ticks if procfs.available() else 0
    return Facts(
        name=spec.name,
        asked_name=asked_name,
        run=where.directory.name,
        tag=tag,
        socket=str(where.socket),
        pid=pid,
        start_ticks=ticks,
        boot=boot_id(),
        started_at=time.time(),
        program=__version__,
        source=spec.source,
    )


def _without_values(spec: SessionSpec) -> SessionSpec:
    """Environment values may be secrets: they are not kept."""
    return msgspec.structs.replace(
        spec, workers=tuple(msgspec.structs.replace(worker, env={}) for worker in spec.workers)
    )


def _write(path: Path, data: bytes) -> None:
    """Makes a file that is whole or not there.  Raises OSError."""
    draft = path.with_name(path.name + ".new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    with open(os.open(draft, flags, 0o600), "wb") as file:
        file.write(data)
    draft.rename(path)
