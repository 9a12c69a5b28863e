"""A list of processes in a dialog, of which only the lines in sight are ever drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.text import Text

from proctui.model import Row
from proctui.tui import text
from proctui.tui.figures import age
from proctui.tui.plan import Target
from proctui.tui.widgets.line_view import LineView

_NAME = 24


class Part(NamedTuple):
    """Some processes under a heading."""

    heading: str
    """"" for none; untrusted text may stand in it."""
    members: Sequence[Target] = ()
    names: Sequence[str] = ()
    """Of whom no more than name and pid is known; untrusted."""


class Roll(LineView, can_focus=False):
    """Name, pid, age and what runs, one line each, however many; scrolled by the dialog's keys."""

    cut = True

    DEFAULT_CSS = """
    Roll {
        overflow-x: hidden;
        height: auto;
    }
    """

    def __init__(self, now: float, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._now = now
        self._lines: list[Target | str] = []
        """Processes, and what is only said: headings and names."""
        self._width = 0

    def show(self, parts: Sequence[Part]) -> None:
        """Shows these, from the first on."""
        self._lines = list(_lined(parts))
        names = [text.safe(line.name) for line in self._lines if isinstance(line, Target)]
        self._width = min(max(map(text.cells, names), default=0), _NAME)
        self.lines_changed()
        self.scroll_home(animate=False, immediate=True)

    def line_count(self) -> int:
        """Processes and headings."""
        return len(self._lines)

    def line_text(self, index: int) -> Text:
        """One line."""
        line = self._lines[index]
        if isinstance(line, str):
            return Text(text.safe(line))
        old = "" if line.started_at is None else age(self._now - line.started_at)
        facts = f"  {line.pid or '':>7}  {old:>7}  "
        return Text(f"{text.safe(line.name, self._width)}{facts}{text.safe(what_runs(line.row))}")


def what_runs(row: Row) -> str:
    """The target of a worker, or a command line.  Untrusted."""
    return row.worker.label if row.worker is not None else row.command


def _lined(parts: Sequence[Part]) -> Iterator[Target | str]:
    for number, part in enumerate(parts):
        if part.heading:
            yield from ("", part.heading) if number else (part.heading,)
        yield from part.members
        yield from part.names
