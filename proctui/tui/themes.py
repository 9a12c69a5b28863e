"""The themes: all of Textual's, and two of ours for eyes that those do not suit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from textual.theme import BUILTIN_THEMES, Theme

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
        "text-muted": "#e0e0e0",
        "text-disabled": "#b8b8b8",
        "block-cursor-background": "#ffe94a",
        "block-cursor-foreground": "#000000",
        "border": "#ffffff",
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


def names() -> tuple[str, ...]:
    """Every theme's name: ours first, then Textual's in the order of the alphabet."""
    return (*OURS, *sorted(BUILTIN_THEMES))
