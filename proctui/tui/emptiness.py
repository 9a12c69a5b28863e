"""What stands in the room under the rows of the list, most of all where there are none.  Pure."""

from __future__ import annotations

from collections.abc import Iterable

from proctui.model import Counts
from proctui.tui import text
from proctui.tui.actions import ACTIONS

_MARGIN = 2
"""Cells that stay free at both sides together."""


def no_workers() -> str:
    """How to come by workers."""
    ways = _ways(
        new="starts a worker: fill in a form",
        lesson="begins a lesson: zombies, orphans, daemons, joining",
        help="explains the words and the keys",
    )
    return f"No workers yet\n\n{ways}\n\nproctui FILE, in a shell, starts those of a worker file."


def no_match(filter: str, hidden: int) -> str:
    """What to do about a filter that nothing matches; its text may be untrusted."""
    rows = "1 row that is" if hidden == 1 else f"{hidden} rows that are"
    keys = _lines(
        [
            (ACTIONS["filter"].key, "changes the filter"),
            ("Esc", f"takes it away and shows the {rows} there"),
        ]
    )
    return f"Nothing matches  {filter}\n\n{keys}"


def nothing_runs(counts: Counts) -> str:
    """What can be done where workers are listed and none of them lives; empty where one does."""
    loud = counts.zombies or counts.orphans
    if not counts.workers or counts.alive or loud or counts.failed + counts.ended < counts.workers:
        return ""
    if counts.failed == counts.workers:
        ways = _ways(
            details="says why of the row under the cursor",
            restart="starts it again once the cause is mended",
            new="starts another worker",
        )
        one = "The worker could not be started"
        many = f"None of the {counts.workers} workers could be started"
        return f"{one if counts.workers == 1 else many}\n\n{ways}"
    ways = _ways(
        start="starts the worker under the cursor again",
        log="shows what it printed",
        view_timeline="shows how long each of them lived",
        quit="leaves, and ends the session",
    )
    many = f"All {counts.workers} workers have ended"
    return f"{'The worker has ended' if counts.workers == 1 else many}\n\n{ways}"


def _ways(**does: str) -> str:
    """Keys of actions and what they do."""
    return _lines([(ACTIONS[name].key, what) for name, what in does.items()])


def _lines(ways: Iterable[tuple[str, str]]) -> str:
    known = list(ways)
    width = max(len(key) for key, _ in known)
    return "\n".join(f"{key:>{width}}  {what}" for key, what in known)


def line(said: str, number: int, width: int, height: int) -> str:
    """Line `number` of `width` by `height` cells in which `said` stands.

    In the upper middle; where room is short without its blank lines, then without its last ones.
    """
    lines = [part for line in said.split("\n") for part in _fitting(line, width - _MARGIN)]
    if len(lines) > height:
        lines = [line for line in lines if line][: max(0, height)]
    index = number - max(0, (height - len(lines)) // 3)
    if not 0 <= index < len(lines):
        return ""
    return " " * max(0, (width - _MARGIN - max(map(text.cells, lines))) // 2) + lines[index]


def _fitting(line: str, width: int) -> list[str]:
    """The line, broken only where it is too long: its own spaces count."""
    return [line] if text.cells(line) <= width else text.wrap(line, width)
