"""What is told of one worker: its present state, and the events that change it."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from proctui.model import Worker
from proctui.protocol import EventKind, Outcome
from proctui.spec import WorkerSpec
from proctui.supervisor.words import clip
from proctui.supervisor.world import Done, Run, Say, World

LONGEST_NAME = 200


def _sha256() -> Callable[[bytes], Any]:
    """Not that of `hashlib`, where it can be had: OpenSSL would burden every fork."""
    for name in ("_sha2", "_sha256"):  # CPython from 3.12 on, and before
        with contextlib.suppress(ImportError):
            found: Callable[[bytes], Any] = importlib.import_module(name).sha256
            return found
    import hashlib

    return hashlib.sha256


_digest = _sha256()


class Record:
    """The Python view of one worker, and the only way in which it changes and is told of."""

    def __init__(self, spec: WorkerSpec, world: World, say: Say) -> None:
        self._say = say
        self.worker = Worker(
            id=spec.id,
            name=clip(spec.name or spec.id, LONGEST_NAME),
            ppid=world.pid,
            log=world.log_path(spec.id),
        )
        self.take_spec(spec)

    def take_spec(self, spec: WorkerSpec) -> None:
        """Shows what `spec` says; a name and flag that a run gave itself stay until the next."""
        executes = spec.command is not None or spec.python is not None
        self.change(
            start_method="fork" if executes else spec.start_method,
            is_command=spec.command is not None,
            label=clip(spec.label),
            reap=spec.reap,
            autostart=spec.autostart,
            daemon=self.worker.daemon if spec.daemon is None else spec.daemon,
            stop_signal=spec.stop_signal,
            stop_timeout=spec.stop_timeout,
            is_shell_line=spec.shell_line is not None,
        )

    def take_run(self, run: Run, now: float) -> None:
        """A new run begins, with nothing of the last one left."""
        self.change(
            phase="starting",
            pid=run.pid,
            name=clip(run.name, LONGEST_NAME),
            daemon=run.daemon,
            alive=True,
            exitcode=None,
            exitcode_lost=False,
            started_at=now,
            ended_at=None,
            joined_at=None,
            failure=None,
            authkey_length=len(run.authkey),
            authkey_fingerprint=_digest(run.authkey).hexdigest()[:8],
        )

    def change(self, **changes: object) -> None:
        """Sets fields of `Worker`."""
        self.worker = msgspec.structs.replace(self.worker, **changes)

    def tell(
        self,
        kind: EventKind,
        text: str,
        *,
        by: str | None = None,
        exitcode: int | None = None,
        signal: str | None = None,
    ) -> None:
        """Makes an event that carries the state as it is now."""
        worker = self.worker
        self._say(
            kind,
            text,
            by=by,
            worker=worker.id,
            pid=worker.pid,
            exitcode=exitcode,
            signal=signal,
            state=worker,
        )

    def outcome(self, ok: bool, text: str) -> Outcome:
        """What became of a command for this worker."""
        worker = self.worker
        return Outcome(worker=worker.id, ok=ok, text=text, pid=worker.pid, exitcode=worker.exitcode)

    def answer(self, waiting: Iterable[Done], ok: bool, text: str) -> None:
        """Gives all who wait the same outcome."""
        outcome = self.outcome(ok, text)
        for done in waiting:
            done(outcome)

    def refuse(self, text: str, by: str, done: Done) -> None:
        """Says to everybody, and to who asked, that it can't be done."""
        self.tell("refused", text, by=by)
        done(self.outcome(False, text))
