"""Legible colours, whatever the theme: contrast as WCAG 2.1 measures it.  Pure."""

from __future__ import annotations

from textual.color import BLACK, WHITE, Color

LEAST = 4.5
"""Contrast that text must have at least (WCAG 2.1, level AA)."""

_STEPS = 10


def ratio(one: Color, other: Color) -> float:
    """Contrast of two opaque colours: 1 (none) to 21 (black on white)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def legible(color: Color, background: Color, least: float = LEAST) -> Color:
    """`color`, drawn as little as possible towards black or white until it can be read.

    Colours of the terminal's own palette are left alone: nobody knows what they are.
    """
    if color.ansi is not None or background.ansi is not None or ratio(color, background) >= least:
        return color
    pole = max(WHITE, BLACK, key=lambda end: ratio(end, background))
    mixed = color
    for step in range(1, _STEPS + 1):
        mixed = color.blend(pole, step / _STEPS, 1.0)
        if ratio(mixed, background) >= least:
            break
    return mixed


def _luminance(color: Color) -> float:
    red, green, blue = (_linear(part / 255) for part in color.rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    # WCAG's own threshold; the sRGB standard's differs in the fifth digit.
    return part / 12.92 if part <= 0.03928 else float(((part + 0.055) / 1.055) ** 2.4)
