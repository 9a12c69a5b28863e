"""The table of actions: complete, without contradiction, and true about what applies."""

from __future__ import annotations

from collections import Counter

import pytest

from proctui.model import Cure, Finding, Lineage, ProcessSample, Row, State, Worker
from proctui.tui.actions import ACTIONS, Scene, foreign_zombie, key_name
from proctui.tui.offered import buttons, footer, footer_text, in_footer


def worker_row(phase: str, state: State, **fields: object) -> Row:
    worker = Worker(id="w", name="piao", phase=phase, pid=10, **fields)  # type: ignore[arg-type]
    return Row(key="w:w", token=1, worker=worker, name="piao", state=state)


def zombie_child() -> Row:
    sample = ProcessSample(
        pid=44, ppid=30, pgid=30, sid=30, state="Z", start_ticks=1, comm="python3"
    )
    return Row(
        key="p:2",
        token=2,
        sample=sample,
        name="python3",
        state=State.ZOMBIE,
        lineage=Lineage(first_ppid=30, first_parent="factory", worker="factory"),
    )


ALIVE = worker_row("alive", State.SLEEPING)
IDLE = worker_row("idle", State.IDLE)
JOINED = worker_row("joined", State.ENDED)
ENDED = worker_row("ended", State.ZOMBIE)


def test_no_key_means_two_things() -> None:
    keys = Counter(key for action in ACTIONS.values() for key in action.keys)
    assert [key for key, count in keys.items() if count > 1] == []


def test_the_keys_that_fingers_know() -> None:
    known = {key: action.id for action in ACTIONS.values() for key in action.keys}
    expected = {
        "j": "join", "J": "join_all", "t": "terminate", "k": "kill", "s": "start", "r": "restart",
        "x": "stop", "n": "new", "space": "tag", "c": "tag_tree", "z": "zombie", "o": "orphan",
        "l": "log", "e": "events", "p": "pause", "d": "detach", "question_mark": "help",
        "q": "quit", "slash": "filter", "f1": "help", "f3": "search", "f4": "filter",
        "f5": "tree", "f6": "sort", "f9": "signal", "f10": "quit",
    }  # fmt: skip
    assert {key: known.get(key) for key in expected} == expected


def test_every_action_says_what_it_does() -> None:
    for action in ACTIONS.values():
        assert action.title, action.id
        assert action.tooltip.endswith("."), action.id


def test_the_buttons_in_their_order() -> None:
    labels = [f"{a.button} {key_name(a.keys[0])}" for a in buttons()]
    assert labels == [
        "Join j", "Join all J", "Terminate t", "Kill k", "Restart r", "Start s", "New n",
    ]  # fmt: skip


@pytest.mark.parametrize("room", range(140))
def test_the_footer_never_is_wider_than_its_room_and_keeps_quit_longest(room: int) -> None:
    shown = footer(room)
    assert len("  ".join(footer_text(action) for action in shown)) <= max(room, 0)
    if shown:
        assert "quit" in {action.id for action in shown}


@pytest.mark.parametrize(
    ("action", "row", "reason"),
    [
        ("join", ALIVE, None),
        ("join", ENDED, None),
        ("join", JOINED, "already joined"),
        ("join", IDLE, "has not been started"),
        ("join", zombie_child(), "factory joins this one, not you"),
        ("kill", ENDED, "already dead"),
        ("kill", zombie_child(), "only its parent factory (30) can join it"),
        ("terminate", JOINED, "already ended"),
        ("terminate", ALIVE, None),
        ("start", ALIVE, "already running"),
        ("start", IDLE, None),
        ("start", zombie_child(), "only workers can be started"),
        ("stop", zombie_child(), "only workers can be stopped"),
        ("restart", JOINED, None),
        ("join", None, "no process under the cursor"),
        ("tag", None, "no process under the cursor"),
    ],
)
def test_why_not(action: str, row: Row | None, reason: str | None) -> None:
    said = ACTIONS[action].why_not(Scene(row=row))
    if reason is None:
        assert said is None
    else:
        assert said is not None
        assert reason in said
        assert said.endswith(".")


def test_a_join_that_waits_can_be_given_up_with_the_same_key() -> None:
    waiting = worker_row("alive", State.SLEEPING, joining=1)
    assert ACTIONS["join"].why_not(Scene(row=waiting)) is None


@pytest.mark.parametrize("action", ["join", "start", "restart", "stop", "new", "join_all"])
def test_without_a_supervisor_nobody_starts_or_joins(action: str) -> None:
    said = ACTIONS[action].why_not(Scene(row=ENDED if action == "join" else ALIVE, lost=True))
    assert said is not None
    assert "supervisor" in said


@pytest.mark.parametrize("action", ["terminate", "kill", "signal"])
def test_without_a_supervisor_signals_still_reach(action: str) -> None:
    assert ACTIONS[action].why_not(Scene(row=ALIVE, lost=True)) is None


def test_there_must_be_a_zombie_to_go_to() -> None:
    assert ACTIONS["zombie"].why_not(Scene()) == "There is no zombie."
    assert ACTIONS["zombie"].why_not(Scene(zombies=1)) is None
    assert ACTIONS["orphan"].why_not(Scene()) == "There is no orphan."
    assert ACTIONS["untag"].why_not(Scene()) is not None
    assert ACTIONS["untag"].why_not(Scene(tagged=2)) is None


def neglected_child() -> Row:
    cure = Cure("nudge-parent", "Nudge factory (30) with SIGCHLD.", 30)
    row = zombie_child()
    row.findings = (Finding("zombie", "factory (30) has not joined it.", (cure,)),)
    return row


def test_what_its_parent_neglects_is_cured_by_the_key_that_joins() -> None:
    scene = Scene(row=neglected_child(), zombies=1)
    join = ACTIONS["join"]
    assert join.why_not(scene) is None
    assert join.shown(scene).button == join.shown(scene).title == "Cure"
    assert join.shown(Scene(row=ENDED)) is join
    assert join.why_not(Scene(row=neglected_child(), lost=True)) is None, "no supervisor is needed"


def test_where_no_signal_helps_the_footer_has_what_does() -> None:
    def stands(row: Row | None) -> str:
        return footer_text(in_footer(ACTIONS["signal"], Scene(row=row)))

    assert [stands(row) for row in (ALIVE, ENDED, neglected_child(), zombie_child(), None)] == [
        "F9 signal", "j join", "j cure", "F9 signal", "F9 signal",
    ]  # fmt: skip


def test_a_foreign_zombie_is_one_that_only_its_own_parent_joins() -> None:
    assert foreign_zombie(zombie_child())
    assert not foreign_zombie(ALIVE)
    assert not foreign_zombie(None)


@pytest.mark.parametrize(
    ("key", "shown"),
    [("slash", "/"), ("f9", "F9"), ("ctrl+q", "^q"), ("J", "J"), ("question_mark", "?")],
)
def test_how_keys_are_written(key: str, shown: str) -> None:
    assert key_name(key) == shown
