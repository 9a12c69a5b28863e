"""A process table on a stage, for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from rich.style import Style
from textual.pilot import Pilot

from proctui.tui.widgets.process_table import ProcessTable
from proctui.views.view import Arrangement, Column
from tests.tui.rows import NOW, Family, Stage, lines, story

Kind = TypeVar("Kind", bound=ProcessTable.TableMessage)


class Clock:
    """Time that tests move."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class Scene:
    """A table on a stage."""

    def __init__(self, family: Family, pilot: Pilot[None], stage: Stage, clock: Clock) -> None:
        self.family = family
        self.pilot = pilot
        self.stage = stage
        self.clock = clock
        assert isinstance(stage.widget, ProcessTable)
        self.table = stage.widget

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def show(self, arrangement: Arrangement | None = None) -> None:
        self.table.show(self.family.arrange() if arrangement is None else arrangement)
        await self.pilot.pause()

    def heard(self, kind: type[Kind]) -> list[Kind]:
        return [message for message in self.stage.heard if isinstance(message, kind)]

    @property
    def cursor(self) -> str | None:
        return self.table.cursor_key

    def forget(self) -> None:
        self.stage.heard.clear()

    def line(self, key: str) -> int:
        """Which line of the widget shows a row."""
        return 1 + [row.key for row in self.table.visible_rows].index(key)

    def text(self, key: str) -> str:
        return lines(self.table)[self.line(key)]

    def cell(self, key: str, column: Column) -> str:
        placed = self.table.column_layout.find(column)
        assert placed is not None
        strip = self.table.render_line(self.line(key))
        return strip.crop(placed.x, placed.x + placed.width).text

    def styles(self, key: str) -> list[Style]:
        return [segment.style or Style() for segment in self.table.render_line(self.line(key))]


@asynccontextmanager
async def playing(
    family: Family | None = None, size: tuple[int, int] = (120, 20)
) -> AsyncIterator[Scene]:
    family = family or story()
    clock = Clock()
    stage = Stage(ProcessTable(clock=clock), ProcessTable.TableMessage)
    async with stage.run_test(size=size, message_hook=stage.hear) as pilot:
        scene = Scene(family, pilot, stage, clock)
        scene.table.focus()
        await scene.show()
        yield scene


async def formatted(scene: Scene, act: Callable[[], object]) -> int:
    """How many rows are made into text because of `act`."""
    before = scene.table.rows_formatted
    act()
    await scene.pilot.pause()
    return scene.table.rows_formatted - before
