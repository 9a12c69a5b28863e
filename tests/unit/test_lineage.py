"""First parents, adopters, and the three trails back to a worker."""

from __future__ import annotations

import pytest

from proctui.core.kin import process_name
from proctui.model import Lineage, State
from tests.unit.story import (
    FORK_SERVER_LINE,
    NOON,
    SUPERVISOR,
    SUPERVISOR_LINE,
    TRACKER_LINE,
    Story,
    running,
    seen,
)

SUPERVISOR_SEEN = seen(1, SUPERVISOR, 1, start=NOON - 1, command=SUPERVISOR_LINE)


def factory(**of_session: bool) -> Story:
    """The worker ``factory`` (200), token 2, and its child 201, token 3."""
    story = Story(**of_session).event("started", running())  # type: ignore[arg-type]
    return story.look(
        SUPERVISOR_SEEN,
        seen(2, 200, SUPERVISOR, command=SUPERVISOR_LINE),
        seen(3, 201, 200, sid=200, start=NOON + 1, command=SUPERVISOR_LINE),
    )


# ---------------------------------------------------------------- trail 1: parents seen


def test_a_child_hangs_under_its_parent_and_belongs_to_its_worker() -> None:
    row = factory().row("p:3")
    assert not row.orphan
    assert row.parent == "w:factory"
    assert row.lineage == Lineage(first_ppid=200, first_parent="factory", worker="factory")


def test_a_grandchild_belongs_to_the_worker_too() -> None:
    row = factory().look(seen(4, 202, 201, sid=202, start=NOON + 2)).row("p:4")
    assert (row.parent, row.depth) == ("p:3", 2)
    assert row.lineage.worker == "factory"
    assert row.lineage.certainty == "seen"


def test_another_parent_than_the_first_makes_an_orphan() -> None:
    story = factory()
    story.look(seen(3, 201, 1, sid=200, start=NOON + 1), gone=[2], after=5)
    row = story.row("p:3")
    assert row.orphan
    assert row.lineage == Lineage(
        first_ppid=200,
        first_parent="factory",
        adopter_pid=1,
        adopter="init",
        adopted_at=NOON + 5,
        worker="factory",
        why="its first parent factory (200) has ended",
    )


def test_an_orphan_hangs_under_its_worker_also_when_that_was_joined() -> None:
    story = factory()
    story.look(seen(4, 202, 201, sid=200, start=NOON + 2))
    story.look(seen(4, 202, 1, sid=200, start=NOON + 2), gone=[3])
    assert story.row("p:4").parent == "w:factory"
    joined = running(phase="joined", alive=False, exitcode=0, ended_at=NOON + 3, joined_at=NOON + 4)
    story.event("joined", joined).look(gone=[2])
    assert (story.row("p:4").parent, story.row("p:4").depth) == ("w:factory", 1)
    assert story.row("p:4").orphan


def test_what_descends_from_an_orphan_is_none_and_hangs_beneath_it() -> None:
    story = factory().look(seen(3, 201, 1, sid=200, start=NOON + 1), gone=[2])
    story.look(seen(4, 202, 201, sid=200, start=NOON + 9))
    row = story.row("p:4")
    assert not row.orphan
    assert (row.parent, row.depth) == ("p:3", 2)
    assert row.lineage.worker == "factory"


def test_the_adopter_is_a_subreaper_by_name() -> None:
    story = factory()
    adopted = seen(3, 201, 77, sid=200, start=NOON + 1)
    story.look(adopted, gone=[2], names={77: "systemd"}, subreapers=[77])
    lineage = story.row("p:3").lineage
    assert (lineage.adopter, lineage.adopter_pid) == ("systemd", 77)


def test_a_worker_can_be_the_adopter() -> None:
    story = factory().look(seen(4, 202, 201, sid=200, start=NOON + 2))
    story.look(seen(4, 202, 200, sid=200, start=NOON + 2), gone=[3])
    row = story.row("p:4")
    assert row.orphan
    assert (row.lineage.adopter, row.parent) == ("factory", "w:factory")


