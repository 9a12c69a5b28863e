"""Where the two views meet: late, out of order, again, and never at the wrong row."""

from __future__ import annotations

import pytest

from proctui.core.history import MarkKind
from proctui.core.store import NAMING_PATIENCE, Store
from proctui.core.table import REAP_PATIENCE
from proctui.model import Counts, State, Worker
from proctui.protocol import Event
from tests.unit.story import NOON, SUPERVISOR, Story, running, seen

SUPERVISOR_SEEN = seen(1, SUPERVISOR, 1, start=NOON - 1)
FACTORY = seen(2, 200, SUPERVISOR)
ENDED = running(phase="ended", alive=False, exitcode=3, ended_at=NOON + 5)
JOINED = running(phase="joined", alive=False, exitcode=3, ended_at=NOON + 5, joined_at=NOON + 6)
AGAIN = running(pid=300, started_at=NOON + 10, restarts=1)


def factory() -> Story:
    return Story().event("started", running()).look(SUPERVISOR_SEEN, FACTORY)


# ---------------------------------------------------------------- rows of workers


def test_a_worker_is_a_row_before_the_kernel_was_asked() -> None:
    row = Story().event("added", running(phase="idle", pid=None, alive=None)).row("w:factory")
    assert (row.state, row.token, row.sample, row.gone) == (State.IDLE, None, None, False)
    assert (row.name, row.pid, row.parent, row.depth) == ("factory", None, None, 0)


def test_both_views_meet_in_one_row() -> None:
    row = factory().row("w:factory")
    assert (row.token, row.pid, row.state) == (2, 200, State.SLEEPING)
    assert row.worker == running()
    assert row.started_at == NOON
    assert list(factory().store.rows) == ["w:factory"]  # no row for the supervisor


def test_the_kernel_may_be_first() -> None:
    story = Story().look(SUPERVISOR_SEEN, FACTORY)
    assert story.store.rows == {}
    story.event("started", running())
    assert story.row("w:factory").token == 2
    assert list(story.store.rows) == ["w:factory"]


def test_a_child_that_no_event_names_is_shown_after_a_while() -> None:
    story = Story().look(SUPERVISOR_SEEN, FACTORY)
    story.look(after=NAMING_PATIENCE / 2)
    assert story.store.rows == {}
    story.look(after=NAMING_PATIENCE / 2)
    assert story.changed == {"p:2"}
    assert story.row("p:2").parent is None


def test_a_worker_named_late_takes_its_process_over_with_its_children() -> None:
    story = Story().look(SUPERVISOR_SEEN, FACTORY, seen(3, 201, 200, start=NOON + 1), after=1)
    story.look(after=2 * NAMING_PATIENCE)
    assert story.row("p:3").parent == "p:2"
    story.event("started", running())
    assert set(story.store.rows) == {"w:factory", "p:3"}
    assert story.row("p:3").parent == "w:factory"
    assert story.row("p:3").lineage.worker == "factory"


@pytest.mark.parametrize("kernel_first", [0.0, 2 * NAMING_PATIENCE])
def test_a_start_that_is_noted_seconds_late_is_still_that_of_the_process(
    kernel_first: float,
) -> None:
    """As by a supervisor that got no turn for a while on a machine with too much to do."""
    story = Story().look(SUPERVISOR_SEEN, FACTORY)
    story.look(after=kernel_first)
    story.now += 2.0
    story.event("started", running(started_at=NOON + 4))
    assert story.row("w:factory").token is None
    story.look(after=1.0)
    assert story.row("w:factory").token is None, "an earlier process could have had the pid"
    story.look(after=4.0)
    assert story.row("w:factory").token == 2
    assert list(story.store.rows) == ["w:factory"]


def test_a_process_that_had_the_pid_before_is_not_taken_for_the_late_start() -> None:
    story = Story().look(SUPERVISOR_SEEN, FACTORY)
    story.event("started", running(started_at=NOON + 4))
    story.look(gone=[2], after=5.0)
    assert story.row("w:factory").token is None
    story.look(seen(3, 200, SUPERVISOR, start=NOON + 4), after=1.0)
    assert story.row("w:factory").token == 3


def test_workers_stand_in_the_order_of_the_session_not_of_their_starts() -> None:
    story = Story().snapshot(running("b", 201, started_at=NOON + 5), running("a", 200))
    assert story.store.roots == ["w:b", "w:a"]
    story.event("added", running("c", None, phase="idle", alive=None))
    assert story.store.roots == ["w:b", "w:a", "w:c"]
    before = story.store.structure
    story.snapshot(running("a", 200), running("b", 201, started_at=NOON + 5))
    assert story.store.roots == ["w:a", "w:b"]
    assert story.store.structure > before


