"""Sentences and names that several parts of the supervisor use."""

from __future__ import annotations

import signal

LONGEST_LABEL = 1000
"""Characters of untrusted text that are kept where they'd be repeated in every event."""


def clip(text: str, limit: int = LONGEST_LABEL) -> str:
    """`text`, or its beginning and an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def seconds(value: float) -> str:
    """``0.5 s``; no more digits than a person wants."""
    return f"{value:.4g} s"


def signal_name(signum: int) -> str:
    """``SIGTERM``; a real-time signal that has no name of its own becomes its number."""
    try:
        return signal.Signals(signum).name
    except ValueError:
        return f"signal {signum}"


def signal_number(name: str) -> int:
    """Of ``SIGTERM``, ``term`` or ``15``.  Raises ValueError with a sentence."""
    plain = name.strip().upper()
    if plain.isdecimal() and len(plain) <= 3:
        number = int(plain)
    else:
        full = plain if plain.startswith("SIG") else f"SIG{plain}"
        found = signal.Signals.__members__.get(full)
        if found is None:
            raise ValueError(f"there is no signal {clip(name, 40)!r}")
        number = int(found)
    if number not in signal.valid_signals():
        raise ValueError(f"there is no signal {clip(name, 40)!r}")
    return number


def ending(exitcode: int | None) -> str:
    """How a process ended, as the rest of a sentence that begins with its name."""
    if exitcode is None:
        return "has ended, but somebody else took its exit status"
    if exitcode < 0:
        return f"was ended by {signal_name(-exitcode)} (exitcode {exitcode})"
    return f"ended with exitcode {exitcode}"
