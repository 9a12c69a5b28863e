"""What stands in each cell of the process table: text and tone.  Pure but for the glyphs.

The text may be untrusted; whoever draws it makes it safe.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from proctui.model import Row, State
from proctui.tui import text
from proctui.views.view import Column

Tone = Literal["", "name", "dim", "good", "warm", "hot", "bad"]
"""How a cell stands out within its row; the name of a component class, "" for not at all."""

Cell = tuple[str, Tone]

_HOT = 90.0
_WARM = 50.0
_HOUR = 3600
_COUNTS_MINUTES = 10 * _HOUR
_COUNTS_HOURS = 24 * _HOUR

_STATE_TONES: dict[State, Tone] = {
    State.RUNNING: "good",
    State.WAITING: "warm",
    State.STOPPED: "warm",
    State.FAILED: "bad",
    State.UNKNOWN: "dim",
    State.IDLE: "dim",
    State.SLEEPING: "dim",
}


def _pid(row: Row, now: float) -> Cell:
    return (text.UNKNOWN, "dim") if row.pid is None else (str(row.pid), "")


def _ppid(row: Row, now: float) -> Cell:
    return (text.UNKNOWN if row.sample is None else str(row.sample.ppid)), "dim"


def _alive(row: Row, now: float) -> Cell:
    shown = text.alive_text(row)
    return shown, "" if shown == "True" else "dim"


def _exitcode(row: Row, now: float) -> Cell:
    return text.exitcode_text(row), "bad" if row.exitcode else "dim"


def _daemon(row: Row, now: float) -> Cell:
    shown = text.daemon_text(row)
    return shown, "" if shown == "True" else "dim"


def _state(row: Row, now: float) -> Cell:
    if row.state is State.ENDED:
        return text.state_text(row, now), "bad" if row.exitcode else "dim"
    return text.state_text(row, now), _STATE_TONES.get(row.state, "")


def _cpu(row: Row, now: float) -> Cell:
    value = row.cpu_percent if row.sample is not None else None
    if value is None or value < 0.05:
        return text.percent(value), "dim"
    return text.percent(value), "hot" if value >= _HOT else "warm" if value >= _WARM else ""


def _mem(row: Row, now: float) -> Cell:
    return text.size(None if row.sample is None else row.sample.rss_bytes), ""


def _age(row: Row, now: float) -> Cell:
    return text.age(text.row_age(row, now)), ""


def _target(row: Row, now: float) -> Cell:
    return text.target_text(row), "dim"


def _name(row: Row, now: float) -> Cell:
    return row.name, "name"


CELLS: dict[Column, Callable[[Row, float], Cell]] = {
    "name": _name,
    "pid": _pid,
    "ppid": _ppid,
    "alive": _alive,
    "exitcode": _exitcode,
    "daemon": _daemon,
    "state": _state,
    "cpu": _cpu,
    "mem": _mem,
    "age": _age,
    "target": _target,
}


def beat(row: Row, now: float) -> int:
    """A number that changes whenever time alone changes what the row shows; 0 for never."""
    if row.zombie_since is not None and row.state is State.ZOMBIE:
        return int(now)
    if row.state is State.BACKOFF:
        return int(now)
    seconds = text.row_age(row, now)
    if seconds is None:
        return 0
    if seconds < _COUNTS_MINUTES:
        return int(now)
    whole = int(seconds)
    return -(whole // (60 if seconds < _COUNTS_HOURS else _HOUR))
