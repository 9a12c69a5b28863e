"""Zombies: children that have ended and that nobody joined.  How they come, how they go."""

import multiprocessing
import os
import signal
import sys
import time
from types import FrameType

from naming import call_me

fork = multiprocessing.get_context("fork")


def end(status: int, after: float) -> None:
    """Ends soon."""
    call_me("child")
    time.sleep(after)
    sys.exit(status)


def never_join(children: int, after: float, seconds: float) -> None:
    """Starts children that end at once, and sleeps instead of joining them."""
    for number in range(children):
        child = fork.Process(target=end, args=(number + 1, after))
        child.start()
        print(f"child {child.pid} ends with {number + 1}; I sleep for {seconds:g} s")
    time.sleep(seconds)


def join_late(seconds: float) -> None:
    """The cure: joining takes the exit code, and with it the zombie is gone."""
    child = fork.Process(target=end, args=(7, 0))
    child.start()
    time.sleep(seconds)
    child.join()
    print(f"joined: the exit code was {child.exitcode}")
    time.sleep(seconds)


def look(seconds: float) -> None:
    """In plain multiprocessing looking is enough: `is_alive()` reaps what has ended."""
    child = fork.Process(target=end, args=(0, 0))
    child.start()
    time.sleep(seconds)
    print(f"alive: {child.is_alive()}; now it is reaped, and nobody called join")
    time.sleep(seconds)


def reap_on_sigchld(every: float, children: int) -> None:
    """The kernel tells a parent of each child's end by SIGCHLD; the handler reaps."""

    def reap(signum: int, frame: FrameType | None) -> None:
        multiprocessing.active_children()  # joins all that have ended, says its documentation

    signal.signal(signal.SIGCHLD, reap)
    for _ in range(children):
        fork.Process(target=end, args=(0, every / 2)).start()
        time.sleep(every)


def factory(every: float, children: int, seconds: float) -> None:
    """Makes zombies.  By os.fork, because the next `Process.start()` would reap the last one."""
    call_me("factory")
    for number in range(children):
        if os.fork() == 0:
            call_me(f"child-{number + 1}")
            os._exit(0)
        time.sleep(every)
    time.sleep(seconds)
