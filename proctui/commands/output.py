"""How commands print: tables, JSON, sentences.  Untrusted text is made harmless here."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Collection, Iterable, Sequence
from typing import Any, TypeVar

from proctui.commands.harmless import cells, plain

Item = TypeVar("Item")


def say(sentence: str) -> None:
    """One line on standard output."""
    sys.stdout.write(plain(sentence) + "\n")


def complain(sentence: str) -> None:
    """One line on standard error."""
    sys.stdout.flush()
    sys.stderr.write(f"proctui: {plain(sentence)}\n")


def print_objects(objects: Iterable[dict[str, Any]]) -> None:
    """A JSON array with one object on each line; ASCII only, so harmless."""
    import json  # most commands print none

    lines = [json.dumps(one) for one in objects]
    sys.stdout.write("[" + ",\n ".join(lines) + "]\n")


def print_object(value: object) -> None:
    """One JSON object on one line."""
    import json

    sys.stdout.write(json.dumps(value) + "\n")


def print_table(
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    right: Collection[str] = (),
    *,
    room: int | None = None,
    expendable: Sequence[str] = (),
) -> None:
    """Columns under their headings; those named in `right` are set to the right.

    `room` is the cells of a line: the last column is cut to fit, with an ellipsis, and where that
    leaves too little of it, the `expendable` ones are left out, one after the other.  None leaves
    all of it whole.
    """
    lines = [[plain(cell) for cell in row] for row in (headings, *rows)]
    widths = [max(map(cells, column)) for column in zip(*lines, strict=True)]
    shown = list(range(len(widths)))
    if room is not None:
        widths[-1] = min(widths[-1], _fit(headings, widths, shown, room, expendable))
        for line in lines:
            line[-1] = cut(line[-1], widths[-1])
    for line in lines:
        padded = [_padded(line[i], widths[i], headings[i] in right) for i in shown]
        sys.stdout.write("  ".join(padded).rstrip() + "\n")


def _fit(
    headings: Sequence[str],
    widths: Sequence[int],
    shown: list[int],
    room: int,
    expendable: Sequence[str],
) -> int:
    """Takes columns out of `shown` that there is no room for; the cells that the last one gets."""

    def rest() -> int:
        return room - sum(widths[i] + 2 for i in shown[:-1])

    for name in expendable:
        if rest() < min(widths[-1], _ENOUGH):
            shown.remove(headings.index(name))
    return max(_LEAST, rest())


_ENOUGH = 24
"""Cells of the last column for which others are left out."""
_LEAST = 12
"""Cells that the last column keeps even where the others leave it none."""


def room() -> int | None:
    """Cells of a line on the terminal that standard output goes to; None where it is none."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except (OSError, ValueError):  # no terminal, or no descriptor at all
        return None


def cut(text: str, room: int) -> str:
    """The beginning of text that came out of `plain`, with an ellipsis where it is not all."""
    if cells(text) <= room:
        return text
    kept = ""
    for character in text:
        if cells(kept + character) > room - 1:
            break
        kept += character
    return f"{kept}…"


def moment(when: float | None) -> str:
    """A time of day, with the date where it isn't today's."""
    if when is None:
        return "-"
    then, now = time.localtime(when), time.localtime()
    same_day = then[:3] == now[:3]
    return time.strftime("%H:%M:%S" if same_day else "%Y-%m-%d %H:%M:%S", then)


def amount(size: int | None) -> str:
    """Bytes for people: ``9.1M``."""
    if size is None:
        return "-"
    value = float(size)
    for unit in ("", "K", "M", "G"):
        if value < 1000:
            return f"{value:.1f}{unit}" if unit and value < 100 else f"{value:.0f}{unit}"
        value /= 1024
    return f"{value:.1f}T"


def number(count: int, thing: str) -> str:
    """``1 worker``, ``2 workers``, ``3 processes``."""
    ending = "" if count == 1 else "es" if thing.endswith("s") else "s"
    return f"{count} {thing}{ending}"


def newest(items: list[Item], count: int | None) -> list[Item]:
    """The last `count` of them; all without a count."""
    return items if count is None else items[max(0, len(items) - count) :]


def confirm(question: str) -> bool:
    """Asks on the terminal; an empty answer is no."""
    return answer(f"{question} [y/N]").lower() in {"y", "yes"}


def answer(question: str) -> str:
    """Asks on the terminal; what was typed, without the blanks around it."""
    sys.stdout.flush()
    sys.stderr.write(f"{plain(question)} ")
    sys.stderr.flush()
    return sys.stdin.readline().strip()


def interactive() -> bool:
    """There is somebody who could answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _padded(text: str, width: int, right: bool) -> str:
    filling = " " * (width - cells(text))
    return filling + text if right else text + filling
