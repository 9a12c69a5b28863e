"""Taking a log with one: its lines for the clipboard, its bytes for a file."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from proctui.sessions.follow import Follower
from proctui.tui.loglines import LogLines, plain

CLIPBOARD = 64 * 1024
"""Bytes that are copied at most: terminals take about 74,000 of an OSC 52 (xterm ctlseqs)."""


class Copied(NamedTuple):
    """What goes to the clipboard."""

    text: str
    lines: int
    """How many of the newest lines it is."""


def clipboard_text(lines: LogLines, room: int = CLIPBOARD) -> Copied:
    """As many of the newest lines as there is room for, as the worker wrote them.

    Colours go, and so does what else a terminal might take for a command when it is pasted.
    """
    taken: list[str] = []
    for index in reversed(range(len(lines))):
        line = "".join(c for c in plain(lines[index]) if c == "\t" or not _is_control(c))
        room -= len(line.encode("utf-8", "replace")) + 1
        if room < 0:
            break
        taken.append(line)
    return Copied("".join(f"{line}\n" for line in reversed(taken)), len(taken))


def _is_control(character: str) -> bool:
    """C0, DEL and C1 (ECMA-48)."""
    return character < " " or "\x7f" <= character <= "\x9f"


def save(log: Path, path: Path, *, replace: bool) -> int:
    """Writes all that the log still holds to a file, byte for byte; returns how many bytes.

    Raises `FileExistsError` where there is a file and `replace` is not set, other OSErrors where
    one can't be read or written, or both are the same file.
    """
    if path.exists() and log.exists() and path.samefile(log):
        raise OSError(None, "it is the log itself")
    with Follower(log) as source, path.open("wb" if replace else "xb") as file:
        written = 0
        while data := source.read(final=True):
            written += file.write(data)
    return written