def test_adopted_again_it_names_the_new_adopter_and_keeps_the_time() -> None:
    story = factory()
    named = {77: "systemd"}
    story.look(seen(3, 201, 77, sid=200, start=NOON + 1), gone=[2], names=named, after=5)
    story.look(seen(3, 201, 1, sid=200, start=NOON + 1), after=5)
    lineage = story.row("p:3").lineage
    assert (lineage.adopter, lineage.adopted_at) == ("init", NOON + 5)
    assert lineage.why == "its first parent factory (200) has ended"


def test_the_name_of_an_adopter_may_come_later() -> None:
    story = factory()
    story.look(seen(3, 201, 77, sid=200, start=NOON + 1), gone=[2])
    assert story.row("p:3").lineage.adopter == ""
    story.look(names={77: "conmon"})
    assert story.row("p:3").lineage.adopter == "conmon"
    assert story.changed == {"p:3"}


def test_an_orphan_that_was_a_parent_is_named_as_it_was_called_last() -> None:
    story = factory().look(seen(4, 202, 201, sid=200, start=NOON + 2))
    story.look(seen(3, 201, 200, sid=200, start=NOON + 1, comm="keeper"))
    assert story.row("p:4").lineage.first_parent == "keeper"
    story.look(gone=[3])
    story.look(seen(4, 202, 1, sid=200, start=NOON + 2))
    assert story.row("p:4").lineage.first_parent == "keeper"


def test_the_kernel_told_of_the_fork_itself() -> None:
    story = factory()
    story.look(seen(4, 202, 1, sid=202, start=NOON + 2, forked_by=201), after=3)
    row = story.row("p:4")
    assert row.orphan
    assert row.lineage.worker == "factory"
    assert row.lineage.certainty == "seen"
    assert row.lineage.first_ppid == 201
    assert row.lineage.why == "its first parent python3 (201) has ended"


def test_a_parent_may_be_seen_after_its_child() -> None:
    story = factory()
    story.look(seen(4, 203, 202, sid=203, start=NOON + 3))
    assert story.row("p:4").parent is None
    story.look(seen(5, 202, 201, sid=202, start=NOON + 2))
    row = story.row("p:4")
    assert (row.parent, row.lineage.worker) == ("p:5", "factory")


def test_nobody_is_the_child_of_somebody_younger() -> None:
    story = factory()
    story.look(seen(4, 203, 202, sid=203, start=NOON + 3))
    story.look(seen(5, 202, 201, sid=202, start=NOON + 8))  # 202 was given again
    assert story.row("p:4").lineage.worker is None


# ---------------------------------------------------------------- trail 2: the session


def test_found_adopted_only_the_session_is_certain() -> None:
    story = factory().look(seen(4, 205, 1, sid=200, start=NOON + 2), after=4)
    row = story.row("p:4")
    assert row.orphan
    assert row.parent == "w:factory"
    assert row.lineage == Lineage(
        adopter_pid=1,
        adopter="init",
        adopted_at=NOON + 4,
        worker="factory",
        certainty="session",
        why="it is in the session that factory (200) leads, but under an adopter",
    )


def test_found_adopted_when_the_session_leader_is_gone() -> None:
    joined = running(phase="joined", alive=False, exitcode=0, ended_at=NOON + 1, joined_at=NOON + 1)
    story = Story().event("joined", joined)
    story.look(SUPERVISOR_SEEN, seen(4, 205, 1, sid=200, start=NOON + 0.5))
    lineage = story.row("p:4").lineage
    assert lineage.worker == "factory"
    assert lineage.why == "its session leader factory (200) is gone"


def test_a_session_tells_also_when_its_worker_is_named_later() -> None:
    story = Story().look(SUPERVISOR_SEEN, seen(4, 205, 1, sid=200, start=NOON + 0.5))
    assert story.row("p:4").lineage.worker is None
    story.event("started", running())
    assert story.row("p:4").lineage.worker == "factory"
    assert story.row("p:4").orphan
    assert story.row("p:4").parent == "w:factory"


def test_a_session_number_given_again_is_no_trail() -> None:
    joined = running(phase="joined", alive=False, exitcode=0, ended_at=NOON + 1, joined_at=NOON + 1)
    story = Story().event("joined", joined)
    story.look(SUPERVISOR_SEEN, seen(9, 300, 299, sid=200, start=NOON + 60), after=61)
    assert story.row("p:9").lineage.worker is None


