"""What steps of lessons take for an observation, and what not."""

from __future__ import annotations

from proctui.lessons import find
from proctui.lessons.seen import (
    descendant,
    every,
    happened,
    is_zombie,
    lifetime,
    lives,
    past,
    went_through,
    with_exitcode,
    worker,
    zombie_with,
)
from proctui.model import Worker
from tests.unit.story import NOON, Story, running, seen


def ended(name: str = "factory", pid: int = 200) -> Worker:
    return running(name, pid, phase="ended", alive=False, exitcode=0, ended_at=NOON + 1)


def test_python_alone_makes_no_zombie() -> None:
    story = Story().event("started", running()).event("ended", ended())
    assert story.store.rows["w:factory"].zombie
    assert not worker("factory", is_zombie)(story.store)
    story.look(seen(1, 200, 100, state="Z", status=0))
    assert worker("factory", is_zombie)(story.store)


def test_a_zombie_that_was_seen_counts_when_it_is_gone() -> None:
    story = Story().event("started", running())
    story.look(seen(1, 200, 100), seen(2, 300, 200, sid=200))
    zombie, gone = went_through("factory", "zombie"), went_through("factory", "zombie", gone=True)
    assert not zombie(story.store)
    story.look(seen(2, 300, 200, sid=200, state="Z", status=7 << 8), after=1)
    assert zombie(story.store)
    assert not gone(story.store)
    story.look(gone=[2], after=1)
    assert zombie(story.store)
    assert gone(story.store)
    assert zombie_with("factory", 7)(story.store)
    assert not zombie_with("factory", 0)(story.store)
    assert not zombie_with("other", 7)(story.store)
    (history,) = past(story.store, "factory")
    assert lifetime(history) == 2


def test_descendants_are_told_by_worker_and_name() -> None:
    story = Story().event("started", running())
    story.look(seen(1, 200, 100), seen(2, 300, 200, sid=200, comm="holder"))
    assert descendant("factory", lives)(story.store)
    assert descendant("fact*", lives, name="hold*")(story.store)
    assert not descendant("factory", lives, name="waiter")(story.store)
    assert not descendant("factory", lives, at_least=2)(story.store)
    assert not descendant("other", lives)(story.store)
    assert not went_through("factory", "started", name="waiter")(story.store)


def test_events_count_once_for_each_worker() -> None:
    story = Story().event("ended", ended("a")).event("ended", ended("a")).event("ended", ended("b"))
    assert happened("ended", "*", at_least=2)(story.store)
    assert not happened("ended", "*", at_least=3)(story.store)
    assert not happened("ended", "b", at_least=2)(story.store)
    assert happened("ended", "a", with_exitcode(0))(story.store)
    assert not happened("ended", "a", with_exitcode(1))(story.store)


def test_every_needs_one() -> None:
    story = Story()
    assert not every("*", lambda row: True)(story.store)
    story.event("started", running("a")).event("ended", ended("b"))
    assert not every("*", lambda row: row.exitcode == 0)(story.store)
    assert every("b", lambda row: row.exitcode == 0)(story.store)


# ---------------------------------------------------------------- single lessons


def step(lesson: str, number: int, story: Story) -> bool:
    return find(lesson).steps[number - 1].seen(story.store)


def test_run_called_directly_is_seen_by_a_child_that_never_was() -> None:
    failed = running("calls-run", phase="ended", alive=False, exitcode=1, ended_at=NOON + 4)
    story = Story().event("started", running("calls-run")).look(seen(1, 200, 100, rss=9_000_000))
    assert not step("run-directly", 2, story)
    assert step("run-directly", 2, story.event("ended", failed))
    story = Story().event("started", running("calls-run"))
    story.look(seen(1, 200, 100, rss=9_000_000), seen(2, 300, 200, sid=200))
    assert not step("run-directly", 2, story.event("ended", failed))


def test_joins_that_cost_the_sum_are_not_taken_for_the_longest() -> None:
    def program(total: float) -> Story:
        story = Story().event("started", running("program"))
        children = [seen(n, 300 + n, 200, sid=200) for n in range(1, 5)]
        story.look(seen(9, 200, 100), *children)
        for n in range(1, 5):
            story.look(gone=[n], after=1)
        end = NOON + total
        over = running("program", phase="ended", alive=False, exitcode=0, ended_at=end)
        return story.event("ended", over)

    assert step("join-all", 3, program(4.1))
    assert not step("join-all", 3, program(10.0))


def test_no_zombie_may_stay_for_the_cure_to_be_seen() -> None:
    story = Story().event("started", running("attentive")).look(seen(1, 200, 100))
    for n in (2, 3, 4):
        story.look(seen(n, 300 + n, 200, sid=200), after=1)
        assert not step("zombie-cure-sigchld", 2, story)
        story.look(gone=[n], after=0.5)
    assert step("zombie-cure-sigchld", 2, story)
    story.look(seen(5, 305, 200, sid=200, state="Z", status=0), after=1)
    assert not step("zombie-cure-sigchld", 2, story)


def test_every_client_needs_a_child_of_its_own() -> None:
    story = Story().event("started", running("server"))
    story.event("started", running("client-1", 201)).event("started", running("client-2", 202))
    own = [seen(1, 200, 100), seen(2, 201, 100), seen(3, 202, 100)]
    story.look(*own, seen(4, 300, 200, sid=200, comm="port 4001"))
    assert not step("echo-server", 1, story)
    story.look(seen(5, 301, 200, sid=200, comm="port 4002"))
    assert step("echo-server", 1, story)


def test_a_crowd_is_summed_up() -> None:
    summary = find("too-many").summary
    assert summary is not None
    story = Story()
    assert summary(story.store) == ("", "", "")
    for n in range(5):
        story.event("started", running(f"client-{n}", 200 + n, started_at=NOON + n / 10))
        story.look(seen(n, 200 + n, 100, start=NOON + n / 10, rss=9_000_000))
    refused = Worker(id="client-9", name="client-9", phase="failed", failure="no more")
    story.event("start-failed", refused)
    assert summary(story.store) == (
        "5 of 6 were started, 10 per second.",
        "Each had 9.0 MB resident, shared pages included.",
        "1 were refused: no more.",
    )
