"""What a lesson is made of: words for the person, and what must be observed.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from proctui.core.store import Store

Seen = Callable[[Store], bool]
"""Whether something was really observed: from rows, events and histories alone, never by time.

What was observed once may be over: ask the histories for what doesn't last.
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to see happen, or to make happen."""

    do: str
    """What happens, what to look at, what to press; ``{join}`` stands for the key of that action
    (`proctui.tui.actions`)."""
    why: str
    """Why it is so; the same holds for it."""
    seen: Seen

    def words(self, keys: Mapping[str, str]) -> tuple[str, str]:
        """`do` and `why` with the keys that `keys` has for the actions."""
        return self.do.format_map(keys), self.why.format_map(keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """One scenario and its guide."""

    id: str
    """Also the name of its session and of its worker file, ``ID.toml``."""
    title: str
    explanation: str
    """Two or three sentences in plain words."""
    steps: tuple[Step, ...]
    parameters: tuple[Parameter, ...] = ()
    summary: Callable[[Store], str] | None = None
    """A sentence of figures as they stand; empty as long as there is nothing to tell."""

    def parameter(self, name: str) -> Parameter:
        """Raises ValueError with one sentence where the lesson has none of this name."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        known = ", ".join(parameter.name for parameter in self.parameters) or "nothing"
        raise ValueError(
            f"{name} can't be chosen in lesson {self.id}, which lets you choose {known}"
        )


@dataclass(frozen=True, slots=True)
class Topic:
    """Lessons that belong together."""

    title: str
    lessons: tuple[Lesson, ...]


def progress(lesson: Lesson, store: Store, seen: frozenset[int]) -> frozenset[int]:
    """The steps that were observed, by index: those of `seen` and what `store` shows now.

    A step stays seen.  Costs something only for those that aren't seen yet.
    """
    new = {i for i, step in enumerate(lesson.steps) if i not in seen and step.seen(store)}
    return seen | new if new else seen


def current(lesson: Lesson, seen: frozenset[int]) -> int | None:
    """The first step that was not seen; None when all were."""
    return next((i for i in range(len(lesson.steps)) if i not in seen), None)
