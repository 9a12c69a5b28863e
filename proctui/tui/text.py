"""What the screen says about a row: glyph, word, look; and the way to show untrusted text.

A state is a glyph and a word first and a colour only then, so that it reads without
colour.  The look is the name that style sheets know (``zombie``, ``orphan``, …): widgets
make a component class of it, and the theme gives it its colours.
"""

from __future__ import annotations

from typing import Literal

from proctui.core import exitcodes
from proctui.model import Lineage, Row, State
from proctui.tui.figures import UNKNOWN, age, percent, size
from proctui.tui.untrusted import (
    ascii_only,
    cells,
    content,
    ellipsis,
    fit,
    plain,
    safe,
    signs,
    wants_ascii,
    wrap,
)

__all__ = [
    "AT_LEAST", "INFERRED", "UNKNOWN", "Look", "adopter_text", "age", "alive_text", "ascii_only",
    "cells", "content", "daemon_text", "ellipsis", "exitcode_text", "fit", "is_inferred", "look",
    "parent_text", "percent", "plain", "row_age", "safe", "short_command", "shorter", "signs",
    "size", "state_glyph", "state_text", "state_word", "target_text", "wants_ascii", "wrap",
]  # fmt: skip

Look = Literal["zombie", "orphan", "failed", "alive", "busy", "stopped", "idle", "ended", "crashed"]
"""What a row looks like, loudest first; the name of its component class."""

_LETTERS = {
    State.RUNNING: "R",
    State.SLEEPING: "S",
    State.WAITING: "D",
    State.STOPPED: "T",
    State.ZOMBIE: "Z",
}

_GLYPHS: dict[Look, str] = {
    "zombie": "Z",
    "orphan": "O",
    "failed": "!",
    "alive": "●",
    "busy": "●",
    "stopped": "●",
    "idle": "○",
    "ended": "✓",
    "crashed": "✗",
}

_LOOKS: dict[State, Look] = {
    State.ZOMBIE: "zombie",
    State.FAILED: "failed",
    State.RUNNING: "busy",
    State.SLEEPING: "alive",
    State.WAITING: "alive",
    State.STOPPED: "stopped",
}


def look(row: Row) -> Look:
    """The loudest thing about a row; an orphan that became a zombie looks like a zombie."""
    state = row.state
    if state is State.ZOMBIE:
        return "zombie"
    if row.orphan and not row.gone:
        return "orphan"
    if state is State.ENDED:
        return "ended" if row.exitcode == 0 else "crashed"
    return _LOOKS.get(state, "idle")


def state_glyph(row: Row) -> str:
    """One cell."""
    if row.state is State.STARTING or row.state is State.BACKOFF:
        return plain("◌")
    if row.state is State.UNKNOWN and not row.orphan:
        return "?"
    return plain(_GLYPHS[look(row)])


def state_word(row: Row) -> str:
    """The state alone, without times: ``S sleeping``, ``Z zombie``, ``ended``."""
    letter = _LETTERS.get(row.state)
    word = f"{letter} {row.state.value}" if letter else row.state.value
    exited = row.sample is not None and row.sample.leader_exited
    return f"{word}, leader exited" if exited else word


def state_text(row: Row, now: float) -> str:
    """What the STATE column says; safe, of any length.  `now` in seconds since the epoch."""
    said = _state_text(row, now)
    if is_inferred(row) and said[1:2] == " ":
        said = f"{said[0]}{INFERRED}{said[1:]}"
    return safe(plain(said))


INFERRED = "≈"
"""Marks rows of which not all parents were seen: who they come from is known by less than that."""


def is_inferred(row: Row) -> bool:
    """Whether only a session, a group or a tag tells whose descendant this is."""
    lineage = row.lineage
    return row.worker is None and lineage.worker is not None and lineage.certainty != "seen"


def _state_text(row: Row, now: float) -> str:
    state, worker = row.state, row.worker
    if state is State.ZOMBIE:
        text = f"Z zombie{_zombie_for(row, now)}"
        return f"{text}, {_orphan(row.lineage)}" if row.orphan else text
    if state is State.ENDED:
        text = f"ended {exitcode_text(row)}"
        joined = worker is not None and worker.joined_at is not None
        return f"{text}{_JOINED}" if joined else text
    if state is State.FAILED:
        reason = worker.failure if worker is not None else None
        return f"failed: {reason}" if reason else "failed"
    if state is State.BACKOFF and worker is not None and worker.backoff_until is not None:
        return f"starts in {age(worker.backoff_until - now)}"
    if row.orphan and state is State.STOPPED:  # it does nothing until it is continued
        return f"{state_word(row)}, {_orphan(row.lineage)}"
    if row.orphan:
        return f"O {_orphan(row.lineage)}"
    return _asked(row) or state_word(row)


