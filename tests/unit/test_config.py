"""What a worker file means."""

from __future__ import annotations

import datetime
from pathlib import Path

import msgspec
import pytest

from proctui.files import config
from proctui.spec import SessionSpec, WorkerSpec

FILE = Path("/srv/app/proctui.toml")


def loads(text: str) -> SessionSpec:
    return config.loads_toml(text, FILE)


def only(text: str) -> WorkerSpec:
    (worker,) = loads(text).workers
    return worker


def test_an_empty_file_is_an_empty_session() -> None:
    assert loads("") == SessionSpec(name="app", source=str(FILE), folder="/srv/app")


def test_a_target_with_nothing_else() -> None:
    assert only('[workers.web]\ntarget = "pkg.mod:Class.method"') == WorkerSpec(
        id="web", target="pkg.mod:Class.method", cwd="/srv/app", import_root="/srv/app"
    )


def test_every_key_of_a_worker() -> None:
    text = """
        [workers.web]
        target = "lessons.py:piao"
        args = [1, "two", [3.5, true], {x = []}]
        kwargs = {a = 1, "b c" = {d = "e"}}
        name = "piao"
        count = 1
        daemon = true
        start_method = "forkserver"
        autostart = false
        reap = "implicit"
        restart = "on-failure"
        max_restarts = 0
        restart_window = 10
        backoff = 0
        backoff_max = 1.5
        stop_signal = "int"
        stop_timeout = 0.5
        join_timeout = 2
        cwd = "sub/folder"
        env = {A = "1", B = ""}
        python = ".venv/bin/python"
        import_root = "src"
    """
    assert only(text) == WorkerSpec(
        id="web",
        target="/srv/app/lessons.py:piao",
        args=(1, "two", [3.5, True], {"x": []}),
        kwargs={"a": 1, "b c": {"d": "e"}},
        name="piao",
        daemon=True,
        start_method="forkserver",
        autostart=False,
        reap="implicit",
        restart="on-failure",
        max_restarts=0,
        restart_window=10.0,
        backoff=0.0,
        backoff_max=1.5,
        stop_signal="SIGINT",
        stop_timeout=0.5,
        join_timeout=2.0,
        cwd="/srv/app/sub/folder",
        env={"A": "1", "B": ""},
        python="/srv/app/.venv/bin/python",
        import_root="/srv/app/src",
    )


def test_every_setting_of_a_session() -> None:
    session = loads('[session]\nname = "x.y"\nadopt = true\nlog_limit = 65536\nrefresh = 0.5')
    assert session == SessionSpec(
        name="x.y",
        source=str(FILE),
        folder="/srv/app",
        adopt=True,
        log_limit=65536,
        refresh=0.5,
    )


def test_workers_keep_the_order_of_the_file() -> None:
    text = "\n".join(f'[workers.{name}]\ncommand = "x"' for name in "cab")
    assert [worker.id for worker in loads(text).workers] == ["c", "a", "b"]


def test_count_makes_instances() -> None:
    session = loads('[workers.a]\ntarget = "m:f"\ncount = 3\nname = "same"')
    assert [worker.id for worker in session.workers] == ["a-1", "a-2", "a-3"]
    assert {worker.name for worker in session.workers} == {"same"}


def test_ten_thousand_instances() -> None:
    session = loads('[workers.a]\ntarget = "m:f"\ncount = 10000')
    assert len({worker.id for worker in session.workers}) == 10000


def test_a_shell_line_and_the_words_of_a_command() -> None:
    line = only('[workers.a]\ncommand = "echo $HOME | cat"')
    assert line.command == ("/bin/sh", "-c", "echo $HOME | cat")
    assert line.shell_line == "echo $HOME | cat"
    words = only('[workers.a]\ncommand = ["bin/serve", "~", ""]')
    assert words.command == ("bin/serve", "~", "")
    assert words.shell_line is None


def test_session_settings_stand_for_all_workers_and_give_way_to_their_own() -> None:
    session = loads("""
        [session]
        start_method = "spawn"
        python = "python3.12"
        reap = "auto"
        cwd = "data"
        env = {A = "session", B = "session"}
        stop_timeout = 9

        [workers.one]
        target = "m:f"

        [workers.two]
        target = "m:f"
        start_method = "fork"
        reap = "join"
        cwd = "/elsewhere"
        env = {B = "own", C = "own"}
    """)
    one, two = session.workers
    assert (one.start_method, two.start_method) == ("spawn", "fork")
    assert (one.python, two.python) == ("python3.12", "python3.12")
    assert (one.reap, two.reap) == ("auto", "join")
    assert (one.cwd, two.cwd) == ("/srv/app/data", "/elsewhere")
    assert one.env == {"A": "session", "B": "session"}
    assert two.env == {"A": "session", "B": "own", "C": "own"}
    assert one.stop_timeout == two.stop_timeout == 9


