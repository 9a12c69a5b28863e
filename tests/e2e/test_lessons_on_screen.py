"""Lessons as a person does them: what the guide says is done, and each step ticks itself off."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from proctui.sessions.session import list_sessions
from tests.e2e.commanding import CommandLine, proctui
from tests.e2e.terminal import Terminal, terminal
from tests.support import children_of, kernel_state

__all__ = ["proctui"]

UP, DOWN, END = "\x1b[A", "\x1b[B", "\x1b[F"


def running() -> set[str]:
    return {session.name for session in list_sessions() if session.running}


def as_init(shown: Terminal) -> bool:
    """Reaps what came to this process, a subreaper in tests, where it would have come to init."""
    for pid in children_of(os.getpid()):
        if pid != shown.process.pid and kernel_state(pid) == "Z":
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
    return True


def zombie(shown: Terminal) -> None:
    shown.sees("► 1 The child of negligent", "Z zombie")
    shown.type("z")
    shown.sees("► 2 Put the cursor on negligent")
    shown.type(UP)
    shown.sees("► 3 Terminate negligent", "Z zombie")
    shown.type("t")
    shown.sees("Terminate negligent (")
    shown.type("y")


def orphan_tree(shown: Terminal) -> None:
    shown.sees("► 2 Press  k  on grandparent")
    # each is called as its parent is until it has given itself a name: a question would say so
    shown.until(lambda: shown.text.count("● grandchi") == 2, "both grandchildren by their names")
    shown.type("k")
    shown.sees("1 this process", "would be orphaned")
    shown.type("y")
    shown.sees("► 4 Put the cursor on", "O child-1")
    shown.type("O")
    shown.sees("End what grandparent left behind?", "grandchild-2")
    shown.type("y")


def join_all(shown: Terminal) -> None:
    # its children live for a few seconds, but not before the screen is there to see them
    later = ("► 2 Each child goes", "► 3 program has ended", "Every step was seen.")
    shown.until(lambda: any(one in shown.text for one in later), "the children")
    shown.type("2")


def echo_server(shown: Terminal) -> None:
    shown.sees("► 3 Terminate one of the clients")
    shown.type(END + UP)
    shown.sees("port")
    shown.type("t")
    shown.sees("Terminate client-5 (")
    shown.type("y")
    shown.sees("► 4 Press  r  on guest")
    shown.type(END + "r")


Doing = Callable[[Terminal], None]
LESSONS: list[tuple[Doing, list[str]]] = [
    (zombie, ["zombie"]),
    (orphan_tree, ["orphan-tree"]),
    (join_all, ["join-all"]),
    (echo_server, ["echo-server", "clients=5"]),
]


@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=["120x40", "80x24"])
@pytest.mark.parametrize(("do", "words"), LESSONS, ids=[words[0] for _, words in LESSONS])
def test_every_step_ticks_when_it_is_done(
    proctui: CommandLine, do: Doing, words: list[str], size: tuple[int, int]
) -> None:
    with terminal("scenario", *words, folder=proctui.folder, size=size) as shown:
        do(shown)
        shown.until(lambda: as_init(shown) and "Every step was seen." in shown.text, "the end")
        if do is join_all:
            shown.sees("The program took 4.", "lived 4.")
        shown.type("q")
        shown.until(lambda: "Leave" in shown.text or shown.process.poll() is not None, "leaving")
        shown.type("s")
        assert shown.ended() == 0
    assert running() == set()


def test_what_was_seen_stays_with_the_session(proctui: CommandLine) -> None:
    with terminal("scenario", "join-all", folder=proctui.folder) as shown:
        shown.sees("Every step was seen.")
        shown.type("d")
        assert shown.ended() == 0
    with terminal("attach", "join-all", folder=proctui.folder) as shown:
        shown.sees("3 of 3 done", "Every step was seen.", "Z program")
        shown.type("q")
        shown.until(lambda: "Leave" in shown.text or shown.process.poll() is not None, "leaving")
        shown.type("s")
        assert shown.ended() == 0


def test_a_lesson_from_the_screen_and_back(proctui: CommandLine) -> None:
    proctui.run('[session]\nname = "mine"\n[workers.steady]\ncommand = ["sleep", "1000"]', "steady")
    steady = proctui.workers()["steady"]["pid"]
    with terminal("attach", "mine", folder=proctui.folder) as shown:
        shown.sees("● steady")
        shown.type("\x10stubborn")
        shown.sees("Lesson: Terminate, patience, kill")
        shown.type(DOWN + "\r")
        shown.sees("proctui scenario stubborn")
        shown.type("\r")
        shown.sees("proctui  stubborn", "● stubborn", "w folds")
        assert running() == {"mine", "stubborn"}
        shown.type("q")
        shown.sees("Leave stubborn?")
        shown.type("s")
        shown.sees("proctui  mine", "● steady")
        assert running() == {"mine"}
        shown.type("d")
        assert shown.ended() == 0
        assert shown.is_restored()
    assert kernel_state(steady) == "S"


def test_a_lesson_that_was_copied_out_has_its_guide(proctui: CommandLine, tmp_path: Path) -> None:
    proctui.right("scenario", "zombie", "--write", str(tmp_path / "mine"))
    file = str(tmp_path / "mine" / "zombie.toml")
    with terminal(file, folder=proctui.folder) as shown:
        shown.sees("► 1 The child of negligent", "Z zombie")
        shown.type("z")
        shown.sees("✓ 1 The child of negligent")
        shown.type("q")
        shown.sees("Leave zombie?")
        shown.type("s")
        assert shown.ended() == 0
