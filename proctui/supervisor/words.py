"""Sentences that several parts of the supervisor use."""

from __future__ import annotations

import errno
import os

from proctui.linux.signals import signal_name
from proctui.supervisor import limits

LONGEST_LABEL = 1000
"""Characters of untrusted text that are kept where they'd be repeated in every event."""

_REFUSALS = {
    errno.EAGAIN: "as many processes exist as are allowed (RLIMIT_NPROC, pids cgroup, pid_max)",
    errno.ENOMEM: "there is no memory left for another process",
    errno.ENFILE: "the machine has as many files open as it can",
}


def clip(text: str, limit: int = LONGEST_LABEL) -> str:
    """`text`, or its beginning and an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def seconds(value: float) -> str:
    """``0.5 s``; no more digits than a person wants."""
    return f"{value:.4g} s"


def ending(exitcode: int | None) -> str:
    """How a process ended, as the rest of a sentence that begins with its name."""
    if exitcode is None:
        return "has ended, but somebody else took its exit status"
    if exitcode < 0:
        return f"was ended by {signal_name(-exitcode)} (exitcode {exitcode})"
    return f"ended with exitcode {exitcode}"


def fork_refusal(error: OSError) -> str:
    """Why the kernel made no process (fork(2)), one sentence."""
    name = errno.errorcode.get(error.errno or 0, "no error number")
    why = _why(error.errno or 0) or error.strerror or os.strerror(error.errno or 0)
    return f"the kernel refused to start a process ({name}): {why}"


def _why(number: int) -> str | None:
    if number == errno.EMFILE:
        most = limits.most_descriptors()
        return f"the supervisor has as many descriptors open as it may, {most} (RLIMIT_NOFILE)"
    return (limits.full() if number == errno.EAGAIN else None) or _REFUSALS.get(number)
