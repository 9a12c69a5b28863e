"""Orphans that came to a supervisor which adopts (PR_SET_CHILD_SUBREAPER(2const)): joining them.

They are children of this process without a `Process` object.  Exactly the one that is meant is
reaped, and never a worker or a helper, whose statuses belong to somebody else.
"""

from __future__ import annotations

import os

from proctui.linux import procfs
from proctui.protocol import Adopted, Outcome
from proctui.supervisor import host
from proctui.supervisor.words import ending
from proctui.supervisor.workers import Workers
from proctui.supervisor.world import Say

_WORKER = "it is a worker: join that"


class Orphanage:
    """Joins adopted orphans; knows none of them by itself, the kernel does."""

    def __init__(self, workers: Workers, say: Say) -> None:
        self._workers = workers
        self._say = say

    def join(self, meant: Adopted, by: str) -> Outcome:
        """Takes the status of one that has ended; says why not otherwise."""
        who = f"process {meant.pid}"
        reason = self._why_not(meant)
        if reason is not None:
            return Outcome(worker=who, ok=False, text=f"not joined: {reason}", pid=meant.pid)
        try:
            who = f"{procfs.name(meant.pid)} ({meant.pid})"
            code = _reap(meant.pid)
        except OSError as error:
            text = f"not joined: {error.strerror or error}"
            return Outcome(worker=who, ok=False, text=text, pid=meant.pid)
        text = f"{who}, an adopted orphan that {ending(code)}, was joined"
        self._say("joined", text, by=by, pid=meant.pid, exitcode=code)
        return Outcome(
            worker=who, ok=True, text=f"joined: {ending(code)}", pid=meant.pid, exitcode=code
        )

    def _why_not(self, meant: Adopted) -> str | None:
        if meant.pid <= 0:
            return "that is no process"
        if self._workers.ending:
            return "the session is ending, which ends what is left and joins it"
        if any(meant.pid == machine.unreaped for machine in self._workers.all()):
            return _WORKER
        if meant.pid in host.multiprocessing_helpers():
            return "it is a helper of multiprocessing"
        return self._why_not_child(meant)

    def _why_not_child(self, meant: Adopted) -> str | None:
        """Our own child that has ended keeps its pid until we reap it, so nothing can come between.

        Looking does not reap (waitid(2), WNOWAIT).
        """
        look = os.WEXITED | os.WNOHANG | os.WNOWAIT
        try:
            ended = os.waitid(os.P_PID, meant.pid, look)
            stat = procfs.read_stat(meant.pid)
        except ChildProcessError:
            return "the supervisor has not adopted it"
        except OSError as error:
            return str(error)
        if meant.start_ticks not in (None, stat.start_ticks):
            return "that process is gone, another has its pid"
        if ended is None:
            return "it is alive; it can be joined once it has ended"
        return None


def _reap(pid: int) -> int:
    """The exit code; -N where signal N ended it."""
    status = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG)
    if status is None:
        raise ChildProcessError(f"process {pid} has not ended")
    return status.si_status if status.si_code == os.CLD_EXITED else -status.si_status
