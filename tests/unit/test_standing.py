"""Why a process has not ended after a signal."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from proctui.linux import procfs
from proctui.linux.grip import hold
from proctui.linux.standing import Masks, reason, why_left
from tests.support import until

_TERM, _KILL = int(signal.SIGTERM), int(signal.SIGKILL)
_BIT = 1 << (_TERM - 1)


@pytest.mark.parametrize(
    ("state", "signum", "masks", "said"),
    [
        ("D", _KILL, Masks(), "uninterruptible (state D)"),
        ("D", _TERM, Masks(ignored=_BIT), "uninterruptible (state D)"),
        ("t", _KILL, Masks(), "a debugger holds it"),
        ("S", _TERM, Masks(ignored=_BIT), "it ignores SIGTERM"),
        ("T", _TERM, Masks(ignored=_BIT), "it ignores SIGTERM"),
        ("T", _TERM, Masks(), "it is stopped (state T): SIGTERM waits until it is continued"),
        ("S", _TERM, Masks(blocked=_BIT), "it blocks SIGTERM"),
        ("S", _TERM, Masks(caught=_BIT), "it handles SIGTERM itself and has not ended (state S)"),
        ("S", _TERM, Masks(ignored=_BIT >> 1), "it has not ended (state S)"),
        ("R", _KILL, Masks(ignored=_BIT), "it has not ended (state R)"),
        ("R", 0, Masks(), "it has not ended (state R)"),
    ],
)
def test_the_reason(state: str, signum: int, masks: Masks, said: str) -> None:
    assert said in reason(state, signum, masks)


def test_what_the_kernel_shows_of_one_that_ignores_it() -> None:
    code = "import signal; signal.signal(15, signal.SIG_IGN); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdout.readline()
        grip = hold(process.pid, procfs)
        try:
            assert why_left(grip, _TERM) == "it ignores SIGTERM"
            process.send_signal(signal.SIGSTOP)
            until(lambda: procfs.read_stat(process.pid).state == "T")
            # Not SIGHUP: who runs the tests under nohup(1) has them ignore it.
            why = why_left(grip, int(signal.SIGUSR1))
            assert why.startswith("it is stopped (state T): SIGUSR1")
        finally:
            process.kill()
            process.wait()
            grip.close()
