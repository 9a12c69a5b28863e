"""The catalogue of lessons, its worker files, and when a step counts as observed."""

from __future__ import annotations

import ast
import re
import socket
import string
import sys
from pathlib import Path

import msgspec
import pytest

from proctui.files import config
from proctui.lessons import (
    LESSONS,
    TOPICS,
    Lesson,
    Step,
    current,
    files,
    find,
    of_session,
    progress,
)
from proctui.lessons.lesson import Parameter
from proctui.model import Worker
from proctui.tui.actions import ACTIONS, key_name
from proctui.tui.widgets.columns import SPECS, fitted
from tests.unit.story import Story

KEYS = {action.id: key_name(action.keys[0]) for action in ACTIONS.values()}
WANTED = [
    "function-target",
    "process-subclass",
    "names",
    "isolated-memory",
    "echo-server",
    "too-many",
    "pool",
    "join-timeout",
    "join-all",
    "terminate-is-alive",
    "deadlock",
    "daemon",
    "zombie",
    "zombie-cure-join",
    "zombie-cure-parent",
    "zombie-cure-sigchld",
    "zombie-factory",
    "orphan",
    "orphan-tree",
    "stubborn",
    "crash",
    "run-directly",
    "start-methods",
    "authkey",
    "implicit-reaping",
]
GUIDE = 42
"""Cells that the guide takes beside the list."""
SUPERVISOR_TESTS = Path(__file__).parents[1] / "supervisor"

every_lesson = pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)


def test_every_row_of_the_tutorial_is_a_lesson() -> None:
    assert sorted(LESSONS) == sorted(WANTED)
    assert [lesson for topic in TOPICS for lesson in topic.lessons] == list(LESSONS.values())


@every_lesson
def test_it_is_explained_in_a_few_sentences(lesson: Lesson) -> None:
    assert lesson.title
    sentences = re.findall(r"[.?:]( |$)", lesson.explanation)
    assert 2 <= len(sentences) <= 6
    assert len(lesson.explanation) < 420
    assert len(lesson.steps) >= 2


@every_lesson
def test_its_steps_name_actions_not_keys(lesson: Lesson) -> None:
    for step in lesson.steps:
        for text in (step.do, step.why):
            assert text.endswith("."), text
            fields = {name for _, name, _, _ in string.Formatter().parse(text) if name}
            assert fields <= set(ACTIONS)
        do, why = step.words(KEYS)
        assert "{" not in do + why


@every_lesson
def test_nothing_is_seen_where_nothing_happened(lesson: Lesson) -> None:
    assert progress(lesson, Story().store, frozenset()) == frozenset()


@every_lesson
def test_its_workers_that_merely_wait_tick_nothing_off(lesson: Lesson) -> None:
    story = Story()
    for spec in files.session(lesson.id).workers:
        story.event("added", msgspec.structs.replace(idle(spec.id), label=spec.label))
    assert progress(lesson, story.store, frozenset()) == frozenset()


@every_lesson
def test_a_real_supervisor_tries_it(lesson: Lesson) -> None:
    texts = [path.read_text() for path in SUPERVISOR_TESTS.glob("test_scenarios_*.py")]
    assert any(f'classroom("{lesson.id}"' in text for text in texts)


@every_lesson
@pytest.mark.parametrize("width", [120 - GUIDE, 80])
def test_the_columns_that_it_speaks_of_have_room(lesson: Lesson, width: int) -> None:
    titles = {spec.title: column for column, spec in SPECS.items()}
    said = " ".join(f"{step.do} {step.why}" for step in lesson.steps)
    spoken_of = {titles[word] for word in re.findall(r"\b[A-Z]+\b", said) if word in titles}
    layout = fitted(width, needed=lesson.columns)
    shown = {placed.column for placed in layout.placed}
    assert spoken_of | {"name", "state"} <= shown
    if "target" in spoken_of:
        target = layout.find("target")
        assert target is not None
        assert target.width >= 24, "what a target is called with stands at its end"


# ---------------------------------------------------------------- progress


def step(name: str) -> Step:
    return Step("Do.", "Because.", lambda store: name in store.rows)


LESSON = Lesson(
    id="zombie", title="T", explanation="E", steps=(step("w:a"), step("w:b"), step("w:c"))
)


def idle(name: str) -> Worker:
    return Worker(id=name, name=name, ppid=100)


def test_steps_tick_off_in_any_order_and_stay_so() -> None:
    story = Story().event("added", idle("b"))
    seen = progress(LESSON, story.store, frozenset())
    assert seen == {1}
    assert current(LESSON, seen) == 0
    seen = progress(LESSON, Story().event("added", idle("a")).store, seen)
    assert seen == {0, 1}
    seen = progress(LESSON, Story().event("added", idle("c")).store, seen)
    assert current(LESSON, seen) is None


def test_what_was_seen_is_not_asked_for_again() -> None:
    def fail(store: object) -> bool:
        raise AssertionError("asked again")

    lesson = Lesson(id="x", title="T", explanation="E", steps=(Step("Do.", "Why.", fail),))
    seen = frozenset({0})
    assert progress(lesson, Story().store, seen) is seen


# ---------------------------------------------------------------- worker files


@every_lesson
def test_its_worker_file_is_right_as_it_ships(lesson: Lesson) -> None:
    spec = config.load(files.worker_file(lesson))
    assert spec.name == lesson.id
    assert len(spec.workers) > 0


