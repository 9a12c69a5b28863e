"""Steps of lessons where something else was done than the guide says, or the screen came late."""

from __future__ import annotations

import pytest

from proctui.lessons import LESSONS, Attention, Lesson, files, find, held, progress, to_play_again
from proctui.model import Observation, Worker
from tests.unit.story import NOON, SUPERVISOR, Story, running, seen

MB = 1_000_000

NOTHING = Attention()

every_lesson = pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)


def ticked(lesson: str, story: Story, attention: Attention = NOTHING) -> list[int]:
    """The steps that are seen, counted from 1."""
    return sorted(step + 1 for step in progress(find(lesson), story.store, frozenset(), attention))


def again(lesson: str, step: int, story: Story) -> tuple[str, ...]:
    """Whom the guide asks to start again while this step is due."""
    return to_play_again(find(lesson), story.store, frozenset(range(step - 1)))


def child(token: int, pid: int, parent: int, name: str = "child", **fields: object) -> Observation:
    """A descendant of the worker whose process is `parent`."""
    said: dict[str, object] = {"sid": 200, "comm": name, **fields}
    return seen(token, pid, parent, **said)  # type: ignore[arg-type]


def over(name: str, exitcode: int, at: float, pid: int = 200, **fields: object) -> Worker:
    """A worker that has ended."""
    said = {"phase": "ended", "alive": False, "exitcode": exitcode, "ended_at": at, **fields}
    return running(name, pid, **said)


def ended(story: Story, name: str, exitcode: int, pid: int = 200) -> Story:
    """A worker ends, and Python and the kernel both say so."""
    worker = story.store.rows[f"w:{name}"].worker
    assert worker is not None
    since = worker.started_at
    status = exitcode << 8 if exitcode >= 0 else -exitcode
    story.look(seen(pid, pid, SUPERVISOR, state="Z", status=status, start=since or NOON), after=0.1)
    return story.event("ended", over(name, exitcode, story.now, pid, started_at=since))


def began(*names: str, first: int = 200) -> Story:
    """These workers run, and the kernel shows them alive."""
    story = Story()
    for pid, name in enumerate(names, first):
        story.event("started", running(name, pid))
        story.look(seen(pid, pid, SUPERVISOR, rss=9 * MB))
    return story


# ---------------------------------------------------------------- whoever comes too late


@every_lesson
def test_what_nobody_saw_is_not_ticked_and_does_not_stick(lesson: Lesson) -> None:
    """The screen comes when all is over: each step is seen by the deed it asks for, or again."""
    story = Story()
    for number, spec in enumerate(files.session(lesson.id).workers):
        # none of the exit codes that the lessons teach
        worker = over(spec.id, -2, NOON + 1, 200 + number, label=spec.label)
        story.event("ended", worker)
    stuck = set()
    for step in range(len(lesson.steps)):
        if not to_play_again(lesson, story.store, frozenset(range(step))):
            stuck.add(step + 1)
    assert stuck <= BY_HAND.get(lesson.id, set())
    assert progress(lesson, story.store, frozenset()) <= TRUE_OF_THE_DEAD.get(lesson.id, set())


BY_HAND: dict[str, set[int]] = {
    "function-target": {2, 4},  # start, join all
    "process-subclass": {3},
    "authkey": {1},  # look
    "join-timeout": {4},  # join
    "implicit-reaping": {3, 4, 5},  # both are dead; start, join
    "crash": {4},
    "too-many": {1},
}
"""What can be done, or is so, although all workers have ended."""
TRUE_OF_THE_DEAD: dict[str, set[int]] = {"too-many": {0}}


@every_lesson
def test_nothing_is_called_over_before_it_began(lesson: Lesson) -> None:
    story = Story()
    for spec in files.session(lesson.id).workers:
        story.event("added", Worker(id=spec.id, name=spec.id, label=spec.label))
    for step in range(len(lesson.steps)):
        assert to_play_again(lesson, story.store, frozenset(range(step))) == ()


def test_workers_that_wait_for_a_screen_are_told_in_their_order() -> None:
    story = Story()
    for name in ("b", "a", "later"):
        story.event("added", Worker(id=name, name=name, autostart=name != "later"))
    story.event("added", Worker(id="done", name="done", phase="joined", started_at=NOON))
    assert held(story.store) == ("b", "a")
    assert held(story.event("started", running("b")).store) == ("a",)


