"""Round figures for the ends and ticks of a chart's axes.  Pure."""

from __future__ import annotations

_CPU_TOPS = (10.0, 20.0, 40.0, 60.0, 80.0, 100.0, 200.0, 400.0, 800.0, 1600.0, 3200.0)
"""Per cent of a core: their halves are round too."""
_SIZES = (1, 2, 4, 6, 8, 10, 20, 40, 60, 80, 100, 200, 400, 600, 800)
_UNITS = ("K", "M", "G", "T", "P")
_TOUCHING = 1.02
"""A line may pass the end of its axis by so much: it is drawn along the edge then."""


def cpu_axis(greatest: float) -> tuple[float, tuple[str, str, str]]:
    """Where the axis ends, and what stands at its beginning, middle and end."""
    hundreds = -(-greatest // 100) * 100.0
    top = next((top for top in _CPU_TOPS if greatest <= top * _TOUCHING), hundreds)
    return top, ("0%", f"{top / 2:g}%", f"{top:g}%")


def memory_axis(greatest: float) -> tuple[float, tuple[str, str, str]]:
    """The same for a number of bytes, in powers of 1024."""
    for power, unit in enumerate(_UNITS, 1):
        for size in _SIZES:
            top = float(size * 1024**power)
            if greatest <= top:
                return top, ("0", f"{size / 2:g}{unit}", f"{size}{unit}")
    return greatest, ("0", "", "")


def ago(seconds: float) -> str:
    """What stands at a moment so long before now: ``now``, ``30 s ago``, ``2 min ago``."""
    if not seconds:
        return "now"
    return f"{seconds / 60:g} min ago" if seconds >= 60 else f"{seconds:g} s ago"
