"""A taste of what ``python -m tests.load`` does at length."""

from __future__ import annotations

from tests import floods, load


def test_workers_come_and_go_before_a_screen() -> None:
    """Every end is told once, kept once, and reaped; descriptors do not pile up."""
    with load.places():
        report = load.run(60, 6.0, shortest=0.2, longest=1.0)
    assert report.wrong == []
    assert report.lives > 60
    for course in (report.supervisor, report.screen):
        # each life takes one or more while it lasts: a leak would be as many as there were lives
        assert course.more_descriptors() < 60


def test_a_flood_of_lives_of_a_moment() -> None:
    """Hundreds in a second at least, on a machine that has other things to do."""
    with load.places():
        flood = floods.brief_lives(4.0)
    assert flood.wrong == []
    assert flood.rate > 200
    for course in (flood.supervisor, flood.screen):
        assert course.more_descriptors() < 20
    assert flood.supervisor.growth() < 0.2


def test_a_flood_of_output() -> None:
    with load.places():
        flood = floods.output(128 << 20)
    assert flood.wrong == []
    assert flood.at_rest <= floods.LOG_LIMIT + (1 << 20)
    assert flood.supervisor.more_descriptors() < 20
    assert flood.supervisor.growth() < 0.2
