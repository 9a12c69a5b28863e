"""One process: what is wrong with it, what cures it, and the two views side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import ClassVar

from proctui.core.history import Point
from proctui.model import Cure, CureKind, ProcessDetails, Row
from proctui.tui import actions, text
from proctui.tui.widgets import sparklines
from proctui.tui.widgets.facts import Fact, Pair, long_facts, pairs
from proctui.tui.widgets.page import Line, Page, Span

SIDE_BY_SIDE = 70
"""Cells from which on the two views stand beside one another."""

NOTHING = "Nothing is selected."
GONE = "This process is gone: what is left of it is its lifeline."
_ROOMY = 12
"""Lines from which on one is left free above the two views."""
_LABEL = 14
_LONGEST = 4
"""Lines a long value may take."""

_CURED_BY: Mapping[CureKind, str] = {
    "join": "join",
    "terminate": "terminate",
    "kill": "kill",
    "end-left": "end_left",
    "restart": "restart",
    "continue": "signal",
}
"""Which action does to a row what a cure says."""

_PARENT_CURED_BY: Mapping[CureKind, str] = {
    "nudge-parent": "signal",
    "terminate-parent": "terminate",
    "kill-parent": "kill",
    "continue": "signal",
}
"""The same where the parent to be cured is the row itself; elsewhere join offers these cures."""

_LOUD = {"zombie": "bad", "disagree": "bad", "failed": "bad", "orphan": "warn"}

_FOREIGN = (
    "Not known: no Process object that we know of stands for this process.",
    "What Python thinks of it only its own parent could say.",
)


class Details(Page):
    """The details pane; `show` says whose."""

    prefix = "details"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "details--title", "details--label", "details--value", "details--rule", "details--differ",
        "details--bad", "details--warn", "details--good", "details--key", "details--thumb",
        "details--quiet", "details--spark",
    }  # fmt: skip

    DEFAULT_CSS = """
    Details {
        height: 1fr;
        background: $background;
        color: $foreground;
        & > .details--title { color: $text-primary; text-style: bold; }
        & > .details--label { color: $text-muted; }
        & > .details--rule { color: $foreground 30%; }
        & > .details--differ { color: $text-warning; text-style: bold; }
        & > .details--bad { color: $text-error; text-style: bold; }
        & > .details--warn { color: $text-warning; text-style: bold; }
        & > .details--good { color: $text-success; }
        & > .details--quiet { color: $text-muted; }
        & > .details--spark { color: $text-accent; }
        & > .details--key { background: $primary; color: $text; text-style: bold; }
        & > .details--thumb { color: $primary; }
        &:nocolor, &:ansi {
            & > .details--key { text-style: reverse; }
        }
    }
    """

    def __init__(
        self, *, name: str | None = None, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._row: Row | None = None
        self._now = 0.0
        self._details: ProcessDetails | None = None
        self._points: Sequence[Point] = ()
        self.nothing = NOTHING
        """What is said where there is no process."""

    def show(
        self,
        row: Row | None,
        now: float,
        details: ProcessDetails | None = None,
        points: Sequence[Point] = (),
    ) -> None:
        """Shows one process, or that there is none.

        `now` in seconds since the epoch; `details` are what only the process under the
        cursor is asked for, where they have come, and must be that process's, as must be
        `points`, its figures over the last minutes.
        """
        if (row.key if row else None) != (self._row.key if self._row else None):
            self.action_move_to(0)
        self._row, self._now, self._details, self._points = row, now, details, points
        self.lay_out()

    def lay_out(self) -> None:
        """Makes the lines for the present width."""
        width = self.size.width - 1
        if width > 0:
            self.set_lines(list(self._make(width)))

    def _make(self, width: int) -> Iterator[Line]:
        row = self._row
        if row is None:
            yield (Span(text.safe(f" {self.nothing}", width), "quiet"),)
            return
        beside = width >= SIDE_BY_SIDE
        figures: list[Line] = []
        if row.sample is not None:
            figures += sparklines.lines(self._points, self._now, width, beside=beside)
        yield from self._diagnosis(row, width)
        if not row.zombie:  # the figures of the dead are over
            yield from figures
        if self.size.height >= _ROOMY:
            yield ()
        found = pairs(row, self._now, self._details)
        layout = _side_by_side if beside else _stacked
        yield from layout(found, width, foreign=row.worker is None)
        yield ()
        if row.zombie and figures:
            yield from (*figures, ())
        for fact in long_facts(row, self._details):
            yield from _long(fact, width)

    # ------------------------------------------------------------------------- diagnosis

    def _diagnosis(self, row: Row, width: int) -> Iterator[Line]:
        known: set[Cure] = set()
        keys = [self._key(row, cure) for finding in row.findings for cure in finding.cures]
        indent = max([5, *(len(key) + 4 for key in keys)])
        for index, finding in enumerate(row.findings):
            quiet = "good" if index == 0 and finding.kind == "note" else "quiet"
            yield from _sentence(finding.text, width, _LOUD.get(finding.kind, quiet))
            fresh = [cure for cure in finding.cures if cure not in known]
            yield from self._cures(row, fresh, width, indent)
            known.update(finding.cures)

    def _cures(self, row: Row, cures: Iterable[Cure], width: int, indent: int) -> Iterator[Line]:
        """Each with its key; the texts of all begin `indent` cells after the margin."""
        said = ""
        for cure in cures:
            key = self._key(row, cure)
            badge = "   " if key and key == said else f" {key} " if key else " · "
            said = key
            lines = text.wrap(text.plain(cure.text), max(8, width - indent - 2))
            for index, line in enumerate(lines):
                before = Span("   ") if index == 0 else Span(" " * (indent + 2))
                mark = (
                    (Span(badge, "key" if key and badge.strip() else "quiet"),)
                    if index == 0
                    else ()
                )
                gap = Span(" " * max(1, indent - 1 - len(badge))) if index == 0 else Span("")
                yield (before, *mark, gap, Span(line))

    def _key(self, row: Row, cure: Cure) -> str:
        """The key that does it or offers it; "" where no key does."""
        action = cure_action(row, cure)
        if action is None:
            return ""
        return actions.ACTIONS[action].key


def cure_action(row: Row, cure: Cure) -> str | None:
    """Id of the action that does to `row` what a cure says, None where none does."""
    if cure.pid is not None and cure.pid != row.pid:
        elsewhere = cure.kind in _PARENT_CURED_BY and actions.foreign_zombie(row)
        return "join" if elsewhere else None
    action = _CURED_BY.get(cure.kind) or _PARENT_CURED_BY.get(cure.kind)
    if action is None:
        return None
    scene = actions.Scene(row=row, orphans=1)  # a cure that ends orphans says that there are some
    return action if actions.ACTIONS[action].why_not(scene) is None else None


def _sentence(said: str, width: int, style: str) -> Iterator[Line]:
    for index, line in enumerate(text.wrap(text.plain(said), max(8, width - 4))):
        yield (Span(" ► " if index == 0 else "   ", style), Span(line, style))


# ------------------------------------------------------------------------- the two views


def _side_by_side(found: Iterable[Pair], width: int, *, foreign: bool) -> Iterator[Line]:
    left = (width - 3) // 2
    right = width - 3 - left
    yield (
        Span(text.safe(" multiprocessing says", left), "title"),
        Span(" │ ", "rule"),
        Span(text.safe("the kernel says", right), "title"),
    )
    said = (
        [line for sentence in _FOREIGN for line in text.wrap(sentence, left - 2)] if foreign else []
    )
    for index, pair in enumerate(found):
        if foreign:
            note = said[index] if index < len(said) else ""
            python: list[Line] = [(Span(text.safe(f" {note}", left), "quiet"),)]
        else:
            python = _cells(pair.python, left, pair.differ, margin=1)
        kernel = _cells(pair.kernel, right, pair.differ)
        middle = Span(" ≠ ", "differ") if pair.differ else Span(" │ ", "rule")
        blank = (Span(" " * left),)
        for before, after in zip_longest(python, kernel):
            yield (*(before or blank), middle, *(after or ()))
            middle = Span(" │ ", "rule")


def _stacked(found: list[Pair], width: int, *, foreign: bool) -> Iterator[Line]:
    yield (Span(text.safe(" multiprocessing says", width), "title"),)
    if foreign:
        for sentence in _FOREIGN:
            yield from ((Span(f" {line}", "quiet"),) for line in text.wrap(sentence, width - 2))
    for pair in found:
        if pair.python is not None:
            yield from _stacked_lines(pair.python, width, pair.differ)
    yield ()
    yield (Span(text.safe(" the kernel says", width), "title"),)
    for pair in found:
        if pair.kernel is not None:
            yield from _stacked_lines(pair.kernel, width, pair.differ)


def _stacked_lines(fact: Fact, width: int, differ: bool) -> Iterator[Line]:
    sign = "≠" if differ else " "
    for line in _cells(fact, max(1, width - 1), differ):
        yield (Span(sign, "differ"), *line)
        sign = " "


def _cells(fact: Fact | None, width: int, differ: bool, *, margin: int = 0) -> list[Line]:
    """Label and value in exactly `width` cells, on as many lines as the value needs."""
    if fact is None:
        return []
    label = min(_LABEL + margin, width)
    names = [" " * margin + fact.label]
    return [
        (
            Span(text.safe(name, label), "label"),
            Span(text.safe(value, width - label), "differ" if differ else ""),
        )
        for name, value in zip_longest(names, _broken(fact.value, width - label), fillvalue="")
    ]


def _broken(value: str, room: int) -> list[str]:
    """A value on lines of `room` cells, not more than a long one may take."""
    lines = text.wrap(text.plain(value), max(1, room))
    if len(lines) > _LONGEST:
        lines = lines[:_LONGEST]
        lines[-1] = text.safe(lines[-1], room - 1).rstrip() + text.ellipsis()
    return lines


def _long(fact: Fact, width: int) -> Iterator[Line]:
    for index, line in enumerate(_broken(fact.value, max(8, width - _LABEL - 2))):
        label = fact.label if index == 0 else ""
        yield (Span(text.safe(f" {label}", _LABEL + 1), "label"), Span(line))
