from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from proctui import cli
from proctui.commands import arguments, parsing
from proctui.commands.output import cut, print_table
from proctui.commands.resolving import chosen
from proctui.sessions.session import SessionError
from tests.isolated import home, made_up_session
from tests.support import ROOT

__all__ = ["home"]

COMMANDS = [name for name in parsing.commands(arguments.build()) if name != arguments.OPEN]


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main([*command.split(), "--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    assert text.startswith("usage: proctui")
    assert "None" not in text
    assert "SUPPRESS" not in text
    if command:
        assert f"Example:\n  {'eval' if command == 'completion' else 'proctui'}" in text


def test_a_command_alone_brings_the_same_parser() -> None:
    """Its kin come along, no others: to make all of them takes longer than most commands."""
    whole = parsing.commands(arguments.build())
    assert set(whole) == arguments.COMMANDS
    for name in whole:
        few = parsing.commands(arguments.build(name))
        assert few[name].format_help() == whole[name].format_help()
        assert len(few) < len(whole) / 3


@pytest.mark.parametrize("words", [["attach"], ["attach", "web"], ["attach", ""]])
def test_attach_is_read_without_a_parser_as_with_one(words: list[str]) -> None:
    assert vars(cli._arguments(words)) == vars(parsing.parse(words))


@pytest.mark.parametrize("words", [["attach", "--help"], ["attach", "--session", "web"], ["ls"]])
def test_all_else_is_read_by_the_parser(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[list[str]] = []
    monkeypatch.setattr(parsing, "parse", read.append)
    cli._arguments(words)
    assert read == [words]


def test_all_commands_are_there() -> None:
    assert set(COMMANDS) >= {
        "run", "attach", "ls", "ps", "start", "join", "terminate", "kill", "restart", "stop",
        "add", "logs", "events", "reload", "shutdown", "clean", "check", "init", "completion",
        "scenario",
    }  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_handler(command: str) -> None:
    parser = parsing.commands(arguments.build())[command]
    assert callable(cli.handler(parser.get_default("handler")))


def test_a_first_word_that_is_no_command_is_a_file() -> None:
    parsed = parsing.parse(["web.toml", "--adopt"])
    assert (parsed.handler, parsed.file, parsed.adopt) == ("launching:open", "web.toml", True)
    assert parsing.parse([]).file is None
    assert parsing.parse(["--leftovers", "end"]).leftovers == "end"


def test_what_follows_two_dashes_is_a_command_to_add() -> None:
    parsed = parsing.parse(["add", "--name", "web", "--", "python3", "--help", "--", "x"])
    assert parsed.words == ["python3", "--help", "--", "x"]
    assert parsing.parse(["add", "m:f", "--arg", "-1"]).words is None


@pytest.mark.parametrize(
    "words",
    [
        ["kill"],
        ["join", "--timeout", "soon", "w"],
        ["join", "--timeout", "-1", "w"],
        ["join", "--timeout", "nan", "w"],
        ["logs", "w", "-n", "-3"],
        ["ls", "-- x"],
        ["ls", "--", "x"],
        ["run", "--leftovers", "perhaps"],
        ["completion", "tcsh"],
        ["--nonsense"],
    ],
)
def test_wrong_usage_ends_with_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(words)
    assert caught.value.code == 2
    assert "usage: proctui" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "usage", "error"),
    [
        (["ps", "--bogus"], "usage: proctui ps ", "unrecognized arguments: --bogus"),
        (["ps", "web"], "usage: proctui ps ", "unrecognized arguments: web"),
        (["kill", "w", "--", "x"], "usage: proctui kill ", "only proctui add takes"),
        (
            ["add", "sleep", "5 s"],
            "usage: proctui add ",
            "unrecognized arguments: 5 s; a command stands after two dashes: "
            "proctui add -- sleep '5 s'",
        ),
        (["add", "m:f", "5"], "usage: proctui add ", "unrecognized arguments: 5\n"),
        (
            ["sttop", "a-1"],
            "usage: proctui [FILE]",
            'there is no command sttop; did you mean "stop"?',
        ),
        (["--bogus"], "usage: proctui [FILE]", "unrecognized arguments: --bogus"),
        (["--leftovers", "x"], "usage: proctui [FILE]", "invalid choice: 'x'"),
    ],
)
def test_wrong_usage_is_told_by_the_command_that_was_meant(
    words: list[str], usage: str, error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(words)
    said = capsys.readouterr().err
    assert caught.value.code == 2 and said.startswith(usage) and error in said


def test_a_file_with_a_name_like_a_commands_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sttop").touch()
    with pytest.raises(SystemExit):
        cli.main(["sttop", "a-1"])
    assert "unrecognized arguments: a-1" in capsys.readouterr().err


def failing(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    status = cli.main(words)
    captured = capsys.readouterr()
    assert captured.out == ""
    return status, captured.err


def test_a_mistake_in_a_file_ends_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "w.toml"
    file.write_text('[workers.a]\ntarget = "m:f"\ncuont = 2\n[workers.b]\n')
    status, said = failing(["check", str(file)], capsys)
    assert status == 2
    first, second = said.splitlines()
    assert first.startswith(f"proctui: {file}: workers.a.cuont ")
    assert second.startswith(f"proctui: {file}: workers.b ")
    assert failing(["run", "--detach", str(tmp_path / "none.toml")], capsys)[0] == 2


def test_a_word_that_may_have_been_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert failing(["attatch"], capsys) == (
        2, 'proctui: attatch is neither a file nor a command; did you mean "attach"?\n'
    )  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        ["ps"],
        ["attach"],
        ["kill", "w"],
        ["logs", "w"],
        ["events"],
        ["shutdown"],
        ["reload"],
        ["add", "--", "true"],
        ["ps", "--session", "s"],
        ["clean", "s"],
    ],
)
def test_without_a_session_they_end_with_1(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    status, said = failing(words, capsys)
    assert status == 1
    assert said.startswith("proctui: ")
    assert said.count("\n") == 1
    assert "session" in said


def test_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    status, said = failing([], capsys)
    assert status == 1
    assert "the screen needs a terminal; proctui run --detach FILE" in said


def test_attach_without_a_terminal_names_what_shows_a_session_that_is_there(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made_up_session(home, "s", pid=os.getpid())
    status, said = failing(["attach"], capsys)
    assert status == 1
    assert "needs a terminal; proctui ps and proctui logs show a session without one" in said


def test_hostile_words_are_shown_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    _, said = failing(["ps", "--session", "\x1b]0;x\x07"], capsys)
    assert "^[]0;x^G" in said
    assert "\x1b" not in said


def test_check_and_init(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "proctui.toml"
    assert cli.main(["init", str(file)]) == 0
    assert cli.main(["check", str(file)]) == 0
    out = capsys.readouterr().out
    assert f"{file} is right: session " in out
    assert "sleeper-2" in out
    assert failing(["init", str(file)], capsys)[0] == 2
    assert cli.main(["check", "--json", str(file)]) == 0
    assert '"worker": "clock"' in capsys.readouterr().out


def test_check_takes_the_file_of_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    status, said = failing(["check"], capsys)
    assert status == 2 and "neither proctui.toml nor Procfile in this folder" in said
    (tmp_path / "Procfile").write_text("web: true\n")
    assert cli.main(["check"]) == 0
    assert ", 1 worker\n" in capsys.readouterr().out


def test_check_warns_of_what_can_be_seen_to_fail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "there.py").touch()
    file = tmp_path.resolve() / "w.toml"
    file.write_text(
        '[workers.a]\ntarget = "nix.py:greet"\ncount = 5\n[workers.b]\ncommand = "x"\n'
        'cwd = "/nix/nix"\n[workers.c]\ntarget = "there.py:f"\n'
    )
    assert cli.main(["check", str(file)]) == 0
    out, err = capsys.readouterr()
    assert err.splitlines() == [
        f'proctui: {file}: a-1, a-2, a-3 and 2 more: target "nix.py:greet": there is no file '
        f"{file.parent}/nix.py",
        f'proctui: {file}: b: cwd "/nix/nix" is no folder',
    ]
    assert out.startswith(f"{file} has no mistakes of form: session ")
    file.write_text("")
    assert cli.main(["check", str(file)]) == 0
    out, err = capsys.readouterr()
    assert err == f"proctui: {file}: there are no workers in it\n"
    assert out.endswith(", 0 workers\n") and out.count("\n") == 1


def test_ls_of_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["ls"]) == 0
    assert "no sessions" in capsys.readouterr().out
    assert cli.main(["ls", "--json"]) == 0
    assert capsys.readouterr().out == "[]\n"


def test_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(name: str) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "handler", interrupt)
    assert cli.main(["ls"]) == 130


def test_nobody_reads_any_more() -> None:
    line = f"{sys.executable} -m proctui --help | true; echo ${{PIPESTATUS[0]}}"
    many = (
        f"{sys.executable} -c 'import sys; from proctui import cli;"
        " from proctui.commands import sessions, output;"
        ' sessions.ls = lambda a: [output.say("x" * 99) for _ in range(9999)] and 0;'
        ' sys.exit(cli.main(["ls"]))\' | head -1; echo "status ${PIPESTATUS[0]}"'
    )
    for script in (line, many):
        done = subprocess.run(
            ["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert done.stderr == ""
    assert done.stdout.endswith("status 141\n")


@pytest.mark.parametrize(
    "words", [["ls"], ["ps"], ["events"], ["init", "/"], ["run", "--detach", "/no.toml"]]
)
def test_no_command_brings_in_what_only_the_screen_needs(words: list[str]) -> None:
    code = (
        "import sys, proctui.cli, proctui.commands.parsing\n"
        "from proctui.commands.arguments import build\n"
        "proctui.cli.main(sys.argv[1:])\n"
        "parser = proctui.commands.parsing.commands(build())[sys.argv[1]]\n"
        "proctui.cli.handler(parser.get_default('handler'))\n"
        "print(sorted({'textual', 'rich', 'psutil'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (["a"], ["a"]),
        (["web-*"], ["web-1", "web-2"]),
        (["web-2", "web-*", "a"], ["web-2", "web-1", "a"]),
        (["web-[2-9]"], ["web-2"]),
        (["odd[1]"], ["odd[1]"]),
        (["*"], ["a", "web-1", "web-2", "odd[1]"]),
    ],
)
def test_workers_by_id_and_pattern(words: list[str], ids: list[str]) -> None:
    assert chosen(known("a", "web-1", "web-2", "odd[1]"), words) == ids


def known(*ids: str, **names: str) -> dict[str, str]:
    return {**{id: id for id in ids}, **names}


def test_workers_by_the_name_that_they_gave_themselves() -> None:
    named = known("a", "b", "MyCleaner", c="MyCleaner", d="Twin", e="Twin", f="b", g="Only")
    assert chosen(named, ["Only", "a"]) == ["g", "a"]
    assert chosen(named, ["MyCleaner"]) == ["MyCleaner"], "ids come first"
    assert chosen(named, ["b"]) == ["b"]
    with pytest.raises(SessionError, match="several workers are called Twin: say d or e"):
        chosen(named, ["Twin"])
    with pytest.raises(SessionError, match="there is no worker On"):
        chosen(named, ["On*"])  # nobody names itself into a pattern
    with pytest.raises(SessionError, match=r"did you mean g \(Only\)\?"):
        chosen(named, ["Onyl"])


def test_no_such_worker() -> None:
    with pytest.raises(SessionError, match=r"there is no worker wbe-1; did you mean web-1\?"):
        chosen(known("a", "web-1"), ["wbe-1"])
    with pytest.raises(SessionError, match="there is no worker x-9; there is a, web-1"):
        chosen(known("a", "web-1"), ["x-9"])
    with pytest.raises(SessionError, match="the session has none"):
        chosen({}, ["x"])


@pytest.mark.parametrize(
    ("room", "last"),
    [(None, "x" * 40), (46, "x" * 40), (45, "x" * 38 + "…"), (3, "x" * 11 + "…")],
)
def test_a_table_cuts_its_last_column_to_fit(
    room: int | None, last: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_table(("NAME", "WORDS"), [("a", "x" * 40)], room=room)
    assert capsys.readouterr().out.splitlines()[1] == f"a     {last}"


def test_a_table_leaves_out_what_there_is_no_room_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    row = ("a", "b" * 10, "c" * 10, "d" * 30)

    def line(room: int) -> str:
        print_table(("A", "B", "C", "D"), [row], room=room, expendable=("C", "B"))
        return capsys.readouterr().out.splitlines()[1]

    assert line(57) == f"a  {'b' * 10}  {'c' * 10}  {'d' * 30}"
    assert line(51) == f"a  {'b' * 10}  {'c' * 10}  {'d' * 23}…"
    assert line(50) == f"a  {'b' * 10}  {'d' * 30}"
    assert line(38) == f"a  {'d' * 30}"


def test_cut_text_fits_in_cells_not_characters() -> None:
    assert cut("abcdef", 6) == "abcdef"
    assert cut("abcdef", 5) == "abcd…"
    assert cut("漢字漢字", 6) == "漢字…"