def test_settings_for_targets_pass_commands_by() -> None:
    worker = only("""
        [session]
        start_method = "spawn"
        python = "python3.12"
        import_root = "src"
        [workers.a]
        command = "x"
    """)
    plain = WorkerSpec(id="x")
    assert worker.start_method == plain.start_method
    assert worker.python is None
    assert worker.import_root == plain.import_root


def test_a_target_file_stays_short_where_the_import_root_is_the_folder() -> None:
    assert only('[workers.a]\ntarget = "sub/f.py:x"').target == "sub/f.py:x"
    assert only('[workers.a]\ntarget = "/abs/f.py:x"').target == "/abs/f.py:x"


def test_home_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    worker = only("""
        [workers.a]
        target = "~/f.py:x"
        cwd = "~"
        python = "~/venv/bin/python"
        import_root = "~/src"
    """)
    assert worker.target == "/home/someone/f.py:x"
    assert worker.cwd == "/home/someone"
    assert worker.python == "/home/someone/venv/bin/python"
    assert worker.import_root == "/home/someone/src"
    words = only('[workers.a]\ncommand = ["~/bin/x", "~/kept"]')
    assert words.command == ("/home/someone/bin/x", "~/kept")


def test_a_python_without_a_slash_is_looked_up_on_the_path() -> None:
    assert only('[workers.a]\ntarget = "m:f"\npython = "python3.12"').python == "python3.12"


def test_a_long_backoff_lifts_its_longest() -> None:
    assert only('[workers.a]\ncommand = "x"\nbackoff = 45').backoff_max == 45
    assert only('[workers.a]\ncommand = "x"').backoff_max == WorkerSpec(id="x").backoff_max


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("8 MiB", 8 * 1024**2),
        ("100kB", 100_000),
        ("100 KB", 100_000),
        ("1.5 GiB", 3 * 2**29),
        ("70000 B", 70_000),
        ("1 gib", 2**30),
        ("0.5 TB", 500_000_000_000),
    ],
)
def test_sizes(written: str, amount: int) -> None:
    assert loads(f'[session]\nlog_limit = "{written}"').log_limit == amount


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("SIGTERM", "SIGTERM"),
        ("term", "SIGTERM"),
        ("SigHup", "SIGHUP"),
        ("CLD", "SIGCHLD"),
        ("RTMIN", "SIGRTMIN"),
    ],
)
def test_signals_get_their_canonical_name(written: str, name: str) -> None:
    assert only(f'[workers.a]\ncommand = "x"\nstop_signal = "{written}"').stop_signal == name


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("/srv/my app!", "my-app"),
        ("/srv/.hidden", "hidden"),
        ("/srv/" + "x" * 99, "x" * 64),
        ("/srv/日本", "session"),
        ("/srv/a.b_c-d", "a.b_c-d"),
        ("/", "session"),
    ],
)
def test_a_session_is_called_after_its_folder(folder: str, name: str) -> None:
    assert config.loads_toml("", Path(folder) / "proctui.toml").name == name


def test_worker_from_table_is_what_a_form_uses() -> None:
    specs = config.worker_from_table(
        "a", {"command": ["x"], "count": 2}, Path("/f"), file="the form"
    )
    assert [spec.id for spec in specs] == ["a-1", "a-2"]
    with pytest.raises(config.ConfigError) as caught:
        config.worker_from_table("a b", {"comand": "x"}, Path("/f"), file="the form")
    assert caught.value.sentences == [
        'the form: name must be made of letters, digits, "_", "." and "-", not begin with "." '
        'or "-", and have at most 64 characters, not be "a b"',
        'the form: comand is not a known key; did you mean "command"?',
        "the form has neither target nor command; expected exactly one of them",
    ]


def test_what_is_loaded_can_be_sent() -> None:
    session = loads('[workers.a]\ntarget = "m:f"\nargs = [123456789012345678901234567890, -0.5]')
    sent = msgspec.json.encode(session)
    assert msgspec.json.decode(sent, type=SessionSpec) == session


def test_a_date_as_an_argument_is_refused_and_a_string_is_not() -> None:
    assert only('[workers.a]\ntarget = "m:f"\nargs = ["2024-01-01"]').args == ("2024-01-01",)
    with pytest.raises(config.ConfigError, match="not a date"):
        config.worker_from_table(
            "a", {"target": "m:f", "args": [datetime.date(2024, 1, 1)]}, Path("/"), file="x"
        )
