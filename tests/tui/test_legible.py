"""Whatever is shown can be read: WCAG 2.1, AA, in every theme that ships, on screens and dialogs.

What does not apply is dimmed, as WCAG allows of inactive parts; so is what lies under a dialog.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from rich.segment import Segment
from textual.color import Color
from textual.geometry import Region
from textual.widgets import Checkbox

from proctui.tui import contrast
from proctui.tui.themes import COLOUR_BLIND, HIGH_CONTRAST, OURS, names
from proctui.tui.widgets.buttons import ActionButton
from proctui.tui.widgets.footer import Footer
from tests.tui.pictures.scenes import SCENES, playing
from tests.tui.screens import Stage

FULL = ("workers", "tagged", "machine", "filter-wrong", "kill-tagged", "settings", "help")
"""Between them they have nearly every style; they are shown in all themes."""
OTHERS = (
    "neglected", "orphan", "failed", "paused", "events", "dead-supervisor", "timeline", "empty",
    "quit", "new", "columns", "signals", "sort", "cures", "help-words", "palette-kill", "lessons",
)  # fmt: skip
HARDEST = (
    "textual-dark", "textual-light", "atom-one-dark", "atom-one-light", "solarized-light", *OURS,
)  # fmt: skip
"""The themes with the faintest colours of text, the usual ones, and ours."""


def inactive(stage: Stage) -> list[Region]:
    """Where something stands that does not apply now."""
    screen = stage.app.screen
    found = [button.region for button in screen.query(ActionButton) if button.has_class("-dim")]
    found += [box.region for box in screen.query(Checkbox) if box.disabled or not box.value]
    found += [footer.region for footer in screen.query(Footer)]  # checked below by itself
    return found


def shown(stage: Stage) -> Iterator[tuple[Segment, int, int]]:
    """Every piece of text with its place; of a dialog what is in its box."""
    screen = stage.app.screen
    box = screen.query(".dialog, #--container")
    region = box.first().region if box else screen.region
    strips = screen._compositor.render_strips(stage.app.size)
    for y in range(region.y, region.bottom):
        x = region.x
        for segment in strips[y].crop(region.x, region.right):
            yield segment, x, y
            x += segment.cell_length


def faint(stage: Stage) -> list[tuple[str, float]]:
    left_out = inactive(stage)
    found = []
    for segment, x, y in shown(stage):
        style = segment.style
        if style is None or style.color is None or style.bgcolor is None:
            continue
        if style.color.triplet is None or style.bgcolor.triplet is None:
            continue  # the terminal's own colours: nobody knows them
        if not any(map(str.isalnum, segment.text)) or any(r.contains(x, y) for r in left_out):
            continue
        color, ground = map(Color.from_rich_color, (style.color, style.bgcolor))
        if contrast.ratio(color, ground) < contrast.LEAST:
            found.append((segment.text.strip(), round(contrast.ratio(color, ground), 2)))
    return found


@pytest.mark.parametrize("name", (*FULL, *OTHERS))
async def test_everything_can_be_read_in_every_theme(name: str) -> None:
    scene = next(scene for scene in SCENES if scene.name == name)
    async with playing(scene, (120, 40)) as stage:
        for theme in names() if name in FULL else HARDEST:
            stage.app.theme = theme
            await stage.until(lambda: stage.app.current_theme.name == stage.app.theme, "the theme")
            await stage.pilot.pause(0.02)
            assert faint(stage) == [], theme


async def test_the_keys_of_the_footer_can_be_read() -> None:
    async with playing(SCENES[0], (120, 40)) as stage:
        for theme in names():
            stage.app.theme = theme
            await stage.pilot.pause(0.02)
            variables = stage.app.get_css_variables()
            ground, *texts = (
                variables[name]
                for name in (
                    "footer-background",
                    "footer-key-foreground",
                    "footer-description-foreground",
                )
            )
            for text in texts:
                if "ansi" not in f"{text}{ground}":
                    ratio = contrast.ratio(Color.parse(text), Color.parse(ground))
                    assert ratio >= contrast.LEAST, theme


def test_high_contrast_is_at_least_seven_to_one() -> None:
    theme = HIGH_CONTRAST
    grounds = [Color.parse(str(each)) for each in (theme.background, theme.surface, theme.panel)]
    texts = (theme.foreground, theme.primary, theme.accent, theme.warning, theme.error)
    for text in (*texts, theme.success):
        for ground in grounds:
            assert contrast.ratio(Color.parse(str(text)), ground) >= 7


def test_zombies_and_orphans_differ_by_more_than_hue() -> None:
    loud = [Color.parse(str(each)) for each in (COLOUR_BLIND.error, COLOUR_BLIND.warning)]
    assert contrast.ratio(*loud) >= 2.5


def test_our_themes_are_offered_first() -> None:
    assert names()[: len(OURS)] == tuple(OURS)
    assert len(set(names())) == len(names())
