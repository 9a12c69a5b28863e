"""Asks before anything is ended: names it, says what else it would hit, and how far to go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import ClassVar, NamedTuple

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, RadioButton, RadioSet, Static

from proctui.tui import text
from proctui.tui.figures import age
from proctui.tui.plan import Plan, Reach, Target
from proctui.tui.screens.dialog import Dialog, Keyed, button_row
from proctui.tui.widgets.field import Field
from proctui.tui.widgets.marks import Pick
from proctui.tui.widgets.roll import Part, Roll, what_runs

_NAME = 24
_KEYS = "Enter or y: yes   Esc or n: no"
_KEYS_TYPING = "Enter: yes   Esc: no"
"""The same where letters go into the field for the name."""
_REACHES: Mapping[Reach, tuple[str, str]] = {
    "process": ("this process", "these processes"),
    "group": ("its process group", "their process groups"),
    "tree": ("its whole tree", "their whole trees"),
}


class Question(NamedTuple):
    """What is asked."""

    verb: str
    """``Kill``, ``Terminate``, ``Stop``, ``Send SIGHUP to``."""
    does: str
    """One sentence: what it does."""
    plans: Mapping[Reach, Plan]
    """What each reach would hit; the first is chosen at first."""
    heading: str = ""
    """The question, where it is not the verb and whom; untrusted text may stand in it."""


def tabulated(targets: Sequence[Target], now: float) -> Content:
    """Name, pid, age and what runs, one line each, in columns."""
    names = [text.safe(target.name) for target in targets]
    width = min(max((text.cells(name) for name in names), default=0), _NAME)
    lines = []
    for target in targets:
        old = age(now - target.started_at) if target.started_at is not None else ""
        what = what_runs(target.row)
        facts = f"  {target.pid or '':>7}  {old:>7}  "
        lines.append(
            Content.assemble(text.safe(target.name, width), facts, (text.safe(what), "$text-muted"))
        )
    return Content("\n").join(lines)


def described(target: Target, now: float) -> str:
    """Name, pid, age and what runs, in one line."""
    facts = [target.name]
    if target.pid is not None:
        facts.append(f"pid {target.pid}")
    if target.started_at is not None:
        facts.append(f"{age(now - target.started_at)} old")
    what = what_runs(target.row)
    return "  ".join([*facts, what] if what and what != target.name else facts)


class Confirm(Dialog[Plan]):
    """Answers the plan that was confirmed, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", "Yes", show=False),
        Binding("n", "leave", "No", show=False),
        Binding("up", "reach(-1)", "Less", show=False),
        Binding("down", "reach(1)", "More", show=False),
        Binding("pageup", "roll(-1)", "List up", show=False),
        Binding("pagedown", "roll(1)", "List down", show=False),
        Binding("home", "roll(-1000000)", "To the list's beginning", show=False),
        Binding("end", "roll(1000000)", "To the list's end", show=False),
        Binding("1", "reach_at(0)", show=False),
        Binding("2", "reach_at(1)", show=False),
        Binding("3", "reach_at(2)", show=False),
    ]
    AUTO_FOCUS = "#yes"

    def __init__(self, question: Question, now: float) -> None:
        super().__init__()
        self.question = question
        self.now = now
        self._reaches = _worth_asking(question.plans)
        self._chosen = 0
        first = question.plans[self._reaches[0]]
        many = len(first.asked) > 1
        whom = f"{len(first.asked)} processes" if many else first.asked[0].who
        self.heading = question.heading or f"{question.verb} {whom}?"
        self._many = many
        self._typed = bool(first.insist)
        self.foot = _KEYS_TYPING if self._typed else _KEYS

    @property
    def chosen(self) -> Plan:
        """The plan of the reach that is chosen now."""
        return self.question.plans[self._reaches[self._chosen]]

    def body(self) -> Iterable[Widget]:
        """Who, how far, what that hits, what speaks against it, the two buttons."""
        asked = self.question.plans[self._reaches[0]].asked
        if not self._many:
            yield Static(text.content(described(asked[0], self.now)), classes="dialog-subject")
        yield Static(text.content(self.question.does), classes="dialog-does")
        if len(self._reaches) > 1:
            yield RadioSet(
                *(Pick(self._reach_label(r), value=not i) for i, r in self._numbered()),
                compact=True,
                id="reach",
            )
        yield Roll(self.now, id="members")
        yield VerticalScroll(Static(id="warnings"), id="warnings-scroll", can_focus=False)
        yield Static(id="insist-on")
        yield Field(id="insist")
        verb = self.question.verb.split()[0]
        yes, no = ("enter", "esc") if self._typed else ("y", "n")
        yield button_row(Keyed(verb, yes, id="yes", kind="-danger"), Keyed("Cancel", no, id="no"))

    def _numbered(self) -> list[tuple[int, Reach]]:
        return list(enumerate(self._reaches))

    def _reach_label(self, reach: Reach) -> Content:
        count = len(self.question.plans[reach].members)
        words = _REACHES[reach][self._many]
        many = f"  {count} processes" if count != 1 else ""
        number = "" if self._typed else f"{self._reaches.index(reach) + 1} "
        return Content.assemble((number, "$text-muted"), words, (many, "$text-muted"))

    def on_mount(self) -> None:
        """Shows what the first reach hits."""
        if len(self._reaches) > 1:
            self.query_one(RadioSet).can_focus = False
        self._show(self.chosen)

    def _show(self, plan: Plan) -> None:
        parts = list(self._parts(plan))
        roll = self.query_one(Roll)
        roll.display = bool(parts)
        roll.show(parts)
        self.call_after_refresh(self._say_how_to_scroll)
        warnings = [
            Content.assemble("! ", text.safe(each.text))
            if each.grave
            else Content.assemble(("  " + text.safe(each.text), "$text-muted"))
            for each in plan.warnings
        ]
        self.query_one("#warnings", Static).update(Content("\n").join(warnings))
        self.query_one("#warnings-scroll").display = bool(warnings)
        self._insist(plan.insist)

    def _parts(self, plan: Plan) -> Iterator[Part]:
        """Everybody by name and pid: who is hit, and whom else it concerns."""
        concerned = [warning for warning in plan.warnings if warning.whom]
        if self._many or len(plan.members) != 1 or concerned:
            yield Part("These get the signal:" if concerned else "", plan.members)
        for warning in concerned:
            yield Part(f"{warning.text.partition(':')[0]}:", names=warning.whom)

    def _say_how_to_scroll(self) -> None:
        """Where the list is longer than its place."""
        more = self.query_one(Roll).max_scroll_y > 0
        scroll = "PgUp PgDn: list   " if more else ""
        self.query_one(".dialog").border_subtitle = scroll + self.foot

    def action_roll(self, pages: int) -> None:
        """Scrolls the list, and the warnings where they are many, by pages."""
        for part in (self.query_one(Roll), self.query_one("#warnings-scroll")):
            part.scroll_relative(y=pages * part.size.height, animate=False)

    def _insist(self, name: str) -> None:
        """Has the name typed, where it takes that."""
        asked = self.query_one("#insist-on", Static)
        asked.update(text.content(f"Type {name} to do it all the same:"))
        typed = self.query_one("#insist", Input)
        asked.display = typed.display = bool(name)
        if name:
            typed.focus()

    @on(Input.Submitted, "#insist")
    def _name_typed(self) -> None:
        self.action_yes()

    @on(RadioSet.Changed)
    def _reach_clicked(self, message: RadioSet.Changed) -> None:
        self._choose(message.index)

    def action_reach(self, step: int) -> None:
        """Chooses the next larger or smaller reach."""
        self.action_reach_at(self._chosen + step)

    def action_reach_at(self, index: int) -> None:
        """Chooses a reach by its number."""
        if len(self._reaches) > 1 and 0 <= index < len(self._reaches):
            self._choose(index)  # at once: a key that confirms may be the next
            with self.prevent(RadioSet.Changed):
                self.query(RadioButton)[index].value = True

    def _choose(self, index: int) -> None:
        self._chosen = index
        self._show(self.chosen)

    @on(Button.Pressed, "#yes")
    def action_yes(self) -> None:
        """Confirms; where a name must be typed, not without it."""
        plan = self.chosen
        if plan.insist and self.query_one("#insist", Input).value.strip() != plan.insist.strip():
            self.query_one("#insist", Input).focus()
            self.app.bell()
        else:
            self.dismiss(plan)

    @on(Button.Pressed, "#no")
    def _no(self) -> None:
        self.dismiss(None)


def _worth_asking(plans: Mapping[Reach, Plan]) -> list[Reach]:
    """The reaches that differ in what they hit from those before them."""
    kept: list[Reach] = []
    hits: list[set[str]] = []
    for reach, plan in plans.items():
        hit = {member.key for member in plan.members}
        if hit not in hits:
            kept.append(reach)
            hits.append(hit)
    return kept