def test_a_worker_that_is_removed_leaves_its_orphans() -> None:
    story = factory().look(seen(3, 201, 200, sid=200, start=NOON + 1))
    story.event("joined", JOINED).look(seen(3, 201, 1, sid=200, start=NOON + 1), gone=[2])
    story.event("removed", worker="factory")
    assert list(story.store.rows) == ["p:3"]
    row = story.row("p:3")
    assert (row.parent, row.depth, row.orphan) == (None, 0, True)
    assert row.lineage.worker == "factory"


# ---------------------------------------------------------------- ends, in every order


def test_the_event_of_an_end_may_come_before_the_kernel_shows_it() -> None:
    story = factory().event("ended", ENDED)
    row = story.row("w:factory")
    assert (row.state, row.exitcode, row.zombie_since) == (State.ZOMBIE, 3, NOON + 5)
    assert row.zombie
    assert row.since_exact
    story.look(seen(2, 200, SUPERVISOR, state="Z", status=3 << 8), after=6)
    assert story.row("w:factory").zombie_since == NOON + 5


def test_the_kernel_may_show_an_end_before_the_event_tells_it() -> None:
    story = factory().look(seen(2, 200, SUPERVISOR, state="Z", status=3 << 8), after=5)
    row = story.row("w:factory")
    assert (row.state, row.exitcode, row.zombie_since) == (State.ZOMBIE, 3, NOON + 5)
    assert not row.since_exact
    story.event("ended", ENDED)
    assert story.row("w:factory").since_exact


def test_a_pidfd_tells_the_moment_of_an_end() -> None:
    story = factory().look(seen(2, 200, SUPERVISOR, state="Z", ended_at=NOON + 4.2), after=5)
    row = story.row("w:factory")
    assert (row.zombie_since, row.since_exact) == (NOON + 4.2, True)


def test_joined_it_is_no_zombie_whatever_was_seen_last() -> None:
    story = factory().look(seen(2, 200, SUPERVISOR, state="Z", status=3 << 8))
    story.event("ended", ENDED).event("joined", JOINED)
    row = story.row("w:factory")
    assert (row.state, row.token, row.sample, row.gone) == (State.ENDED, None, None, True)
    assert (row.exitcode, row.ended_at, row.zombie_since) == (3, NOON + 5, None)
    assert not row.zombie


@pytest.mark.parametrize("state", ["S", "Z"])
def test_a_late_look_does_not_bring_a_joined_worker_back(state: str) -> None:
    story = factory().event("ended", ENDED).event("joined", JOINED)
    before = story.row("w:factory")
    story.look(seen(2, 200, SUPERVISOR, state=state), after=6)
    assert list(story.store.rows) == ["w:factory"]
    assert story.row("w:factory") == before
    assert story.changed == frozenset()


def test_a_first_look_that_comes_after_the_join_does_neither() -> None:
    story = Story().event("joined", JOINED)
    story.look(SUPERVISOR_SEEN, seen(2, 200, SUPERVISOR, state="Z"), after=6)
    assert list(story.store.rows) == ["w:factory"]
    assert story.row("w:factory").state is State.ENDED


def test_what_is_still_there_long_after_the_join_was_not_what_was_joined() -> None:
    story = factory().event("ended", ENDED).event("joined", JOINED)
    story.look(seen(2, 200, SUPERVISOR), after=7).look(after=10)
    assert story.row("p:2").state is State.SLEEPING
    assert story.row("p:2").lineage.worker is None
    assert story.row("w:factory").state is State.ENDED


def test_reaped_before_any_event_tells_the_end() -> None:
    story = factory().look(gone=[2], status=9, after=5)
    row = story.row("w:factory")
    assert (row.state, row.exitcode, row.ended_at) == (State.ENDED, -9, NOON + 5)
    assert row.gone
    story.event("ended", ENDED).event("joined", JOINED)
    assert (story.row("w:factory").state, story.row("w:factory").exitcode) == (State.ENDED, 3)


def test_ended_but_reaped_by_somebody_else_is_no_zombie() -> None:
    story = factory().event("ended", ENDED).look(gone=[2])
    assert story.row("w:factory").state is State.ENDED
    assert story.verdict("w:factory").startswith("They disagree: multiprocessing waits")


def test_an_event_is_taken_once() -> None:
    story = factory().event("ended", ENDED)
    told = story.store.events[-1]
    assert story.store.apply(told) == frozenset()
    assert [event.kind for event in story.store.events] == ["started", "ended"]


# ---------------------------------------------------------------- restarts and pids given again


