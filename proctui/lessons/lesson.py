"""What a lesson is made of: words for the person, and what must be observed.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import msgspec

from proctui.core.store import Store
from proctui.views.view import Column

Seen = Callable[[Store], bool]
"""Whether something was really observed: from rows, events and histories alone, never by time.

What was observed once may be over: ask the histories for what doesn't last.
"""


class Attention(msgspec.Struct, frozen=True):
    """What the person has before them."""

    row: str | None = None
    """Key of the row under the cursor."""
    pane: Literal["details", "log", "events", "chart"] | None = None
    """The pane that is open."""


NOWHERE = Attention()

Looked = Callable[[Store, Attention], bool]
"""Whether the person looks at what a step is about."""

Again = Callable[[Store], Sequence[str]]
"""Names of the workers that have to be started again, because what a step waits for is over and
was not seen, or went otherwise; none as long as it may still come."""


class Step(msgspec.Struct, frozen=True):
    """One thing to see happen, or to make happen."""

    do: str
    """What happens, what to look at, what to press; ``{join}`` stands for the key of that action
    (`proctui.tui.actions`)."""
    why: str
    """Why it is so; the same holds for it."""
    seen: Seen
    again: Again | None = None
    """None where it can be seen at any time."""
    looked: Looked | None = None
    """Must be so besides, once all steps before are done: what the person does can't be told from
    what processes do."""

    def words(self, keys: Mapping[str, str]) -> tuple[str, str]:
        """`do` and `why` with the keys that `keys` has for the actions."""
        return self.do.format_map(keys), self.why.format_map(keys)


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """A number that is the learner's choice."""

    name: str
    text: str
    """What it is, a few words, with its unit."""
    low: int
    high: int
    places: tuple[tuple[str, str], ...]
    """Where it stands in the worker file: pairs of worker and key."""
    default: int | None = None
    """None: a free TCP port, looked for when the lesson begins."""

    def check(self, value: int) -> int:
        """`value`; raises ValueError with one sentence where it is out of bounds."""
        if not self.low <= value <= self.high:
            raise ValueError(f"{self.name} must be from {self.low} to {self.high}, not {value}")
        return value


class Lesson(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario and its guide."""

    id: str
    """Also the name of its session and of its worker file, ``ID.toml``."""
    title: str
    explanation: str
    """Two or three sentences in plain words."""
    steps: tuple[Step, ...]
    parameters: tuple[Parameter, ...] = ()
    columns: tuple[Column, ...] = ()
    """What its steps send the person to: these are shown first where there is little room."""
    summary: Callable[[Store], Sequence[str]] | None = None
    """Sentences of figures as they stand, always as many, in the same order; each empty as long
    as there is nothing to tell."""

    def parameter(self, name: str) -> Parameter:
        """Raises ValueError with one sentence where the lesson has none of this name."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        known = ", ".join(parameter.name for parameter in self.parameters) or "nothing"
        raise ValueError(
            f"{name} can't be chosen in lesson {self.id}, which lets you choose {known}"
        )


class Topic(msgspec.Struct, frozen=True):
    """Lessons that belong together."""

    title: str
    lessons: tuple[Lesson, ...]


def progress(
    lesson: Lesson, store: Store, seen: frozenset[int], attention: Attention = NOWHERE
) -> frozenset[int]:
    """The steps that were observed, by index: those of `seen` and what there is to see now.

    A step stays seen.  Costs something only for those that aren't seen yet.
    """
    done = set(seen)
    for index, step in enumerate(lesson.steps):
        if index not in done and _looked(step, index, store, done, attention) and step.seen(store):
            done.add(index)
    return frozenset(done) if len(done) > len(seen) else seen


def _looked(step: Step, index: int, store: Store, done: set[int], attention: Attention) -> bool:
    if step.looked is None:
        return True
    return done.issuperset(range(index)) and step.looked(store, attention)


def current(lesson: Lesson, seen: frozenset[int]) -> int | None:
    """The first step that was not seen; None when all were."""
    return next((i for i in range(len(lesson.steps)) if i not in seen), None)


def to_play_again(lesson: Lesson, store: Store, seen: frozenset[int]) -> tuple[str, ...]:
    """Names of the workers without which the current step can't be seen any more."""
    now = current(lesson, seen)
    again = None if now is None else lesson.steps[now].again
    return () if again is None else tuple(again(store))


def held(store: Store) -> tuple[str, ...]:
    """Ids of workers that wait for somebody to come and see them start, in session order."""
    found = (store.rows[key].worker for key in store.roots)
    return tuple(
        worker.id
        for worker in found
        if worker is not None
        and worker.autostart
        and worker.phase == "idle"
        and worker.started_at is None
    )
