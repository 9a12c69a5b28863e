"""Every mistake in a worker file is one clear sentence: the file, the key, what was expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from proctui.files import config
from proctui.files.config import ConfigError

FILE = Path("/srv/app/proctui.toml")
NAME_RULE = (
    'must be made of letters, digits, "_", "." and "-", not begin with "." or "-", '
    "and have at most 64 characters"
)


def mistakes(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        config.loads_toml(text, FILE)
    assert str(caught.value) == caught.value.sentences[0]
    return [sentence.removeprefix(f"{FILE}: ") for sentence in caught.value.sentences]


KEYS = [
    # ------------------------------------------------------------ the tables
    ('name = "x"', "name stands outside of any table; it belongs under [session]"),
    ("count = 3", "count stands outside of any table; it belongs under [workers.NAME]"),
    (
        "[worker.x]",
        'worker is not known; expected [session] and [workers.NAME]; did you mean "workers"?',
    ),
    ("xyzzy = 1", "xyzzy is not known; expected [session] and [workers.NAME]"),
    ("session = 2", "session must be a table, not 2"),
    ("[[workers]]", "workers must be tables of their own, [workers.NAME], not an array"),
    ('[workers]\ntarget = "m:f"', 'workers.target must be a table, [workers.NAME], not "m:f"'),
    ("[session]\ndaemon = true", "session.daemon belongs in a worker's own table, [workers.NAME]"),
    ("[session]\nrefrsh = 1", 'session.refrsh is not a known key; did you mean "refresh"?'),
    # ------------------------------------------------------------ the session
    ('[session]\nname = "a b"', f'session.name {NAME_RULE}, not be "a b"'),
    ("[session]\nname = 5", f"session.name {NAME_RULE}, not be 5"),
    ('[session]\nadopt = "yes"', 'session.adopt must be true or false, not "yes"'),
    (
        "[session]\nrefresh = 0",
        "session.refresh must be a number of seconds from 0.1 on and at most 3600, not 0",
    ),
    (
        '[session]\nlog_limit = "8 potatoes"',
        'session.log_limit must be a number of bytes or a size such as "8 MiB" or "500 kB", '
        'not "8 potatoes"',
    ),
    (
        '[session]\nlog_limit = "1 kB"',
        'session.log_limit must be from 65536 to 1099511627776 bytes, not "1 kB"',
    ),
    (
        "[session]\nlog_limit = true",
        'session.log_limit must be a number of bytes or a size such as "8 MiB" or "500 kB", '
        "not true",
    ),
]

WORKER = [
    # ------------------------------------------------------------ what runs
    ("", "workers.a has neither target nor command; expected exactly one of them"),
    (
        'target = "m:f"\ncommand = "x"',
        "workers.a has both target and command; expected exactly one of them",
    ),
    (
        'target = "m.f"',
        'workers.a.target must be "module:callable" or "path/to/file.py:callable", not "m.f"; '
        'did you mean "m:f"?',
    ),
    (
        'target = "dir/file:f"',
        'workers.a.target must be "module:callable" or "path/to/file.py:callable", '
        'not "dir/file:f"',
    ),
    (
        'target = "file.py:f()"',
        'workers.a.target must be "module:callable" or "path/to/file.py:callable", '
        'not "file.py:f()"',
    ),
    ('target = ""', "workers.a.target must not be empty"),
    ('target = ["m:f"]', "workers.a.target must be a string, not an array"),
    ("command = 3", "workers.a.command must be a shell line or an array of words, not 3"),
    ("command = []", "workers.a.command must name a program, but the array is empty"),
    ('command = ["", "x"]', "workers.a.command must name a program first, not an empty string"),
    ('command = "  "', "workers.a.command must not be empty"),
    ('command = ["x", 80]', 'workers.a.command[1] must be a string, not 80; write "80"'),
    ('command = ["x", {}]', "workers.a.command[1] must be a string, not a table"),
    ('command = "a\\u0000b"', "workers.a.command must not contain a NUL character"),
    ('command = ["x", "\\u0000"]', "workers.a.command[1] must not contain a NUL character"),
    (
        'command = "x"\nargs = [1]',
        "workers.a.args goes only with target, not with command; "
        "put arguments into the command itself",
    ),
    (
        'command = "x"\nstart_method = "spawn"',
        "workers.a.start_method goes only with target, not with command",
    ),
    ('command = "x"\npython = "p"', "workers.a.python goes only with target, not with command"),
    ('command = "x"\nkwargs = {}', "workers.a.kwargs goes only with target, not with command"),
    (
        'command = "x"\nimport_root = "."',
        "workers.a.import_root goes only with target, not with command",
    ),
]

RUNNING = [
    # ------------------------------------------------------------ unknown keys
    ("cuont = 3", 'workers.a.cuont is not a known key; did you mean "count"?'),
    ("DAEMON = true", 'workers.a.DAEMON is not a known key; did you mean "daemon"?'),
    (
        "zzz = 3",
        "workers.a.zzz is not a known key; known here are args, autostart, backoff, backoff_max, "
        "command, count, cwd, daemon, env, import_root, join_timeout, kwargs, max_restarts, name, "
        "python, reap, restart, restart_window, start_method, stop_signal, stop_timeout, target",
    ),
    ("adopt = true", "workers.a.adopt belongs to the whole session, under [session]"),
    (
        "[workers.a.b]",
        "workers.a.b is not a known key; "
        'a worker whose name has a dot is written [workers."NAME.b"]',
    ),
    # ------------------------------------------------------------ types and values
    ("count = 0", "workers.a.count must be a whole number from 1 to 10000, not 0"),
    ("count = 10001", "workers.a.count must be a whole number from 1 to 10000, not 10001"),
    ('count = "4"', 'workers.a.count must be a whole number from 1 to 10000, not "4"'),
    ("count = 2.0", "workers.a.count must be a whole number from 1 to 10000, not 2.0"),
    ("count = true", "workers.a.count must be a whole number from 1 to 10000, not true"),
    (
        "count = 0x" + "f" * 9000,
        "workers.a.count must be a whole number from 1 to 10000, not so large a number",
    ),
    ('daemon = "no"', 'workers.a.daemon must be true or false, not "no"'),
    ("autostart = 1", "workers.a.autostart must be true or false, not 1"),
    (
        'start_method = "frok"',
        'workers.a.start_method must be "fork", "spawn" or "forkserver", not "frok"; '
        'did you mean "fork"?',
    ),
    ("reap = 1", 'workers.a.reap must be "join", "auto" or "implicit", not 1'),
    (
        'restart = "allways"',
        'workers.a.restart must be "never", "on-failure" or "always", not "allways"; '
        'did you mean "always"?',
    ),
    (
        "max_restarts = -1",
        "workers.a.max_restarts must be a whole number from 0 to 1000000, not -1",
    ),
    (
        "stop_timeout = 0",
        "workers.a.stop_timeout must be a number of seconds above 0 and at most 31622400, not 0",
    ),
    (
        "stop_timeout = nan",
        "workers.a.stop_timeout must be a number of seconds above 0 and at most 31622400, not nan",
    ),
    (
        "join_timeout = inf",
        "workers.a.join_timeout must be a number of seconds above 0 and at most 31622400, not inf",
    ),
    (
        'restart_window = "1 h"',
        "workers.a.restart_window must be a number of seconds above 0 and at most 31622400, "
        'not "1 h"',
    ),
    (
        "backoff = -1",
        "workers.a.backoff must be a number of seconds from 0 on and at most 31622400, not -1",
    ),
    (
        "backoff = 10\nbackoff_max = 3",
        "workers.a.backoff_max must be at least as long as backoff, 10, not 3",
    ),
    (
        'stop_signal = "SIGTREM"',
        'workers.a.stop_signal must be the name of a signal such as "SIGTERM", not "SIGTREM"; '
        'did you mean "SIGTERM"?',
    ),
    (
        "stop_signal = 15",
        'workers.a.stop_signal must be the name of a signal such as "SIGTERM", not 15',
    ),
    ("cwd = 1979-05-27", "workers.a.cwd must be a string, not a date"),
    ('cwd = ""', "workers.a.cwd must not be empty"),
    ('cwd = "~nobody-of-that-name/x"', None),
    ('name = ""', "workers.a.name must not be empty"),
    ("python = 07:32:00", "workers.a.python must be a string, not a time of day"),
    # ------------------------------------------------------------ environment
    ("env = []", "workers.a.env must be a table of strings, not an array"),
    ("env = {PORT = 80}", 'workers.a.env.PORT must be a string, not 80; write "80"'),
    ("env = {X = true}", 'workers.a.env.X must be a string, not true; write "true"'),
    ('env = {X = "a\\u0000"}', "workers.a.env.X must not contain a NUL character"),
    (
        'env = {"A=B" = "x"}',
        'workers.a.env."A=B" is no name of an environment variable: it is empty, or has "=" or NUL',
    ),
    (
        'env = {"" = "x"}',
        'workers.a.env."" is no name of an environment variable: it is empty, or has "=" or NUL',
    ),
    (
        'env = {PROCTUI_SESSION = "x"}',
        "workers.a.env.PROCTUI_SESSION is set by proctui itself; give yours another name",
    ),
    # ------------------------------------------------------------ arguments
    ('args = "x"', 'workers.a.args must be an array, not "x"'),
    ("kwargs = [1]", "workers.a.kwargs must be a table, not an array"),
    (
        "args = [1, 2024-01-01T00:00:00Z]",
        "workers.a.args[1] must be made of strings, numbers, true and false, arrays and tables, "
        "not a date; pass it as a string",
    ),
    ("args = [[inf]]", "workers.a.args[0][0] must be a finite number, not inf"),
    ('kwargs = {x = {"y z" = -nan}}', 'workers.a.kwargs.x."y z" must be a finite number, not nan'),
    ("args = [0x" + "f" * 2000 + "]", "workers.a.args[0] has more than 4096 bits"),
    (
        "kwargs." + "a." * 51 + "b = 1",
        "workers.a.kwargs." + "a." * 14 + "a… is nested more than 50 deep",
    ),
]


@pytest.mark.parametrize(("text", "sentence"), KEYS)
def test_tables_and_session(text: str, sentence: str) -> None:
    assert mistakes(text) == [sentence]


@pytest.mark.parametrize(("text", "sentence"), WORKER)
def test_what_runs(text: str, sentence: str) -> None:
    assert mistakes(f"[workers.a]\n{text}")[0] == sentence


@pytest.mark.parametrize(("text", "sentence"), RUNNING)
def test_worker_keys(text: str, sentence: str | None) -> None:
    found = mistakes(f'[workers.a]\ntarget = "m:f"\n{text}')
    if sentence is None:
        sentence = 'workers.a.cwd is "~nobody-of-that-name/x", and there is no such home folder'
    assert found == [sentence]


@pytest.mark.parametrize("name", ["my web", "", "-x", ".x", "a/b", "x" * 65, "é", "a\\nb"])
def test_names_that_could_be_no_file(name: str) -> None:
    (sentence,) = mistakes(f'[workers."{name}"]\ncommand = "x"')
    assert sentence.endswith(f"is no name for a worker, which {NAME_RULE}")


def test_instances_with_names_too_long() -> None:
    name = "x" * 62
    assert mistakes(f'[workers.{name}]\ncommand = "x"\ncount = 10') == [
        f"workers.{name}.count makes the name {name}-10, which has more than 64 characters"
    ]


@pytest.mark.parametrize(
    ("first", "second", "double"),
    [("a-2", "a", "a-2"), ("a", "a-1", "a-1")],
)
def test_an_instance_named_like_another_worker(first: str, second: str, double: str) -> None:
    text = "".join(
        f'[workers.{name}]\ncommand = "x"\n' + ("count = 2\n" if name == "a" else "")
        for name in (first, second)
    )
    assert mistakes(text) == [
        f'workers.{second} makes a worker named "{double}", and so does workers.{first}; '
        "every worker needs a name of its own"
    ]


def test_more_workers_than_a_session_may_have() -> None:
    text = "".join(f'[workers.w{i}]\ncommand = "x"\ncount = 10000\n' for i in range(11))
    assert mistakes(text) == ["workers.w10 makes more than 100000 workers in this session"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "[workers.a\n",
            "line 1, column 11 is no valid TOML: expected ']' at the end of a table declaration",
        ),
        ("[workers.a]\n[workers.a]", "line 2, column 11 declares [workers.a] a second time"),
        (
            '[workers.a]\ncommand = "x"\ncommand = "y"\n',
            "line 3, column 14 sets a key that has a value already",
        ),
        (
            '[workers.a]\ncommand = "x"\ncommand = "y"',
            "line 3, column 14 sets a key that has a value already",
        ),
        (
            "[workers.a]\n\n  target = m:f\n",
            "line 3, column 12 is no valid TOML: expected a value "
            '(text needs quotes, as in "text"; true and false are written small)',
        ),
        (
            "[workers.a]\ncommand\n",
            'line 2, column 8 is no valid TOML: expected "=" after a key, as in key = "value"',
        ),
        (
            '[workers.a]\ncommand = "x\n',
            "line 2, column 13 is no valid TOML: the string is not closed",
        ),
        (
            "[workers.a]\ncommand = 'x\nargs = ['y']",
            "line 2, column 13 is no valid TOML: the string is not closed",
        ),
        (
            "[workers.a]\ncommand = '''x\n\n",
            "line 2, column 15 is no valid TOML: the string is not closed, and the file ends there",
        ),
        (
            "[workers.a]\r\nargs = [1,\r\n",
            "line 2, column 11 is no valid TOML: expected a value (text needs quotes, as in "
            '"text"; true and false are written small), and the file ends there',
        ),
        (
            "\x1b[31m = 1",
            "line 1, column 1 is no valid TOML: invalid statement",
        ),
        ("[a]\nx = " + "7" * 5000, "line 2, column 5 has a number of too many digits"),
    ],
)
def test_broken_toml_with_line_and_column(text: str, sentence: str) -> None:
    assert mistakes(text) == [sentence]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("part", ["a.", "a . ", '"b c".', "'b'\t."])
def test_a_key_of_so_many_parts_that_parsing_would_take_minutes(part: str) -> None:
    text = "[workers.a]\n  kwargs." + part * 100_000 + "x = 1"
    assert mistakes(text) == ["line 2, column 3 has a key of too many parts"]


def test_toml_nested_too_deep() -> None:
    with pytest.raises(ConfigError, match=r"^/srv/app/proctui.toml nests arrays or tables too"):
        config.loads_toml("x = " + "[" * 5000, FILE)


def test_all_mistakes_of_a_file_are_told_at_once_up_to_a_bound() -> None:
    found = mistakes("""
        [session]
        refrsh = 2
        [workers.a]
        target = "m:f"
        count = 0
        daemon = 1
        [workers.b]
    """)
    assert [sentence.partition(" ")[0] for sentence in found] == [
        "session.refrsh",
        "workers.a.count",
        "workers.a.daemon",
        "workers.b",
    ]
    assert len(mistakes("\n".join(f"[workers.w{i}]" for i in range(100)))) == 20


def test_nothing_unprintable_reaches_the_terminal() -> None:
    text = '[workers.a]\n"\\u001b[31m" = 1\ntarget = "\\u202e\\u0007"\n'
    found = mistakes(text)
    assert all(sentence.isprintable() for sentence in found)
    assert "\\x1b[31m" in found[0]
    with pytest.raises(ConfigError) as caught:
        config.loads_toml("x", Path("/srv/\x1b]0;x\x07/proctui.toml"))
    assert str(caught.value).isprintable()
