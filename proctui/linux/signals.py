"""Signals by name and number, and what each does (signal(7)).  Standard library alone."""

from __future__ import annotations

import difflib
import signal

_EFFECTS = {
    "SIGHUP": "hang-up: ends the process; many daemons read their configuration again instead",
    "SIGINT": "interrupt, as Ctrl+C: ends the process; Python raises KeyboardInterrupt",
    "SIGQUIT": "quit, as Ctrl+\\: ends the process with a core dump",
    "SIGILL": "illegal instruction: ends the process with a core dump",
    "SIGTRAP": "breakpoint: ends the process with a core dump",
    "SIGABRT": "abort: ends the process with a core dump",
    "SIGBUS": "bad memory access: ends the process with a core dump",
    "SIGFPE": "arithmetic error: ends the process with a core dump",
    "SIGKILL": "kill: ends the process at once; it can't be caught, so nothing is cleaned up",
    "SIGUSR1": "for the program's own use: ends the process where it has no handler",
    "SIGSEGV": "segmentation fault: ends the process with a core dump",
    "SIGUSR2": "for the program's own use: ends the process where it has no handler",
    "SIGPIPE": "nobody reads the pipe: ends the process; Python ignores it",
    "SIGALRM": "timer: ends the process where it has no handler",
    "SIGTERM": "terminate: asks the process to end; it may clean up first, or ignore it",
    "SIGSTKFLT": "unused: ends the process where it has no handler",
    "SIGCHLD": "a child ended or stopped: may make a parent reap; ignored where it has no handler",
    "SIGCONT": "continue: a stopped process runs on",
    "SIGSTOP": "stop: the process stands still until SIGCONT; it can't be caught",
    "SIGTSTP": "stop, as Ctrl+Z: may be caught",
    "SIGTTIN": "read from the terminal in the background: stops the process",
    "SIGTTOU": "write to the terminal in the background: stops the process",
    "SIGURG": "urgent data on a socket: ignored where there is no handler",
    "SIGXCPU": "CPU time limit: ends the process with a core dump",
    "SIGXFSZ": "file size limit: ends the process with a core dump",
    "SIGVTALRM": "timer of CPU time: ends the process where it has no handler",
    "SIGPROF": "profiling timer: ends the process where it has no handler",
    "SIGWINCH": "the terminal's size changed: ignored where there is no handler",
    "SIGIO": "a descriptor is ready: ends the process where it has no handler",
    "SIGPWR": "power failure: ends the process where it has no handler",
    "SIGSYS": "bad system call: ends the process with a core dump",
}
_REALTIME = "real-time signal, for the program's own use: ends the process where it has no handler"
_UNKNOWN = "of this system alone: see its signal(7)"
_ALIASES = {"SIGIOT": "SIGABRT", "SIGPOLL": "SIGIO", "SIGCLD": "SIGCHLD"}


def signal_name(number: int) -> str:
    """``SIGKILL``, ``SIGRTMIN+3``; ``signal 70`` where this system has no name for it."""
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = ""
    if name in ("SIGRTMIN", "SIGRTMAX") or not name:
        return _realtime_name(number) or name or f"signal {number}"
    return _ALIASES.get(name, name)


def _realtime_name(number: int) -> str | None:
    first, last = getattr(signal, "SIGRTMIN", None), getattr(signal, "SIGRTMAX", None)
    if first is None or last is None or not first <= number <= last:
        return None
    if number == last:
        return "SIGRTMAX"
    return "SIGRTMIN" if number == first else f"SIGRTMIN+{number - first}"


def signal_number(text: str) -> int:
    """Number of ``SIGTERM``, ``term``, ``15``, ``RTMIN+2`` or ``SIGRTMAX-1``.

    Raises `ValueError` with one sentence where this system has no such signal.
    """
    plain = text.strip().upper()
    known = _numbers()
    if plain.isascii() and plain.isdecimal() and len(plain) <= 3:
        if int(plain) in known.values():
            return int(plain)
    else:
        full = plain if plain.startswith("SIG") else f"SIG{plain}"
        if full in known:
            return known[full]
        names = [name.removeprefix("SIG") for name in known]  # all alike in that
        near = difflib.get_close_matches(full.removeprefix("SIG"), names, n=1)
        if near:
            raise ValueError(f"there is no signal {text!r}; did you mean SIG{near[0]}?")
    raise ValueError(f"there is no signal {text!r}")


def _numbers() -> dict[str, int]:
    numbers = {name: int(value) for name, value in signal.Signals.__members__.items()}
    first, last = numbers.get("SIGRTMIN"), numbers.get("SIGRTMAX")
    if first is not None and last is not None:
        for offset in range(1, last - first):
            numbers[f"SIGRTMIN+{offset}"] = first + offset
            numbers[f"SIGRTMAX-{offset}"] = last - offset
    return numbers


def all_signals() -> list[int]:
    """Every signal of this system that may be sent, ascending."""
    return sorted(set(_numbers().values()))


def effect(number: int) -> str:
    """What the signal does, as the rest of a sentence."""
    name = signal_name(number)
    if name in _EFFECTS:
        return _EFFECTS[name]
    return _REALTIME if name.startswith("SIGRT") else _UNKNOWN


def describe(number: int) -> str:
    """``15 SIGTERM: terminate: …``, for a menu."""
    return f"{number} {signal_name(number)}: {effect(number)}"
