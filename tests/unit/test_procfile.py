"""What a Procfile and the .env beside it mean."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctui.files import config
from proctui.files.config import ConfigError
from proctui.files.procfile import parse_dotenv, session_from_procfile
from proctui.spec import SessionSpec, WorkerSpec

FILE = Path("/srv/app/Procfile")


def loads(text: str, environ: dict[str, str] | None = None) -> SessionSpec:
    return session_from_procfile(text, FILE, environ or {})


def refusal(text: str, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loads(text, environ)
    return caught.value.sentences


# ---------------------------------------------------------------- the lines


def test_a_procfile_as_it_stands() -> None:
    text = "# services\n\nweb: python -m http.server $PORT | tee log\r\nwork-er_2:./run: it  \n"
    session = loads(text)
    assert session == SessionSpec(
        name="app",
        source="/srv/app/Procfile",
        folder="/srv/app",
        workers=(
            WorkerSpec(
                id="web",
                command=("/bin/sh", "-c", "python -m http.server $PORT | tee log"),
                shell_line="python -m http.server $PORT | tee log",
                cwd="/srv/app",
                env={"PORT": "5000"},
            ),
            WorkerSpec(
                id="work-er_2",
                command=("/bin/sh", "-c", "./run: it"),
                shell_line="./run: it",
                cwd="/srv/app",
                env={"PORT": "5100"},
            ),
        ),
    )


def test_an_empty_procfile() -> None:
    assert loads("  # nothing\n\n").workers == ()


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("web", 'line 2 must be "name: command", not "web"'),
        ("web:", 'line 2 must be "name: command", not "web:"'),
        (" web: x", 'line 2 must be "name: command", not " web: x"'),
        ("my web: x", 'line 2 must be "name: command", not "my web: x"'),
        ("web: a\0b", "line 2 has a command that must not contain a NUL character"),
        (
            "a: y",
            'line 2 uses the name "a" again, after line 1; every worker needs a name of its own',
        ),
        (
            "-web: x",
            'line 2 has "-web", no name for a worker, which must be made of letters, digits, "_", '
            '"." and "-", not begin with "." or "-", and have at most 64 characters',
        ),
        ("\x1b[2J", 'line 2 must be "name: command", not "\\x1b[2J"'),
    ],
)
def test_malformed_lines(line: str, sentence: str) -> None:
    assert refusal(f"a: x\n{line}\n") == [f"{FILE}: {sentence}"]


def test_all_malformed_lines_are_told() -> None:
    assert [s.partition(" must")[0] for s in refusal("x\na: b\ny\n")] == [
        f"{FILE}: line 1",
        f"{FILE}: line 3",
    ]


# ---------------------------------------------------------------- PORT


def test_the_first_port_comes_from_the_environment() -> None:
    ports = [worker.env["PORT"] for worker in loads("a: x\nb: x", {"PORT": "8000"}).workers]
    assert ports == ["8000", "8100"]


@pytest.mark.parametrize("port", ["abc", "-1", "65536", "0000000000065536", "٣", "5000 "])
def test_a_port_that_is_none(port: str) -> None:
    assert refusal("a: x", {"PORT": port}) == [
        f"{FILE}: takes its first PORT from the environment, where it must be a number "
        f'from 0 to 65535, not "{port}"'
    ]


def test_an_empty_port_counts_as_none_given() -> None:
    assert loads("a: x", {"PORT": ""}).workers[0].env["PORT"] == "5000"


# ---------------------------------------------------------------- .env


def write(folder: Path, dotenv: str) -> Path:
    (folder / "Procfile").write_text("a: x\nb: y\n")
    (folder / ".env").write_text(dotenv)
    return folder / "Procfile"


def test_dotenv_goes_to_every_worker_and_its_port_beats_the_environments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "8000")
    session = config.load(write(tmp_path, "LEVEL=debug\nPORT=7000\n"))
    assert [worker.env for worker in session.workers] == [
        {"LEVEL": "debug", "PORT": "7000"},
        {"LEVEL": "debug", "PORT": "7100"},
    ]


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("A=b", {"A": "b"}),
        ("A = b", {"A": "b"}),
        ("A=b c", {"A": "b c"}),
        ("  A =  b  c  ", {"A": "b  c"}),
        ("A=b' c 'd # said", {"A": "b c d"}),
        ("A=' b '  # said", {"A": " b "}),
        ('A="b \\"c\\" \\\\d"', {"A": 'b "c" \\d'}),
        ("A=b\\ \\#c", {"A": "b #c"}),
        ("A=http://x/#y", {"A": "http://x/#y"}),
        ("A= # said", {}),
        ("A=''  # said", {"A": ""}),
        ('A="b c"', {"A": "b c"}),
        ("A='b \"c\"'", {"A": 'b "c"'}),
        ('A="b\\nc\\td"', {"A": "b\nc\td"}),
        ("A=b # said", {"A": "b"}),
        ("A='b # said'", {"A": "b # said"}),
        ("A=http://x/?y=z", {"A": "http://x/?y=z"}),
        ("A=1\nA=2", {"A": "2"}),
        ("A=''", {"A": ""}),
        ("A=", {}),
        ("export A=b", {}),
        ("nonsense", {}),
        ("2A=b", {}),
        ("# A=b", {}),
    ],
)
def test_dotenv_is_read_as_honcho_does_but_with_its_blanks(
    line: str, values: dict[str, str]
) -> None:
    assert parse_dotenv(line, Path(".env")) == values


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("A='b", "line 1 can't be split into words: no closing quotation"),
        ("A=b\\", "line 1 can't be split into words: no escaped character"),
        ("A='b\0'", "line 1 sets A, which must not contain a NUL character"),
        (
            "PROCTUI_WORKER=x",
            "line 1 sets PROCTUI_WORKER, which is set by proctui itself; give yours another name",
        ),
    ],
)
def test_mistakes_in_dotenv_name_it(tmp_path: Path, line: str, sentence: str) -> None:
    path = write(tmp_path, line)
    with pytest.raises(ConfigError) as caught:
        config.load(path)
    assert str(caught.value) == f"{tmp_path.resolve()}/.env: {sentence}"


def test_a_port_in_dotenv_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r'/\.env: PORT must be a number from 0 to 65535, not "x"'
    ):
        config.load(write(tmp_path, "PORT=x"))


def test_a_folder_called_dotenv_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text("a: x")
    (tmp_path / ".env").mkdir()
    assert config.load(tmp_path / "Procfile").workers[0].env == {"PORT": "5000"}


def test_a_dotenv_that_can_not_be_read_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text("a: x")
    (tmp_path / ".env").symlink_to(".env")
    with pytest.raises(ConfigError, match=r"/\.env can't be read: too many levels"):
        config.load(tmp_path / "Procfile")


# ---------------------------------------------------------------- anything at all

LINES = st.lists(
    st.one_of(
        st.text(max_size=30),
        st.from_regex(r"[A-Za-z0-9_-]{1,8}: ?[ -~]{0,20}", fullmatch=True),
    ),
    max_size=6,
).map("\n".join)


@settings(deadline=None)
@given(LINES, st.dictionaries(st.just("PORT"), st.text(max_size=6)))
def test_any_text_is_a_session_or_a_clear_mistake(text: str, environ: dict[str, str]) -> None:
    try:
        session = loads(text, environ)
    except ConfigError as error:
        assert all(sentence.isprintable() for sentence in error.sentences)
    else:
        assert len({worker.id for worker in session.workers}) == len(session.workers)


@settings(deadline=None)
@given(st.one_of(LINES, st.from_regex(r"[A-Z]{1,3} ?= ?[ -~é\t]{0,20}", fullmatch=True)))
def test_any_dotenv_is_variables_or_a_clear_mistake(text: str) -> None:
    try:
        values = parse_dotenv(text, Path(".env"))
    except ConfigError as error:
        assert all(sentence.isprintable() for sentence in error.sentences)
    else:
        assert all(key and not {"=", "\0"} & set(key) for key in values)
        assert not any("\0" in value for value in values.values())
