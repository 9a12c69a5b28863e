"""A tour through everything the program can do, by mouse alone."""

from __future__ import annotations

import pytest

from proctui.tui.actions import ACTIONS
from tests.e2e.commanding import CommandLine, proctui
from tests.e2e.touring import THERE, Tour, opened

__all__ = ["proctui"]

pytestmark = pytest.mark.timeout(600)
WHOLE = ACTIONS["quit"].tooltip
"""The last words of the palette: once they stand there nothing in it moves."""
SIZE = (120, 130)
"""So tall that the palette has no need to scroll."""


def choose(tour: Tour, action: str) -> None:
    """Takes an action out of the palette, which the tall terminal shows whole."""
    shown, wanted = tour.shown, ACTIONS[action]
    shown.click("^p palette")
    tour.sees("Search for commands", WHOLE)
    entry = f"{wanted.title}  "  # with its key and what it does behind, in one line
    lines = enumerate(shown.display)
    y = next(y for y, line in lines if entry in line and wanted.tooltip[:20] in line)
    for up in (False, True):
        shown.mouse(0, (shown.display[y].index(entry) + 1, y), up=up)
    tour.misses("Search for commands")
    tour.done |= {"palette", action}


def click(tour: Tour, action: str, label: str, within: str = "") -> None:
    """Clicks on what does an action."""
    tour.shown.click(label, within)
    tour.done.add(action)


def context(tour: Tour, row: str, action: str) -> None:
    """Takes an action out of the menu that a right click on a row opens."""
    tour.shown.click(row, button=2)
    tour.sees(ACTIONS["tag_tree"].title, ACTIONS[action].title)
    click(tour, action, f" {ACTIONS[action].title} ", "│")


def aside(tour: Tour, gone: str) -> None:
    """Clicks beside a dialog, which leaves it."""
    tour.sees(gone)
    tour.shown.mouse(0, (1, 1))
    tour.shown.mouse(0, (1, 1), up=True)
    tour.misses(gone)


def by_mouse_through_the_list(tour: Tour) -> None:
    shown = tour.shown
    click(tour, "tree", "F5 tree")
    tour.misses("└ Z sh")
    click(tour, "tree", "F5 tree")
    tour.sees("└ Z sh")
    shown.click("● factory")
    tour.is_on("factory")
    shown.mouse(0, (1, shown.place("● factory")[1]))
    shown.mouse(0, (1, shown.place("● factory")[1]), up=True)
    tour.misses("└ Z sh")
    context(tour, "● factory", "fold")
    tour.sees("└ Z sh")
    shown.click("NAME")
    tour.sees("▲")
    click(tour, "sort", "F6 sort")
    tour.sees("Sort by")
    shown.click("The order of the worker file")
    tour.misses("▲", "Sort by")
    click(tour, "zombie", "ZOMBIES")
    tour.sees("has not joined it.")
    click(tour, "orphan", "1 ORPHAN")
    tour.sees("► An orphan")
    shown.click("NAME", button=2)
    tour.done.add("columns")
    aside(tour, "space shows or hides")
    choose(tour, "follow")
    tour.sees("FOLLOWING")
    shown.click("FOLLOWING")
    tour.misses("FOLLOWING")
    click(tour, "pause", "p pause")
    tour.sees("PAUSED")
    shown.click("PAUSED")
    tour.misses("PAUSED")


def by_mouse_through_tags(tour: Tour) -> None:
    shown = tour.shown
    shown.click("● twin-1")
    tour.is_on("twin-1")
    click(tour, "tag", "space tag")
    tour.sees("1 tagged")
    shown.mouse(4, shown.place("● twin-3"))
    shown.mouse(4, shown.place("● twin-3"), up=True)
    tour.sees("3 tagged")
    click(tour, "untag", "3 tagged")
    tour.misses("tagged")
    context(tour, "● factory", "tag_tree")
    tour.sees("2 tagged")
    shown.click("2 tagged")
    choose(tour, "tag_shown")
    tour.matches(r"1\d tagged")
    click(tour, "untag", "tagged")
    tour.misses("tagged")
    click(tour, "filter", "/ filter")
    tour.sees("Tab: complete")
    shown.click("● twin-2")
    tour.misses("Tab: complete")
    choose(tour, "search")
    tour.sees("Enter: next")
    shown.click("● twin-2")
    tour.misses("Enter: next")