# ---------------------------------------------------------------- what the person looks at


def test_a_step_about_looking_waits_for_the_look() -> None:
    story = began("negligent").look(child(1, 300, 200, state="Z", status=1 << 8))
    parent, zombie = Attention("w:negligent", "details"), Attention("p:1", "details")
    assert ticked("zombie", story) == []
    assert ticked("zombie", story, parent) == [], "the parent comes second"
    assert ticked("zombie", story, zombie) == [1]
    lesson = find("zombie")
    seen_first = frozenset({0})
    assert progress(lesson, story.store, seen_first, zombie) == {0}
    assert progress(lesson, story.store, seen_first, Attention("w:negligent", "log")) == {0}
    assert progress(lesson, story.store, seen_first, parent) == {0, 1}


def test_the_key_and_the_orphan_must_be_looked_at() -> None:
    story = Story().event("started", running("listener", authkey_length=32))
    assert 1 not in ticked("authkey", story)
    assert 1 in ticked("authkey", story, Attention("w:listener", "details"))
    story = began("parent").look(child(1, 300, 200, "left-behind"))
    story.look(child(1, 300, 1, "left-behind"), gone=[200], names={1: "init"}, after=1)
    before = frozenset({0})
    assert progress(find("orphan"), story.store, before) == before
    assert progress(find("orphan"), story.store, before, Attention("p:1")) == {0, 1}


# ---------------------------------------------------------------- seen alive, or only told


def test_workers_count_as_alive_when_the_kernel_shows_them() -> None:
    story = Story()
    for pid, name in enumerate(("ada", "ben", "cleo"), 200):
        story.event("started", running(name, pid))
    assert ticked("function-target", story) == []
    for pid in (200, 201):
        story.look(seen(pid, pid, SUPERVISOR, rss=9 * MB))
    story.look(seen(202, 202, SUPERVISOR, state="Z", status=0))
    ended(story, "cleo", 0, 202)
    assert 1 not in ticked("function-target", story), "cleo was seen dead only"
    assert again("function-target", 1, story) == ("cleo",)
    for pid, name in ((200, "ada"), (201, "ben")):
        ended(story, name, 0, pid)
    story.event("started", running("cleo", 300, started_at=story.now + 1))
    story.look(seen(300, 300, SUPERVISOR, rss=9 * MB, start=story.now + 1), after=1)
    assert 1 in ticked("function-target", story), "ada and ben were alive before"


def test_a_restart_joins_nobody_for_good() -> None:
    story = began("sleeper")
    ended(story, "sleeper", -15)
    assert 3 in ticked("join-timeout", story)
    told = running("sleeper", phase="joined", alive=False, exitcode=-15, joined_at=story.now)
    story.event("restarting", told).event("joined", told)
    assert 4 not in ticked("join-timeout", story)
    story.event("started", running("sleeper", 201)).event("joined", told)
    assert 4 in ticked("join-timeout", story)


def test_killing_is_not_terminating() -> None:
    story = began("sleeper")
    ended(story, "sleeper", -9)
    assert 3 not in ticked("join-timeout", story)
    assert again("join-timeout", 3, story) == ("sleeper",)
    story = began("negligent").look(child(1, 300, 200, state="Z", status=1 << 8))
    ended(story, "negligent", -9).look(gone=[1], after=1)
    assert 3 not in ticked("zombie", story)
    story = began("factory").look(child(1, 300, 200, state="Z", status=0))
    ended(story, "factory", -9).look(gone=[1], after=1)
    assert 3 not in ticked("zombie-factory", story)
    assert again("zombie-factory", 3, story) == ("factory",)
    story = began("stubborn")
    ended(story, "stubborn", -9)
    told = over("stubborn", -9, story.now, phase="joined")
    assert ticked("stubborn", story.event("joined", told, exitcode=-9)) == []


# ---------------------------------------------------------------- joining


