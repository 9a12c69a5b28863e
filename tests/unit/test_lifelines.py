"""Marks → lifelines, as histories of data."""

from __future__ import annotations

import pytest

from proctui.core.history import History, Mark, MarkKind
from proctui.model import Departure, Pass, ProcessSample, Row, State, Worker
from proctui.protocol import Event
from proctui.views.lifelines import Lifeline, Segment, Sign, lifeline
from tests.unit.story import NOON, SUPERVISOR, Story, running, seen


def history(key: str, *marks: tuple[float, MarkKind, str]) -> History:
    found = History(key)
    found.name = "piao"
    for time, kind, text in marks:
        found.mark(Mark(time, kind, text, int(time * 10)))
    return found


def signs(line: Lifeline) -> list[Sign]:
    return [moment.sign for moment in line.moments]


def sample(state: str = "S") -> ProcessSample:
    return ProcessSample(pid=7, ppid=1, pgid=7, sid=7, state=state, start_ticks=1, comm="python3")


def test_a_worker_is_a_zombie_from_its_end_to_its_join() -> None:
    line = lifeline(history("w:a", (1, "started", ""), (3, "ended", "3"), (8, "joined", "3")))
    assert line.segments == (Segment("alive", 1, 3), Segment("zombie", 3, 8))
    assert signs(line) == ["start", "zombie", "crashed"]


def test_the_supervisors_and_the_kernels_news_of_one_end_are_one_mark() -> None:
    kernel_first = history("w:a", (1, "started", ""), (3.0, "ended", "7"))
    kernel_first.mark(Mark(2.99, "zombie", "7"))
    line = lifeline(kernel_first)
    assert signs(line) == ["start", "zombie"]
    assert line.moments[1].seq == 30  # the event's, whose sentence can be looked up


def test_a_late_zombie_of_one_that_was_joined_at_once_is_no_second_end() -> None:
    told = history("w:a", (1, "started", ""), (3, "ended", "0"), (3.001, "joined", "0"))
    told.mark(Mark(3.5, "signal", "SIGHUP"))
    told.mark(Mark(4.0, "zombie", "0"))
    line = lifeline(told)
    assert signs(line) == ["start", "zombie", "done", "signal"]
    assert line.segments[-1] == Segment("zombie", 3, 3.001)


def test_what_was_a_zombie_at_the_first_look_was_not_seen_before() -> None:
    line = lifeline(history("p:1", (1, "started", ""), (20, "found-dead", ""), (20, "zombie", "3")))
    assert line.segments == (Segment("unseen", 1, 20), Segment("zombie", 20, None))
    assert signs(line) == ["start", "zombie"]


def test_an_orphan_lives_on_as_one_and_may_become_a_zombie() -> None:
    line = lifeline(
        history("p:1", (1, "started", ""), (2, "orphaned", "init"), (5, "zombie", "0"),
                (6, "joined", ""))
    )  # fmt: skip
    assert [s.kind for s in line.segments] == ["alive", "orphaned", "zombie"]
    assert signs(line) == ["start", "orphan", "zombie", "done"]


@pytest.mark.parametrize(
    ("text", "sign"),
    [("0", "done"), ("3", "crashed"), ("-9 SIGKILL", "crashed"), ("?", "gone"), ("", "gone"),
     ("was joined; nobody knows how it ended", "gone")],
)  # fmt: skip
def test_the_sign_of_an_end(text: str, sign: Sign) -> None:
    line = lifeline(history("w:a", (1, "started", ""), (2, "ended", text), (3, "joined", text)))
    assert line.moments[-1].sign == sign


def test_each_run_of_a_restarted_worker_has_its_own_segments() -> None:
    line = lifeline(
        history("w:a", (1, "started", ""), (2, "ended", "1"), (3, "joined", "1"),
                (4, "restart", ""), (5, "started", ""))
    )  # fmt: skip
    assert line.segments == (
        Segment("alive", 1, 2), Segment("zombie", 2, 3), Segment("alive", 5, None),
    )  # fmt: skip


def test_what_the_row_says_settles_what_no_mark_told() -> None:
    joined = Worker(id="a", name="a", phase="joined", pid=7, joined_at=9.0)
    row = Row(key="w:a", worker=joined, state=State.ENDED, exitcode=0)
    line = lifeline(history("w:a", (1, "started", ""), (3, "ended", "")), row)
    assert line.segments[-1] == Segment("zombie", 3, 9.0)

    alive = Row(key="w:a", state=State.SLEEPING, sample=sample(), started_at=4.0)
    assert lifeline(history("w:a"), alive).segments == (Segment("alive", 4.0, None),)

    orphan = Row(key="p:1", state=State.SLEEPING, sample=sample(), started_at=4.0, orphan=True)
    assert lifeline(history("p:1"), orphan).segments == (Segment("orphaned", 4.0, None),)


def test_an_exit_code_that_only_the_row_knows() -> None:
    joined = Worker(id="a", name="a", phase="joined", pid=7, joined_at=3.0)
    row = Row(key="w:a", worker=joined, state=State.ENDED, exitcode=3)
    line = lifeline(history("w:a", (1, "started", ""), (2, "ended", ""), (3, "joined", "")), row)
    assert line.moments[-1][1:3] == ("crashed", "3")


