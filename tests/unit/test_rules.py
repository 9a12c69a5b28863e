"""Which action applies to which row, and the sentence where it doesn't."""

from __future__ import annotations

import pytest

from proctui.core.rules import Action, parent_of, why_not
from proctui.model import Row
from tests.unit.story import NOON, SUPERVISOR, Story, running, seen
from tests.unit.test_classify import BACKOFF, ENDED, FAILED, IDLE, JOINED, also

ALL: tuple[Action, ...] = (
    "join", "cancel-join", "terminate", "kill", "signal", "continue", "stop", "start", "restart",
    "nudge",
)  # fmt: skip


def worker_row(**fields: object) -> Row:
    story = Story().event("started", running(**fields))  # type: ignore[arg-type]
    return story.look(seen(1, SUPERVISOR, 1), seen(2, 200, SUPERVISOR)).row("w:factory")


def event_row(worker: object) -> Row:
    return Story().event("changed", worker).row("w:factory")  # type: ignore[arg-type]


def child_row(**fields: object) -> Row:
    story = Story().event("started", running())
    story.look(
        seen(1, SUPERVISOR, 1),
        seen(2, 200, SUPERVISOR),
        seen(3, 201, 200, sid=200, start=NOON + 1, **fields),  # type: ignore[arg-type]
    )
    return story.row("p:3")


def orphan_row(state: str = "S") -> Row:
    story = Story().event("started", running())
    story.look(seen(1, SUPERVISOR, 1), seen(2, 200, SUPERVISOR), seen(3, 201, 200, start=NOON + 1))
    return story.look(seen(3, 201, 1, start=NOON + 1, state=state), gone=[2]).row("p:3")


ALIVE = worker_row()
ZOMBIE = event_row(ENDED)
CHILD = child_row()
DEAD_CHILD = child_row(state="Z", status=0)

DEAD_WORKER = (
    "already dead: only its parent proctui supervisor (100) can join it, and join does that"
)


@pytest.mark.parametrize(
    ("row", "applies"),
    [
        (ALIVE, {"join", "terminate", "kill", "signal", "stop", "restart"}),
        (worker_row(joining=1), {"cancel-join", "terminate", "kill", "signal", "stop", "restart"}),
        (worker_row(stopping=True), {"join", "terminate", "kill", "signal", "restart"}),
        (ZOMBIE, {"join", "start", "restart"}),
        (event_row(IDLE), {"start", "restart"}),
        (event_row(JOINED), {"start", "restart"}),
        (event_row(FAILED), {"start", "restart"}),
        (event_row(BACKOFF), {"start", "restart", "stop"}),
        (CHILD, {"terminate", "kill", "signal"}),
        (child_row(state="T"), {"terminate", "kill", "signal", "continue"}),
        (DEAD_CHILD, {"nudge"}),
        (orphan_row(), {"terminate", "kill", "signal"}),
        (orphan_row("Z"), set()),
    ],
)
def test_what_applies(row: Row, applies: set[str]) -> None:
    assert {action for action in ALL if why_not(row, action) is None} == applies


@pytest.mark.parametrize(
    ("row", "action", "sentence"),
    [
        (event_row(IDLE), "join", "can't join: it has not been started"),
        (event_row(JOINED), "join", "already joined: exitcode 3"),
        (event_row(also(JOINED, exitcode=-9)), "join", "already joined: exitcode -9 SIGKILL"),
        (event_row(FAILED), "join", "can't join: it failed and nothing of it is left"),
        (event_row(BACKOFF), "join", "already joined: it waits to be started again"),
        (worker_row(joining=2), "join", "a join already waits for it"),
        (CHILD, "join", "factory joins this one, not you: it is factory (200)'s child"),
        (DEAD_CHILD, "join", "factory joins this one, not you: it is factory (200)'s child"),
        (orphan_row(), "join", "init (1) joins this one, not you: it has adopted it"),
        (ALIVE, "cancel-join", "no join waits for it"),
        (CHILD, "cancel-join", "no join waits for it"),
        (ZOMBIE, "terminate", DEAD_WORKER),
        (ZOMBIE, "kill", DEAD_WORKER),
        (ZOMBIE, "stop", DEAD_WORKER),
        (DEAD_CHILD, "kill", "already dead: only its parent factory (200) can join it"),
        (orphan_row("Z"), "kill", "already dead: only its parent init (1) can join it"),
        (event_row(IDLE), "kill", "it has not been started"),
        (event_row(JOINED), "kill", "already ended: exitcode 3"),
        (event_row(FAILED), "terminate", "it failed and is not running"),
        (
            event_row(BACKOFF),
            "terminate",
            "it is not running: it waits to be started again, and stop prevents that",
        ),
        (ALIVE, "continue", "it is not stopped"),
        (ZOMBIE, "continue", DEAD_WORKER),
        (ALIVE, "start", "already running as process 200: restart starts it anew"),
        (CHILD, "start", "only workers can be started, and this descends from factory"),
        (CHILD, "restart", "only workers can be restarted, and this descends from factory"),
        (CHILD, "stop", "only workers can be stopped, and this descends from factory"),
        (worker_row(stopping=True), "stop", "already stopping"),
        (ALIVE, "nudge", "there is no parent here that neglects its children"),
        (ZOMBIE, "nudge", "nobody needs a nudge: join does it"),
    ],
)
def test_why_not(row: Row, action: Action, sentence: str) -> None:
    assert why_not(row, action) == sentence


@pytest.mark.parametrize(
    ("action", "sentence"),
    [
        ("join", "can't join: its supervisor is gone, and nobody else is its parent"),
        ("start", "can't start: the supervisor is gone"),
        ("restart", "can't restart: the supervisor is gone"),
        ("stop", "can't stop: the supervisor is gone"),
        ("kill", None),
        ("terminate", None),
    ],
)
def test_with_the_supervisor_lost(action: Action, sentence: str | None) -> None:
    assert why_not(ALIVE, action, supervisor_lost=True) == sentence


def test_a_process_of_nobody() -> None:
    row = Story().look(seen(1, SUPERVISOR, 1), seen(9, 300, 299)).row("p:9")
    assert why_not(row, "start") == "only workers can be started, and this is none"
    assert why_not(row, "join") == "its parent joins this one, not you: it is process 299's child"


def test_adopted_by_our_supervisor_it_can_be_joined() -> None:
    story = Story(adopt=True).event("started", running())
    story.look(seen(1, SUPERVISOR, 1), seen(2, 200, SUPERVISOR), seen(3, 201, 200, start=NOON + 1))
    story.look(seen(3, 201, SUPERVISOR, start=NOON + 1, state="Z", status=0), gone=[2])
    assert why_not(story.row("p:3"), "join") is None


def test_a_parent_is_nudged_from_its_own_row_too() -> None:
    story = Story().event("started", running())
    story.look(
        seen(1, SUPERVISOR, 1),
        seen(2, 200, SUPERVISOR),
        seen(3, 201, 200, start=NOON + 1, state="Z", status=0),
    )
    assert why_not(story.row("w:factory"), "nudge") is None


def test_whose_child_a_row_is() -> None:
    assert parent_of(CHILD) == "factory (200)"
    assert parent_of(orphan_row()) == "init (1)"
    assert parent_of(ALIVE) == "proctui supervisor (100)"
    assert parent_of(Row(key="p:1")) == "its parent"
