"""The size of the terminal.  Standard library alone."""

from __future__ import annotations

import os
import sys

USUAL = (80, 24)
"""Columns and lines where nothing tells."""


def size() -> tuple[int, int]:
    """Columns and lines: of the environment, else of the terminal, else the usual ones.

    What `shutil.get_terminal_size` answers; importing that takes every compressor along, before
    the first picture.
    """
    columns, lines = _told("COLUMNS"), _told("LINES")
    if columns > 0 and lines > 0:
        return columns, lines
    try:
        there = tuple(os.get_terminal_size(sys.__stdout__.fileno()))  # type: ignore[union-attr]
    except (AttributeError, ValueError, OSError):  # closed, detached, no terminal
        there = USUAL
    return columns if columns > 0 else there[0] or USUAL[0], (
        lines if lines > 0 else there[1] or USUAL[1]
    )


def _told(name: str) -> int:
    try:
        return int(os.environ.get(name, ""))
    except ValueError:
        return 0
