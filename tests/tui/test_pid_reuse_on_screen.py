"""The process under the cursor dies between key and confirmation, and another gets its pid.

For real, 200 times, through the screen's own keys and dialogs: inside a pid namespace
``/proc/sys/kernel/ns_last_pid`` chooses the next pid (pid_namespaces(7)).
"""

from __future__ import annotations

import json

import pytest

from tests.supervisor.kin import in_pid_namespace

ROUNDS = 200
LONGEST = 300.0
"""Seconds the rounds may take where many others want the processors too."""

_TRIAL = """
import asyncio, json, os, signal, sys
from proctui.linux import procfs
from proctui.kernel.foreign import ForeignClient
from proctui.tui.app import ProctuiApp
from proctui.tui.feed import Feed
from proctui.tui.screens.confirm import Confirm

ROUNDS, KEY = int(sys.argv[1]), sys.argv[2]
PID = 4000

def at_pid():
    with open("/proc/sys/kernel/ns_last_pid", "w") as last:
        last.write(str(PID - 1))
    ready, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGTERM, lambda *_: os._exit(77))
        os.setsid()
        os.write(tell, b".")
        while True:
            signal.pause()
    os.read(ready, 1)
    os.close(ready)
    os.close(tell)
    assert pid == PID, pid
    return pid

async def until(condition):
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.002)

async def main():
    pid = at_pid()
    client = ForeignClient([pid])
    feed = Feed(client, client.make_kernel, totals=lambda: (0.0, 0, 0))
    signalled = confirmed = 0
    async with ProctuiApp(feed).run_test(size=(120, 40)) as pilot:
        app = pilot.app
        screen = app.screen
        for round in range(ROUNDS):
            await until(lambda: feed.store.key_of(pid) is not None)
            key = feed.store.key_of(pid)
            await until(lambda: screen.table.move_to(key))
            await pilot.press(KEY)
            await until(lambda: isinstance(app.screen, Confirm))
            assert f"({pid})" in app.screen.heading
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            newcomer = at_pid()
            if round % 2:  # also where the list shows the newcomer already
                await until(lambda: feed.store.key_of(pid) != key)
                feed.kernel.follow([newcomer])
                feed._something_ended()
                await until(lambda: feed.store.key_of(newcomer) is not None)
            await pilot.press("y")
            await until(lambda: app.screen is screen)
            confirmed += 1
            await until(lambda: not app.workers or all(
                w.is_finished for w in app.workers if w.name in ("kill", "terminate")))
            await until(lambda: feed.store.key_of(pid) != key)
            feed.kernel.follow([newcomer])
            feed._something_ended()
            pid = newcomer
            app.clear_notifications()
            if procfs.read_stat(newcomer).is_zombie:
                signalled += 1
                os.waitpid(newcomer, 0)
                pid = at_pid()
                feed.kernel.follow([pid])
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    print(json.dumps({"signalled": signalled, "confirmed": confirmed}))

asyncio.run(main())
"""


@pytest.mark.timeout(LONGEST + 30)
@pytest.mark.parametrize("key", ["k", "t"])
def test_the_newcomer_is_never_signalled(key: str) -> None:
    result = json.loads(in_pid_namespace(_TRIAL, str(ROUNDS // 2), key, timeout=LONGEST))
    assert result == {"signalled": 0, "confirmed": ROUNDS // 2}
