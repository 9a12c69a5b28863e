"""A line over time, drawn by plotext.

The plotting library is imported with this module, which nothing imports before a chart is opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.text import Text
from textual.color import Color
from textual_plotext import PlotextPlot

from proctui.tui import text
from proctui.views.axes import ago

_FRAME = str.maketrans("┌┐└┘├┤┬┴┼─│", "+++++++++-|")
"""What the library frames its plots with, for terminals that have ASCII only."""
_LABEL = 5
"""Cells for the labels at the left: the frames of two plots stand in one line."""
_ROOM = 54
"""Cells from which on the middle of the time axis has a label too."""


class Curve(NamedTuple):
    """What a plot shows: values of stretches of equal length, the last of which ends now."""

    title: str
    values: Sequence[float | None]
    span: float
    """Seconds of all stretches together."""
    axis: tuple[float, tuple[str, str, str]]
    """Where it ends above, and its labels from below."""


class Plot(PlotextPlot):
    """One line in a colour of the theme."""

    DEFAULT_CSS = """
    Plot {
        width: 1fr;
        height: 1fr;
    }
    """

    def __init__(self, color: str, *, id: str) -> None:
        """`color` is a variable of the theme."""
        super().__init__(id=id)
        self._color = color
        self._curve: Curve | None = None

    def draw(self, curve: Curve) -> None:
        """Shows this one from now on."""
        self._curve = curve
        self._put(curve)
        self.refresh()

    def _put(self, curve: Curve) -> None:
        values, span = curve.values, curve.span
        step = span / len(values)
        known = [(step * (i + 1) - span, y) for i, y in enumerate(values) if y is not None]
        top, labels = curve.axis
        plot = self.plt
        plot.clear_data()
        plot.title(curve.title)
        plot.xlim(-span, 0)
        plot.ylim(0, top)
        marks = [-span, -span / 2, 0] if self.size.width >= _ROOM else [-span, 0]
        plot.xticks(marks, [ago(-mark) for mark in marks])
        plot.yticks([0, top / 2, top], [label.rjust(_LABEL) for label in labels])
        if known:
            color = Color.parse(self.app.theme_variables.get(self._color, "white")).rgb
            marker = "*" if text.ascii_only() else "braille"
            xs, ys = (list(each) for each in zip(*known, strict=True))
            plot.plot(xs, ys, marker=marker, color=color)

    def render(self) -> Text:
        """As the library draws it, in ASCII where the terminal has nothing else."""
        shown = super().render()
        assert isinstance(shown, Text)
        if text.ascii_only():
            shown.plain = shown.plain.translate(_FRAME)
        return shown

    def on_resize(self) -> None:
        """Another width has room for other labels."""
        if self._curve is not None:
            self._put(self._curve)
