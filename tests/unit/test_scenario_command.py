"""``proctui scenario``, as far as nothing is started."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from proctui.commands.scenario import guide, parse, scenario
from proctui.lessons import LESSONS, find


def arguments(id: str | None = None, **given: object) -> argparse.Namespace:
    usual: dict[str, object] = {
        "json": False, "guide": False, "write": None, "detach": False, "for_screen": False,
        "leftovers": None,
        "numbers": [],
    }  # fmt: skip
    return argparse.Namespace(id=id, **{**usual, **given})


def test_lists_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert scenario(arguments()) == 0
    heading, *lines = capsys.readouterr().out.splitlines()
    assert heading.split()[0] == "SCENARIO"
    assert [line.split()[0] for line in lines] == list(LESSONS)
    (pool,) = [line for line in lines if line.startswith("pool ")]
    assert pool.endswith("clients=N port=N pool-port=N")


def test_lists_all_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert scenario(arguments(json=True)) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["id"] for one in told] == list(LESSONS)
    assert scenario(arguments("too-many", json=True)) == 0
    (number,) = json.loads(capsys.readouterr().out)["numbers"]
    assert (number["low"], number["high"], number["default"]) == (10, 10_000, 100)


def test_explains_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert scenario(arguments("zombie", guide=True)) == 0
    said = capsys.readouterr().out
    assert said.splitlines()[0] == find("zombie").title
    assert "seconds=N  how long the parent sleeps, in seconds: 1 to 1200, usually 1000" in said
    assert "\n3. Terminate negligent with t:" in said
    assert "zombie.toml, zombies.py, naming.py" in said.replace("\n", " ")


@pytest.mark.parametrize("name", LESSONS)
def test_every_guide_fits_a_terminal(name: str) -> None:
    lines = guide(find(name)).splitlines()
    assert max(map(len, lines[:-2])) <= 100
    assert "{" not in "".join(lines)


def test_copies_one_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "mine"
    assert scenario(arguments("echo-server", write=str(folder), numbers=["clients=9"])) == 0
    assert "count = 9" in (folder / "echo-server.toml").read_text()
    assert f"proctui {folder}/echo-server.toml starts it" in capsys.readouterr().out
    with pytest.raises(FileExistsError):
        scenario(arguments("echo-server", write=str(folder)))


@pytest.mark.parametrize(
    ("id", "words", "said"),
    [
        ("zombi", [], 'there is no lesson zombi; did you mean "zombie"?'),
        ("too-many", ["count"], "count must be given as count=N, with a whole number from 10 to"),
        ("too-many", ["count=-5"], "count must be given as count=N"),
        ("too-many", ["count=²"], "count must be given as count=N"),
        ("too-many", ["count=5"], "count must be from 10 to 10000, not 5"),
        ("too-many", ["=5"], " can't be chosen in lesson too-many"),
    ],
)
def test_says_what_is_wrong(
    id: str, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert scenario(arguments(id, numbers=words)) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err


def test_numbers_are_parsed() -> None:
    pool = find("pool")
    assert parse(pool, ["clients=3", "pool-port=81"]) == {"clients": 3, "pool_port": 81}
