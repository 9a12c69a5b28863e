"""What the processes of these tests run; spawned children import it by name."""

from __future__ import annotations

import asyncio
import faulthandler
import multiprocessing
import os
import signal
import sys
import time
from multiprocessing.connection import Connection


def end_with(code: int) -> None:
    sys.exit(code)


def crash() -> None:
    raise RuntimeError("as planned")


def die_by(signum: int) -> None:
    faulthandler.disable()
    os.kill(os.getpid(), signum)


def sleep(seconds: float = 60.0) -> None:
    time.sleep(seconds)


def ignore_sigterm(ready: Connection) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ready.send(os.getpid())
    time.sleep(60)


def say(channel: Connection, text: str) -> None:
    channel.send((text, os.getpid(), multiprocessing.current_process().name))


def leave_a_child(channel: Connection) -> None:
    """Ends at once, but its own child lives on and holds every descriptor."""
    pid = os.fork()
    if pid == 0:
        time.sleep(60)
        os._exit(0)
    channel.send(pid)


def watch_parent(channel: Connection) -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    channel.send(parent.is_alive())


def outlive_parent(path: str) -> None:
    """Writes to `path` how `parent_process()` is seen once the parent has ended."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join(30)
    with open(path, "w") as file:
        file.write(f"{parent.is_alive()} {parent.exitcode}")


def start_a_child(path: str) -> None:
    try:
        multiprocessing.Process(target=sleep, args=(0,)).start()
    except AssertionError as error:
        with open(path, "w") as file:
            file.write(str(error))


def run_asyncio(path: str) -> None:
    async def main() -> str:
        await asyncio.sleep(0.001)
        return "it works"

    with open(path, "w") as file:
        file.write(asyncio.run(main()))


def list_descriptors(path: str) -> None:
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[int(name)] = os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:
            continue
    with open(path, "w") as file:
        file.write(repr(found))


def describe_myself(path: str) -> None:
    me = multiprocessing.current_process()
    handlers = {
        int(s): str(signal.getsignal(s)) for s in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    }
    facts = {
        "name": me.name,
        "daemon": me.daemon,
        "sid": os.getsid(0),
        "pgid": os.getpgid(0),
        "pid": os.getpid(),
        "cwd": os.getcwd(),
        "worker": os.environ.get("PROCTUI_WORKER"),
        "session": os.environ.get("PROCTUI_SESSION"),
        "extra": os.environ.get("EXTRA"),
        "blocked": sorted(int(s) for s in signal.pthread_sigmask(signal.SIG_BLOCK, ())),
        "handlers": handlers,
        "main": getattr(sys.modules["__main__"], "__file__", None),
    }
    with open(path, "w") as file:
        file.write(repr(facts))


not_callable = 3


class Named(multiprocessing.Process):
    """Sets its name after `Process.__init__`, as it should."""

    def __init__(self, path: str, *, early: bool = False, daemon: bool | None = None) -> None:
        if early:
            self._name = "early"
        super().__init__(daemon=daemon)
        if not early:
            self.name = "own name"
        self.path = path

    def run(self) -> None:
        with open(self.path, "w") as file:
            same = multiprocessing.current_process() is self
            file.write(repr((self.name, self.daemon, same)))


class Forgetful(multiprocessing.Process):
    def __init__(self) -> None:
        self.nothing = True


class SelfMadeDaemon(multiprocessing.Process):
    def __init__(self) -> None:
        super().__init__()
        self.daemon = True

    def run(self) -> None:
        time.sleep(60)


def print_and_sleep() -> None:
    print("no newline", end="")
    print("and an error", end="", file=sys.stderr)
    time.sleep(60)


def print_limit() -> None:
    import resource

    print(*resource.getrlimit(resource.RLIMIT_NOFILE))
