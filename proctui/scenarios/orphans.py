"""Orphans: processes whose parent has ended before them."""

import multiprocessing
import os
import time

from naming import call_me

fork = multiprocessing.get_context("fork")


def leave_a_child(after: float, seconds: float) -> None:
    """Forks, and ends first.  No join, no waiting: the child is left to itself."""
    if os.fork() == 0:
        be_left(seconds)
        os._exit(0)
    time.sleep(after)
    print(f"parent {os.getpid()}: I end now")


def be_left(seconds: float) -> None:
    """Says who its parent is, before and after."""
    call_me("left-behind")
    first = os.getppid()
    print(f"child {os.getpid()}: my parent is {first}")
    while os.getppid() == first:
        time.sleep(0.05)
    print(f"child {os.getpid()}: now my parent is {os.getppid()}")
    time.sleep(seconds)


def family_tree(seconds: float) -> None:
    """Two children, each with one more: kill this one, and nobody ends them."""
    for number in (1, 2):
        fork.Process(target=branch, args=(number, seconds)).start()
    time.sleep(seconds)


def branch(number: int, seconds: float) -> None:
    """A child that has a child."""
    call_me(f"child-{number}")
    fork.Process(target=leaf, args=(number, seconds)).start()
    time.sleep(seconds)


def leaf(number: int, seconds: float) -> None:
    """The last of the line."""
    call_me(f"grandchild-{number}")
    time.sleep(seconds)
