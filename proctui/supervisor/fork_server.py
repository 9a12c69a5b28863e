"""Reaps a fork server that was ended from without, as soon as it is dead.

`multiprocessing` does so only when it needs the next one, so that it would stay a zombie.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from proctui.supervisor import popen
from proctui.supervisor.loop import Loop


class ForkServerWatch:
    """Watches the one fork server of this process; without pidfds it does nothing."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._pid: int | None = None
        self._pidfd = -1

    def look(self) -> None:
        """Call it after what may have started one."""
        pid = running()
        if pid is None or pid == self._pid:
            return
        self._forget()
        pidfd = popen.pidfd_open(pid)
        if pidfd is not None:
            self._pid, self._pidfd = pid, pidfd
            self._loop.add_reader(pidfd, self._ended)

    def _ended(self) -> None:
        self._forget()
        reap()

    def _forget(self) -> None:
        if self._pid is not None:
            self._loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pid = None


def running() -> int | None:
    """Pid of the fork server that `multiprocessing` believes in."""
    module: Any = sys.modules.get("multiprocessing.forkserver")
    pid: int | None = None if module is None else module._forkserver._forkserver_pid
    return pid


def reap() -> None:
    """What `multiprocessing` itself does with a dead one before it starts the next."""
    module: Any = sys.modules["multiprocessing.forkserver"]
    server = module._forkserver
    with server._lock:
        if server._forkserver_pid is None or os.waitpid(server._forkserver_pid, os.WNOHANG)[0] == 0:
            return
        os.close(server._forkserver_alive_fd)
        server._forkserver_address = None
        server._forkserver_alive_fd = None
        server._forkserver_pid = None