def test_a_restarted_worker_keeps_its_row_and_gets_another_token() -> None:
    story = factory().event("ended", ENDED).event("joined", JOINED).look(gone=[2])
    story.event("starting", AGAIN)
    assert story.row("w:factory").token is None
    story.look(seen(3, 300, SUPERVISOR, start=NOON + 10), after=10)
    row = story.row("w:factory")
    assert (row.token, row.pid, row.state) == (3, 300, State.SLEEPING)
    assert (row.exitcode, row.ended_at, row.zombie_since, row.gone) == (None, None, None, False)
    assert list(story.store.rows) == ["w:factory"]


def test_an_earlier_run_that_was_not_joined_is_a_row_of_its_own() -> None:
    story = factory().snapshot(AGAIN)
    row = story.row("p:2")
    assert row.state is State.SLEEPING
    assert row.lineage.worker == "factory"
    assert story.row("w:factory").token is None


def test_a_restart_with_the_same_pid_waits_for_its_own_process() -> None:
    story = factory().event("ended", ENDED).event("joined", JOINED)
    again = running(started_at=NOON + 10)
    story.event("started", again)
    assert story.row("w:factory").token is None
    story.look(seen(3, 200, SUPERVISOR, start=NOON + 10), gone=[2], after=10)
    assert story.row("w:factory").token == 3


def test_a_strangers_process_with_a_workers_pid_is_not_the_worker() -> None:
    story = Story().event("joined", JOINED)
    story.look(SUPERVISOR_SEEN, seen(9, 200, 7, start=NOON + 60), after=61)
    assert story.row("w:factory").token is None
    assert story.row("p:9").lineage.worker is None


def test_another_process_that_had_the_pid_before_is_not_the_worker() -> None:
    story = Story(at=NOON - 30).look(SUPERVISOR_SEEN, seen(2, 200, SUPERVISOR, start=NOON - 40))
    story.now = NOON
    story.event("started", running())
    assert story.row("w:factory").token is None
    story.look(seen(3, 200, SUPERVISOR))
    assert story.row("w:factory").token == 3


def test_a_clock_that_was_set_does_not_part_a_worker_from_its_process() -> None:
    story = Story(at=NOON + 7200).event("started", running())
    story.look(SUPERVISOR_SEEN, seen(2, 200, SUPERVISOR, start=NOON + 3600))
    assert story.row("w:factory").token == 2


def test_of_two_workers_each_keeps_its_own_process() -> None:
    story = factory().event("started", running("other", 201))
    story.look(seen(3, 201, SUPERVISOR))
    assert (story.row("w:factory").token, story.row("w:other").token) == (2, 3)
    assert story.store.key_of(201) == "w:other"
    assert story.store.key_of(SUPERVISOR) is None
    assert story.store.key_of(999) is None


# ---------------------------------------------------------------- descendants


def test_a_finished_descendant_that_was_reaped_vanishes() -> None:
    story = factory().look(seen(3, 201, 200, start=NOON + 1))
    before = story.store.structure
    story.look(gone=[3], status=0, after=5)
    assert "p:3" not in story.store.rows
    assert story.store.children("w:factory") == []
    assert story.store.structure > before


def test_siblings_stand_in_the_order_of_their_starts() -> None:
    story = factory().look(seen(3, 203, 200, start=NOON + 3), seen(4, 201, 200, start=NOON + 1))
    assert story.store.children("w:factory") == ["p:4", "p:3"]


def test_a_zombie_of_a_descendant_with_its_exit_status() -> None:
    story = factory().look(seen(3, 201, 200, start=NOON + 1, comm="sleep"), after=2)
    story.look(seen(3, 201, 200, start=NOON + 1, comm="sleep", state="Z", status=2304), after=3)
    row = story.row("p:3")
    assert (row.state, row.exitcode, row.zombie_since) == (State.ZOMBIE, 9, NOON + 5)
    assert "factory (200) has not joined it" in story.finding("p:3", "zombie").text
    neglect = story.row("w:factory").findings[1]
    assert neglect.text == "It has not joined 1 child that has ended."


def test_the_neglecting_parent_says_so_once() -> None:
    story = factory()
    for token in (3, 4, 5):
        story.look(seen(token, 200 + token, 200, start=NOON + token, state="Z", status=0))
    texts = [f.text for f in story.row("w:factory").findings]
    assert texts == ["Both agree: it is alive.", "It has not joined 3 children that have ended."]
    story.look(gone=[3, 4])
    assert story.row("w:factory").findings[1].text == "It has not joined 1 child that has ended."
    story.look(gone=[5])
    assert len(story.row("w:factory").findings) == 1


def test_a_worker_says_what_it_left_behind() -> None:
    story = factory().look(seen(3, 201, 200, sid=200, start=NOON + 1))
    story.event("joined", JOINED).look(seen(3, 201, 1, sid=200, start=NOON + 1), gone=[2])
    assert story.row("w:factory").findings[-1].text == "It left a process behind, orphaned."
    story.look(gone=[3])
    assert len(story.row("w:factory").findings) == 1
    assert story.changed == {"w:factory"}