_JOINED = ", joined"


def shorter(state: str) -> str:
    """What `state_text` said without what matters least."""
    return state.removesuffix(_JOINED)


AT_LEAST = ">"
"""Before an age that counts from the first look, where what it counts began before that."""


def _zombie_for(row: Row, now: float) -> str:
    if row.zombie_since is None:
        return ""
    least = "" if row.since_exact else AT_LEAST
    return f" {least}{age(int(now) - int(row.zombie_since))}"


def _asked(row: Row) -> str:
    """What was asked of a worker and has not happened yet: ``joining… (S)``; else ""."""
    worker = row.worker
    if worker is None or not (worker.stopping or worker.joining):
        return ""
    letter = _LETTERS.get(row.state)
    return ("stopping…" if worker.stopping else "joining…") + (f" ({letter})" if letter else "")


def _orphan(lineage: Lineage) -> str:
    adopter = adopter_text(lineage)
    return f"orphan → {adopter}" if adopter else "orphan"


def adopter_text(lineage: Lineage) -> str:
    """``init(1)``; "" where there is none.  Untrusted: goes through `safe`."""
    if lineage.adopter_pid is None:
        return ""
    return f"{lineage.adopter or '?'}({lineage.adopter_pid})"


def parent_text(row: Row) -> str:
    """Name of the present parent as far as known, "" where not.  Untrusted."""
    lineage = row.lineage
    return lineage.adopter if lineage.adopter_pid is not None else lineage.first_parent


def target_text(row: Row) -> str:
    """What the TARGET column says about a row.  Untrusted: goes through `safe`."""
    if row.worker is not None:
        return row.worker.label or row.command
    said = row.helper
    if row.state is State.ZOMBIE:
        parent = parent_text(row)
        said = f"not joined by {parent}" if parent else "not joined by its parent"
    elif row.orphan and is_inferred(row):
        said = f"{plain(INFERRED)} {row.lineage.worker} by {row.lineage.certainty} only"
    elif row.orphan and row.lineage.first_parent:
        said = f"first parent: {row.lineage.first_parent}"
    command = short_command(row.command)
    if said and command:
        return f"{said} · {command}"
    return said or command


def short_command(command: str) -> str:
    """A command line without the folders of its program, and of a script that Python runs.

    >>> short_command("/usr/bin/python3.11 -u /srv/jobs/executor.py --all")
    'python3.11 -u executor.py --all'
    """
    program, space, rest = command.partition(" ")
    program = _base(program)
    if program.startswith("python"):
        words = rest.split(" ")
        for at, word in enumerate(words):
            if not word.startswith("-"):
                words[at] = _base(word) if word.endswith(".py") else word
                break
            if word in ("-c", "-m"):
                break
        rest = " ".join(words)
    return f"{program}{space}{rest}"


def _base(path: str) -> str:
    """Name of a file that is told with its whole path; anything else as it is."""
    return path.rpartition("/")[2] or path if path.startswith("/") else path


def alive_text(row: Row) -> str:
    """`Process.is_alive()` as Python writes it; unknown for what has no `Process` object.

    With a question mark where the process is gone and nobody is left whom Python could tell.
    """
    worker = row.worker
    if worker is None or worker.alive is None:
        return UNKNOWN
    return "True?" if worker.alive and row.gone else str(worker.alive)


def daemon_text(row: Row) -> str:
    """`Process.daemon` likewise."""
    return UNKNOWN if row.worker is None else str(row.worker.daemon)


def exitcode_text(row: Row) -> str:
    """``None`` while a worker runs, ``?`` where it can't be known, else ``-9 SIGKILL``."""
    if row.exitcode is not None:
        return exitcodes.exitcode_text(row.exitcode)
    worker = row.worker
    if row.state in (State.ZOMBIE, State.ENDED) or (worker is not None and worker.exitcode_lost):
        return exitcodes.UNKNOWN_EXIT
    return UNKNOWN if worker is None or worker.alive is None else "None"


def row_age(row: Row, now: float) -> float | None:
    """Whole seconds since its process started; None for what does not exist (any more).

    Counted from second to second of the clock, so that all rows advance together.
    """
    if row.started_at is None or row.gone or row.sample is None:
        return None
    return int(now) - int(row.started_at)
