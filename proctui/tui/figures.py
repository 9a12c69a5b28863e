"""Figures as short text: ages, sizes, percentages.  Pure; nothing here is untrusted."""

from __future__ import annotations

UNKNOWN = "–"
"""Stands where something is not known or does not apply (``-`` on an ASCII terminal)."""

_UNITS = "KMGTPE"


def age(seconds: float | None) -> str:
    """``0:07``, ``12:03``, ``1:02:03``, ``12h03m``, ``3d04h``, ``123d``: at most 7 cells.

    A negative age, which a clock set back can bring, is ``0:00``.
    """
    if seconds is None:
        return UNKNOWN
    whole = max(0, int(seconds))
    minutes, secs = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    if hours == 0:
        return f"{minutes}:{secs:02d}"
    if hours < 10:
        return f"{hours}:{minutes:02d}:{secs:02d}"
    days, hours = divmod(hours, 24)
    if days == 0:
        return f"{hours}h{minutes:02d}m"
    return f"{days}d{hours:02d}h" if days < 100 else f"{days}d"


def size(count: int | None) -> str:
    """Bytes in powers of 1024, at most 5 cells: ``0``, ``512B``, ``9.1M``, ``340M``."""
    if count is None:
        return UNKNOWN
    if count <= 0:
        return "0"
    if count < 1000:
        return f"{count}B"
    value = float(count)
    for unit in _UNITS:
        value /= 1024
        if value < 9.95:
            return f"{value:.1f}{unit}"
        if value < 999.5 or unit == _UNITS[-1]:
            return f"{value:.0f}{unit}"
    raise AssertionError("unreachable: the last unit always returns")


def percent(value: float | None) -> str:
    """Per cent of one core, at most 5 cells: ``0.0``, ``98.7``, ``1234``."""
    if value is None:
        return UNKNOWN
    value = max(0.0, value)
    return f"{value:.1f}" if value < 999.95 else f"{min(value, 99999):.0f}"
