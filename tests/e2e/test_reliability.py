"""A taste of what ``python -m tests.reliability`` does at length."""

from __future__ import annotations

from tests import reliability


def test_screens_come_and_are_killed() -> None:
    figures = reliability.attach_and_kill(3, workers=10)
    assert figures["lines"] > 100


def test_many_clients_hear_the_same() -> None:
    assert reliability.many_clients(20, 2)["restarts"] == 40


def test_the_journal_of_a_killed_supervisor_is_true() -> None:
    assert reliability.killed_supervisors(5, seed=1)["events"] > 50
