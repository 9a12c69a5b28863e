"""Why a process that was sent a signal has not ended.  Standard library alone."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from proctui.linux.grip import Grip
from proctui.linux.signals import signal_name

_KILL = 9


class Masks(NamedTuple):
    """What a process does with signals: bit N-1 stands for signal N (proc_pid_status(5))."""

    ignored: int = 0
    blocked: int = 0
    """By its first thread."""
    caught: int = 0


def read_masks(pid: int) -> Masks:
    """Raises `OSError` where there is no such process, or no /proc."""
    text = Path(f"/proc/{pid}/status").read_text("ascii", "replace")
    found = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
    return Masks(*(int(found.get(name, "0"), 16) for name in ("SigIgn", "SigBlk", "SigCgt")))


def why_left(grip: Grip, signum: int) -> str:
    """The rest of a sentence about a process that is there still after this signal."""
    try:
        state, masks = grip.present().state, read_masks(grip.pid)
    except OSError:
        return "it can't be read any more"
    return reason(state, signum, masks)


def reason(state: str, signum: int, masks: Masks) -> str:
    """Likewise, of one in this state (proc_pid_stat(5)).  Pure."""
    bit = 1 << (signum - 1) if signum > 0 else 0
    name = signal_name(signum)
    if state == "D":
        return "it waits in the kernel, uninterruptible (state D), and ends when that is over"
    if state == "t":
        return "a debugger holds it (state t)"
    if signum == _KILL or not signum:
        return f"it has not ended (state {state})"
    if masks.ignored & bit:
        return f"it ignores {name}"
    if state == "T":
        return f"it is stopped (state T): {name} waits until it is continued"
    if masks.blocked & bit:
        return f"it blocks {name}"
    if masks.caught & bit:
        return f"it handles {name} itself and has not ended (state {state})"
    return f"it has not ended (state {state})"