def test_an_adopter_that_does_not_reap_is_found_out_by_time_alone() -> None:
    story = factory().look(seen(3, 201, 200, sid=200, start=NOON + 1))
    orphan = seen(3, 201, 1, sid=200, start=NOON + 1, state="Z", status=0)
    story.look(orphan, gone=[2], names={1: "bash"}, after=2)
    assert "has not reaped it yet" in story.finding("p:3", "zombie").text
    story.look(after=REAP_PATIENCE - 0.5)
    assert story.changed == frozenset()
    story.look(after=0.5)
    assert story.changed == {"p:3"}
    said = story.finding("p:3", "zombie")
    assert said.text.endswith("It was adopted by PID 1, which is not reaping.")
    assert "instead of bash" in said.cures[0].text


def test_patience_with_an_adopter_begins_with_the_adoption() -> None:
    dead = seen(3, 201, 200, sid=200, start=NOON + 1, state="Z", status=0)
    story = factory().look(dead, after=2)
    adopted = seen(3, 201, 1, sid=200, start=NOON + 1, state="Z", status=0)
    story.look(adopted, gone=[2], after=60)
    assert "has not reaped it yet" in story.finding("p:3", "zombie").text


def test_a_child_of_init_is_not_called_neglected_at_once() -> None:
    story = Story().look(seen(3, 201, 1, start=NOON + 1, state="Z", status=0), after=2)
    assert "its parent, PID 1, has not reaped it yet" in story.finding("p:3", "zombie").text
    story.look(after=REAP_PATIENCE)
    assert "PID 1, which is not reaping" in story.finding("p:3", "zombie").text


def test_pid_1_of_a_container_among_the_descendants_is_an_init() -> None:
    """A worker began a pid namespace: (201) is its PID 1, and adopts in there."""
    inside = [seen(3, 201, 200, start=NOON + 1, comm="sh"), seen(4, 202, 201, start=NOON + 2)]
    story = factory().look(*inside, seen(5, 203, 202, sid=202, start=NOON + 3))
    orphan = seen(5, 203, 201, sid=202, start=NOON + 3)
    story.look(orphan, gone=[4], inits=[201])
    assert "PID 1 of a container (sh, 201) has adopted it" in story.finding("p:5", "orphan").text
    dead = seen(5, 203, 201, sid=202, start=NOON + 3, state="Z", status=0)
    story.look(dead)
    assert story.finding("p:5", "zombie").cures[0].kind == "wait"
    story.look(after=REAP_PATIENCE)
    said = story.finding("p:5", "zombie")
    assert said.text.endswith("adopted by PID 1 of a container (sh, 201), which is not reaping.")
    assert [cure.kind for cure in said.cures] == ["real-init"]
    story.look(gone=[3, 5])
    story.look(seen(6, 201, 200, start=NOON + 9), seen(7, 204, 201, start=NOON + 10, state="Z"))
    assert story.finding("p:7", "zombie").cures[0].kind == "nudge-parent", "another has its pid"


def test_children_of_a_stopped_parent_say_that_it_must_be_continued() -> None:
    story = factory().look(seen(3, 201, 200, start=NOON + 1, state="Z", status=0))
    story.look(seen(2, 200, SUPERVISOR, state="T"))
    assert story.finding("p:3", "zombie").cures[0].kind == "continue"
    story.look(FACTORY)
    assert story.finding("p:3", "zombie").cures[0].kind == "nudge-parent"


def test_a_worker_that_gets_its_name_is_renamed_in_what_its_children_say() -> None:
    story = factory().look(seen(3, 201, 200, start=NOON + 1))
    story.event("started", running(name="Factory-1"))
    assert story.row("p:3").lineage.first_parent == "Factory-1"
    assert story.verdict("p:3") == "It is alive, a child of Factory-1 (200)."


# ---------------------------------------------------------------- what counts as a change


def test_a_look_that_shows_nothing_new_changes_nothing() -> None:
    story = factory()
    before = story.row("w:factory")
    story.look(seen(2, 200, SUPERVISOR, cpu_ticks=500))
    assert story.changed == frozenset()
    assert story.row("w:factory").version == before.version
    story.event("changed", running())
    assert story.changed == frozenset()


