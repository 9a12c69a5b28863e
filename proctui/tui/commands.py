"""The command palette: every action that applies now, from the one table, and every lesson."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from proctui.lessons import LESSONS, Lesson
from proctui.tui.actions import ACTIONS, Action
from proctui.tui.screens.workers import WorkersScreen

_TITLE = 2.0
"""How much more the title of an action counts than that of a lesson."""
_TOOLTIP = 0.2
"""Score of what has the words in its explanation alone."""


class ActionCommands(Provider):
    """Offers what the keys offer."""

    def _applicable(self) -> Iterator[tuple[Action, str]]:
        if isinstance(self.screen, WorkersScreen):
            scene = self.screen.scene()
            for action in ACTIONS.values():
                if action.id != "palette" and action.why_not(scene) is None:
                    shown = action.shown(scene)
                    yield shown, f"{shown.key}   {shown.tooltip}"

    async def discover(self) -> Hits:
        """Everything that applies, before anything is typed."""
        for action, tip in self._applicable():
            yield DiscoveryHit(action.title, partial(self._do, action), help=tip)

    async def search(self, query: str) -> Hits:
        """What matches the words."""
        matcher = self.matcher(query)
        for action, tip in self._applicable():
            score = _TITLE * matcher.match(action.title)
            if not score and query.casefold() in action.tooltip.casefold():
                score = _TOOLTIP
            if score > 0:
                shown = matcher.highlight(action.title)
                yield Hit(score, shown, partial(self._do, action), text=action.title, help=tip)

    async def _do(self, action: Action) -> None:
        if isinstance(self.screen, WorkersScreen):
            await self.screen.action_act(action.id)


class LessonCommands(Provider):
    """Finds the lessons by what they are about."""

    async def search(self, query: str) -> Hits:
        """What matches the words."""
        if not isinstance(self.screen, WorkersScreen):
            return
        matcher = self.matcher(query)
        for lesson in LESSONS.values():
            title = f"Lesson: {lesson.title}"
            score = max(matcher.match(title), matcher.match(f"scenario {lesson.id}"))
            if score > 0:
                shown = matcher.highlight(title)
                offer = partial(self._offer, lesson)
                yield Hit(score, shown, offer, text=title, help=lesson.explanation)

    async def _offer(self, lesson: Lesson) -> None:
        if isinstance(self.screen, WorkersScreen):
            self.screen.run_worker(self.screen.teaching.choose(lesson.id))