def test_a_session_goes_on_after_its_leader_as_long_as_somebody_lives_in_it() -> None:
    story = factory()
    joined = running(phase="joined", alive=False, exitcode=0, ended_at=NOON + 2, joined_at=NOON + 2)
    story.event("joined", joined)
    story.look(seen(3, 201, 1, sid=200, start=NOON + 1), gone=[2])
    story.look(seen(4, 206, 1, sid=200, start=NOON + 60), after=60)
    assert story.row("p:4").lineage.worker == "factory"
    story.look(gone=[3, 4], after=10)
    story.look(seen(5, 207, 299, sid=200, start=NOON + 200), after=200)
    assert story.row("p:5").lineage.worker is None


def test_a_newcomer_with_the_leaders_pid_takes_the_number_away() -> None:
    story = factory()
    joined = running(phase="joined", alive=False, exitcode=0, ended_at=NOON + 2, joined_at=NOON + 2)
    story.event("joined", joined).look(gone=[2, 3])
    story.look(seen(8, 200, 299, start=NOON + 60), seen(9, 201, 200, sid=200, start=NOON + 60))
    assert story.row("p:8").lineage.worker is None
    assert story.row("p:9").lineage.worker is None
    assert story.row("p:9").parent == "p:8"


def test_runs_of_the_past_led_sessions_too() -> None:
    story = Story(at=NOON + 100)
    before = Story(at=NOON - 50).event("started", running(pid=150, started_at=NOON - 50))
    history = tuple(before.store.events)
    story.snapshot(running(), history=history)
    story.look(SUPERVISOR_SEEN, seen(4, 151, 1, sid=150, start=NOON - 49))
    assert story.row("p:4").lineage.worker == "factory"


# ---------------------------------------------------------------- trail 3: the tag


def test_found_by_its_tag_in_a_session_of_its_own() -> None:
    story = factory()
    story.look(seen(4, 210, 1, start=NOON + 2, comm="sleep", tag=("tag-1", "factory")))
    row = story.row("p:4")
    assert row.orphan
    assert row.lineage.certainty == "tag"
    assert row.lineage.why == "it carries the tag of factory and leads a session of its own"


def test_forked_and_nothing_executed_its_tag_tells_the_session_only() -> None:
    story = factory()
    forked = seen(4, 210, 1, start=NOON + 2, command=SUPERVISOR_LINE, tag=("tag-1", ""))
    story.look(forked)
    row = story.row("p:4")
    assert row.orphan
    assert (row.lineage.worker, row.lineage.certainty) == (None, "tag")
    assert row.lineage.first_ppid is None
    assert row.lineage.why == (
        "it carries the tag of this session but of no worker and leads a session of its own"
    )
    assert "tells its session" in story.finding("p:4", "orphan").text
    assert row.command == "forked"


def test_the_supervisors_own_children_carry_its_tag_and_are_no_orphans() -> None:
    helper = seen(2, 150, SUPERVISOR, sid=SUPERVISOR, command=TRACKER_LINE, tag=("tag-1", ""))
    for adopt in (True, False):
        story = Story(adopt=adopt).look(SUPERVISOR_SEEN, helper, seen(3, 151, SUPERVISOR))
        story.look(after=5)
        assert not story.row("p:2").orphan
        assert not story.row("p:3").orphan


def test_the_tag_of_another_session_is_none() -> None:
    story = factory()
    story.look(seen(4, 210, 1, start=NOON + 2, tag=("tag-2", "factory")))
    row = story.row("p:4")
    assert not row.orphan
    assert row.lineage.worker is None


def test_a_parent_that_is_no_adopter_is_no_adopter_at_first_sight() -> None:
    story = factory()
    tagged = seen(4, 210, 209, start=NOON + 2, tag=("tag-1", "factory"))
    story.look(tagged, names={209: "bash"})
    row = story.row("p:4")
    assert not row.orphan
    assert row.lineage.worker == "factory"
    assert row.lineage.first_parent == "bash"


