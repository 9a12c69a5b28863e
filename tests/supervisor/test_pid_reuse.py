"""A pid is given to another process between the look and the signal, for real, 200 times.

Inside a pid namespace ``/proc/sys/kernel/ns_last_pid`` chooses the next pid
(pid_namespaces(7)), so the newcomer has the number of the one that was meant,
and mostly its start time as well.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.supervisor.kin import in_pid_namespace

_TRIAL = """
import asyncio, json, os, signal, sys
from proctui.linux.grip import hold
from proctui.linux import pidfd, procfs
from proctui.kernel import KernelView
from proctui.linux.procconn import ProcConnector
from proctui.kernel.watched import Budget

ROUNDS, LIMIT = int(sys.argv[1]), int(sys.argv[2])
PID = 4000

def at_pid():
    with open("/proc/sys/kernel/ns_last_pid", "w") as last:
        last.write(str(PID - 1))
    ready, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGTERM, lambda *_: os._exit(77))
        os.write(tell, b".")
        while True:
            signal.pause()
    os.read(ready, 1)
    os.close(ready)
    os.close(tell)
    assert pid == PID, pid
    return pid

async def main():
    signalled = same_start = wrong_rows = refused = 0
    view = KernelView("", lambda: None, budget=Budget(limit=LIMIT))
    for _ in range(ROUNDS):
        pid = at_pid()
        view.follow([pid])
        meant = {o.token: o for o in (await view.refresh()).observations if o.sample.pid == pid}
        (token,) = meant
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        newcomer = at_pid()
        start = procfs.read_stat(newcomer).start_ticks
        same_start += start == meant[token].sample.start_ticks
        try:
            view.send_signal(token, signal.SIGTERM)
        except ProcessLookupError:
            refused += 1
        passed = await view.refresh()
        wrong_rows += token not in {d.token for d in passed.departures}
        os.kill(newcomer, signal.SIGKILL)
        _, status = os.waitpid(newcomer, 0)
        signalled += os.waitstatus_to_exitcode(status) != -signal.SIGKILL
        await view.refresh()
    view.close()
    unique = pidfd.identity(os.pidfd_open(os.getpid())) is not None
    print(json.dumps({
        "signalled": signalled, "same_start": same_start, "refused": refused,
        "wrong_rows": wrong_rows, "unique": unique, "connector": ProcConnector.open() is not None,
    }))

asyncio.run(main())
"""


def run_trial(rounds: int, limit: int) -> dict[str, Any]:
    return dict(json.loads(in_pid_namespace(_TRIAL, str(rounds), str(limit))))


def test_the_newcomer_is_never_signalled() -> None:
    result = run_trial(200, 1000)
    assert result["same_start"] > 0, "no round had the same start time: nothing was tried"
    assert (result["signalled"], result["refused"], result["wrong_rows"]) == (0, 200, 0)
    assert not result["connector"], "there is no proc connector inside a pid namespace"


def test_nor_where_no_descriptor_is_left_to_hold() -> None:
    """Past the descriptor budget the pidfd's inode tells them apart (Linux 6.9 on)."""
    result = run_trial(200, 0)
    if not result["unique"]:
        pytest.skip("this kernel's pidfds have no inode numbers of their own")
    assert (result["signalled"], result["refused"], result["wrong_rows"]) == (0, 200, 0)
