"""Writing workers down: what is read back is what was written."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctui.files import config
from proctui.files.config import ConfigError
from proctui.files.tables import worker_from_table
from proctui.files.writing import NotWritable, add_to_file, appended, toml, worker_table
from proctui.spec import WorkerSpec

FOLDER = Path("/srv/lessons")
FILE = FOLDER / "proctui.toml"

_WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_PLAIN = st.recursive(
    st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=3),
    max_leaves=6,
)
_SECONDS = st.floats(0.5, 1000)
_COMMON = {
    "count": st.integers(1, 4),
    "name": _WORDS.filter(lambda word: bool(word.strip()) and "\0" not in word),
    "daemon": st.booleans(),
    "autostart": st.booleans(),
    "reap": st.sampled_from(["join", "auto", "implicit"]),
    "restart": st.sampled_from(["never", "on-failure", "always"]),
    "max_restarts": st.integers(0, 9),
    "restart_window": _SECONDS,
    "backoff": st.floats(0, 2),
    "stop_signal": st.sampled_from(["SIGINT", "SIGTERM", "SIGUSR1"]),
    "stop_timeout": _SECONDS,
    "join_timeout": _SECONDS,
    "cwd": st.sampled_from([".", "data", "/var/tmp", "..", "a b/ü"]),
    "env": st.dictionaries(
        st.sampled_from(["A", "B_C"]), _WORDS.filter(lambda word: "\0" not in word)
    ),
}
_TARGETS = st.fixed_dictionaries(
    {"target": st.sampled_from(["m:f", "pkg.m:Class.run", "jobs.py:run", "sub/jobs.py:run"])},
    optional=_COMMON
    | {
        "args": st.lists(_PLAIN, max_size=3),
        "kwargs": st.dictionaries(_WORDS, _PLAIN, max_size=3),
        "start_method": st.sampled_from(["fork", "spawn", "forkserver"]),
        "python": st.sampled_from(["python3.12", ".venv/bin/python", "/usr/bin/python3"]),
        "import_root": st.sampled_from([".", "src", "/opt/app"]),
    },
)
_COMMANDS = st.fixed_dictionaries(
    {"command": st.sampled_from(["sleep 1 | cat", ["sh", "-c", "echo 'x' \"y\""]])},
    optional=_COMMON,
)


@given(table=_TARGETS | _COMMANDS)
def test_what_is_written_is_read_back_the_same(table: dict[str, object]) -> None:
    instances = worker_from_table("web", table, FOLDER, file="test")
    session = config.loads_toml(appended("", FILE, instances), FILE)
    assert session.workers == instances


@given(value=_PLAIN)
def test_values_come_through_toml(value: object) -> None:
    assert tomllib.loads(f"x = {toml(value)}")["x"] == value


def test_what_is_at_its_default_is_not_written() -> None:
    instances = worker_from_table("web", {"target": "m:f"}, FOLDER, file="test")
    assert worker_table(instances, FOLDER) == '[workers.web]\ntarget = "m:f"\n'


def test_instances_are_one_table() -> None:
    instances = worker_from_table("w-1", {"target": "m:f", "count": 3}, FOLDER, file="test")
    assert worker_table(instances, FOLDER) == '[workers.w-1]\ntarget = "m:f"\ncount = 3\n'


def test_in_another_folder_it_means_the_same() -> None:
    table = {"target": "jobs.py:run", "python": ".venv/bin/python", "cwd": "data"}
    (spec,) = worker_from_table("web", table, FOLDER, file="test")
    other = Path("/tmp/elsewhere/x.toml")
    (again,) = config.loads_toml(appended("", other, [spec]), other).workers
    assert again == msgspec.structs.replace(spec, target="/srv/lessons/jobs.py:run")


def test_what_the_session_shares_does_not_change_it() -> None:
    before = '[session]\nstart_method = "spawn"\nreap = "auto"\n# mine'
    instances = worker_from_table("web", {"target": "m:f"}, FOLDER, file="test")
    after = appended(before, FILE, instances)
    assert after.startswith(before + "\n\n[workers.web]\n")
    assert config.loads_toml(after, FILE).workers == instances


def test_a_worker_that_is_there_is_not_written_again(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    spec = WorkerSpec(id="web", target="m:f", cwd=str(tmp_path), import_root=str(tmp_path))
    add_to_file(file, [spec])
    written = file.read_text()
    with pytest.raises(ConfigError, match="web stands in the file already"):
        add_to_file(file, [spec])
    assert file.read_text() == written
    add_to_file(file, [msgspec.structs.replace(spec, id="a.b")])
    assert [each.id for each in config.load(file).workers] == ["web", "a.b"]


def test_only_worker_files_are_written(tmp_path: Path) -> None:
    spec = WorkerSpec(id="web", target="m:f", cwd=str(tmp_path), import_root=str(tmp_path))
    with pytest.raises(ConfigError, match="a Procfile has commands alone"):
        add_to_file(tmp_path / "Procfile", [spec])
    with pytest.raises(ConfigError, match="can't be written"):
        add_to_file(tmp_path / "no" / "way.toml", [spec])
    assert list(tmp_path.iterdir()) == []


def test_none_is_told() -> None:
    (spec,) = worker_from_table("web", {"target": "m:f", "args": [None]}, FOLDER, file="test")
    with pytest.raises(NotWritable, match="None"):
        worker_table([spec], FOLDER)
