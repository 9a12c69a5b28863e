"""Glyphs of the timeline, its component classes and their colours, all from the theme."""

from __future__ import annotations

from collections.abc import Mapping

from proctui.tui import text
from proctui.views.timeline import Cell

_GLYPHS: Mapping[Cell, tuple[str, str]] = {
    "": (" ", " "),
    "tick": ("┊", " "),
    "alive": ("━", "="),
    "orphaned": ("░", ":"),
    "stopped": ("╌", "-"),
    "zombie": ("▒", "#"),
    "unseen": ("·", "."),
    "start": ("●", "*"),
    "signal": ("▼", "v"),
    "stop": ("■", "s"),
    "restart": ("↻", "r"),
    "join": ("◇", "j"),
    "orphan": ("O", "O"),
    "done": ("✓", "+"),
    "crashed": ("✗", "x"),
    "gone": ("┤", "|"),
    "failed": ("!", "!"),
    "continued": ("▷", "c"),
    "earlier": ("◂", "<"),
    "later": ("▸", ">"),
}
"""Where there is UTF-8, and where there is ASCII only."""


_LETTERS: Mapping[Cell, str] = {"zombie": "Z", "stopped": "T"}
"""Marks that are called like a stretch, which has a glyph of its own."""


def glyph(cell: Cell, *, mark: bool = False) -> str:
    """One cell; ``zombie`` and ``stopped`` are letters where they are a `mark`."""
    if mark and cell in _LETTERS:
        return _LETTERS[cell]
    return _GLYPHS[cell][text.ascii_only()]


LEGEND: tuple[tuple[Cell, bool, str], ...] = (
    ("start", True, "started"),
    ("alive", False, "alive"),
    ("zombie", True, "ended"),
    ("zombie", False, "zombie"),
    ("orphan", True, "orphaned"),
    ("orphaned", False, "orphan"),
    ("done", True, "joined"),
    ("crashed", True, "joined, failed"),
    ("failed", True, "could not start"),
    ("signal", True, "signal"),
    ("earlier", False, "earlier"),
    ("later", False, "later"),
    ("stopped", True, "stopped"),
    ("stopped", False, "is stopped"),
    ("continued", True, "goes on"),
    ("stop", True, "stop"),
    ("restart", True, "restart"),
    ("join", True, "join waits"),
    ("gone", True, "gone"),
    ("unseen", False, "not seen yet"),
)
"""What the last lines explain, the most needed first."""

_SIGNS = (
    "start", "signal", "stop", "restart", "join", "orphan", "zombie", "done", "crashed", "gone",
    "failed", "stopped", "continued",
)  # fmt: skip

COMPONENT_CLASSES: set[str] = {
    f"timeline--{name}"
    for name in (
        "axis", "scale", "follow", "guide", "name", "faint", "thumb", "placeholder",
        "tick", "earlier", "later", "alive", "orphaned", "stopped", "zombie", "unseen",
        "cursor", "lane", "selected", "info", "when", "who", "legend",
        *(f"mark-{sign}" for sign in _SIGNS),
        "glyph-zombie", "glyph-orphan", "glyph-failed", "glyph-alive", "glyph-busy",
        "glyph-stopped", "glyph-idle", "glyph-ended", "glyph-crashed",
    )
}  # fmt: skip

ORNAMENTS = ("guide", "thumb", "tick", "alive")
"""Component classes of what is no text."""

CSS = """
Timeline {
    height: 1fr;
    min-height: 4;
    background: $background;
    color: $foreground;
    & > .timeline--axis { background: $panel; color: $text-muted; text-style: bold; }
    & > .timeline--scale { background: $panel; color: $text-muted; }
    & > .timeline--follow { background: $panel; color: $text-success; text-style: bold; }
    & > .timeline--guide { color: $foreground 40%; }
    & > .timeline--name { color: $foreground; text-style: bold; }
    & > .timeline--faint { color: $text-muted; text-style: none; }
    & > .timeline--thumb { color: $primary; }
    & > .timeline--placeholder { color: $text-muted; }

    & > .timeline--tick { color: $foreground 22%; }
    & > .timeline--earlier { color: $text-primary; text-style: bold; }
    & > .timeline--later { color: $text-primary; text-style: bold; }
    & > .timeline--alive { color: $success; }
    & > .timeline--unseen { color: $text-muted; }
    & > .timeline--orphaned { background: $warning-muted; color: $text-warning; }
    & > .timeline--stopped { color: $text-warning; }
    & > .timeline--zombie { background: $error-muted; color: $text-error; }

    & > .timeline--mark-start { color: $text-success; }
    & > .timeline--mark-signal { color: $text-warning; text-style: bold; }
    & > .timeline--mark-stopped { color: $text-warning; text-style: bold; }
    & > .timeline--mark-continued { color: $text-success; }
    & > .timeline--mark-stop { color: $text-warning; }
    & > .timeline--mark-restart { color: $text-accent; text-style: bold; }
    & > .timeline--mark-join { color: $text-primary; }
    & > .timeline--mark-orphan {
        background: $warning-muted; color: $text-warning; text-style: bold;
    }
    & > .timeline--mark-zombie { background: $error-muted; color: $text-error; text-style: bold; }
    & > .timeline--mark-done { color: $text-success; text-style: bold; }
    & > .timeline--mark-crashed { color: $text-error; text-style: bold; }
    & > .timeline--mark-gone { color: $text-muted; }
    & > .timeline--mark-failed { color: $text-error; text-style: bold; }

    & > .timeline--cursor { background: $primary 35%; color: $text; }
    & > .timeline--lane { background: $foreground 7%; }
    & > .timeline--selected { background: $accent; color: $text; text-style: bold; }
    &:focus > .timeline--cursor { background: $primary; color: $text; }

    & > .timeline--info { background: $surface; }
    & > .timeline--when { background: $surface; color: $text-accent; text-style: bold; }
    & > .timeline--who { background: $surface; text-style: bold; }
    & > .timeline--legend { color: $text-muted; }

    & > .timeline--glyph-zombie { color: $text-error; text-style: bold; }
    & > .timeline--glyph-orphan { color: $text-warning; text-style: bold; }
    & > .timeline--glyph-failed { color: $text-error; text-style: bold; }
    & > .timeline--glyph-alive { color: $text-success; }
    & > .timeline--glyph-busy { color: $text-success; text-style: bold; }
    & > .timeline--glyph-stopped { color: $text-warning; }
    & > .timeline--glyph-idle { color: $text-muted; }
    & > .timeline--glyph-ended { color: $text-success; }
    & > .timeline--glyph-crashed { color: $text-error; }

    &:nocolor, &:nocolor:focus, &:ansi, &:ansi:focus {
        & > .timeline--axis { text-style: bold underline; }
        & > .timeline--scale { text-style: underline; }
        & > .timeline--follow { text-style: bold underline; }
        & > .timeline--cursor {
            background: ansi_default; color: ansi_default; text-style: reverse;
        }
        & > .timeline--selected {
            background: ansi_default; color: ansi_default; text-style: reverse bold;
        }
        & > .timeline--lane { background: ansi_default; }
    }
}
"""
