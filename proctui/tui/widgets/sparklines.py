"""CPU and memory of one process over the last minutes, as one or two lines.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from proctui.core.history import Point
from proctui.tui import text
from proctui.tui.widgets.page import Line, Span
from proctui.views.series import Sample, resample, sparkline

STEP = 2.0
"""Seconds that one cell stands for."""
_LOWEST_CPU = 10.0
"""Per cent of a core that fills a cell at least: below that all is calm."""
_HEADROOM = 1.2
_LABEL = 15
_VALUE = 8


def lines(points: Sequence[Point], now: float, width: int, *, beside: bool) -> Iterator[Line]:
    """Both `beside` one another in `width` cells, or one below the other; none without figures."""
    if not points:
        return
    if not beside:
        yield _cpu(points, now, width)
        yield _memory(points, now, width)
        return
    left = (width - 3) // 2
    rest = _memory(points, now, width - 3 - left, margin=0)
    yield (*_cpu(points, now, left), Span(" │ ", "rule"), *rest)


def _cpu(points: Sequence[Point], now: float, width: int) -> Line:
    samples = _samples(points, now, width)
    values = [sample.cpu_percent for sample in samples]
    top = max(_LOWEST_CPU, max((v for v in values if v is not None), default=0.0))
    return _line("cpu", values, top, f"{text.percent(points[-1].cpu_percent)}%", width, 1)


def _memory(points: Sequence[Point], now: float, width: int, margin: int = 1) -> Line:
    samples = _samples(points, now, width)
    values = [None if s.rss_bytes is None else float(s.rss_bytes) for s in samples]
    top = _HEADROOM * max([1.0, *(v for v in values if v is not None)])
    return _line("memory", values, top, text.size(points[-1].rss_bytes), width, margin)


def _samples(points: Sequence[Point], now: float, width: int) -> list[Sample]:
    return resample(points, now, STEP, max(1, width - _LABEL - _VALUE))


def _line(
    label: str, values: Sequence[float | None], top: float, value: str, width: int, margin: int
) -> Line:
    shown = sparkline(values, top, ascii=text.ascii_only())
    room = max(0, width - _LABEL - len(shown))
    label_room = _LABEL - 1 + margin
    return (
        Span(text.safe(" " * margin + label, label_room), "label"),
        Span(shown, "spark"),
        Span(text.fit(value, room + 1 - margin, right=True)),
    )
