"""What stands in the list where there are no rows.  Pure."""

from __future__ import annotations

from proctui.tui.actions import ACTIONS

_WAYS = (
    ("new", "starts a worker: fill in a form"),
    ("lesson", "begins a lesson about zombies, orphans, daemons or joining"),
    ("help", "explains the words and the keys"),
)


def no_workers() -> str:
    """How to come by workers."""
    ways = [(ACTIONS[name].key, does) for name, does in _WAYS]
    width = max(len(key) for key, _ in ways)
    lines = [f"{key:>{width}}  {does}" for key, does in ways]
    file = "proctui FILE, in a shell, starts those of a worker file."
    return "\n".join(["No workers yet", "", *lines, "", file])


def no_match() -> str:
    """What to do about a filter that nothing matches."""
    return f"Nothing matches the filter: {ACTIONS['filter'].key} changes it, Esc takes it away."


def line(said: str, number: int, width: int, height: int) -> str:
    """Line `number` of `width` by `height` cells in which `said` stands.

    One line stands at the top; several make a block in the upper middle.
    """
    lines = said.split("\n")
    if len(lines) == 1:
        return said if number == 0 else ""
    index = number - max(0, (height - len(lines)) // 3)
    if not 0 <= index < len(lines):
        return ""
    return " " * max(0, (width - max(map(len, lines))) // 2 - 1) + lines[index]
