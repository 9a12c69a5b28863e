"""Every sentence that a row can say, and what it offers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from proctui.core.classify import Facts, Parent
from proctui.core.verdicts import findings
from proctui.model import Cure, Departure, Finding, Lineage, Worker
from tests.unit.story import NOON, running, seen
from tests.unit.test_classify import (
    ALIVE,
    BACKOFF,
    ENDED,
    FAILED,
    IDLE,
    JOINED,
    STARTING,
    also,
    sample,
)

SUPERVISOR = Parent(100, "proctui supervisor", "supervisor")
INIT = Parent(1, "init", "init", program="bash")
CONTAINER = Parent(4711, "sh", "init", container=True)
FACTORY = Parent(200, "factory", "worker")
SYSTEMD = Parent(77, "systemd", "process")
FORK_SERVER = Parent(150, "python3", "fork server")
GONE = Departure(token=1, ended_at=NOON + 9, exact=True)
MADE_UP = also(ENDED, start_method="forkserver", exitcode=255)
ORPHAN = Lineage(
    first_ppid=200,
    first_parent="factory",
    adopter_pid=1,
    adopter="init",
    adopted_at=NOON,
    worker="factory",
    why="its first parent factory (200) has ended",
)
TERMINATE_ORPHAN = ("leave", "terminate", "kill")
NEGLECT = ("nudge-parent", "terminate-parent", "kill-parent")


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def kinds(finding: Finding) -> tuple[str, ...]:
    return tuple(cure.kind for cure in finding.cures)


def worker(python: Worker, **known: Any) -> Facts:
    known.setdefault("parent", SUPERVISOR)
    return replace(Facts(name=python.name, worker=python), **known)


@pytest.mark.parametrize(
    ("facts", "kind", "text", "cures"),
    [
        (worker(IDLE), "note", "Both agree: it was not started yet.", ()),
        (
            worker(STARTING, sample=sample()),
            "note",
            "Both agree: it is starting, and has not reached its target yet.",
            (),
        ),
        (worker(ALIVE, sample=sample()), "note", "Both agree: it is alive.", ()),
        (
            worker(ALIVE, sample=sample("T")),
            "note",
            "Both agree: it is alive. It is stopped, and does nothing until it is continued.",
            ("continue",),
        ),
        (
            worker(ALIVE, sample=sample("D")),
            "note",
            "Both agree: it is alive. It waits inside the kernel: no signal reaches it, "
            "not even SIGKILL.",
            (),
        ),
        (
            worker(also(ALIVE, alive=None), sample=sample()),
            "unknown",
            "The kernel says that it is alive; multiprocessing says None.",
            (),
        ),
        (worker(ALIVE), "unknown", "The kernel was not asked about it yet.", ()),
        (
            worker(ALIVE, sample=sample("Z")),
            "disagree",
            "They disagree: the process has ended, and multiprocessing has not noticed yet.",
            ("join",),
        ),
        (
            worker(ALIVE, departure=GONE),
            "disagree",
            "They disagree: the process is gone, and multiprocessing has not noticed yet.",
            (),
        ),
        (
            worker(ENDED, sample=sample("Z")),
            "disagree",
            "They disagree: it has ended with exit code 3, and proctui supervisor (100) has not "
            "joined it.",
            ("join",),
        ),
        (
            worker(ENDED),
            "disagree",
            "They disagree: it has ended with exit code 3, and proctui supervisor (100) has not "
            "joined it.",
            ("join",),
        ),
        (
            worker(ENDED, departure=GONE),
            "disagree",
            "They disagree: multiprocessing waits for a join, but the process is gone already.",
            ("join",),
        ),
        (
            worker(also(ENDED, exitcode=None, exitcode_lost=True), departure=GONE),
            "disagree",
            "They disagree: the process has ended, and somebody else took its exit status: "
            "its exit code can't be known.",
            ("join",),
        ),
        (
            worker(also(ENDED, reap="auto")),
            "note",
            "Both agree: it ended with exit code 3. It is joined at once.",
            (),
        ),
        (
            worker(also(ENDED, start_method="forkserver"), departure=GONE),
            "note",
            "It ended with exit code 3. The fork server reaps it; "
            "only multiprocessing waits for a join.",
            ("join",),
        ),
        (worker(JOINED), "note", "Both agree: it ended with exit code 3 and was joined.", ()),
        (
            worker(also(JOINED, exitcode=-9)),
            "note",
            "Both agree: it ended with exit code -9 SIGKILL and was joined.",
            (),
        ),
        (
            worker(also(JOINED, exitcode=None, exitcode_lost=True)),
            "note",
            "Both agree: it has ended. Its exit status went to somebody else.",
            (),
        ),
        (
            worker(also(FAILED, failure="No module named 'numpy'.")),
            "failed",
            "It failed: No module named 'numpy'.",
            ("restart",),
        ),
        (worker(also(FAILED, failure=None)), "failed", "It failed, and nothing tells why.", None),
        (
            worker(also(BACKOFF, backoff_until=NOON + 8)),
            "note",
            "Both agree: it ended with exit code 1. It is started again at 12:00:08.",
            (),
        ),
        (
            worker(also(BACKOFF, backoff_until=None)),
            "note",
            "Both agree: it ended with exit code 1. It is started again.",
            (),
        ),
        (
            worker(MADE_UP, sample=sample(), parent=INIT),
            "disagree",
            "They disagree: the process lives. Its fork server is gone, so multiprocessing made "
            "up exit code 255 and can't know its end.",
            ("terminate",),
        ),
        (
            worker(also(MADE_UP, phase="joined"), sample=sample("Z"), parent=INIT),
            "disagree",
            "They disagree: multiprocessing says that it ended with exit code 255, as it also "
            "does where it lost the fork server; the process has ended, but was not reaped.",
            (),
        ),
        (
            worker(MADE_UP),
            "unknown",
            "multiprocessing says that it ended with exit code 255, as it also does where it "
            "lost the fork server; the kernel has not confirmed it yet.",
            (),
        ),
        (
            worker(also(MADE_UP, phase="joined"), searched=True),
            "note",
            "Both agree: it ended with exit code 255 and was joined.",
            (),
        ),
    ],
)
def test_verdict_on_a_worker(
    facts: Facts, kind: str, text: str, cures: tuple[str, ...] | None
) -> None:
    first = findings(facts)[0]
    assert (first.kind, first.text) == (kind, text)
    if cures is not None:
        assert kinds(first) == cures


LOST = "What multiprocessing says was last known at 12:00:05, when the supervisor was last heard of"
NOBODY = f"{LOST}: nobody can join it any more"


@pytest.mark.parametrize(
    ("facts", "kind", "text"),
    [
        (
            worker(ALIVE, sample=sample(), lost_at=NOON + 5, parent=INIT),
            "unknown",
            f"{NOBODY}. It lives; when it ends, init will reap it.",
        ),
        (
            worker(ALIVE, sample=sample(), lost_at=NOON + 5, parent=FORK_SERVER),
            "unknown",
            f"{NOBODY}. It lives; when it ends, python3 (150) will reap it.",
        ),
        (
            worker(ENDED, sample=sample("Z"), lost_at=NOON + 5, parent=INIT),
            "disagree",
            f"{NOBODY}; init will reap it.",
        ),
        (
            worker(ENDED, sample=sample("Z"), lost_at=NOON + 5, parent=INIT, not_reaping=True),
            "disagree",
            f"{NOBODY}.",
        ),
        (
            worker(ENDED, sample=sample("Z"), lost_at=NOON + 5),
            "unknown",
            f"{LOST}: the process has ended, and can't be joined from here.",
        ),
        (
            worker(ALIVE, sample=sample(), lost_at=NOON + 5),
            "unknown",
            f"{LOST}: the process lives, and can't be joined from here.",
        ),
        (worker(ALIVE, lost_at=NOON + 5), "unknown", f"{LOST}. The kernel shows no such process."),
        (
            worker(ENDED, departure=GONE, lost_at=NOON + 5),
            "note",
            f"{LOST}. The process is gone, and was reaped.",
        ),
        (
            worker(JOINED, lost_at=NOON + 5),
            "note",
            "Both agree: it ended with exit code 3 and was joined.",
        ),
    ],
)
def test_with_the_supervisor_lost(facts: Facts, kind: str, text: str) -> None:
    first = findings(facts)[0]
    assert (first.kind, first.text) == (kind, text)
    assert "join" not in kinds(first)


def test_a_worker_that_is_a_zombie_is_explained_in_one_sentence() -> None:
    facts = worker(ENDED, sample=sample("Z"), zombie_since=NOON + 5)
    (said,) = findings(facts)
    assert said == Finding(
        "disagree",
        "They disagree: it ended at 12:00:05 with exit code 3, and proctui supervisor (100) has "
        "not joined it.",
        (Cure("join", "Join it: proctui supervisor (100) takes its exit code, and it is gone."),),
    )


def test_a_worker_of_the_fork_server_says_whose_child_it_is() -> None:
    facts = worker(also(ALIVE, start_method="forkserver"), sample=sample(), parent=FORK_SERVER)
    first, note = findings(facts)
    assert first.text == "Both agree: it is alive."
    assert note.text == (
        "It is the child of python3 (150), which reaps it: it never stays a zombie of the "
        "process that started it."
    )


# ---------------------------------------------------------------- zombies of others


def dead(**known: Any) -> Facts:
    facts = Facts(name="python3", sample=sample("Z", status=2304), zombie_since=NOON + 5)
    return replace(facts, **known)


@pytest.mark.parametrize(
    ("facts", "text", "cures"),
    [
        (
            dead(parent=FACTORY),
            "It ended at 12:00:05 with exit code 9; factory (200) has not joined it.",
            NEGLECT,
        ),
        (
            dead(parent=FACTORY, since_exact=False),
            "It had ended by 12:00:05 with exit code 9; factory (200) has not joined it.",
            NEGLECT,
        ),
        (
            dead(parent=FACTORY, zombie_since=None, sample=sample("Z")),
            "It has ended with exit code ?; factory (200) has not joined it.",
            NEGLECT,
        ),
        (
            dead(parent=FACTORY, sample=sample("Z", status=11)),
            "It ended at 12:00:05 with exit code -11 SIGSEGV; factory (200) has not joined it.",
            NEGLECT,
        ),
        (
            dead(parent=FACTORY._replace(stopped=True)),
            "It ended at 12:00:05 with exit code 9; factory (200) has not joined it: "
            "it is stopped.",
            ("continue", *NEGLECT),
        ),
        (
            dead(parent=SUPERVISOR, helper="resource tracker"),
            "It ended at 12:00:05 with exit code 9; proctui supervisor (100) has not joined it.",
            ("leave",),
        ),
        (
            dead(parent=SUPERVISOR),
            "It ended at 12:00:05 with exit code 9; proctui supervisor (100) has not joined it.",
            ("wait",),
        ),
        (
            dead(parent=None),
            "It ended at 12:00:05 with exit code 9; its parent has not joined it.",
            (),
        ),
        (
            dead(parent=FORK_SERVER),
            "It ended at 12:00:05 with exit code 9; python3 (150) reaps it in a moment.",
            ("wait",),
        ),
        (
            dead(parent=INIT),
            "It ended at 12:00:05 with exit code 9; its parent, PID 1, has not reaped it yet.",
            ("wait",),
        ),
        (
            dead(parent=INIT, not_reaping=True),
            "It ended at 12:00:05 with exit code 9. It is a child of PID 1, which is not reaping.",
            ("real-init",),
        ),
        (
            dead(parent=CONTAINER, orphan=True, lineage=ORPHAN, not_reaping=True),
            "It ended at 12:00:05 with exit code 9. It was adopted by PID 1 of a container "
            "(sh, 4711), which is not reaping.",
            ("real-init",),
        ),
        (
            dead(parent=INIT, orphan=True, lineage=ORPHAN),
            "It ended at 12:00:05 with exit code 9; init (1), which adopted it, "
            "has not reaped it yet.",
            ("wait",),
        ),
        (
            dead(parent=INIT, orphan=True, lineage=ORPHAN, not_reaping=True),
            "It ended at 12:00:05 with exit code 9. It was adopted by PID 1, which is not reaping.",
            ("real-init",),
        ),
        (
            dead(parent=SYSTEMD, orphan=True, lineage=ORPHAN, not_reaping=True),
            "It ended at 12:00:05 with exit code 9. It was adopted by systemd (77), "
            "which is not reaping.",
            NEGLECT,
        ),
        (
            dead(parent=SUPERVISOR, orphan=True, lineage=ORPHAN, not_reaping=True),
            "It ended at 12:00:05 with exit code 9; proctui supervisor (100), which adopted it, "
            "has not joined it.",
            ("join",),
        ),
    ],
)
def test_a_zombie_that_is_no_worker(facts: Facts, text: str, cures: tuple[str, ...]) -> None:
    first = findings(facts)[0]
    assert (first.kind, first.text) == ("zombie", text)
    assert kinds(first) == cures


def test_cures_name_the_parent_and_stand_in_the_order_of_harm() -> None:
    cures = findings(dead(parent=FACTORY))[0].cures
    assert cures == (
        Cure(
            "nudge-parent",
            "Nudge factory (200) with SIGCHLD: it may join its children then.",
            200,
        ),
        Cure(
            "terminate-parent",
            "Terminate factory (200): its zombies go to init or a subreaper, and are gone once "
            "that reaps them.",
            200,
        ),
        Cure("kill-parent", "Kill factory (200), if it does not obey.", 200),
    )


def test_a_stopped_parent_is_continued_first() -> None:
    first = findings(dead(parent=FACTORY._replace(stopped=True)))[0].cures[0]
    assert first == Cure(
        "continue", "Continue factory (200): while stopped it can't join anything.", 200
    )


def test_the_cure_of_a_pid_1_that_does_not_reap_is_a_real_init() -> None:
    facts = dead(parent=INIT, orphan=True, lineage=ORPHAN, not_reaping=True)
    assert findings(facts)[0].cures == (
        Cure(
            "real-init",
            "No signal helps. Give the container a real init instead of bash: tini, "
            "`docker run --init`, or `init: true` in the compose file.",
            1,
        ),
    )


def test_nobody_is_told_to_end_init_or_the_supervisor() -> None:
    for parent in (INIT, SUPERVISOR):
        for orphan in (True, False):
            facts = dead(parent=parent, orphan=orphan, lineage=ORPHAN, not_reaping=True)
            offered = {cure.kind for finding in findings(facts) for cure in finding.cures}
            assert not offered & {"terminate-parent", "kill-parent", "nudge-parent"}


# ---------------------------------------------------------------- orphans and the rest


def orphan(**known: Any) -> Facts:
    facts = Facts(
        name="python3", sample=seen(1, 201, 1, sid=200).sample, orphan=True, lineage=ORPHAN,
        parent=INIT,
    )  # fmt: skip
    return replace(facts, **known)


SESSION_ONLY = Lineage(
    adopter_pid=1,
    worker="factory",
    certainty="session",
    why="its session leader factory (200) is gone",
)
TAG_ONLY = Lineage(
    adopter_pid=1,
    worker="factory",
    certainty="tag",
    why="it carries the tag of factory and leads a session of its own",
)


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        (
            orphan(),
            "An orphan: its first parent factory (200) has ended; init (1) has adopted it.",
        ),
        (
            orphan(parent=SYSTEMD),
            "An orphan: its first parent factory (200) has ended; systemd (77) has adopted it.",
        ),
        (
            orphan(lineage=SESSION_ONLY),
            "An orphan: its session leader factory (200) is gone; init (1) has adopted it. "
            "Not all its parents were seen: only the session is certain, factory's.",
        ),
        (
            orphan(lineage=TAG_ONLY, sample=seen(1, 201, 1, sid=201).sample),
            "An orphan: it carries the tag of factory and leads a session of its own; init (1) "
            "has adopted it. Not all its parents were seen: only the tag in its environment "
            "tells its worker. It leads a session of its own, as daemons do: perhaps it is "
            "meant to be one.",
        ),
        (
            orphan(parent=None),
            "An orphan: its first parent factory (200) has ended; something else has adopted it.",
        ),
    ],
)
def test_an_orphan(facts: Facts, text: str) -> None:
    (first,) = findings(facts)
    assert (first.kind, first.text) == ("orphan", text)
    assert kinds(first) == TERMINATE_ORPHAN


def test_a_worker_can_be_an_orphan() -> None:
    facts = worker(ALIVE, sample=sample(), orphan=True, lineage=ORPHAN, parent=INIT)
    first, second = findings(facts)
    assert first.text == "Both agree: it is alive."
    assert second.kind == "orphan"
    assert kinds(second) == TERMINATE_ORPHAN


def test_orphan_and_zombie_at_once() -> None:
    first, second = findings(dead(parent=INIT, orphan=True, lineage=ORPHAN))
    assert (first.kind, second.kind) == ("zombie", "orphan")
    assert second.cures == ()


def test_a_leader_that_exited_is_not_called_dead() -> None:
    facts = Facts(name="python3", sample=sample("Z", threads=3), parent=FACTORY)
    first, second = findings(facts)
    assert first.text == "It is alive, a child of factory (200)."
    assert (second.kind, second.text) == (
        "leader-exited",
        "Its first thread has exited, so the kernel shows Z, but 2 more live on: it is not "
        "dead, and nobody can join it yet.",
    )


@pytest.mark.parametrize(
    ("facts", "kind", "text", "cures"),
    [
        (
            Facts(sample=sample(), parent=FACTORY),
            "note",
            "It is alive, a child of factory (200).",
            (),
        ),
        (Facts(sample=sample()), "note", "It is alive.", ()),
        (
            Facts(sample=sample("T"), parent=FACTORY),
            "note",
            "It is alive, a child of factory (200). It is stopped, and does nothing until it is "
            "continued.",
            ("continue",),
        ),
        (
            Facts(sample=sample("X"), parent=FACTORY),
            "unknown",
            "Its state is not known, a child of factory (200).",
            (),
        ),
        (
            Facts(sample=sample(), helper="fork server", parent=SUPERVISOR),
            "helper",
            "The fork server of multiprocessing, no leak. It forks the workers whose start "
            "method is forkserver.",
            (),
        ),
        (
            Facts(sample=sample(), helper="resource tracker", parent=SUPERVISOR),
            "helper",
            "The resource tracker of multiprocessing, no leak. It cleans up semaphores and "
            "shared memory after its program.",
            (),
        ),
        (
            Facts(sample=sample(), helper="clean-up", parent=SUPERVISOR),
            "helper",
            "A process of proctui's own that ends what a session left.",
            (),
        ),
    ],
)
def test_any_other_process(facts: Facts, kind: str, text: str, cures: tuple[str, ...]) -> None:
    (first,) = findings(facts)
    assert (first.kind, first.text, kinds(first)) == (kind, text, cures)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (1, "It has not joined 1 child that has ended."),
        (7, "It has not joined 7 children that have ended."),
    ],
)
def test_many_zombies_of_one_parent_are_one_cure(count: int, text: str) -> None:
    facts = worker(ALIVE, sample=sample(), neglected=count)
    _, note = findings(facts)
    assert note.text == text
    assert kinds(note) == NEGLECT
    assert {cure.pid for cure in note.cures} == {200}


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (1, "It left a process behind, orphaned."),
        (4, "It left 4 processes behind, orphaned."),
    ],
)
def test_what_a_worker_left_behind(count: int, text: str) -> None:
    _, note = findings(worker(JOINED, left_behind=count))
    assert note.text == text
    assert note.cures == (
        Cure("end-left", "End what it left behind, if nobody needs it any more."),
    )


def test_a_helper_that_is_orphaned_is_still_named() -> None:
    facts = Facts(sample=sample(), helper="fork server", orphan=True, lineage=ORPHAN, parent=INIT)
    assert [f.kind for f in findings(facts)] == ["orphan", "helper"]


def test_of_the_fork_server_as_a_worker_of_itself() -> None:
    facts = worker(running(start_method="forkserver"), sample=sample("Z"), parent=FORK_SERVER)
    first, zombie, _ = findings(facts)
    assert first.text.startswith("They disagree")
    assert kinds(zombie) == ("wait",)