def test_joins_are_summed_up_when_all_children_were_seen_in_one_run() -> None:
    summary = find("join-all").summary
    assert summary is not None
    story = began("program")
    story.look(*(child(n, 300 + n, 200, f"lives {n} s") for n in (2, 3, 4)))
    for n in (2, 3, 4):
        story.look(gone=[n], after=1)
    ended(story, "program", 0)
    assert ticked("join-all", story) == []
    assert summary(story.store) == ("",)
    assert again("join-all", 1, story) == ("program",)

    start = story.now + 5
    story.event("started", running("program", 400, started_at=start))
    story.look(seen(400, 400, SUPERVISOR, start=start), child(11, 411, 400, start=start), after=5)
    assert ticked("join-all", story) == [], "three of the last run prove nothing"
    story.look(*(child(10 + n, 410 + n, 400, start=start) for n in (2, 3, 4)))
    for n in (11, 12, 13, 14):
        story.look(gone=[n], after=1)
    ended(story, "program", 0, 400)
    assert ticked("join-all", story) == [1, 2, 3]
    assert "lived 4.0 s; all together lived 10.0 s." in summary(story.store)[0]


def two_zombies() -> Story:
    """by-join and by-the-way, ended and not joined."""
    story = began("by-join", "by-the-way")
    ended(story, "by-join", 0, 200)
    return ended(story, "by-the-way", 0, 201)


@pytest.mark.parametrize(("by", "counts"), [("screen 4711", False), ("start of sibling", True)])
def test_only_the_start_of_the_sibling_reaps_by_the_way(by: str, counts: bool) -> None:
    story = two_zombies().look(gone=[201], after=1)
    told = over("by-the-way", 0, story.now, 201, phase="joined")
    story.event("joined", told, by=by)
    assert (4 in ticked("implicit-reaping", story)) is counts
    assert again("implicit-reaping", 4, story) == ("by-join", "by-the-way")


# ---------------------------------------------------------------- ending


def parent_and_child(name: str) -> Story:
    return began(name).look(child(1, 300, 200))


@pytest.mark.parametrize(("name", "step"), [("has-daemonic-child", 2), ("has-ordinary-child", 3)])
def test_a_child_ends_with_its_parent_or_before(name: str, step: int) -> None:
    story = ended(parent_and_child(name), name, 0)
    assert step not in ticked("daemon", story)
    story.look(gone=[1], after=1)  # noticed late
    assert step in ticked("daemon", story)

    killed = ended(parent_and_child(name), name, -9).look(child(1, 300, 1), names={1: "init"})
    assert step not in ticked("daemon", killed.look(gone=[1], after=8))
    assert again("daemon", step, killed) == (name,)

    touched = parent_and_child(name)
    touched.event("note", worker=name, pid=300, signal="SIGKILL", text="killed child")
    touched.look(gone=[1], after=1)
    assert step not in ticked("daemon", ended(touched, name, 0))


def deadlocked() -> Story:
    return began("program").look(child(1, 300, 200, "holder"), child(2, 301, 200, "waiter"))


def test_the_lock_dies_with_its_holder_only_if_the_program_ends_it() -> None:
    story = deadlocked().look(gone=[1], after=5)
    assert ticked("deadlock", story) == [1, 2]
    story.look(gone=[2], after=5)
    assert ticked("deadlock", story) == [1, 3]
    assert ticked("deadlock", ended(story, "program", 0)) == [1, 3, 4]

    story = deadlocked()
    story.event("note", worker="program", pid=300, signal="SIGTERM", text="terminated holder")
    assert ticked("deadlock", story.look(gone=[1], after=1)) == [1]
    assert again("deadlock", 2, story) == ("program",)

    story = deadlocked().look(gone=[2], after=1).look(gone=[1], after=5)
    assert ticked("deadlock", ended(story, "program", 0)) == [1]
    assert again("deadlock", 3, story) == ("program",)


def test_a_holder_that_was_gone_before_the_screen_came_is_missed() -> None:
    story = began("program").look(child(2, 301, 200, "waiter"))
    assert ticked("deadlock", story) == []
    assert again("deadlock", 1, story) == ("program",)


def test_the_program_itself_must_terminate_its_child() -> None:
    story = began("program").look(child(1, 300, 200))
    story.event("note", worker="program", pid=300, signal="SIGKILL", text="killed child")
    story.look(gone=[1], after=1)
    assert 1 not in ticked("terminate-is-alive", ended(story, "program", 0))


# ---------------------------------------------------------------- zombies and orphans


