"""Text is legible (WCAG 2.1, AA) in every theme that ships, whatever lies under it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import pytest
from textual.app import App, ComposeResult
from textual.color import BLACK, WHITE, Color
from textual.theme import BUILTIN_THEMES
from textual.widget import Widget

from proctui.tui import contrast
from proctui.tui.widgets.details import Details
from proctui.tui.widgets.palette import Palette
from proctui.tui.widgets.process_style import ORNAMENTS
from proctui.tui.widgets.process_table import ProcessTable
from proctui.tui.widgets.status_bar import StatusBar

GROUNDS = ("", "hover", "tagged", "faint", "zombie", "orphan", "cursor", "cursor-zombie")


class Everything(App[None]):
    def compose(self) -> ComposeResult:
        yield StatusBar()
        yield ProcessTable()
        yield Details()


def test_contrast_is_measured_as_wcag_does() -> None:
    assert contrast.ratio(BLACK, WHITE) == pytest.approx(21)
    assert contrast.ratio(WHITE, BLACK) == pytest.approx(21)
    assert contrast.ratio(WHITE, WHITE) == 1
    assert contrast.ratio(Color.parse("#777777"), WHITE) == pytest.approx(4.48, abs=0.01)


def test_a_legible_colour_stays_as_it_is() -> None:
    red = Color.parse("#ff5555")
    assert contrast.legible(red, BLACK) is red
    assert contrast.legible(Color.parse("ansi_red"), BLACK) == Color.parse("ansi_red")


@pytest.mark.parametrize("background", ["#000000", "#777777", "#808080", "#ffffff", "#ba3c5b"])
def test_any_colour_can_be_made_legible(background: str) -> None:
    ground = Color.parse(background)
    for given in ("#000000", "#777777", "#ff0000", "#ffffff"):
        made = contrast.legible(Color.parse(given), ground)
        assert contrast.ratio(made, ground) >= contrast.LEAST


def names(widget: Widget, ornaments: Iterable[str]) -> list[str]:
    known = {name.partition("--")[2] for name in widget.COMPONENT_CLASSES}
    return sorted(known - set(ornaments))


def check(palette: Palette, classes: tuple[str, ...], theme: str) -> None:
    style = palette.style(*classes)
    assert style.color is not None
    assert style.bgcolor is not None
    if style.color.triplet is None or style.bgcolor.triplet is None:
        assert BUILTIN_THEMES[theme].ansi  # the terminal's own colours: nobody knows them
        return
    color, background = map(Color.from_rich_color, (style.color, style.bgcolor))
    assert contrast.ratio(color, background) >= contrast.LEAST, (theme, classes)


async def test_every_widget_is_legible_in_every_theme() -> None:
    app = Everything()
    async with app.run_test() as pilot:
        table, details = app.query_one(ProcessTable), app.query_one(Details)
        bar = app.query_one(StatusBar)
        for theme in BUILTIN_THEMES:
            app.theme = theme
            await pilot.pause()
            for classes in itertools.product(GROUNDS, names(table, ORNAMENTS)):
                check(table._palette, classes, theme)
            for name in names(details, ("rule", "thumb")):
                check(details._palette, (name,), theme)
            for name in names(bar, ()):
                check(bar._palette, (name,), theme)
