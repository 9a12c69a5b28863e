"""The command palette: every action that applies now, from the one table, lessons and themes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from proctui.lessons import LESSONS, Lesson
from proctui.tui import themes
from proctui.tui.actions import ACTIONS, Action
from proctui.tui.screens.workers import WorkersScreen

_TITLE = 2.0
"""How much more the title of an action counts than that of a lesson."""
_TOOLTIP = 0.2
"""Score of what has the words in its explanation alone."""


class ActionCommands(Provider):
    """Offers what the keys offer."""

    def _applicable(self) -> Iterator[Action]:
        if isinstance(self.screen, WorkersScreen):
            scene = self.screen.scene()
            for action in ACTIONS.values():
                if action.id != "palette" and action.why_not(scene) is None:
                    yield action.shown(scene)

    async def discover(self) -> Hits:
        """Everything that applies, before anything is typed."""
        for action in self._applicable():
            shown = _entry(Content(action.title), action.key, action.tooltip)
            yield DiscoveryHit(shown, partial(self._do, action), text=action.title)

    async def search(self, query: str) -> Hits:
        """What matches the words."""
        matcher = self.matcher(query)
        for action in self._applicable():
            score = _TITLE * matcher.match(action.title)
            if not score and query.casefold() in action.tooltip.casefold():
                score = _TOOLTIP
            if score > 0:
                title = matcher.highlight(action.title)
                shown = _entry(title, action.key, action.tooltip)
                yield Hit(score, shown, partial(self._do, action), text=action.title)

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
                shown = _entry(matcher.highlight(title), "", lesson.explanation)
                yield Hit(score, shown, partial(self._offer, lesson), text=title)

    async def _offer(self, lesson: Lesson) -> None:
        if isinstance(self.screen, WorkersScreen):
            self.screen.run_worker(self.screen.teaching.choose(lesson.id))


class ThemeCommands(Provider):
    """Finds the themes; the one that is picked stays."""

    async def search(self, query: str) -> Hits:
        """What matches the words."""
        if not isinstance(self.screen, WorkersScreen):
            return
        matcher = self.matcher(query)
        now = self.app.theme
        for name in themes.names():
            title = f"Theme: {name}"
            score = max(matcher.match(title), matcher.match(f"Change theme: {name}"))
            if score > 0:
                shown = _entry(matcher.highlight(title), "", "in use" if name == now else "")
                yield Hit(score, shown, partial(self._pick, name), text=title)

    async def _pick(self, name: str) -> None:
        if isinstance(self.screen, WorkersScreen):
            self.screen.preferences.choose({"theme": name})


_TITLE_CELLS = 28
_KEY_CELLS = 6


def _entry(title: Content, key: str, tip: str) -> Content:
    """One line: the title, its key, what it does; cut where the room ends."""
    gap = " " * max(2, _TITLE_CELLS - title.cell_length)
    return Content.assemble(title, gap, f"{key:<{_KEY_CELLS}}" if key else "", (tip, "$text-muted"))