def test_links_that_were_seen_outweigh_a_tag() -> None:
    story = factory()
    story.event("started", running("other", 300))
    story.look(
        seen(4, 300, SUPERVISOR, command=SUPERVISOR_LINE),
        seen(5, 301, 300, start=NOON + 2, tag=("tag-1", "factory")),
    )
    assert story.row("p:5").lineage.worker == "other"


# ---------------------------------------------------------------- adopt mode


def test_a_supervisor_that_adopts() -> None:
    story = factory(adopt=True)
    story.look(seen(3, 201, SUPERVISOR, sid=200, start=NOON + 1), gone=[2])
    row = story.row("p:3")
    assert row.orphan
    assert (row.lineage.adopter, row.lineage.adopter_pid) == ("proctui supervisor", SUPERVISOR)
    assert row.parent == "w:factory"


def test_found_under_a_supervisor_that_adopts() -> None:
    story = factory(adopt=True)
    story.look(seen(4, 205, SUPERVISOR, sid=200, start=NOON + 2))
    row = story.row("p:4")
    assert row.orphan
    assert row.lineage.certainty == "session"


def test_an_own_child_of_a_supervisor_that_adopts_is_no_orphan() -> None:
    story = Story(adopt=True).look(
        SUPERVISOR_SEEN, seen(2, 200, SUPERVISOR, tag=("tag-1", "factory"))
    )
    assert "p:2" not in story.store.rows
    story.event("started", running())
    assert not story.row("w:factory").orphan


def test_without_adopting_nothing_under_the_supervisor_is_an_orphan() -> None:
    story = factory()
    story.look(seen(4, 205, SUPERVISOR, sid=200, start=NOON + 2))
    assert not story.row("p:4").orphan


def test_what_hides_every_trail_is_an_orphan_once_the_supervisor_says_so() -> None:
    story = Story(adopt=True).event("started", running())
    story.look(SUPERVISOR_SEEN, seen(2, 200, SUPERVISOR), seen(3, 210, SUPERVISOR, comm="sleep"))
    assert "p:3" not in story.store.rows
    story.event("adopted", pid=210)
    row = story.row("p:3")
    assert row.orphan
    assert (row.lineage.adopter, row.lineage.adopter_pid) == ("proctui supervisor", SUPERVISOR)
    assert (row.lineage.first_ppid, row.lineage.worker) == (None, None)
    assert story.verdict("p:3").startswith(
        "An orphan: the supervisor did not start it; proctui supervisor (100) has adopted it."
    )
    assert story.store.counts.orphans == 1


@pytest.mark.parametrize("late", [False, True])
def test_told_of_the_adoption_before_it_is_seen(late: bool) -> None:
    story = Story(adopt=True).event("started", running())
    story.event("adopted", pid=210, worker="factory")
    if late:
        events = tuple(story.store.events)
        story = Story(adopt=True, at=NOON + 9).snapshot(running(), history=events)
    dead = seen(3, 210, SUPERVISOR, state="Z", status=0)
    story.look(SUPERVISOR_SEEN, seen(2, 200, SUPERVISOR), dead)
    row = story.row("p:3")
    assert row.orphan
    assert (row.lineage.worker, row.lineage.certainty) == ("factory", "tag")
    assert [cure.kind for cure in story.finding("p:3", "zombie").cures] == ["join"]


def test_an_older_adoption_under_the_same_pid_is_another() -> None:
    story = Story(adopt=True).event("adopted", pid=210)
    story.look(SUPERVISOR_SEEN, seen(3, 210, SUPERVISOR, start=NOON + 60), after=60)
    assert not story.look(after=2).row("p:3").orphan


def test_in_a_strange_session_under_a_supervisor_that_adopts() -> None:
    """Its tag is cleared, and whose session that was nobody knows any more."""
    story = Story(adopt=True).event("started", running())
    dead = seen(3, 210, SUPERVISOR, sid=209, state="Z", status=0)
    story.look(SUPERVISOR_SEEN, seen(2, 200, SUPERVISOR), dead).look(after=2)
    assert story.row("p:3").orphan
    assert [cure.kind for cure in story.finding("p:3", "zombie").cures] == ["join"]


