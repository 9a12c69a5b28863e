"""How processes end: asked to, made to, by their own fault, and not at all."""

import ctypes
import multiprocessing
import resource
import signal
import sys
import time
from types import FrameType

fork = multiprocessing.get_context("fork")


def sleep(seconds: float) -> None:
    """Ends by itself only after that long."""
    time.sleep(seconds)


def look_twice(after: float, seconds: float) -> None:
    """Terminates a child and looks at once: the signal is sent, the end comes a moment later."""
    child = fork.Process(target=sleep, args=(seconds,))
    child.start()
    time.sleep(after)
    child.terminate()
    print(f"right after terminate(): alive {child.is_alive()}, exitcode {child.exitcode}")
    child.join()
    print(f"after join():            alive {child.is_alive()}, exitcode {child.exitcode}")


def stubborn(seconds: float) -> None:
    """Hears SIGTERM and goes on.  SIGKILL can't be heard."""

    def refuse(signum: int, frame: FrameType | None) -> None:
        print(f"{signal.Signals(signum).name} came, and I go on")

    signal.signal(signal.SIGTERM, refuse)
    print("ready to be terminated")
    time.sleep(seconds)


def fail() -> None:
    """Divides by zero and doesn't catch it: traceback in the log, exit code 1."""
    print(1 / 0)


def give_up(status: int) -> None:
    """Ends with an exit code of its own choice."""
    sys.exit(status)


def crash() -> None:
    """Reads memory at address 0: the kernel ends it with SIGSEGV, exit code -11."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # leave no core file behind
    ctypes.string_at(0)
