"""The lesson that a session is about: begins it, sees what was done, shows the guide."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from proctui.core.store import Store
from proctui.lessons import Attention, Lesson, held, of_session, progress, to_play_again
from proctui.lessons.ticks import Ticks
from proctui.protocol import Start
from proctui.sessions.client import ConnectionLost
from proctui.tui.operate import Said

if TYPE_CHECKING:
    from proctui.tui.screens.workers import WorkersScreen

LOOK: Final = 0.25
"""Seconds between two looks at what was observed, at least."""
_SHARE: Final = 20.0
"""A look may take one part in this of the time until the next."""


class Lecture:
    """A lesson and what was observed of it so far, here or on another screen of the session."""

    def __init__(self, lesson: Lesson, ticks: Ticks) -> None:
        self.lesson = lesson
        self._ticks = ticks
        self.seen: frozenset[int] = frozenset()
        """Indices of the steps that were observed; only ever grows."""
        self.again: tuple[str, ...] = ()
        """Names of the workers without whose restart the current step can't be seen any more."""
        self._figures: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """Figures as sentences; what can't be told any more stands as it was told last."""
        return " ".join(filter(None, self._figures))

    def recall(self) -> bool:
        """Takes in what other screens have seen; whether that is news."""
        before = self.seen
        steps = frozenset(range(len(self.lesson.steps)))
        self.seen = before | (self._ticks.read() & steps)
        return self.seen != before

    def look(self, store: Store, attention: Attention) -> None:
        """Takes in what there is to see now."""
        before = self.seen
        self.seen = progress(self.lesson, store, before, attention)
        self._ticks.add(self.seen - before)
        self.again = to_play_again(self.lesson, store, self.seen)
        if self.lesson.summary is not None:
            told = tuple(self.lesson.summary(store))
            old = self._figures or ("",) * len(told)
            self._figures = tuple(new or last for new, last in zip(told, old, strict=True))


class Teaching:
    """What the workers view does for a session that is a lesson, and nothing for others."""

    def __init__(self, screen: WorkersScreen) -> None:
        self.screen = screen
        lesson = of_session(screen.place, screen.feed.hello.source)
        ticks = Ticks(screen.feed.hello.journal)
        self.lecture = None if lesson is None else Lecture(lesson, ticks)
        self._attention = Attention()
        self._begun = False
        self._news = False
        self._due = 0.0

    def table(self) -> Mapping[str, Callable[[], Awaitable[None] | None]]:
        """What does each action."""
        return {"guide": self._toggle, "lesson": self.choose}

    def begin(self) -> None:
        """Shows the guide, once the screen is there."""
        if self.lecture is not None:
            self.lecture.recall()
            self._show(self.lecture)
            self.screen.table.need(self.lecture.lesson.columns)
            self.screen.set_interval(LOOK, self._look)

    def changed(self) -> None:
        """Something changed in the store."""
        self._news = True

    def _start_held(self) -> None:
        """Begins the lesson, where it waited for somebody who sees it."""
        if not self._begun and self.screen.feed.store.told:
            self._begun = True
            if waiting := held(self.screen.feed.store):
                self.screen.run_worker(self._play(waiting))

    async def _play(self, workers: tuple[str, ...]) -> None:
        """Starts what waited for this screen; a session that is over only tells that it is."""
        with suppress(ConnectionLost):  # which the screen tells by itself
            await self.screen.feed.client.request(Start(workers=workers))

    def _look(self) -> None:
        begun = time.monotonic()
        if self.lecture is None or begun < self._due:
            return
        self._start_held()
        attention = self._what_is_looked_at()
        self._news |= self.lecture.recall() or attention != self._attention
        if not self._news:
            return
        self._news, self._attention = False, attention
        self.lecture.look(self.screen.feed.store, attention)
        self._show(self.lecture)  # also where only the keys are others now
        self._due = begun + (time.monotonic() - begun) * _SHARE

    def _what_is_looked_at(self) -> Attention:
        row, panes = self.screen.views.row, self.screen.panes
        return Attention(None if row is None else row.key, panes.current if panes.display else None)

    def _show(self, lecture: Lecture) -> None:
        self.screen.guide.show(lecture.lesson, lecture.seen, lecture.summary, lecture.again)

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