def by_mouse_through_workers(tour: Tour) -> None:
    shown = tour.shown
    shown.click("Z badly")
    tour.is_on("badly")
    click(tour, "join", "Join j")
    tour.sees("ended 3, joined")
    click(tour, "join_all", "Join all J")
    tour.misses("Z leaver")
    shown.click("● twin-1")
    tour.is_on("twin-1")
    click(tour, "terminate", "Terminate t")
    tour.sees("Terminate twin-1")
    shown.click("Cancel  n")
    tour.misses("Cancel  n")
    click(tour, "kill", "Kill k")
    tour.sees("Kill twin-1")
    shown.click("Kill  y")
    tour.sees("Z twin-1")
    click(tour, "restart", "Restart r")
    tour.sees("● twin-1")
    click(tour, "signal", "F9 signal")
    aside(tour, "Send which signal to twin-1")
    context(tour, "● twin-1", "stop")
    tour.sees("Stop twin-1")
    shown.click("Stop  y")
    tour.sees("✗ twin-1")
    shown.click("○ later")
    tour.is_on("later")
    click(tour, "start", "Start s")
    tour.sees("● later")
    click(tour, "new", "New n")
    aside(tour, "Tab: next field")
    choose(tour, "new_like")
    tour.sees("Ready: later-2")
    shown.click("start at once")
    shown.click("Start  ^s")
    tour.sees("● later-2")
    context(tour, "✓ leaver", "end_left")
    tour.sees("End what leaver left behind?")
    shown.click("End  y")
    tour.gone("└ O sleep")


def by_mouse_through_panes_and_views(tour: Tour) -> None:
    shown = tour.shown
    shown.click("● talker")
    tour.is_on("talker")
    click(tour, "log", " Log ")
    tour.sees("word 7")
    shown.click("wrap")
    tour.sees("wrapped")
    click(tour, "events", " Events ")
    tour.sees("all workers")
    shown.click("e: only the row")
    tour.sees("only talker")
    click(tour, "details", " Details ")
    tour.sees("multiprocessing says")
    choose(tour, "pane")
    tour.misses("● later-2")
    choose(tour, "pane")
    tour.sees("● later-2")
    click(tour, "chart", " Chart ")
    tour.sees("CPU, % of a core")
    click(tour, "view_timeline", "2 Timeline")
    tour.sees("s/cell")
    shown.drag((60, 5), (80, 5))
    tour.misses("/cell live")
    shown.click("●━", "talker")
    tour.sees("1 of ")
    click(tour, "view_machine", "3 Machine")
    tour.sees("machine, own")
    choose(tour, "users")
    tour.sees("machine, everyone's")
    click(tour, "view_workers", "1 Workers")
    tour.misses("machine, everyone's")


def by_mouse_through_the_rest(tour: Tour) -> None:
    shown = tour.shown
    choose(tour, "export")
    aside(tour, "Chrome trace")
    choose(tour, "settings")
    aside(tour, "Refresh")
    click(tour, "help", "? help")
    tour.sees("What the words mean")
    shown.click("What the words mean")
    tour.sees("Two views")
    aside(tour, "What the words mean")
    choose(tour, "guide")
    choose(tour, "lesson")
    aside(tour, "Lessons: multiprocessing")
    click(tour, "quit", "q quit")
    tour.sees("Leave tour?")
    click(tour, "detach", "Detach  d")


def test_by_mouse_alone(proctui: CommandLine) -> None:
    with opened(proctui.folder, size=SIZE) as tour:
        for size in ((60, 15), (20, 5), SIZE):  # somebody drags the window while it starts
            tour.shown.resize(*size)
            tour.shown.read()
        tour.sees(*THERE)
        by_mouse_through_the_list(tour)
        by_mouse_through_tags(tour)
        by_mouse_through_workers(tour)
        by_mouse_through_panes_and_views(tour)
        by_mouse_through_the_rest(tour)
        assert tour.shown.ended() == 0
        assert tour.shown.is_restored()
        assert not tour.missed()
