"""A lock that is held by a terminated process is never released."""

import multiprocessing
import time
from multiprocessing.synchronize import Event, Lock

from naming import call_me

fork = multiprocessing.get_context("fork")


def hold(lock: Lock, taken: Event, seconds: float) -> None:
    """Takes the lock, and would give it back in the end."""
    call_me("holder")
    with lock:
        taken.set()
        print("holder: I have the lock")
        time.sleep(seconds)


def wait(lock: Lock) -> None:
    """Wants the lock too."""
    call_me("waiter")
    print("waiter: I wait for the lock")
    lock.acquire()
    print("waiter: I have it")


def terminate_the_holder(after: float, seconds: float) -> None:
    """SIGTERM ends the holder where it stands: the end of the ``with`` is never reached."""
    lock, taken = fork.Lock(), fork.Event()
    holder = fork.Process(target=hold, args=(lock, taken, seconds))
    waiter = fork.Process(target=wait, args=(lock,))
    holder.start()
    taken.wait()
    waiter.start()
    time.sleep(after)
    holder.terminate()
    holder.join()
    print(f"holder terminated, exitcode {holder.exitcode}; the waiter waits for ever")
    waiter.join(seconds)
    waiter.kill()  # for ever is too long for a lesson
    waiter.join()
    print(f"waiter ended, exitcode {waiter.exitcode}")
