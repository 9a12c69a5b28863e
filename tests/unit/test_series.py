"""Figures over time, evenly spaced."""

from __future__ import annotations

from proctui.core.history import Point
from proctui.views.series import Sample, resample, sparkline


def cpu(samples: list[Sample]) -> list[float | None]:
    return [sample.cpu_percent for sample in samples]


def test_a_figure_holds_until_the_next() -> None:
    points = [Point(10.0, 5.0, 100), Point(14.0, 0.0, 200)]
    assert cpu(resample(points, 17.0, 2.0, 6)) == [None, None, 5.0, 5.0, 5.0, 0.0]
    assert [s.rss_bytes for s in resample(points, 17.0, 2.0, 3)] == [100, 200, 200]


def test_of_many_in_one_stretch_the_greatest_is_seen() -> None:
    points = [Point(10.0, 1.0, 1), Point(10.5, 99.0, 1), Point(11.0, 2.0, 1)]
    assert cpu(resample(points, 13.0, 2.0, 2)) == [99.0, 2.0]


def test_what_was_before_counts_at_the_beginning() -> None:
    assert cpu(resample([Point(1.0, 7.0, 1)], 100.0, 2.0, 3)) == [7.0, 7.0, 7.0]
    assert cpu(resample([], 100.0, 2.0, 2)) == [None, None]


def test_shapes_stay_while_time_goes_by() -> None:
    points = [Point(t, float(t % 7), 1) for t in range(40)]
    earlier, later = (cpu(resample(points, when, 2.0, 10)) for when in (30.0, 31.9))
    assert earlier[:-1] == later[:-1]
    assert cpu(resample(points, 32.0, 2.0, 10))[:-2] == earlier[1:-1]


def test_sparklines() -> None:
    assert sparkline([0.0, 50.0, 100.0, 200.0, None], 100.0) == "▁▅██ "
    assert sparkline([0.0, 50.0, 100.0], 100.0, ascii=True) == "_=#"
