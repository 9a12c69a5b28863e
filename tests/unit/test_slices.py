"""Figures of many rows, taken in a few at a time."""

from __future__ import annotations

from proctui.model import Observation, Pass, State
from tests.unit.story import NOON, SUPERVISOR, Story, running, seen

COUNT = 20


def child(token: int, **more: object) -> Observation:
    return seen(token, 1000 + token, 200, start=NOON + token, **more)  # type: ignore[arg-type]


def crowd() -> Story:
    """A worker with many children, all of which are known."""
    story = (
        Story().event("started", running()).look(seen(1, SUPERVISOR, 1), seen(2, 200, SUPERVISOR))
    )
    return story.look(*(child(token, cpu=0.0) for token in range(3, 3 + COUNT)))


def busy(story: Story, most: int) -> frozenset[str]:
    """A pass that brings figures of all children."""
    told = tuple(child(token, cpu=50.0, state="R") for token in range(3, 3 + COUNT))
    return story.store.observe(Pass(time=story.now + 1, observations=told), most)


def shares(story: Story) -> list[float]:
    rows = [row for key, row in story.store.rows.items() if key.startswith("p:")]
    assert all((row.state is State.RUNNING) == (row.cpu_percent == 50.0) for row in rows)
    return sorted(row.cpu_percent or 0.0 for row in rows)


def test_rows_wait_for_their_figures_and_get_all_of_them() -> None:
    story = crowd()
    changed = busy(story, 3)
    assert (len(changed), story.store.unsettled) == (3, COUNT - 3)
    assert shares(story) == [0.0] * (COUNT - 3) + [50.0] * 3
    assert story.store.counts.cpu_percent == 150
    more = story.store.settle(4)
    assert len(more) == 4
    assert not changed & more
    story.store.settle(COUNT)
    assert (story.store.unsettled, shares(story)) == (0, [50.0] * COUNT)
    assert story.store.counts.cpu_percent == 50 * COUNT
    history = story.store.history("p:5")
    assert history is not None
    assert history.points()[-1].cpu_percent == 50


def test_what_came_meanwhile_is_newer() -> None:
    story = crowd()
    busy(story, 0)
    ended = Pass(time=story.now + 2, observations=(child(4, state="Z", status=256),))
    story.store.observe(ended)
    story.look(gone=[5])
    story.store.settle(COUNT)
    assert story.row("p:4").state is State.ZOMBIE
    assert "p:5" not in story.store.rows
    assert shares_of_others(story) == {50.0}


def shares_of_others(story: Story) -> set[float | None]:
    return {
        row.cpu_percent
        for key, row in story.store.rows.items()
        if key.startswith("p:") and key != "p:4"
    }


def test_figures_that_waited_stand_in_no_history_after_newer_ones() -> None:
    story = crowd()
    busy(story, 0)
    newer = Pass(time=story.now + 2, observations=(child(4, cpu=90.0, state="D"),))
    story.store.observe(newer, 0)
    story.store.settle(COUNT)
    history = story.store.history("p:4")
    assert history is not None
    times = [point.time for point in history.points()]
    assert times == sorted(times)
    assert history.points()[-1].cpu_percent == 90


def test_a_pass_alone_settles_as_many_as_it_brings() -> None:
    story = crowd()
    story.look(*(child(token, cpu=7.0) for token in range(3, 3 + COUNT)))
    assert story.store.unsettled == 0
    assert shares_of_others(story) == {7.0}
