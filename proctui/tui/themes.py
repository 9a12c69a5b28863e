"""The themes: all of Textual's, and two of ours for eyes that those do not suit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from textual.color import BLACK, WHITE, Color, ColorParseError
from textual.theme import BUILTIN_THEMES, Theme

from proctui.tui.contrast import LEAST, legible, ratio

HIGH_CONTRAST: Final = Theme(
    name="proctui-high-contrast",
    primary="#5cc8ff",
    secondary="#ffffff",
    accent="#ffe94a",
    warning="#ffd60a",
    error="#ff8a80",
    success="#7dff8a",
    foreground="#ffffff",
    background="#000000",
    surface="#0c0c0c",
    panel="#1c1c1c",
    text_alpha=1.0,
    dark=True,
    variables={
        "border": "#ffffff",
        "text-muted": "auto 80%",
        "footer-key-foreground": "#ffe94a",
    },
)
"""White on black, everything at 7:1 and more (WCAG 2.1, level AAA)."""

# Okabe and Ito's colours, which deuteranopes, protanopes and tritanopes can tell apart: zombies
# vermilion, orphans yellow, what is well a bluish green; blue for the rest.
COLOUR_BLIND: Final = Theme(
    name="proctui-colour-blind",
    primary="#56b4e9",
    secondary="#0072b2",
    accent="#e69f00",
    warning="#f0e442",
    error="#d55e00",
    success="#009e73",
    foreground="#f2f2f2",
    background="#10141a",
    surface="#171c24",
    panel="#202732",
    dark=True,
)
"""No two states that are told apart by red against green."""

OURS: Final[Mapping[str, Theme]] = {theme.name: theme for theme in (HIGH_CONTRAST, COLOUR_BLIND)}


SIXTEEN: Final = "ansi-dark"
"""Has the terminal's own colours, of which 16 are enough to tell every state."""


def suited(name: str, usual: str, colours: str | None) -> str:
    """`name`, or another theme where that is the usual one and the terminal has 16 colours.

    `colours` is Rich's name of what the terminal can show: ``standard`` for 16.
    """
    return SIXTEEN if colours == "standard" and name == usual else name


def names() -> tuple[str, ...]:
    """Every theme's name: ours first, then Textual's in the order of the alphabet."""
    return (*OURS, *sorted(BUILTIN_THEMES))


_GROUNDS: Final = ("background", "surface", "panel")
"""What text stands on."""
_TEXTS: Final[Mapping[str, tuple[str, ...]]] = {
    "foreground": _GROUNDS,
    "button-foreground": (*_GROUNDS, "primary-muted"),
    "text-primary": (*_GROUNDS, "primary-muted"),
    "text-secondary": _GROUNDS,
    "text-accent": _GROUNDS,
    "text-success": _GROUNDS,
    "text-warning": (*_GROUNDS, "warning-muted"),
    "text-error": (*_GROUNDS, "error-muted"),
    "footer-key-foreground": ("footer-background",),
    "footer-description-foreground": ("footer-background",),
    "input-cursor-foreground": ("input-cursor-background",),
}
"""Colours of text, and what each must be legible on."""

_BEARING: Final = (
    ("block-cursor-background", "block-cursor-background", 0.6),
    ("ground-primary", "primary", 0.87),
    ("ground-error", "error", 0.87),
    ("ground-success", "success", 0.87),
)
"""Grounds for ``$text`` and ``$text-muted``, what they are made from, how strong the text is."""
_STEPS: Final = 20
_QUIET: Final = 0.65
"""Strength of what matters less, as ``$text-quiet``."""


def legible_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """A theme's variables with text that can be read (WCAG 2.1, AA), changed as little as may be.

    What is dimmed on purpose is made from these with an alpha and stays dimmer.
    """
    made = dict(variables)
    if variables.get("ansi-background") == "ansi_black":
        made["text-primary"] = "ansi_cyan"  # blue on black is hard to read on every terminal
    for name, grounds in _TEXTS.items():
        color = _color(made[name])
        if color is not None:
            made[name] = _on(color, grounds, variables).hex
    foreground, background = (_color(variables[name]) for name in ("foreground", "background"))
    made["text-quiet"] = made["foreground"]
    if foreground is not None and background is not None:
        quiet = background.blend(foreground, _QUIET, 1.0)
        made["text-quiet"] = _on(quiet, _GROUNDS, variables).hex
    for name, source, alpha in _BEARING:
        ground = _color(variables[source])
        made[name] = variables[source] if ground is None else _bearing(ground, alpha).hex
    return made


def _on(color: Color, grounds: Iterable[str], variables: Mapping[str, str]) -> Color:
    """`color`, legible on all of these."""
    for ground in filter(None, (_color(variables[name]) for name in grounds)):
        color = legible(color, ground)
    return color


def _bearing(ground: Color, alpha: float) -> Color:
    """`ground`, moved as little as need be away from the text that Textual puts on it."""
    made = ground
    text = ground.get_contrast_text(1.0)
    pole = BLACK if text.brightness > 0.5 else WHITE
    for step in range(_STEPS):
        made = ground.blend(pole, step / _STEPS, 1.0)
        if ratio(made.blend(text, alpha, 1.0), made) >= LEAST:
            break
    return made


def _color(value: str) -> Color | None:
    """An opaque colour that is known; None for what depends on the background or the terminal."""
    try:
        color = Color.parse(value)
    except ColorParseError:  # "auto 87%", "ansi_blue 50%"
        return None
    return color if color.ansi is None and color.a == 1 else None
