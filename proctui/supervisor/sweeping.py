"""Has `proctui.linux.sweep` end what the workers left behind, and tells what came of it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable

import msgspec

from proctui.supervisor import host
from proctui.supervisor.complaints import complain
from proctui.supervisor.helper import Helper
from proctui.supervisor.loop import Loop, Timer
from proctui.supervisor.world import SUPERVISOR, Say

GRACE = 2.0
"""Seconds between SIGTERM and SIGKILL for what is left."""
TIMEOUT = 20.0
"""Seconds that the helper may take beyond the grace period."""
TRIES = 20
PAUSE = 0.25
"""Seconds between two tries to start the helper, where the kernel refuses that."""


class _Ended(msgspec.Struct):
    pid: int
    name: str
    signal: str | None = None


class _Left(msgspec.Struct):
    pid: int
    name: str
    why: str


class _Report(msgspec.Struct):
    ended: list[_Ended] = []
    left: list[_Left] = []


class Sweep:
    """Run once, at the end; `sessions` are the ids of those that workers led."""

    def __init__(
        self,
        loop: Loop,
        tag: str,
        sessions: Callable[[], Iterable[int]],
        adopts: Callable[[], bool],
        say: Say,
    ) -> None:
        self._loop = loop
        self._tag = tag
        self._sessions = sessions
        self._adopts = adopts
        self._say = say
        self._helper: Helper | None = None
        self._again: Timer | None = None
        """The next try to start it."""
        self._tries = 0
        self._done: Callable[[], None] = _nothing

    def begin(self, done: Callable[[], None]) -> None:
        """Calls `done` when nothing is left, or nothing more can be done."""
        self._done = done
        self._run(GRACE)

    def hasten(self) -> None:
        """Begins anew, without a grace period."""
        if self._helper is not None:
            self._helper.cancel()
            self._run(0.0)

    def _run(self, grace: float) -> None:
        self._again = None
        argv = [sys.executable, "-P", "-m", "proctui.linux.sweep"]
        try:
            self._helper = Helper(
                self._loop, argv, self._order(grace), grace + TIMEOUT, self._finished
            )
        except OSError as error:
            self._try_again(error, grace)

    def _try_again(self, error: OSError, grace: float) -> None:
        """What filled the machine may be what is to be swept up, or be gone in a moment."""
        self._tries += 1
        reason = f"the helper can't be started: {error.strerror or error}"
        if self._tries >= TRIES:
            self._fail(reason)
            return
        if self._tries == 1:
            complain(f"{reason}; trying again")
        self._again = self._loop.call_later(PAUSE, lambda: self._run(grace))

    def _order(self, grace: float) -> bytes:
        own = os.getpid()
        order = {
            "tag": self._tag,
            "sids": sorted(self._sessions()),
            "spare": [own, *host.multiprocessing_helpers()],
            "grace": grace,
            "parents": [own] if self._adopts() else [],
        }
        return json.dumps(order).encode()

    def _finished(self, code: int | None, output: bytes) -> None:
        self._helper = None
        if code is None:
            self._fail("the helper took too long")
            return
        if code != 0:
            self._fail(f"the helper ended with exitcode {code}")
            return
        try:
            report = msgspec.json.decode(output, type=_Report)
        except msgspec.DecodeError as error:
            self._fail(f"the helper's answer makes no sense: {error}")
            return
        for ended in report.ended:
            text = f"{ended.name} ({ended.pid}) was left behind by a worker and has been ended"
            self._say("note", text, by=SUPERVISOR, pid=ended.pid, signal=ended.signal)
        for left in report.left:
            text = f"{left.name} ({left.pid}) was left behind and is still there: {left.why}"
            self._say("note", text, by=SUPERVISOR, pid=left.pid)
        self._done()

    def _fail(self, reason: str) -> None:
        text = f"what workers left behind was not looked for: {reason}"
        complain(text)
        self._say("note", text, by=SUPERVISOR)
        self._done()


def _nothing() -> None:
    """Before it has begun."""
