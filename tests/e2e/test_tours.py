"""A tour through everything the program can do, by keyboard alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.commanding import CommandLine, proctui
from tests.e2e.touring import (
    DOWN,
    END,
    ESCAPE,
    HOME,
    LEFT,
    RIGHT,
    SAVE,
    SHIFT_DOWN,
    SHIFT_RIGHT,
    THERE,
    UP,
    Tour,
    opened,
)  # fmt: skip

__all__ = ["proctui"]

pytestmark = pytest.mark.timeout(600)


def by_keyboard_through_the_list(tour: Tour) -> None:
    kind = tour.shown.type
    tour.press("tree")
    tour.misses("└ Z sh")
    tour.press("tree")
    tour.sees("└ Z sh")
    tour.press("search")
    kind("fact")
    tour.is_on("factory")
    kind(ESCAPE)
    tour.misses("search  fact")
    tour.press("fold")
    tour.misses("└ Z sh")
    tour.press("fold")
    tour.sees("└ Z sh")
    tour.press("sort")
    tour.sees("Sort by")
    kind(DOWN + "\r")
    tour.sees("▲")
    tour.press("sort")
    tour.sees("Sort by")
    kind(UP + "\r")
    tour.misses("▲")
    tour.press("zombie")
    tour.sees("has not joined it.")
    tour.press("orphan")
    tour.sees("► An orphan")


def by_keyboard_through_columns(tour: Tour) -> None:
    kind = tour.shown.type
    tour.press("columns")
    tour.sees("space shows or hides")
    kind("+" * 30 + DOWN + DOWN + " " + SAVE)
    tour.misses("space shows or hides", "PPID")
    assert "NAME" in tour.shown.text
    kind(SHIFT_RIGHT * 3)
    tour.sees("DAEMON")
    tour.press("columns")
    tour.sees("space shows or hides")
    kind("r" + SAVE)
    tour.sees("PPID")
    tour.misses("space shows or hides")


def go_to(tour: Tour, worker: str) -> None:
    """Puts the cursor on a worker by searching for it."""
    tour.press("search")
    tour.shown.type(worker)
    tour.sees(f"search  {worker}")
    tour.is_on(worker)
    tour.shown.type(ESCAPE)
    tour.misses("Enter: next")


def by_keyboard_through_tags(tour: Tour) -> None:
    kind = tour.shown.type
    kind(HOME)
    tour.is_on("badly")
    tour.press("tag")
    tour.press("tag")
    tour.sees("2 tagged")
    tour.press("untag")
    tour.misses("tagged")
    kind(HOME + SHIFT_DOWN * 2)
    tour.sees("3 tagged")
    tour.is_on("factory")
    tour.press("untag")
    tour.press("tag_tree")
    tour.sees("2 tagged")
    tour.press("untag")
    tour.press("follow")
    tour.sees("FOLLOWING")
    tour.press("follow")
    tour.misses("FOLLOWING")
    tour.press("pause")
    tour.sees("PAUSED")
    tour.press("pause")
    tour.misses("PAUSED")


def by_keyboard_through_the_filter(tour: Tour) -> None:
    kind = tour.shown.type
    tour.press("filter")
    kind("state:zo\t")
    tour.sees("filter  state:zombie")
    kind("x\r")
    tour.sees("unknown state 'zombiex'")
    kind(ESCAPE)
    tour.misses("unknown state")
    tour.press("filter")
    kind("name:twin\r")
    tour.sees("filter: name:twin (3)")
    tour.press("tag_shown")
    tour.sees("3 tagged")
    tour.press("join")
    tour.sees("Joining 0 of 3", "Esc: give up")
    kind(ESCAPE)
    tour.misses("Joining")
    tour.press("tag_shown")
    tour.press("terminate")
    tour.sees("Terminate 3 processes?", "twin-3")
    kind("y")
    tour.sees("Z twin-1", "Z twin-3")
    kind(ESCAPE)
    tour.misses("filter:")


def by_keyboard_through_signals(tour: Tour) -> None:
    kind = tour.shown.type
    go_to(tour, "talker")
    tour.press("signal")
    tour.sees("Send which signal to talker", "SIGSTOP")
    kind(DOWN * 4 + "\r")
    tour.sees("Send SIGSTOP to talker")
    kind("y")
    tour.sees("T stopped")
    tour.press("signal")
    tour.sees("Send which signal to talker")
    kind(DOWN * 5 + "\r")
    tour.sees("Send SIGCONT to talker")
    kind("y")
    tour.misses("T stopped")


def by_keyboard_through_the_panes(tour: Tour) -> None:
    kind = tour.shown.type
    go_to(tour, "talker")
    tour.press("log")
    tour.sees("word 7")
    tour.press("log")
    tour.sees("w wrap")
    kind("/word 3")
    tour.sees("“word 3”: line 3")
    kind(ESCAPE)
    tour.misses("“word 3”")
    kind("w")
    tour.sees("wrapped")
    kind("y")
    tour.sees("7 lines copied")
    kind("S")
    tour.sees("Save the log")
    kind("\r")
    tour.sees("saved to")
    kind("C")
    tour.misses("word 7")
    tour.press("events")
    tour.sees("all workers")
    tour.press("events")
    tour.sees("only talker")
    tour.press("pane")
    tour.misses("○ later")
    kind(ESCAPE)
    tour.sees("○ later")
    tour.press("details")
    tour.sees("multiprocessing says")
    tour.press("chart")
    tour.sees("CPU, % of a core")
    tour.press("details")
    tour.misses("CPU, % of a core")


def by_keyboard_through_the_views(tour: Tour) -> None:
    kind = tour.shown.type
    tour.press("view_timeline")
    tour.sees("s/cell", "Z▒")
    kind("]")
    tour.sees("started", "1 of ")
    kind("+-" + LEFT + RIGHT + HOME + END + "0")
    tour.press("view_machine")
    tour.sees("machine, own", "Z sh")
    tour.press("users")
    tour.sees("machine, everyone's")
    tour.press("view_workers")
    tour.misses("machine, everyone's")


def by_keyboard_through_workers(tour: Tour) -> None:
    kind = tour.shown.type
    go_to(tour, "talker")
    tour.press("restart")
    tour.sees("Restart talker")
    tour.matches(r"pid +\d+ ")
    before = tour.process()
    kind("y")
    tour.shown.until(lambda: tour.process() not in (None, before), "another process")
    tour.press("stop")
    tour.sees("Stop talker")
    kind("y")
    tour.sees("✗ talker")
    tour.press("start")
    tour.sees("● talker")
    tour.press("kill")
    tour.sees("Kill talker")
    kind("y")
    tour.sees("Z talker")
    tour.press("join_all")
    tour.misses("Z talker", "Z badly", "Z leaver", "Z twin")
    tour.press("orphan")
    tour.press("end_left")
    tour.sees("End what leaver left behind?")
    kind("y")
    tour.gone("└ O sleep")
    tour.press("new")
    tour.sees("New worker", "all that is needed")
    kind("mine.py:loop")
    tour.sees("Ready: loop")
    kind(SAVE)
    tour.sees("● loop")
    kind(END)
    tour.is_on("loop")
    tour.press("new_like")
    tour.sees("Ready: loop-2")
    kind(SAVE)
    tour.sees("● loop-2")


def by_keyboard_through_the_rest(tour: Tour, folder: Path) -> None:
    kind = tour.shown.type
    tour.press("export")
    tour.sees("Chrome trace", "File; a name alone")
    kind("\r")
    tour.shown.until(lambda: bool(list(folder.glob("tour-*.json"))), "the trace")
    tour.press("settings")
    tour.sees("Keys", "Refresh")
    kind(ESCAPE)
    tour.misses("Refresh")
    tour.press("help")
    tour.sees("What the words mean", "Keys")
    kind(ESCAPE)
    tour.misses("What the words mean")
    tour.press("palette")
    tour.sees("Search for commands")
    kind("pause the")
    tour.sees("Hold the picture still")
    kind("\r")
    tour.sees("PAUSED")
    tour.press("pause")
    tour.misses("PAUSED")
    tour.press("guide")
    tour.press("lesson")
    tour.sees("Lessons: multiprocessing")
    kind(ESCAPE)
    tour.misses("Lessons: multiprocessing")
    tour.press("quit")
    tour.sees("Leave tour?")
    kind(ESCAPE)
    tour.misses("Leave tour?")
    tour.press("detach")


def test_by_keyboard_alone(proctui: CommandLine) -> None:
    with opened(proctui.folder) as tour:
        tour.sees(*THERE)
        by_keyboard_through_the_list(tour)
        by_keyboard_through_columns(tour)
        by_keyboard_through_tags(tour)
        by_keyboard_through_the_filter(tour)
        by_keyboard_through_signals(tour)
        by_keyboard_through_the_panes(tour)
        by_keyboard_through_the_views(tour)
        by_keyboard_through_workers(tour)
        by_keyboard_through_the_rest(tour, proctui.folder)
        assert tour.shown.ended() == 0
        assert tour.shown.is_restored()
        assert not tour.missed()
