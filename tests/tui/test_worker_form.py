"""The form for a new worker: words become what a worker file would say."""

from __future__ import annotations

import shlex
from pathlib import Path

import msgspec
import pytest

from proctui.files.tables import worker_from_table
from proctui.tui.worker_form import Checked, Entry, Kind, check, entry_like

FOLDER = Path("/home/egon/lessons")
TAKEN = {"spare"}


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("piao", {"target": "m:f", "args": ["a", [1, 2.5]], "kwargs": {"a b": 1, "c": {"d": 2}}}),
        ("piao-4", {"target": "jobs.py:run", "import_root": "/opt/app", "python": "/bin/py"}),
        ("web", {"command": "a | b", "env": {"A": "x y", "B": "'"}, "stop_signal": "SIGINT"}),
        ("sh", {"command": ["sh", "-c", "echo '$A' \"b\""], "cwd": "/tmp", "join_timeout": 3.5}),
        ("busy", {"target": "m:f", "restart": "always", "max_restarts": 2, "backoff": 0.25}),
        ("x", {"target": "m:f", "daemon": True, "autostart": False, "reap": "auto"}),
    ],
)  # fmt: skip
def test_filled_in_like_another_it_is_the_same_but_for_its_name(
    name: str, table: dict[str, object]
) -> None:
    (spec,) = worker_from_table(name, table, FOLDER, file="test")
    taken = {"piao", "piao-1", "piao-2", "piao-4", "web", "sh", "busy", "x"}
    (again,) = check(entry_like(spec, taken, FOLDER), taken, FOLDER).specs
    assert again.id == {"piao": "piao-3", "piao-4": "piao-3"}.get(name, f"{name}-2")
    if spec.command is not None and spec.shell_line is None:
        assert again.shell_line is not None
        assert tuple(shlex.split(again.shell_line)) == spec.command
        again = msgspec.structs.replace(again, command=spec.command, shell_line=None)
    wanted = msgspec.structs.replace(spec, id=again.id)
    assert again == wanted


def filled_in(texts: dict[str, str], kind: Kind = "target") -> Checked:
    choices: dict[str, str | bool] = {
        "start_method": "fork",
        "reap": "join",
        "restart": "never",
        "autostart": True,
    }
    return check(Entry(kind, texts, choices), TAKEN, FOLDER)


def filled(what: str, kind: Kind = "target", **texts: str) -> Checked:
    return filled_in({"what": what, **texts}, kind)


def test_a_target_with_arguments() -> None:
    (spec,) = filled("lessons:piao", args="'egon', [1, 2]", kwargs="times=3, loud=True").specs
    assert spec.id == "piao"
    assert spec.target == "lessons:piao"
    assert spec.args == ("egon", [1, 2])
    assert spec.kwargs == {"times": 3, "loud": True}
    assert spec.cwd == str(FOLDER)


def test_a_command_line() -> None:
    (spec,) = filled("python -m http.server 8000 | cat", "command", args="ignored (").specs
    assert spec.shell_line == "python -m http.server 8000 | cat"
    assert spec.command == ("/bin/sh", "-c", "python -m http.server 8000 | cat")
    assert spec.id == "python"


def test_everything_else() -> None:
    specs = filled(
        "tasks.py:work", id="job", name="Job", count="3", cwd="sub", env="A=1 B='x y'", python="p"
    ).specs
    assert [spec.id for spec in specs] == ["job-1", "job-2", "job-3"]
    assert specs[0].name == "Job"
    assert specs[0].env == {"A": "1", "B": "x y"}
    assert specs[0].cwd == str(FOLDER / "sub")


@pytest.mark.parametrize(
    ("key", "typed", "said"),
    [
        ("what", "no colon", "module:callable"),
        ("args", "'open", "Python values"),
        ("args", "a=1", "goes into kwargs"),
        ("args", "print(1)", "no plain value"),
        ("args", "1), f(2", "Python values"),
        ("kwargs", "3", "name=value"),
        ("kwargs", "**x", "name=value"),
        ("count", "many", "whole number"),
        ("count", "0", "1 to"),
        ("env", "A", "NAME=value"),
        ("env", "A='", "not closed"),
        ("id", "a b", "must be made of"),
    ],
)
def test_mistakes_stand_at_their_field(key: str, typed: str, said: str) -> None:
    checked = filled_in({"what": "lessons:piao", key: typed})
    assert checked.specs == ()
    assert said in checked.mistakes[key], checked.mistakes


def test_an_empty_form_says_what_it_needs() -> None:
    assert "module:function" in filled("").mistakes["what"]
    assert "command" in filled("", "command").mistakes["what"]


def test_a_name_may_be_used_once() -> None:
    assert "taken" in filled("lessons:spare").mistakes["id"]


def test_nothing_typed_is_run(tmp_path: Path) -> None:
    there = tmp_path / "there"
    filled("m:f", args=f"__import__('pathlib').Path({str(there)!r}).touch()")
    assert not there.exists()
