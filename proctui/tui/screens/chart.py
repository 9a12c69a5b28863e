"""CPU and memory of one process over the last minutes, drawn large by plotext.

The plotting library is imported with this module, which nothing imports before a chart is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.widget import Widget
from textual.widgets import Static
from textual_plotext import PlotextPlot

from proctui.core.history import Point
from proctui.tui import text
from proctui.tui.screens.dialog import Dialog
from proctui.views.series import resample

_SPANS = (60.0, 120.0, 300.0, 600.0)
"""Seconds that can be shown."""
_STRETCHES = 120
"""Values drawn in all."""
_BEAT = 1.0
_CPU_TOPS = (10.0, 25.0, 50.0, 100.0, 200.0, 400.0, 800.0, 1600.0, 3200.0)
"""Per cent of a core that the chart may end with."""
_HEADROOM = 1.15
_FRAME = str.maketrans("┌┐└┘├┤┬┴┼─│", "+++++++++-|")
"""What the library frames its plots with, for terminals that have ASCII only."""


class _Plot(PlotextPlot):
    """One line in a colour of the theme."""

    DEFAULT_CSS = """
    _Plot {
        width: 1fr;
        height: 1fr;
        min-height: 6;
    }
    """

    def __init__(self, color: str, unit: Callable[[float], str], *, id: str) -> None:
        """`color` is a variable of the theme, `unit` writes a value."""
        super().__init__(id=id)
        self._color = color
        self._unit = unit

    def draw(self, title: str, values: Sequence[float | None], span: float, top: float) -> None:
        """Shows values of stretches of equal length, the last of which ends now."""
        step = span / len(values)
        known = [(step * (i + 1) - span, y) for i, y in enumerate(values) if y is not None]
        plot = self.plt
        plot.clear_data()
        plot.title(title)
        plot.xlim(-span, 0)
        plot.ylim(0, top)
        marks = [-span, -span / 2, 0]
        plot.xticks(marks, [_ago(span), _ago(span / 2), "now"])
        plot.yticks([0, top / 2, top], [self._unit(y) for y in (0, top / 2, top)])
        if known:
            color = Color.parse(self.app.theme_variables.get(self._color, "white")).rgb
            marker = "*" if text.ascii_only() else "braille"
            xs, ys = (list(each) for each in zip(*known, strict=True))
            plot.plot(xs, ys, marker=marker, color=color)
        self.refresh()

    def render(self) -> Text:
        """As the library draws it, in ASCII where the terminal has nothing else."""
        shown = super().render()
        assert isinstance(shown, Text)
        if text.ascii_only():
            shown.plain = shown.plain.translate(_FRAME)
        return shown


def _ago(seconds: float) -> str:
    return f"{seconds / 60:g} min ago" if seconds >= 60 else f"{seconds:g} s ago"


class Chart(Dialog[None]):
    """The figures of one process, live until it is closed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("C,q,enter", "leave", "Close", show=False),
        Binding("plus,equals_sign", "span(-1)", "Less time", show=False),
        Binding("minus", "span(1)", "More time", show=False),
    ]
    DEFAULT_CSS = """
    Chart .dialog {
        height: 92%;
        padding: 0 1;
    }
    Chart #no-figures {
        height: auto;
        color: $text-muted;
    }
    """
    foot = "+ - time   Esc: close"

    def __init__(
        self, heading: str, points: Callable[[], Sequence[Point]], clock: Callable[[], float]
    ) -> None:
        """`points` gives what is known so far, in order of time; `heading` may be untrusted."""
        super().__init__()
        self.add_class("wide")
        self.heading = heading
        self._points = points
        self._clock = clock
        self._span = 2

    def body(self) -> Iterable[Widget]:
        """Two plots."""
        yield Static("There are no figures of it yet.", id="no-figures")
        yield _Plot("accent", lambda value: f"{value:.0f}%", id="cpu")
        yield _Plot("primary", lambda value: text.size(int(value)), id="memory")

    def on_mount(self) -> None:
        """Begins to draw."""
        self.set_interval(_BEAT, self.draw)
        self.call_after_refresh(self.draw)

    def action_span(self, step: int) -> None:
        """Shows more or less time."""
        self._span = max(0, min(len(_SPANS) - 1, self._span + step))
        self.draw()

    def draw(self) -> None:
        """Shows what is known now."""
        points, span = self._points(), _SPANS[self._span]
        self.query_one("#no-figures").display = not points
        samples = resample(points, self._clock(), span / _STRETCHES, _STRETCHES)
        cpu = [sample.cpu_percent for sample in samples]
        memory = [None if s.rss_bytes is None else float(s.rss_bytes) for s in samples]
        now = points[-1] if points else None
        self.query_one("#cpu", _Plot).draw(
            f"CPU, % of a core: {text.percent(None if now is None else now.cpu_percent)}",
            cpu, span, _cpu_top(_greatest(cpu, 0.0)),
        )  # fmt: skip
        self.query_one("#memory", _Plot).draw(
            f"memory: {text.size(None if now is None else now.rss_bytes)}",
            memory, span, _HEADROOM * _greatest(memory, 1.0),
        )  # fmt: skip


def _cpu_top(greatest: float) -> float:
    return next((top for top in _CPU_TOPS if greatest <= top * 1.02), greatest)


def _greatest(values: Sequence[float | None], least: float) -> float:
    return max(least, *(value for value in values if value is not None), 0.0)
