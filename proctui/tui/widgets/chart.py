"""The chart pane: CPU and memory of one process over the last minutes, live.

What draws it is loaded when the pane is first seen: that takes longer than all else at the start.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.message import Message
from textual.widgets import Static

from proctui.core.history import Point
from proctui.model import Row
from proctui.tui import text
from proctui.views.axes import cpu_axis, memory_axis
from proctui.views.series import resample

if TYPE_CHECKING:
    from proctui.tui.widgets.plots import Plot

_SPANS = (60.0, 120.0, 240.0, 600.0)
"""Seconds that can be shown."""
_STRETCHES = 120
"""Values drawn in all."""
_HEADROOM = 1.05
_BESIDE, _FLAT = 110, 16
"""Cells from which on the plots stand side by side, and lines below which they do so anyway."""


class Chart(Container, can_focus=True):
    """Two plots, and words where there is nothing to draw."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("plus,equals_sign", "span(-1)", "Less time", tooltip="Show less time."),
        Binding("minus", "span(1)", "More time", tooltip="Show more time, up to ten minutes."),
    ]
    DEFAULT_CSS = """
    Chart {
        layout: vertical;
        background: $background;
        &.-beside { layout: horizontal; }
        & > #no-figures {
            width: 1fr;
            height: auto;
            padding: 0 1;
            color: $text-muted;
        }
    }
    """

    class Changed(Message):
        """What `summary` says is different now."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.unkept = ""
        """Why no figures are kept where that is so; one sentence."""
        self._row: Row | None = None
        self._points: Sequence[Point] = ()
        self._now = 0.0
        self._span = 2
        self._plots: tuple[Plot, Plot] | None = None
        self._loading = False
        self._picture: tuple[str | None, Point | None, int, bool] | None = None
        """What the drawn picture is of: rows change more often than it would."""

    def compose(self) -> ComposeResult:
        """Words, until there is something to draw."""
        yield Static(id="no-figures")

    @property
    def span(self) -> float:
        """Seconds that are shown."""
        return _SPANS[self._span]

    def summary(self) -> str:
        """How much time is shown, and for who has gone into the pane, how to change that."""
        minutes = f"{self.span / 60:g} min"
        return f"{minutes} · + - less or more time" if self.has_focus else minutes

    def action_span(self, step: int) -> None:
        """Shows more or less time."""
        self._span = max(0, min(len(_SPANS) - 1, self._span + step))
        self._draw()
        self.post_message(self.Changed())

    def on_focus(self) -> None:
        """Its keys are named."""
        self.post_message(self.Changed())

    def on_blur(self) -> None:
        """And no more."""
        self.post_message(self.Changed())

    def show(self, row: Row | None, points: Sequence[Point], now: float) -> None:
        """Shows the figures of a row, in order of time; `now` in seconds since the epoch."""
        self._row, self._points, self._now = row, points, now
        last = points[-1] if points else None
        picture = (None if row is None else row.key, last, int(now), self._plots is None)
        if picture != self._picture:
            self._picture = picture
            self._draw()

    def on_resize(self, event: events.Resize) -> None:
        """Side by side where it is wide, or too low for two."""
        beside = event.size.width >= _BESIDE or event.size.height < _FLAT
        self.set_class(beside, "-beside")

    # ------------------------------------------------------------------ drawing

    def _draw(self) -> None:
        words = self._words()
        self.query_one("#no-figures", Static).display = bool(words)
        if words:
            self.query_one("#no-figures", Static).update(text.content(words))
        if self._plots is None:
            if not self._loading and self._points:
                self._loading = True
                self.run_worker(self._load(), name="chart")
            return
        for plot in self._plots:
            plot.display = not words
        if not words:
            self._show_curves(*self._plots)

    def _words(self) -> str:
        """What is said instead of a chart."""
        if self._points:
            return "" if self._plots is not None else "The chart is being loaded…"
        if self._row is None:
            return "Nothing is selected."
        if self.unkept:
            return self.unkept
        name = self._row.name
        if self._row.sample is None or self._row.gone:
            return f"{name} does not run: there are no figures of it."
        return f"There are no figures of {name} yet."

    async def _load(self) -> None:
        await asyncio.to_thread(importlib.import_module, "proctui.tui.widgets.plots")
        from proctui.tui.widgets.plots import Plot

        plots = Plot("accent", id="cpu"), Plot("primary", id="memory")
        await self.mount(*plots)
        self._plots = plots
        self._draw()

    def _show_curves(self, cpu_plot: Plot, memory_plot: Plot) -> None:
        from proctui.tui.widgets.plots import Curve

        span, now = self.span, self._points[-1]
        samples = resample(self._points, self._now, span / _STRETCHES, _STRETCHES)
        cpu = [sample.cpu_percent for sample in samples]
        memory = [None if s.rss_bytes is None else float(s.rss_bytes) for s in samples]
        title = f"CPU, % of a core: {text.percent(now.cpu_percent)}"
        cpu_plot.draw(Curve(title, cpu, span, cpu_axis(_greatest(cpu))))
        title = f"memory: {text.size(now.rss_bytes)}"
        axis = memory_axis(_HEADROOM * _greatest(memory))
        memory_plot.draw(Curve(title, memory, span, axis))


def _greatest(values: Sequence[float | None]) -> float:
    return max((value for value in values if value is not None), default=0.0)
