"""The form for a new worker: words become what a worker file would say."""

from __future__ import annotations

from pathlib import Path

import pytest

from proctui.tui.worker_form import Checked, Entry, Kind, check

FOLDER = Path("/home/egon/lessons")
TAKEN = {"spare"}


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
