"""How much of /proc a pass reads: counted, not timed, against the real kernel."""

from __future__ import annotations

import os
import signal
from collections import Counter
from functools import partial

import pytest

from proctui.kernel.watched import UNREAD
from proctui.linux import procfs
from tests.supervisor.kin import family, until
from tests.supervisor.watching import Watching, watching

CHILDREN = 24
CROWD = f"""
for _ in range({CHILDREN}):
    fork()
say(ready=1)
hang()
"""
needs_pulse = pytest.mark.skipif(
    not os.path.exists("/proc/self/schedstat"),
    reason="this kernel does not tell when a process has run",
)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """How many times each length was asked for: lines of stat and of schedstat differ in it."""
    counted: Counter[int] = Counter()
    pread = os.pread

    def counting(descriptor: int, length: int, offset: int) -> bytes:
        counted[length] += 1
        return pread(descriptor, length, offset)

    monkeypatch.setattr(os, "pread", counting)
    return counted


async def at_rest(view: Watching) -> None:
    """Until nothing of them has anything new to tell, pass after pass."""
    quiet = 0
    while quiet < UNREAD:
        quiet = 0 if (await view.refresh()).observations else quiet + 1
        for watched in view.view._flock.watched.values():
            watched.cpu_clock -= 1  # a share is only reckoned over a while


def is_in(pid: int, state: str) -> bool:
    return procfs.read_stat(pid).state == state


@needs_pulse
async def test_of_what_has_not_run_the_line_is_seldom_read(reads: Counter[int]) -> None:
    with family(CROWD) as kin:
        assert kin["ready"]
        async with watching(kin["actor"]) as view:
            await at_rest(view)
            reads.clear()
            for _ in range(UNREAD):
                await view.refresh()
            assert reads[procfs.PULSE_BYTES] == UNREAD * (CHILDREN + 1)
            # Each child once in all these passes; the root each time, for nobody would tell
            # that its parent has ended.
            assert reads[procfs.STAT_BYTES] == CHILDREN + UNREAD


@needs_pulse
async def test_what_has_run_is_read_in_the_next_pass() -> None:
    with family("say(child=fork())\nhang()") as kin:
        async with watching(kin["actor"]) as view:
            await at_rest(view)
            for signum, state in [(signal.SIGSTOP, "T"), (signal.SIGCONT, "S")] * 2:
                os.kill(kin["child"], signum)
                until(partial(is_in, kin["child"], state))
                await view.refresh()
                assert view.of(kin["child"]).sample.state == state
                await at_rest(view)


@needs_pulse
async def test_a_process_of_several_threads_is_read_each_time(reads: Counter[int]) -> None:
    tree = """
    def threaded():
        import threading
        threading.Thread(target=lambda: time.sleep(1000), daemon=True).start()
        say(ready=1)
        hang()
    say(child=fork(threaded))
    hang()
    """
    with family(tree) as kin:
        assert kin["ready"]
        async with watching(kin["actor"]) as view:
            await at_rest(view)
            reads.clear()
            for _ in range(UNREAD):
                await view.refresh()
            assert reads[procfs.STAT_BYTES] == 2 * UNREAD  # others of it may have run