@pytest.mark.parametrize(
    "look",
    [
        seen(2, 200, SUPERVISOR, state="R"),
        seen(2, 200, SUPERVISOR, rss=4096),
        seen(2, 200, SUPERVISOR, cpu=1.3),
        seen(2, 200, SUPERVISOR, threads=2),
    ],
)
def test_what_can_be_seen_changes_the_version(look: object) -> None:
    story = factory()
    before = story.row("w:factory").version
    structure = story.store.structure
    story.look(look)  # type: ignore[arg-type]
    assert story.changed == {"w:factory"}
    assert story.row("w:factory").version > before
    assert story.store.structure == structure


def test_a_row_stays_the_same_object_and_its_version_never_comes_again() -> None:
    story = factory()
    row = story.store.rows["w:factory"]
    story.event("ended", ENDED)
    assert story.store.rows["w:factory"] is row
    versions = {row.version}
    story.event("joined", JOINED).event("removed", worker="factory").event("added", running())
    versions.add(story.row("w:factory").version)
    assert len(versions) == 2
    assert story.row("w:factory").version == max(versions)


def test_figures_of_one_process_cost_nobody_else_anything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    story = factory()
    story.look(*(seen(i, 1000 + i, 200, start=NOON + i) for i in range(3, 503)))
    made: list[str] = []
    commit = type(story.store._table)._commit

    def counted(self: object, row: object, *rest: object) -> None:
        made.append(row.key)  # type: ignore[attr-defined]
        commit(self, row, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(type(story.store._table), "_commit", counted)
    story.look(seen(7, 1007, 200, start=NOON + 7, cpu=50.0))
    assert story.changed == {"p:7"}
    assert made == []
    story.look(seen(7, 1007, 200, start=NOON + 7, state="R"))
    assert story.changed == {"p:7"}
    assert story.row("p:7").state is State.RUNNING
    assert made == []
    story.look(seen(7, 1007, 200, start=NOON + 7, state="D"))
    assert made == ["p:7"]
    made.clear()
    story.look(seen(7, 1007, 200, start=NOON + 7, state="Z", status=0))
    assert made == ["p:7", "w:factory"]


def test_the_end_of_the_last_thread_is_no_figure() -> None:
    """Its leader had exited before and showed Z; of others' processes no status may be read."""
    story = factory().look(seen(3, 300, 200, start=NOON + 1, state="Z", threads=3))
    assert story.row("p:3").state is State.RUNNING
    story.look(seen(3, 300, 200, start=NOON + 1, state="Z", threads=1, ended_at=NOON + 2))
    assert story.row("p:3").state is State.ZOMBIE
    assert story.store.counts.zombies == 1


# ---------------------------------------------------------------- counts


def test_counts() -> None:
    story = Story().snapshot(
        running("a", 200),
        running("b", 201),
        running("c", None, phase="idle", alive=None, started_at=None),
        running("d", None, phase="failed", alive=None, started_at=None, failure="no such file"),
        running("e", 204, phase="joined", alive=False, exitcode=0, joined_at=NOON),
    )
    story.look(
        SUPERVISOR_SEEN,
        seen(2, 200, SUPERVISOR, cpu=12.5, rss=1000),
        seen(3, 201, SUPERVISOR, state="Z", status=0),
        seen(4, 300, 200, sid=200, start=NOON + 1, cpu=2.25, rss=24),
        seen(5, 301, 1, sid=200, start=NOON + 1, state="Z", status=0),
    )
    assert story.store.counts == Counts(
        workers=5, alive=1, ended=2, failed=1, zombies=2, orphans=1, cpu_percent=14.7,
        rss_bytes=1024,
    )  # fmt: skip
    story.look(gone=[4, 5])
    assert story.store.counts == Counts(
        workers=5, alive=1, ended=2, failed=1, zombies=1, orphans=0, cpu_percent=12.5,
        rss_bytes=1000,
    )  # fmt: skip


# ---------------------------------------------------------------- losing the supervisor


def test_a_worker_of_a_lost_supervisor_that_the_kernel_does_not_know_is_not_counted_alive() -> None:
    story = Story().snapshot(running("one", 200), running("other", 201))
    story.look(seen(2, 200, 1))
    assert story.store.counts.alive == 2, "the kernel was not asked about the other yet"
    story.store.supervisor_lost(NOON + 9)
    assert story.store.counts.alive == 1
    assert story.row("w:other").gone
    story.look(seen(3, 201, 1))
    assert (story.store.counts.alive, story.row("w:other").gone) == (2, False)


def test_the_supervisor_lost() -> None:
    story = factory().event("started", running("other", 201)).look(seen(3, 201, SUPERVISOR))
    story.changed = story.store.supervisor_lost(NOON + 9)
    assert story.store.lost_at == NOON + 9
    assert story.changed == {"w:factory", "w:other"}
    assert "last known at" in story.verdict("w:factory")
    assert not story.row("w:factory").orphan  # nothing shows yet that the supervisor is dead
    story.look(FACTORY, seen(3, 201, 1), seen(2, 200, 1), gone=[1])
    assert story.row("w:factory").orphan
    story.look(gone=[2])
    row = story.row("w:factory")
    assert (row.state, row.orphan, row.gone) == (State.ENDED, False, True)


def test_a_new_snapshot_after_the_loss_makes_it_good() -> None:
    story = factory()
    story.store.supervisor_lost(NOON + 9)
    story.snapshot(running())
    assert story.store.lost_at is None
    assert story.verdict("w:factory") == "Both agree: it is alive."


def test_a_worker_found_only_after_the_supervisor_died() -> None:
    story = Story().look(SUPERVISOR_SEEN).event("started", running())
    story.look(seen(2, 200, 1))
    assert story.row("w:factory").token is None  # the supervisor is alive: 200 is somebody else
    story.look(gone=[1])
    assert story.row("w:factory").token == 2
    assert story.row("w:factory").orphan


# ---------------------------------------------------------------- doubtful ends


MADE_UP = running(
    start_method="forkserver", phase="ended", alive=False, exitcode=255, ended_at=NOON + 5
)


def test_an_exit_code_that_was_made_up_does_not_hide_a_living_process() -> None:
    story = Story().event("started", running(start_method="forkserver"))
    story.look(SUPERVISOR_SEEN, seen(3, 200, 1)).event("ended", MADE_UP)
    row = story.row("w:factory")
    assert (row.state, row.token) == (State.SLEEPING, 3)
    assert story.verdict("w:factory").startswith("They disagree: the process lives.")
    story.look(gone=[3])
    assert story.row("w:factory").state is State.ENDED


def test_an_exit_code_that_may_be_made_up_is_believed_once_the_kernel_was_asked() -> None:
    story = Story().event("ended", MADE_UP)
    assert story.row("w:factory").state is State.UNKNOWN
    story.look(SUPERVISOR_SEEN, after=5)
    assert story.row("w:factory").state is State.UNKNOWN
    story.look(after=2)
    assert story.changed == {"w:factory"}
    assert story.row("w:factory").state is State.ENDED


# ---------------------------------------------------------------- whom to follow


def test_whom_to_follow() -> None:
    story = Story().snapshot(
        running("a", 200),
        running("b", 201, phase="ended", alive=False, ended_at=NOON),
        running("c", 202, phase="joined", alive=False, joined_at=NOON),
        running("d", None, phase="idle", alive=None),
    )
    store = story.store
    assert store.worker_pids() == {200, 201}
    assert store.take_new_pids() == {200, 201}
    assert store.take_new_pids() == set()
    story.event("changed", running("a", 200, joining=1))
    assert store.take_new_pids() == set()
    story.event("joined", running("a", 200, phase="joined", alive=False, joined_at=NOON + 1))
    story.event("started", running("a", 205, started_at=NOON + 2))
    assert store.worker_pids() == {201, 205}
    assert store.take_new_pids() == {205}
    story.event("removed", worker="a")
    assert store.worker_pids() == {201}


def test_a_restart_with_the_same_pid_is_followed_anew() -> None:
    story = factory()
    story.store.take_new_pids()
    story.event("joined", JOINED)
    assert story.store.take_new_pids() == set()
    story.event("starting", running(started_at=NOON + 10))
    assert story.store.take_new_pids() == {200}


# ---------------------------------------------------------------- events and history


def marks(store: Store, key: str) -> list[tuple[float, MarkKind, str]]:
    history = store.history(key)
    assert history is not None
    return [(mark.time - NOON, mark.kind, mark.text) for mark in history.marks]


def test_the_lifeline_of_a_worker() -> None:
    story = factory()
    story.now = NOON + 4
    story.event("signalled", running(), signal="SIGTERM", by="screen 4711")
    story.now = NOON + 5
    story.event("ended", ENDED)
    story.now = NOON + 6
    story.event("joined", JOINED)
    assert marks(story.store, "w:factory") == [
        (0, "started", ""),
        (4, "signal", "SIGTERM"),
        (5, "ended", "3"),
        (5, "zombie", "3"),
        (6, "joined", "3"),
    ]


def test_the_lifeline_of_a_descendant_outlives_its_row() -> None:
    story = factory().look(seen(3, 201, 200, sid=200, start=NOON + 1, comm="sleep"), after=1)
    story.look(seen(3, 201, 1, sid=200, start=NOON + 1, comm="sleep"), gone=[2], after=2)
    dead = seen(3, 201, 1, sid=200, start=NOON + 1, comm="sleep", state="Z", status=9)
    story.look(dead, after=1).look(gone=[3], after=1)
    assert marks(story.store, "p:3") == [
        (1, "started", ""),
        (3, "orphaned", "init"),
        (4, "zombie", "-9 SIGKILL"),
        (5, "joined", ""),
    ]
    history = story.store.history("p:3")
    assert history is not None
    assert (history.name, history.worker, history.parent) == ("sleep", "factory", "w:factory")
    assert history.ended_at == NOON + 5


def test_a_note_about_a_descendant_stands_on_its_lifeline() -> None:
    story = factory().look(seen(3, 201, 200, sid=200, start=NOON + 1), after=2)
    story.event("note", text="killed by hand", pid=201, signal="SIGKILL", worker="factory")
    assert marks(story.store, "p:3")[-1] == (2, "signal", "SIGKILL")
    story.look(gone=[3])
    story.event("note", text="killed by hand", pid=201, signal="SIGKILL", worker="factory")
    assert [kind for _, kind, _ in marks(story.store, "w:factory")] == ["started"]


ADOPTED: dict[str, object] = {"pid": 201, "worker": "factory", "text": "left it behind"}


def adopting() -> Story:
    """A worker of a supervisor that adopts, and its child."""
    story = Story(adopt=True).snapshot(running())
    story.look(seen(1, SUPERVISOR, 1), seen(2, 200, SUPERVISOR), after=1)
    return story.look(seen(3, 201, 200, sid=200, start=NOON + 1), after=1)


@pytest.mark.parametrize("event_first", [True, False])
def test_an_adoption_is_one_mark_whoever_told_it_first(event_first: bool) -> None:
    story = adopting()
    adopted = seen(3, 201, SUPERVISOR, sid=200, start=NOON + 1)
    story.now += 1
    if event_first:
        story.event("adopted", **ADOPTED).look(adopted, gone=[2])
    else:
        story.look(adopted, gone=[2]).event("adopted", **ADOPTED)
    dead = seen(3, 201, SUPERVISOR, sid=200, start=NOON + 1, state="Z", status=0)
    story.look(dead, after=1)
    story.now += 1
    if event_first:
        story.event("joined", pid=201, exitcode=0)
    story.look(gone=[3])
    told = list(story.store.history("p:3").marks)  # type: ignore[union-attr]
    assert [mark.kind for mark in told] == ["started", "orphaned", "zombie", "joined"]
    assert told[1].seq is not None and (told[3].seq is not None) == event_first
    assert [kind for _, kind, _ in marks(story.store, "w:factory")] == ["started"]


def test_an_adoption_before_the_client_came_stands_where_it_happened() -> None:
    before = adopting()
    before.event("adopted", **ADOPTED)
    story = Story(adopt=True, at=NOON + 9).snapshot(ENDED, history=tuple(before.store.events))
    adopted = seen(3, 201, SUPERVISOR, sid=200, start=NOON + 1)
    story.look(seen(1, SUPERVISOR, 1), adopted).look(after=2).look(after=2)
    history = story.store.history("p:3")
    assert history is not None
    (mark,) = (mark for mark in history.marks if mark.kind == "orphaned")
    assert (mark.time, mark.seq) == (NOON + 2, 1)
    assert "orphaned" not in [kind for _, kind, _ in marks(story.store, "w:factory")]


@pytest.mark.parametrize(
    ("adopt", "above", "heir"),
    [(False, 1, "init (1)"), (False, 77, "systemd (77)"), (True, 1, "proctui supervisor (100)")],
)
def test_who_adopts_what_loses_its_parent(adopt: bool, above: int, heir: str) -> None:
    story = Story(adopt=adopt).snapshot(running())
    assert adopt or story.store.heir == ""
    story.look(seen(1, SUPERVISOR, above), seen(2, 200, SUPERVISOR), names={77: "systemd"})
    assert story.store.heir == heir
    story.look(gone=[1])
    assert story.store.heir == ""


def test_history_before_the_client_came() -> None:
    before = Story()
    before.event("started", running())
    before.now = NOON + 5
    before.event("ended", ENDED)
    story = Story(at=NOON + 9).snapshot(ENDED, history=tuple(before.store.events))
    assert marks(story.store, "w:factory") == [
        (0, "started", ""),
        (5, "ended", "3"),
        (5, "zombie", "3"),
    ]
    assert [event.kind for event in story.store.events] == ["started", "ended"]


def test_what_the_kept_events_do_not_tell_the_worker_tells_itself() -> None:
    story = Story().snapshot(JOINED)
    assert [kind for _, kind, _ in marks(story.store, "w:factory")] == [
        "started", "ended", "joined",
    ]  # fmt: skip


def test_figures_are_kept_for_sparklines() -> None:
    story = factory()
    for second in range(3):
        story.look(seen(2, 200, SUPERVISOR, cpu=10.0 * second, rss=1000 * second), after=1)
    history = story.store.history("w:factory")
    assert history is not None
    points = history.points()[-3:]
    assert [(p.cpu_percent, p.rss_bytes) for p in points] == [(0, 0), (10, 1000), (20, 2000)]
    assert [p.time for p in points] == [NOON + 1, NOON + 2, NOON + 3]


def test_nothing_is_known_of_a_row_that_never_was() -> None:
    assert Story().store.history("p:99") is None


def test_events_about_no_worker_are_kept_too() -> None:
    story = factory()
    told = Event(seq=story.seq + 1, time=NOON, kind="client-came", text="screen 4711 came")
    assert story.store.apply(told) == frozenset()
    assert story.store.events[-1] == told


def test_a_worker_of_another_program_is_taken_at_its_word() -> None:
    """Who started it need not be our supervisor."""
    foreign = Worker(
        id="x", name="x", phase="alive", pid=400, ppid=399, alive=True, started_at=NOON
    )
    story = Story().event("started", foreign)
    story.look(seen(1, 399, 7), seen(2, 400, 399))
    row = story.row("w:x")
    assert (row.token, row.orphan, row.lineage.first_ppid) == (2, False, 399)


def test_the_next_worker_with_the_same_pid_gets_its_own_process() -> None:
    """The kernel shows it before any event tells that the one before was joined."""
    story = Story().event("started", running("first"))
    story.look(SUPERVISOR_SEEN, seen(2, 200, SUPERVISOR, start=NOON + 1))
    story.event("ended", running("first", phase="ended", exitcode=0, ended_at=NOON + 0.5))
    joined = running("first", phase="joined", exitcode=0, ended_at=NOON + 0.5, joined_at=NOON + 0.6)
    story.event("joined", joined)
    story.event("started", running("second", started_at=NOON + 1))
    assert story.row("w:second").token == 2
    assert story.row("w:first").token is None
    assert story.row("w:second").state is State.SLEEPING


def test_what_hangs_below_a_moved_row_moves_with_it() -> None:
    story = Story().look(
        SUPERVISOR_SEEN,
        FACTORY,
        seen(3, 201, 200, sid=200, start=NOON + 1),
        seen(4, 202, 201, sid=200, start=NOON + 2),
        seen(5, 203, 202, sid=200, start=NOON + 3),
        after=1,
    )
    story.look(after=2 * NAMING_PATIENCE)
    depths = [story.row(f"p:{token}").depth for token in (2, 3, 4, 5)]
    assert depths == [0, 1, 2, 3]
    story.look(gone=[3])
    story.look(seen(4, 202, 1, sid=200, start=NOON + 2))
    assert [story.row(f"p:{token}").depth for token in (4, 5)] == [0, 1]
    story.event("started", running())
    assert [story.row(f"p:{token}").depth for token in (4, 5)] == [1, 2]
    assert story.changed == {"w:factory", "p:4", "p:5"}


def test_a_supervisor_that_is_stopped_and_goes_on() -> None:
    ended = running(phase="ended", alive=False, exitcode=3, ended_at=NOON + 1)
    story = Story().event("ended", ended)
    story.look(seen(1, SUPERVISOR, 1), seen(2, 200, SUPERVISOR, state="Z", status=3 << 8))
    for state, stopped in (("S", False), ("T", True), ("S", False), ("T", True)):
        story.look(seen(1, SUPERVISOR, 1, state=state))
        assert story.store.supervisor_stopped is stopped
        said = " ".join(finding.text for finding in story.row("w:factory").findings)
        assert ("it is stopped" in said) is stopped
    assert not story.look(gone=[1]).store.supervisor_stopped


def test_what_was_dead_at_the_first_look_is_told_as_found_so() -> None:
    story = factory()
    story.look(seen(3, 201, 200, sid=200, start=NOON + 1, state="Z", status=0), after=60)
    found = story.store.history("p:3").marks  # type: ignore[union-attr]
    assert [mark.kind for mark in found] == ["started", "found-dead", "zombie"]
    assert not story.row("p:3").since_exact
    story.look(seen(4, 202, 200, sid=200, start=NOON + 61), after=2)
    dead = seen(4, 202, 200, sid=200, start=NOON + 61, state="Z", status=0, ended_at=NOON + 62)
    story.look(dead, after=1)
    watched = story.store.history("p:4").marks  # type: ignore[union-attr]
    assert [mark.kind for mark in watched] == ["started", "zombie"]


def test_siblings_that_started_together_stand_in_the_order_of_their_pids() -> None:
    story = factory()
    story.look(seen(4, 203, 200, sid=200), seen(5, 201, 200, sid=200), seen(6, 202, 200, sid=200))
    assert story.store.children("w:factory") == ["p:5", "p:6", "p:4"]