def test_older_than_the_supervisors_last_word_and_no_worker_it_was_adopted() -> None:
    """Its adoption was told too long ago to be in the history."""
    story = Story(adopt=True, at=NOON + 60).event("started", running(started_at=NOON + 60))
    story.look(SUPERVISOR_SEEN, seen(3, 210, SUPERVISOR)).look(after=2)
    assert story.row("p:3").orphan
    story.look(seen(4, 211, SUPERVISOR, start=NOON + 61)).look(after=2)
    assert not story.row("p:4").orphan


def test_only_the_supervisors_helpers_are_left_to_it() -> None:
    helper = seen(2, 150, SUPERVISOR, sid=SUPERVISOR, command=TRACKER_LINE)
    dead = seen(2, 150, SUPERVISOR, sid=SUPERVISOR, state="Z", status=0)
    story = Story(adopt=True).look(SUPERVISOR_SEEN, helper).look(dead, after=2)
    assert "reaps its own helpers" in story.finding("p:2", "zombie").cures[0].text
    story.look(seen(3, 151, SUPERVISOR, state="Z", status=0, start=NOON + 2)).look(after=2)
    assert "helpers" not in story.finding("p:3", "zombie").cures[0].text


# ---------------------------------------------------------------- workers and helpers


def test_a_worker_whose_supervisor_died_is_an_orphan() -> None:
    story = factory()
    story.look(seen(2, 200, 1, command=SUPERVISOR_LINE), gone=[1], after=3)
    row = story.row("w:factory")
    assert row.orphan
    assert row.lineage.first_ppid == SUPERVISOR
    assert row.lineage.why == f"its first parent proctui supervisor ({SUPERVISOR}) has ended"
    assert row.lineage.adopted_at == NOON + 3
    assert row.lineage.worker is None


def test_found_after_its_supervisor_died() -> None:
    story = Story().event("started", running())
    story.look(seen(2, 200, 1))
    row = story.row("w:factory")
    assert row.token == 2
    assert row.orphan
    assert row.lineage.first_parent == "proctui supervisor"


def test_a_worker_of_the_fork_server_is_no_orphan() -> None:
    story = Story().event("started", running(start_method="forkserver"))
    story.look(
        SUPERVISOR_SEEN,
        seen(2, 150, SUPERVISOR, sid=SUPERVISOR, command=FORK_SERVER_LINE),
        seen(3, 200, 150, command=FORK_SERVER_LINE),
    )
    row = story.row("w:factory")
    assert (row.orphan, row.parent, row.token) == (False, None, 3)
    assert row.helper == ""
    assert story.row("p:2").helper == "fork server"


def test_a_worker_that_lost_its_fork_server_is_an_orphan() -> None:
    story = Story().event("started", running(start_method="forkserver"))
    story.look(SUPERVISOR_SEEN, seen(3, 200, 1, command=FORK_SERVER_LINE))
    row = story.row("w:factory")
    assert row.orphan
    assert row.lineage.why == "its parent, the fork server, is gone"
    assert row.lineage.first_ppid is None


@pytest.mark.parametrize(
    ("command", "helper"),
    [(FORK_SERVER_LINE, "fork server"), (TRACKER_LINE, "resource tracker")],
)
def test_helpers_are_told_by_what_they_run(command: str, helper: str) -> None:
    story = Story().look(SUPERVISOR_SEEN, seen(2, 150, SUPERVISOR, sid=SUPERVISOR, command=command))
    row = story.row("p:2")
    assert (row.helper, row.parent, row.orphan) == (helper, None, False)
    assert row.lineage.worker is None


def test_what_a_workers_own_fork_server_forks_is_no_helper() -> None:
    story = factory()
    story.look(
        seen(4, 210, 200, sid=200, start=NOON + 2, command=FORK_SERVER_LINE),
        seen(5, 211, 210, sid=200, start=NOON + 3, command=FORK_SERVER_LINE),
    )
    assert story.row("p:4").helper == "fork server"
    assert story.row("p:5").helper == ""
    assert story.row("p:5").lineage.worker == "factory"


