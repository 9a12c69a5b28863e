from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from proctui.commands.arguments import build
from proctui.commands.completion import describe, script

FAKE = """#!/bin/sh
case "$*" in
    "completion workers --session s1") echo of-s1 ;;
    "completion workers") printf 'web-1\\nweb-2\\nother\\n' ;;
    "completion sessions") printf 's1\\ns2\\n' ;;
    "completion active") echo s1 ;;
esac
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a `proctui` that answers what the scripts ask, and the scripts."""
    fake = tmp_path / "proctui"
    fake.write_text(FAKE)
    fake.chmod(0o700)
    for shell in ("bash", "zsh", "fish"):
        (tmp_path / f"script.{shell}").write_text(script(shell, build()))
    (tmp_path / "some.toml").write_text("")
    return tmp_path


def ask(words: list[str], place: Path) -> list[str]:
    done = subprocess.run(
        words,
        cwd=place,
        env={"PATH": f"{place}:/usr/bin:/bin", "HOME": str(place), "TERM": "dumb"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.split()


CASES = [
    (["k"], ["kill"]),
    (["kill", "web"], ["web-1", "web-2"]),
    (["kill", "--session", "s1", "of"], ["of-s1"]),
    (["kill", "--session", "s"], ["s1"]),
    (["shutdown", "--session", "s"], ["s1"]),
    (["logs", "--session", "s"], ["s1", "s2"]),
    (["add", "--start-method", "f"], ["fork", "forkserver"]),
    (["add", "--name", "x", "--", "proct"], ["proctui"]),
    (["add", "--", "cat", "some"], ["some.toml"]),
    (["add", "some"], ["some.toml"]),
    (["kill", "--signal", "SIGUSR"], ["SIGUSR1", "SIGUSR2"]),
    (["kill", "--signal", "H"], ["HUP"]),
    (["stop", "--signal", "QU"], ["QUIT"]),
    (["kill", "--tr"], ["--tree"]),
    (["run", "some"], ["some.toml"]),
    (["run", "--leftovers", "e"], ["end"]),
    (["attach", "s2"], ["s2"]),
    (["completion", "fi"], ["fish"]),
    (["init", "some"], ["some.toml"]),
    (["scenario", "zombie-cure-s"], ["zombie-cure-sigchld"]),
    (["scenario", "--gu"], ["--guide"]),
]


@pytest.mark.parametrize(("words", "expected"), CASES)
def test_bash(place: Path, words: list[str], expected: list[str]) -> None:
    line = " ".join(f"'{word}'" for word in ["proctui", *words])
    program = (
        f"source script.bash; COMP_WORDS=({line}); COMP_CWORD={len(words)}; "
        '_proctui; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    assert ask(["bash", "--norc", "-c", program], place) == expected


def test_completion_offers_the_shells_and_nothing_that_only_scripts_ask_for(place: Path) -> None:
    program = (
        "source script.bash; COMP_WORDS=(proctui completion ''); COMP_CWORD=2; "
        '_proctui; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    assert ask(["bash", "--norc", "-c", program], place) == ["bash", "zsh", "fish"]


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
@pytest.mark.parametrize(("words", "expected"), CASES)
def test_fish(place: Path, words: list[str], expected: list[str]) -> None:
    line = " ".join(["proctui", *words])
    program = f"source script.fish; complete -C '{line}' | string replace -r '\\t.*' ''"
    assert ask(["fish", "--no-config", "-c", program], place) == expected


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_takes_the_script(place: Path) -> None:
    program = "autoload -Uz compinit && compinit -u -D; source ./script.zsh; print $_comps[proctui]"
    assert ask(["zsh", "-f", "-c", program], place) == ["_proctui"]


def test_every_option_of_every_command_is_completed() -> None:
    found = describe(build())
    for shell in ("bash", "zsh", "fish"):
        text = script(shell, build())
        for command in found:
            assert command.name in text
            for option in command.options:
                for name in option.names:
                    shown = name.lstrip("-") if shell == "fish" else name
                    assert shown in text
