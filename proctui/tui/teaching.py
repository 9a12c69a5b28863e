"""The lesson that a session is about: looks which steps were observed, and shows the guide."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final

from proctui.core.store import Store
from proctui.lessons import Lesson, of_session, progress
from proctui.tui.operate import Said

if TYPE_CHECKING:
    from proctui.tui.screens.workers import WorkersScreen

LOOK: Final = 0.25
"""Seconds between two looks at what was observed, at least."""
_SHARE: Final = 20.0
"""A look may take one part in this of the time until the next."""


class Lecture:
    """A lesson and what was observed of it so far."""

    def __init__(self, lesson: Lesson) -> None:
        self.lesson = lesson
        self.seen: frozenset[int] = frozenset()
        """Indices of the steps that were observed; only ever grows."""
        self.summary = ""

    def look(self, store: Store) -> None:
        """Takes in what `store` shows now."""
        self.seen = progress(self.lesson, store, self.seen)
        if self.lesson.summary is not None:
            self.summary = self.lesson.summary(store) or self.summary


class Teaching:
    """What the workers view does for a session that is a lesson, and nothing for others."""

    def __init__(self, screen: WorkersScreen) -> None:
        self.screen = screen
        lesson = of_session(screen.place, screen.feed.hello.source)
        self.lecture = None if lesson is None else Lecture(lesson)
        self._news = False
        self._due = 0.0

    def table(self) -> Mapping[str, Callable[[], Awaitable[None] | None]]:
        """What does each action."""
        return {"guide": self._toggle, "lesson": self.choose}

    def begin(self) -> None:
        """Shows the guide, once the screen is there."""
        if self.lecture is not None:
            self._show(self.lecture)
            self.screen.set_interval(LOOK, self._look)

    def changed(self) -> None:
        """Something changed in the store."""
        self._news = True

    def _look(self) -> None:
        begun = time.monotonic()
        if self.lecture is None or not self._news or begun < self._due:
            return
        self._news = False
        self.lecture.look(self.screen.feed.store)
        self._show(self.lecture)  # also where only the keys are others now
        self._due = begun + (time.monotonic() - begun) * _SHARE

    def _show(self, lecture: Lecture) -> None:
        self.screen.guide.show(lecture.lesson, lecture.seen, lecture.summary)

    def _toggle(self) -> None:
        if self.lecture is None:
            said = "This session is no lesson, so it has no guide. New, then Lesson starts one."
            self.screen.say(Said(said, "warning"))
        else:
            self.screen.guide.toggle()

    async def choose(self, start: str | None = None) -> None:
        """Offers all lessons, the one with the id `start` first."""
        from proctui.tui.screens.lessons import LessonPicker

        if start is None and self.lecture is not None:
            start = self.lecture.lesson.id
        chosen = await self.screen.ask(LessonPicker(start))
        if chosen is not None:
            await self.start(*chosen)

    async def start(self, lesson: Lesson, numbers: Mapping[str, int]) -> None:
        """Starts a lesson as a session of its own, and goes there."""
        from proctui.tui.visiting import NotStarted, VisitWanted, launch

        self.screen.say(Said(f"Starting {lesson.title}: a session of its own."))
        try:
            where = await launch(lesson, numbers)
        except NotStarted as error:
            self.screen.say(Said(str(error), "error"))
            return
        if where.name == self.screen.feed.hello.session:
            self.screen.say(Said(f"{lesson.title}: that is this session."))
        else:
            self.screen.post_message(VisitWanted(where))