@pytest.mark.parametrize("departs", ["before", "with it"])
def test_the_fork_server_of_a_workers_next_run_is_one_too(departs: str) -> None:
    """It runs the very line of the one before, and was a plain fork of its parent at first."""
    story = factory()
    story.look(seen(4, 210, 200, sid=200, start=NOON + 2, command=FORK_SERVER_LINE))
    story.event("ended", running(phase="ended", alive=False, exitcode=0, ended_at=NOON + 4))
    if departs == "before":
        story.look(gone=[2, 3, 4])
    story.event("started", running(pid=300, started_at=NOON + 6))
    story.look(
        seen(6, 300, SUPERVISOR, start=NOON + 6),
        seen(7, 310, 300, sid=300, start=NOON + 7, command="python3 mine.py"),
        gone=[2, 3, 4] if departs == "with it" else [],
    )
    story.look(
        seen(7, 310, 300, sid=300, start=NOON + 7, command=FORK_SERVER_LINE),
        seen(8, 311, 310, sid=300, start=NOON + 8, command=FORK_SERVER_LINE),
    )
    assert story.row("p:7").helper == "fork server"
    assert story.row("p:8").helper == ""
    assert story.row("p:8").command == "forked by the fork server"


def test_forked_without_exec_it_does_not_show_the_supervisors_line() -> None:
    story = factory()
    assert story.row("p:3").command == "child of factory"
    born = seen(4, 202, 200, sid=200, start=NOON + 1, command=SUPERVISOR_LINE, forked_by=200)
    assert story.look(born).row("p:4").command == "forked by factory"
    alone = seen(5, 203, 1, sid=200, start=NOON + 1, command=SUPERVISOR_LINE)
    assert story.look(alone).row("p:5").command == "descends from factory"
    adopted = seen(3, 201, 1, sid=200, start=NOON + 1, command=SUPERVISOR_LINE)
    assert story.look(adopted, gone=[2]).row("p:3").command == "once a child of factory"
    story = factory()
    story.look(seen(3, 201, 200, sid=200, start=NOON + 1, comm="sleep", command="sleep 60"))
    assert story.row("p:3").command == "sleep 60"


@pytest.mark.parametrize(
    ("comm", "command", "name"),
    [
        ("python3", "python3 -m http.server", "python3"),
        ("a-very-long-nam", "/usr/bin/a-very-long-name --flag", "a-very-long-name"),
        ("a-very-long-nam", "something else", "a-very-long-nam"),
        ("a-very-long-nam", "", "a-very-long-nam"),
        ("fünfzehn-byte\udcff", "x", "fünfzehn-byte\udcff"),
    ],
)
def test_names_cut_by_the_kernel_are_completed(comm: str, command: str, name: str) -> None:
    assert process_name(comm, command) == name


def test_a_process_that_changes_its_name() -> None:
    story = factory().look(seen(3, 201, 200, sid=200, start=NOON + 1, comm="worker-9"))
    assert story.row("p:3").name == "worker-9"
    assert story.row("w:factory").name == "factory"


def test_a_pid_given_again_ends_the_one_before() -> None:
    story = factory()
    story.look(seen(7, 201, 200, sid=200, start=NOON + 30), after=31)
    assert "p:3" not in story.store.rows
    assert story.row("p:7").state is State.SLEEPING


def test_nothing_late_brings_back_who_has_departed() -> None:
    story = factory().look(gone=[3])
    story.look(seen(3, 201, 200, sid=200, start=NOON + 1, state="Z"))
    assert "p:3" not in story.store.rows


def test_an_ancestor_named_late_is_found_over_one_that_is_gone() -> None:
    story = Story().look(
        SUPERVISOR_SEEN,
        seen(2, 200, SUPERVISOR),
        seen(3, 201, 200, sid=201, start=NOON + 1),
        seen(4, 202, 201, sid=202, start=NOON + 2),
    )
    story.look(seen(4, 202, 1, sid=202, start=NOON + 2), gone=[3])
    story.event("started", running())
    assert story.row("p:4").lineage.worker == "factory"
    assert story.row("p:4").lineage.certainty == "seen"