def test_an_ended_parent_cures_nothing_by_itself() -> None:
    story = began("joins-late").look(child(1, 300, 200, state="Z", status=7 << 8))
    story.look(gone=[1], after=1)
    assert 2 in ticked("zombie-cure-join", story)
    assert 2 not in ticked("zombie-cure-join", ended(story, "joins-late", -15))
    story = began("attentive")
    for n in (1, 2, 3):
        story.look(child(n, 300 + n, 200), after=1).look(gone=[n], after=0.5)
    assert 2 in ticked("zombie-cure-sigchld", story)
    assert 2 not in ticked("zombie-cure-sigchld", ended(story, "attentive", -15))


def family() -> Story:
    return began("grandparent").look(
        child(1, 301, 200), child(2, 302, 200), child(3, 303, 301), child(4, 304, 302)
    )


def test_a_whole_tree_that_was_killed_leaves_nobody() -> None:
    story = ended(family(), "grandparent", -9).look(gone=[1, 2, 3, 4], after=0.1)
    assert ticked("orphan-tree", story) == []
    for step in (1, 2, 3, 4):
        assert again("orphan-tree", step, story) == ("grandparent",)


def test_only_those_who_were_left_behind_are_ended_then() -> None:
    story = family()
    ended(story, "grandparent", -9)
    story.look(child(1, 301, 1), child(2, 302, 1), names={1: "init"})
    assert ticked("orphan-tree", story) == [1, 2, 3]
    assert again("orphan-tree", 4, story) == ()
    story.look(gone=[1, 2, 3, 4], after=1)
    assert 4 in ticked("orphan-tree", story)


# ---------------------------------------------------------------- servers


def served() -> Story:
    """A server with a client and a guest, each with a child of its own."""
    story = began("server", "client-1", "client-2", "guest")
    return story.look(*(child(n, 300 + n, 200, f"port {n}") for n in (1, 2, 3)))


def guest_left(story: Story) -> Story:
    ended(story, "guest", 0, 203)
    return story.look(child(3, 303, 200, "port 3", state="Z", status=0), after=0.1)


def client_left(story: Story, exitcode: int = -15) -> Story:
    ended(story, "client-1", exitcode, 201)
    return story.look(child(1, 301, 200, "port 1", state="Z", status=0), after=0.1)


def guest_again(story: Story, *observations: Observation) -> Story:
    start = story.now + 1
    story.event("started", running("guest", 213, started_at=start))
    own = seen(213, 213, SUPERVISOR, start=start)
    return story.look(own, child(9, 309, 200, "port 9", start=start), after=1)


def test_every_zombie_of_the_server_has_its_client() -> None:
    assert ticked("echo-server", served()) == [1]
    early = client_left(served())
    assert 2 not in ticked("echo-server", early), "that was the client's"
    assert 2 not in ticked("echo-server", ended(early, "guest", -9, 203))
    assert again("echo-server", 2, early) == ("guest",)
    story = guest_left(served())
    assert ticked("echo-server", story) == [1, 2]
    assert 3 not in ticked("echo-server", client_left(story, -9))
    assert 3 in ticked("echo-server", client_left(guest_left(served())))


def test_zombies_that_went_with_the_server_were_not_reaped_by_it() -> None:
    story = client_left(guest_left(served()))
    ended(story, "server", -15).look(gone=[1, 3], after=1)
    assert 4 not in ticked("echo-server", story)
    assert again("echo-server", 4, story) == ("server",)


def test_the_guest_s_second_child_reaps_all_who_died_before() -> None:
    story = guest_again(client_left(guest_left(served())))
    assert 4 not in ticked("echo-server", story), "they are still there"
    story.look(gone=[1])
    assert 4 not in ticked("echo-server", story), "one is still there"
    story.look(gone=[3])
    assert 4 in ticked("echo-server", story)


def test_the_pool_s_clients_must_leave_by_themselves() -> None:
    story = began("one-child-each", "guest-1", "pool", "visitor-1")
    story.look(*(child(n, 310 + n, 202, f"PoolWorker-{n}") for n in (1, 2, 3)))
    story.look(child(4, 304, 200, "port 4"))
    assert ticked("pool", story) == [1, 2]
    ended(story, "guest-1", -9, 201)
    story.look(child(4, 304, 200, "port 4", state="Z", status=0))
    assert again("pool", 3, story) == ()
    assert 3 not in ticked("pool", ended(story, "visitor-1", 0, 203))
    assert again("pool", 3, story) == ("guest-1", "visitor-1")