def test_nothing_is_left_of_the_gone() -> None:
    gone = history("p:1", (1, "started", ""))
    gone.ended_at = 4.0
    assert lifeline(gone).segments == (Segment("alive", 1, 4.0),)


def test_when_it_began() -> None:
    assert lifeline(history("w:a")).began is None
    assert lifeline(history("w:a", (2, "failed", "no module"))).began == 2


@pytest.mark.parametrize(("status", "sign"), [(0, "done"), (3 << 8, "crashed"), (None, "gone")])
def test_how_a_descendant_ended_that_its_parent_joined_at_once(
    status: int | None, sign: Sign
) -> None:
    story = Story().snapshot(running()).look(seen(1, SUPERVISOR, 1), seen(2, 200, SUPERVISOR))
    story.look(seen(3, 300, 200), after=1).look(gone=[3], status=status, after=1)
    history = story.store.history("p:3")
    assert history is not None
    assert lifeline(history).moments[-1].sign == sign


def test_the_journal_tells_of_before_the_client_came_and_nothing_twice() -> None:
    worker = running(restarts=1)
    events = [
        Event(seq=1, time=NOON - 9, kind="started", worker="factory", pid=150),
        Event(seq=2, time=NOON - 5, kind="ended", worker="factory", pid=150, exitcode=3),
        Event(seq=3, time=NOON - 4, kind="joined", worker="factory", pid=150, exitcode=3),
        Event(seq=4, time=NOON + 0.2, kind="started", worker="factory", pid=200),
        Event(seq=5, time=NOON - 3, kind="started", worker="removed", pid=160),
    ]
    story = Story()
    story.seq = 9
    story.snapshot(worker)
    story.store.recall(events)
    history = story.store.history("w:factory")
    assert history is not None
    line = lifeline(history, story.store.rows["w:factory"])
    assert [(m.time - NOON, m.sign, m.seq) for m in line.moments] == [
        (-9, "start", 1), (-5, "zombie", 2), (-4, "crashed", 3), (0, "start", 4),
    ]  # fmt: skip
    assert story.store.history("w:removed") is None


def test_a_stopped_process_has_a_stretch_of_its_own() -> None:
    line = lifeline(
        history("w:a", (1, "started", ""), (2, "stopped", ""), (3, "continued", ""),
                (4, "stopped", ""), (5, "ended", "-9 SIGKILL"))
    )  # fmt: skip
    assert [(s.kind, s.start, s.end) for s in line.segments] == [
        ("alive", 1, 2), ("stopped", 2, 3), ("alive", 3, 4), ("stopped", 4, 5), ("zombie", 5, None),
    ]  # fmt: skip
    assert signs(line) == ["start", "stopped", "continued", "stopped", "zombie"]


def test_an_orphan_that_was_stopped_goes_on_as_an_orphan() -> None:
    line = lifeline(
        history("p:1", (1, "started", ""), (2, "stopped", ""), (3, "orphaned", "init"),
                (4, "continued", ""))
    )  # fmt: skip
    assert [s.kind for s in line.segments] == ["alive", "stopped", "orphaned"]


def test_the_kernel_view_tells_who_stopped_and_who_went_on() -> None:
    story = Story().snapshot(running())
    for state in "STTRZ":
        story.look(seen(1, 200, SUPERVISOR, state=state), after=1)
    found = story.store.history("w:factory")
    assert found is not None
    told = [(m.kind, m.time - NOON) for m in found.marks if m.kind in ("stopped", "continued")]
    assert told == [("stopped", 2), ("continued", 4)]


def test_another_run_of_a_stopped_worker_does_not_go_on() -> None:
    story = Story().snapshot(running()).look(seen(1, 200, SUPERVISOR, state="T"), after=1)
    story.event("started", running(pid=201, started_at=NOON + 2))
    story.look(seen(2, 201, SUPERVISOR, start=NOON + 2), after=2)
    found = story.store.history("w:factory")
    assert found is not None
    assert "continued" not in {mark.kind for mark in found.marks}


@pytest.mark.parametrize("told_first", [False, True])
def test_the_time_as_a_zombie_stays_when_an_adopted_orphan_is_joined(told_first: bool) -> None:
    """Its departure tells when it ended, and that was long before its reaping."""
    story = Story(adopt=True).snapshot(running())
    story.look(seen(1, SUPERVISOR, 1), seen(2, 200, SUPERVISOR), seen(3, 201, 200, sid=200))
    ended = running(phase="joined", alive=False, exitcode=0, ended_at=NOON + 1, joined_at=NOON + 1)
    story.now = NOON + 1
    story.event("joined", ended).look(seen(3, 201, SUPERVISOR, sid=200), gone=[2])
    died = NOON + 5
    story.look(seen(3, 201, SUPERVISOR, sid=200, state="Z", status=0, ended_at=died), after=4)
    assert story.row("p:3").zombie
    story.now = NOON + 12
    reaped = Pass(time=NOON + 12, departures=(Departure(token=3, ended_at=died, exact=True),))
    if told_first:
        story.event("joined", pid=201, exitcode=0)
        story.store.observe(reaped)
    else:
        story.store.observe(reaped)
        story.event("joined", pid=201, exitcode=0)
    past = story.store.history("p:3")
    assert past is not None
    line = lifeline(past)
    assert line.segments[-1] == Segment("zombie", died, NOON + 12)
    assert signs(line)[-2:] == ["zombie", "done"]
