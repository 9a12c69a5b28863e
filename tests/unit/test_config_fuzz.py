"""Whatever a worker file holds, it is a session that can be sent or a clear mistake."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from proctui.files import config
from proctui.files.checks import is_name
from proctui.files.config import ConfigError
from proctui.files.mistakes import Mistakes, described, dotted, quoted, visible
from proctui.files.tables import SESSION_KEYS, WORKER_KEYS, safe_name, session_from_tables
from proctui.spec import SessionSpec

FILE = Path("/srv/app/proctui.toml")


def assert_clear(error: ConfigError) -> None:
    for sentence in error.sentences:
        assert sentence.startswith("/")
        assert sentence.isprintable()
        assert len(sentence) < 600


def assert_sendable(session: SessionSpec) -> None:
    assert msgspec.json.decode(msgspec.json.encode(session), type=SessionSpec) == session
    assert len({worker.id for worker in session.workers}) == len(session.workers)
    for worker in session.workers:
        assert (worker.target is None) != (worker.command is None)
        assert worker.cwd.startswith("/")
        assert worker.import_root.startswith("/")


FRAGMENTS = st.sampled_from(
    [
        *(f"{key} = " for key in SESSION_KEYS | WORKER_KEYS),
        *("[session]\n", "[workers.a]\n", "[workers.b]\n", "[[workers]]\n", "workers.a."),
        *('"', "'", "'''", "[", "]", "{", "}", ",", "=", "\n", "\\", "#", " ", ".", "\r"),
        *('"m:f"\n', '"x"\n', "true\n", "1\n", "-1.5\n", "inf\n", "1979-05-27\n", "[1]\n"),
    ]
)


@settings(deadline=None)
@given(st.lists(st.one_of(FRAGMENTS, st.text(max_size=3)), max_size=25).map("".join))
def test_any_text(text: str) -> None:
    try:
        session = config.loads_toml(text, FILE)
    except ConfigError as error:
        assert_clear(error)
    else:
        assert_sendable(session)


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=60), FRAGMENTS.map(str.encode)))
@example(b"\xef\xbb\xbf\xff")
@example(b"\xff\xfea\0")
def test_any_bytes_in_any_file(tmp_path_factory: Any, data: bytes) -> None:
    folder = tmp_path_factory.getbasetemp()
    for name in ("w.toml", "Procfile"):
        (folder / name).write_bytes(data)
        try:
            assert_sendable(config.load(folder / name))
        except ConfigError as error:
            assert_clear(error)


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.dates(),
    st.times(),
    st.datetimes(),
    st.sampled_from(["m:f", "f.py:x", "~/f.py:x", "fork", "auto", "SIGTERM", "8 MiB", "a"]),
    st.sampled_from([1, 2, 3, 0.5, 30, 70000]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


def tables(keys: Iterable[str]) -> st.SearchStrategy[dict[str, Any]]:
    some = st.one_of(st.sampled_from(sorted(keys)), st.text(max_size=6))
    return st.dictionaries(some, VALUES, max_size=6)


GOOD = st.fixed_dictionaries(
    {"target": st.just("m:f")},
    optional={
        "args": st.lists(VALUES, max_size=2),
        "kwargs": st.dictionaries(st.text(max_size=4), VALUES, max_size=2),
        "env": st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=2),
        "count": st.integers(1, 4),
        "cwd": st.text(max_size=5),
        "python": st.text(max_size=5),
        "import_root": st.text(max_size=5),
        "backoff": st.floats(0, 100),
        "backoff_max": st.floats(0, 100),
    },
)
NAMES = st.one_of(st.sampled_from(["a", "a-1", "a-2", "b"]), st.text(max_size=5))
DATA = st.one_of(
    tables(["session", "workers"]),
    st.fixed_dictionaries(
        {"workers": st.dictionaries(NAMES, st.one_of(GOOD, tables(WORKER_KEYS)), max_size=3)},
        optional={"session": st.one_of(tables(SESSION_KEYS), VALUES)},
    ),
)


@settings(deadline=None)
@given(DATA)
def test_any_tables(data: dict[str, Any]) -> None:
    try:
        session = session_from_tables(data, FILE)
    except ConfigError as error:
        assert_clear(error)
    else:
        assert_sendable(session)


@settings(deadline=None)
@given(st.text())
@example("\ud800\x1b\u202e")
def test_text_in_sentences_is_printable(text: str) -> None:
    assert visible(text).isprintable()
    assert quoted(text).isprintable()
    assert dotted(text, text).isprintable()
    assert described(text) == quoted(text)
    assert len(quoted(text)) < 700


@settings(deadline=None)
@given(st.text())
def test_a_safe_name_is_a_name(text: str) -> None:
    assert is_name(safe_name(text))


def test_what_is_described() -> None:
    values: list[object] = [
        True,
        None,
        10**30,
        1.0,
        (),
        {},
        datetime.time(1),
        datetime.datetime.now(),
        b"",
        {1},
    ]
    assert [described(value) for value in values] == [
        *("true", "nothing", "so large a number", "1.0", "an array", "a table", "a time of day"),
        *("a date", "a bytes", "a set"),
    ]


def test_mistakes_are_counted_past_those_told() -> None:
    mistakes = Mistakes("f")
    mistakes.tell()
    for i in range(30):
        mistakes.add(str(i), "is wrong")
    assert mistakes.count == 30