def test_a_session_number_that_another_workers_child_took_is_that_ones() -> None:
    story = factory()
    joined = running(phase="joined", alive=False, exitcode=0, ended_at=NOON + 2, joined_at=NOON + 2)
    story.event("joined", joined).look(gone=[2, 3])
    other = running("other", 300, started_at=NOON + 50)
    story.event("started", other).look(seen(6, 300, SUPERVISOR, start=NOON + 50))
    story.look(seen(7, 200, 300, sid=200, start=NOON + 60))  # it called setsid with a pid reused
    story.look(seen(8, 209, 1, sid=200, start=NOON + 61))
    assert story.row("p:7").lineage.worker == "other"
    assert story.row("p:8").lineage.worker is None


def test_a_session_that_ends_with_the_pass_that_shows_a_newcomer() -> None:
    story = factory()
    story.look(gone=[3]).look(gone=[2], after=5)
    story.look(seen(9, 210, 1, sid=200, start=NOON + 60), after=60)
    assert story.row("p:9").lineage.worker is None
    story = factory().look(gone=[3])
    story.now = NOON + 60
    story.look(seen(9, 210, 1, sid=200, start=NOON + 90), gone=[2])
    assert story.row("p:9").lineage.worker is None


def test_a_child_of_a_forkserver_worker_found_adopted_is_no_helper() -> None:
    story = Story(adopt=True).look(
        SUPERVISOR_SEEN,
        seen(2, 205, SUPERVISOR, sid=200, start=NOON + 1, command=FORK_SERVER_LINE),
    )
    story.look(after=5)
    assert story.row("p:2").helper == ""


def test_a_grandchild_of_a_forkserver_worker_is_no_helper() -> None:
    story = Story().event("started", running(start_method="forkserver"))
    story.look(
        SUPERVISOR_SEEN,
        seen(2, 150, SUPERVISOR, sid=SUPERVISOR, command=FORK_SERVER_LINE),
        seen(3, 200, 150, command=FORK_SERVER_LINE),
        seen(4, 201, 200, sid=200, start=NOON + 1, command="sleep 5"),
    )
    story.look(gone=[2])
    story.look(seen(5, 202, 201, sid=200, start=NOON + 2, command=FORK_SERVER_LINE))
    assert story.row("p:5").helper == ""


def test_a_helper_that_executes_something_else_is_none_any_more() -> None:
    story = factory()
    helper = seen(4, 210, 200, sid=200, start=NOON + 2, command=TRACKER_LINE)
    assert story.look(helper).row("p:4").helper == "resource tracker"
    story.look(seen(4, 210, 200, sid=200, start=NOON + 2, command="sleep 5"))
    assert story.row("p:4").helper == ""


def test_in_adopt_mode_no_first_parent_is_claimed_that_may_be_an_adopter() -> None:
    story = Story(adopt=True).look(SUPERVISOR_SEEN, seen(2, 205, SUPERVISOR))
    story.look(seen(2, 205, 1), gone=[1])
    story.look(after=5)
    lineage = story.row("p:2").lineage
    assert lineage.first_ppid is None
    assert lineage.why == f"its parent proctui supervisor ({SUPERVISOR}) has ended"


def test_told_of_the_fork_it_is_nobodys_child_by_adoption() -> None:
    """Its first parent is the one that forked it, although its adopter comes with the same pass."""
    story = Story().event("started", running())
    story.look(
        SUPERVISOR_SEEN,
        seen(2, 200, SUPERVISOR),
        seen(3, 201, 200, sid=200, start=NOON + 1),
        seen(4, 202, 200, sid=200, start=NOON + 2, forked_by=201),
    )
    assert story.row("p:4").orphan
    assert story.row("p:4").lineage.first_ppid == 201
    assert story.row("p:4").lineage.birth_told
    story.look(gone=[3]).look(gone=[4]).look(gone=[2])
    assert list(story.store.rows) == ["w:factory"]


def test_a_dead_process_forks_nobody() -> None:
    story = factory().look(seen(3, 201, 200, sid=200, start=NOON + 1, state="Z"), after=5)
    story.look(seen(4, 210, 1, sid=210, start=NOON + 60, forked_by=201), after=60)
    assert story.row("p:4").lineage.worker is None
    assert story.row("p:4").lineage.first_parent == ""
