"""``proctui scenario`` with a real session, and what README says of it."""

from __future__ import annotations

import re

from proctui.lessons import LESSONS
from tests.e2e.commanding import CommandLine, proctui
from tests.support import ROOT, until

__all__ = ["proctui"]

HEADING = "## Learn multiprocessing by watching it"


def test_a_lesson_is_started_with_a_number_of_ones_own(proctui: CommandLine) -> None:
    assert proctui.right("scenario", "--detach", "echo-server", "clients=2").out == "echo-server\n"
    until(lambda: all(proctui.workers()[one]["alive"] for one in ("client-1", "client-2")))
    assert "client-3" not in proctui.workers()
    again = proctui("scenario", "--detach", "echo-server")
    assert (again.status, again.out) == (1, "")
    assert "is already running as session echo-server" in again.err


def test_a_lesson_for_a_screen_waits_for_it(proctui: CommandLine) -> None:
    assert proctui.right("scenario", "--for-screen", "join-all").out == "join-all\n"
    until(lambda: "program" in proctui.workers())
    assert proctui.workers()["program"]["pid"] is None
    assert "--for-screen" not in proctui.right("scenario", "--help").out
    assert "for-screen" not in proctui.right("completion", "bash").out


def test_a_copied_lesson_runs_like_the_original(proctui: CommandLine) -> None:
    done = proctui.right("scenario", "stubborn", "--write", "mine")
    assert "proctui mine/stubborn.toml starts it" in done.out
    assert proctui.right("run", "--detach", "mine/stubborn.toml").out == "stubborn\n"
    (listed,) = proctui.right("ls", "--json").json
    assert listed["source"].endswith("/mine/stubborn.toml")


def test_without_a_terminal_it_says_what_to_do_instead(proctui: CommandLine) -> None:
    done = proctui("scenario", "zombie")
    assert (done.status, done.out) == (1, "")
    assert "proctui scenario --detach zombie starts a session without one" in done.err
    assert proctui.right("ls", "--json").json == []


def test_the_readme_lists_every_lesson() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert HEADING in readme
    section = readme.split(HEADING)[1].split("\n## ")[0]
    listed = re.findall(r"^\| `([a-z-]+)`((?: `[a-z-]+=N`)*) \|", section, re.MULTILINE)
    assert [name for name, _ in listed] == list(LESSONS)
    for name, numbers in listed:
        known = {f"{parameter.name}=N" for parameter in LESSONS[name].parameters}
        assert set(re.findall(r"`(\S+)`", numbers)) == known
