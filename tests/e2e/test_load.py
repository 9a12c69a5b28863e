"""A taste of what ``python -m tests.load`` does at length."""

from __future__ import annotations

from tests import load


def test_workers_come_and_go_before_a_screen() -> None:
    """Every end is told once, kept once, and reaped; descriptors do not pile up."""
    with load.places():
        report = load.run(60, 6.0, shortest=0.2, longest=1.0)
    assert report.wrong == []
    assert report.lives > 60
    for course in (report.supervisor, report.screen):
        # each life takes one or more while it lasts: a leak would be as many as there were lives
        assert course.more_descriptors() < 60