@every_lesson
def test_its_session_is_what_the_file_says(lesson: Lesson) -> None:
    shipped, made = config.load(files.worker_file(lesson)), files.session(lesson.id)
    assert made.source is None
    assert [worker.id for worker in made.workers] == [worker.id for worker in shipped.workers]
    for before, worker in zip(shipped.workers, made.workers, strict=True):
        assert worker.target == before.target
        assert {**worker.kwargs, "port": 0} == {**before.kwargs, "port": 0}
        if worker.command is not None:
            assert worker.command[0] == sys.executable


@every_lesson
def test_its_targets_exist_and_use_the_standard_library_alone(lesson: Lesson) -> None:
    names = files.python_files(lesson)
    siblings = {name.removesuffix(".py") for name in names}
    defined: set[str] = set()
    for name in names:
        for node in ast.walk(ast.parse((files.FOLDER / name).read_text())):
            if isinstance(node, ast.Import):
                assert {alias.name.partition(".")[0] for alias in node.names} <= STANDARD
            elif isinstance(node, ast.ImportFrom):
                assert node.module is not None
                assert node.module.partition(".")[0] in STANDARD | siblings
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                defined.add(f"{name}:{node.name}")
    targets = {worker.target for worker in files.session(lesson.id).workers}
    assert targets - {None} <= defined


STANDARD = set(sys.stdlib_module_names)


@every_lesson
def test_it_ends_by_itself_within_twenty_minutes(lesson: Lesson) -> None:
    for worker in files.session(lesson.id).workers:
        times = [*worker.args, *worker.kwargs.values()]
        assert sum(value for value in times if isinstance(value, float)) <= 1200
        rounds = worker.kwargs.get("children", 0) * worker.kwargs.get("every", 0.0)
        lingers = worker.kwargs.get("seconds", 0.0) if rounds else 0.0
        assert rounds + lingers <= 1200


def test_numbers_reach_the_workers() -> None:
    spec = files.session("echo-server", clients=7, port=4711)
    clients = [worker for worker in spec.workers if worker.id.startswith("client-")]
    assert len(clients) == 7
    assert {worker.kwargs["port"] for worker in spec.workers} == {4711}
    (negligent,) = files.session("zombie", seconds=5).workers
    assert negligent.kwargs["seconds"] == 5.0
    spec = files.session("too-many", count=10)
    assert [worker.id for worker in spec.workers][::10] == ["report", "client-10"]
    assert spec.workers[0].kwargs["count"] == 10
    assert len(files.session("too-many", count=10_000).workers) == 10_001


def test_free_ports_are_found_and_differ() -> None:
    spec = files.session("pool", clients=2)
    ports = {worker.id: worker.kwargs["port"] for worker in spec.workers}
    assert ports["one-child-each"] == ports["guest-1"] == ports["guest-2"]
    assert ports["pool"] == ports["visitor-1"] != ports["guest-1"]
    for port in set(ports.values()):
        socket.create_server(("127.0.0.1", port)).close()


@pytest.mark.parametrize(
    ("name", "numbers", "said"),
    [
        ("zombi", {}, 'there is no lesson zombi; did you mean "zombie"?'),
        ("?", {}, "there is no lesson ?; proctui scenario lists them"),
        ("too-many", {"count": 9}, "count must be from 10 to 10000, not 9"),
        ("too-many", {"count": 10_001}, "count must be from 10 to 10000, not 10001"),
        (
            "pool",
            {"size": 3},
            "size can't be chosen in lesson pool, which lets you choose clients, port, pool-port",
        ),
        ("names", {"n": 1}, "n can't be chosen in lesson names, which lets you choose nothing"),
    ],
)
def test_what_can_not_be_is_one_sentence(name: str, numbers: dict[str, int], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        files.session(name, **numbers)
    with pytest.raises(ValueError, match=re.escape(said)):
        files.write(name, Path("/nowhere"), **numbers)


@every_lesson
def test_a_copy_stands_alone(lesson: Lesson, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "down"
    first, *others = files.write(lesson.id, folder)
    assert sorted(folder.iterdir()) == sorted([first, *others])
    spec = config.load(first)
    assert spec.source == str(first)
    assert of_session(spec.name, spec.source) is lesson
    for worker in spec.workers:
        if worker.target is not None:
            assert Path(worker.import_root, worker.target.partition(":")[0]) in others
        else:
            assert worker.command is not None
            assert worker.command[0] == "python3"
            assert Path(worker.cwd, worker.command[1]) in others


def test_a_copy_carries_the_numbers_and_overwrites_nothing(tmp_path: Path) -> None:
    first, *_ = files.write("zombie-factory", tmp_path, children=11)
    assert "children = 11," in first.read_text()
    mine = tmp_path / "naming.py"
    mine.write_text("mine")
    with pytest.raises(FileExistsError, match=r"naming\.py exists already"):
        files.write("orphan", tmp_path)
    assert mine.read_text() == "mine"
    assert not (tmp_path / "orphan.toml").exists()


def test_sessions_are_told_by_name_and_file() -> None:
    assert of_session("zombie", None) is find("zombie")
    assert of_session("zombie-3", None) is find("zombie")
    assert of_session("zombie", "/home/ada/zombie.toml") is find("zombie")
    assert of_session("zombie", "/home/ada/zombie/proctui.toml") is None
    assert of_session("builtin", None) is None


def test_a_parameter_that_is_not_in_the_file_is_a_mistake_of_ours() -> None:
    parameter = Parameter(name="n", text="", low=1, high=2, places=(("nobody", "seconds"),))
    with pytest.raises(RuntimeError, match="no seconds for worker nobody"):
        files.with_number(files.worker_file(find("zombie")).read_text(), parameter, 1)
