"""Words of a command line → specifications."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctui.files.config import ConfigError, from_words
from proctui.files.words import literal
from proctui.spec import WorkerSpec

FOLDER = Path("/srv/app")


def one(**words: Any) -> WorkerSpec:
    (spec,) = from_words(folder=FOLDER, **words)
    return spec


def refusal(**words: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        from_words(folder=FOLDER, **words)
    return str(caught.value)


def test_a_target_with_everything() -> None:
    specs = from_words(
        target="lessons.py:piao",
        args=["egon", "3", "'4'", "(1, [2.5, None])", "-1"],
        kwargs=["deep={'a': True}", "text=a=b"],
        name="p",
        count="2",
        daemon=True,
        start_method="spawn",
        folder=FOLDER,
    )
    assert specs == tuple(
        WorkerSpec(
            id=f"p-{i}",
            target="lessons.py:piao",
            args=("egon", 3, "4", [1, [2.5, None]], -1),
            kwargs={"deep": {"a": True}, "text": "a=b"},
            daemon=True,
            start_method="spawn",
            cwd="/srv/app",
            import_root="/srv/app",
        )
        for i in (1, 2)
    )


def test_a_command() -> None:
    spec = one(command=["./bin/my server", "--port", "80"])
    assert spec == WorkerSpec(
        id="my-server", command=("./bin/my server", "--port", "80"), cwd="/srv/app"
    )


def test_relative_paths_start_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (spec,) = from_words(target="f.py:x")
    assert spec.import_root == spec.cwd == str(Path.cwd())


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ({"target": "a.b:Class.run"}, "run"),
        ({"target": "a:piao"}, "piao"),
        ({"command": ["/usr/bin/python3", "x"]}, "python3"),
        ({"command": ["/"]}, "session"),
    ],
)
def test_names_that_come_by_themselves(words: dict[str, Any], name: str) -> None:
    assert one(**words).id == name


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({}, "has neither target nor command; expected exactly one of them"),
        (
            {"target": "a:b", "command": ["x"]},
            "has both target and command; expected exactly one of them",
        ),
        ({"command": []}, ": command must name a program, but the array is empty"),
        (
            {"target": "a.b"},
            ': target must be "module:callable" or "path/to/file.py:callable", not "a.b"; '
            'did you mean "a:b"?',
        ),
        (
            {"target": "a:b", "count": "many"},
            ': count must be a whole number from 1 to 10000, not "many"',
        ),
        ({"target": "a:b", "count": 0}, ": count must be a whole number from 1 to 10000, not 0"),
        ({"target": "a:b", "count": "9" * 5000}, None),
        (
            {"target": "a:b", "start_method": "for"},
            ': start_method must be "fork", "spawn" or "forkserver", not "for"; '
            'did you mean "fork"?',
        ),
        ({"target": "a:b", "args": ["1e999"]}, ": args[0] must be a finite number, not inf"),
        (
            {"target": "a:b", "args": ["x", "{1: 2}"]},
            ": args[1] has the key 1, but keys must be strings",
        ),
        (
            {"target": "a:b", "args": ["b'x'"]},
            ": args[0] must be made of strings, numbers, true and false, arrays and tables, "
            "not a bytes; pass it as a string",
        ),
        ({"target": "a:b", "args": ["\udcff"]}, ": args[0] must be valid UTF-8"),
        ({"target": "a:b", "kwargs": ["x"]}, ': kwargs must be key=value, not "x"'),
        ({"target": "a:b", "kwargs": ["1=x"]}, ': kwargs must be key=value, not "1=x"'),
        (
            {"command": ["x"], "args": ["y"]},
            ": args goes only with target, not with command; put arguments into the command itself",
        ),
        ({"command": ["\udcff"]}, ": command[0] must be valid UTF-8"),
    ],
)
def test_mistakes(words: dict[str, Any], sentence: str | None) -> None:
    if sentence is None:
        assert "count must be a whole number from 1 to 10000" in refusal(**words)
        return
    space = "" if sentence.startswith(":") else " "
    assert refusal(**words) == f"command line{space}{sentence}"


def test_a_name_that_is_none() -> None:
    assert refusal(target="a:b", name="a b").endswith('64 characters, not be "a b"')


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("1", 1),
        ("True", True),
        ("'1'", "1"),
        ("true", "true"),
        ("a b", "a b"),
        ("", ""),
        ("\\d", "\\d"),
        ("'\\d'", "\\d"),
        ("1if x", "1if x"),
        ("__import__('os')", "__import__('os')"),
        ("9" * 5000, "9" * 5000),
        ("[" * 5000, "[" * 5000),
        ("\0", "\0"),
    ],
)
def test_literals(word: str, value: object) -> None:
    assert literal(word) == value


@settings(deadline=None)
@given(st.lists(st.text(max_size=20), max_size=3), st.lists(st.text(max_size=20), max_size=2))
def test_any_words_are_a_worker_or_a_clear_mistake(args: list[str], command: list[str]) -> None:
    for words in ({"target": "a:b", "args": args}, {"command": command}):
        try:
            specs = from_words(folder=FOLDER, **words)
        except ConfigError as error:
            assert all(sentence.isprintable() for sentence in error.sentences)
        else:
            assert msgspec.json.decode(msgspec.json.encode(specs[0]), type=WorkerSpec) == specs[0]
