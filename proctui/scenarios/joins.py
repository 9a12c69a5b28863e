"""`join()`: the parent waits for a child, for ever or for as long as it likes."""

import multiprocessing
import time

from naming import call_me

fork = multiprocessing.get_context("fork")


def sleep(seconds: float) -> None:
    """A child that lives as long as it says."""
    call_me(f"lives {seconds:g} s")
    time.sleep(seconds)


def give_up_early(timeout: float, seconds: float) -> None:
    """A join with a timeout returns when the time is up; the child doesn't care."""
    child = fork.Process(target=sleep, args=(seconds,))
    child.start()
    child.join(timeout)
    print(f"join({timeout}) is over; alive: {child.is_alive()}, exitcode: {child.exitcode}")
    child.join()
    print(f"join() is over; alive: {child.is_alive()}, exitcode: {child.exitcode}")


def one_after_another(seconds: list[float]) -> None:
    """Joins its children in turn; while it waits for one, the others go on."""
    began = time.monotonic()
    children = [fork.Process(target=sleep, args=(each,)) for each in seconds]
    for child in children:
        child.start()
    for child, each in zip(children, seconds, strict=True):
        child.join()
        print(f"{time.monotonic() - began:.2f} s: joined the one that lives {each:g} s")
    total = time.monotonic() - began
    print(f"all joined after {total:.2f} s: the longest takes {max(seconds):g} s,")
    print(f"one after another they would have taken {sum(seconds):g} s")
