"""What the user asks for: worker specifications and their policies.

Plain frozen data, no I/O.  `proctui.files.config` makes these from files, the
protocol carries them, the supervisor obeys them.
"""

from __future__ import annotations

import shlex
from typing import Any, Literal

import msgspec

StartMethod = Literal["fork", "spawn", "forkserver"]
"""How `multiprocessing` makes the child ("Contexts and start methods" in its documentation)."""

ReapPolicy = Literal["join", "auto", "implicit"]
"""Who joins an ended worker: somebody who asks, the supervisor at once, or a sibling's start."""

RestartPolicy = Literal["never", "on-failure", "always"]
"""When an ended worker is started again without being asked."""


class WorkerSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One worker as the user asks for it.

    Exactly one of `target` and `command` is set.  Times are seconds.
    """

    id: str
    """Unique in the session: the table's name, with ``-1`` … ``-N`` where ``count`` is above 1."""
    target: str | None = None
    """``module:callable`` or ``path/to/file.py:callable``; a function or a `Process` subclass."""
    command: tuple[str, ...] | None = None
    """What is executed; a shell line stands here as ``("/bin/sh", "-c", line)``."""
    shell_line: str | None = None
    """The line as the user wrote it where `command` was a shell line.

    It is what is displayed, and Stop ends the whole process group of such a worker: the shell is
    only in between.
    """
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = msgspec.field(default_factory=dict)
    name: str | None = None
    """`Process.name`; None leaves a subclass its own and gives everything else its `id`."""
    daemon: bool | None = None
    """None leaves a subclass its own and means False for everything else."""
    start_method: StartMethod = "fork"
    autostart: bool = True
    reap: ReapPolicy = "join"
    restart: RestartPolicy = "never"
    max_restarts: int = 5
    """Restarts allowed within `restart_window`; one more and the worker has failed."""
    restart_window: float = 60.0
    backoff: float = 0.5
    """Pause before the first restart; it doubles with each up to `backoff_max`."""
    backoff_max: float = 30.0
    stop_signal: str = "SIGTERM"
    stop_timeout: float = 5.0
    """Grace period between `stop_signal` and SIGKILL."""
    join_timeout: float | None = None
    """How long a join without a timeout of its own waits; None waits for ever."""
    cwd: str = "/"
    """Absolute; `proctui.files.config` resolves it against the worker file's folder."""
    env: dict[str, str] = msgspec.field(default_factory=dict)
    """Added to the supervisor's environment in the worker."""
    python: str | None = None
    """Another interpreter for `target`; absolute, or a name to look up on PATH."""
    import_root: str = "/"
    """Folder put first on `sys.path` and against which a target's file path resolves; absolute."""

    @property
    def label(self) -> str:
        """What the TARGET column shows: ``lessons:piao('egon')`` or the command line.

        Untrusted text: the screen makes it safe before drawing.
        """
        if self.target is not None:
            shown = [repr(a) for a in self.args]
            shown += [f"{key}={value!r}" for key, value in self.kwargs.items()]
            return f"{self.target}({', '.join(shown)})"
        if self.shell_line is not None:
            return self.shell_line
        return shlex.join(self.command or ())


class SessionSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A whole session: its settings and its workers in file order."""

    name: str
    source: str | None = None
    """Absolute path of the file it came from; None for a session without one."""
    folder: str = "/"
    """Absolute; what relative paths in the file were resolved against."""
    workers: tuple[WorkerSpec, ...] = ()
    adopt: bool = False
    """True makes the supervisor a subreaper: orphans of its workers come to it (prctl(2))."""
    log_limit: int = 8 * 1024 * 1024
    """Bytes on disk each worker's log may take."""
    refresh: float = 1.0
    """Seconds between two refreshes of the figures on the screen."""
