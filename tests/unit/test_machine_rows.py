"""What the rows of the machine say of inits, here and in containers."""

from __future__ import annotations

from typing import Any

from proctui.linux.grip import default_source
from proctui.linux.procfs import Stat
from proctui.machine.board import Board
from proctui.machine.holding import Holds
from proctui.machine.rows import (
    Seen,
    Times,
    neglect_of,
    orphan_row,
    parent_of,
    parent_row,
    zombie_row,
)
from proctui.machine.scan import REAPING, Orphan, Zombie

NOW = 1_000.0
TIMES = Times(boot=0.0, now=NOW)


def stat(pid: int, ppid: int, state: str = "S") -> Stat:
    return Stat(pid, "x", state, ppid, pid, pid, 0, 1, 100, 0, 0, 0)


def zombie(ppid: int, **more: Any) -> Zombie:
    return Zombie(900, "x", ppid, "sh", 7, 5.0, "root", 100, **more)


def seen(pid: int) -> Seen:
    return Seen(1, stat(pid, 1), "sh", "sh -c x", "root")


def said(ppid: int, waited: float, **more: Any) -> tuple[str, str]:
    """What a zombie's row says, and its first cure."""
    one = zombie(ppid, **more)
    row = zombie_row(one, stat(900, ppid, "Z"), parent_of(one), None, TIMES, None, NOW - waited)
    return row.findings[0].text, row.findings[0].cures[0].kind


def test_an_init_is_accused_only_after_a_few_seconds() -> None:
    text, cure = said(1, REAPING - 0.1, init=True)
    assert text.endswith("exit code 7; its parent, PID 1, has not reaped it yet.")
    assert cure == "wait"
    text, cure = said(1, REAPING + 0.1, init=True)
    assert text.endswith("It is a child of PID 1, which is not reaping.")
    assert cure == "real-init"


def test_so_is_whoever_adopted_and_pid_1_of_a_container() -> None:
    text, cure = said(80, 0.0, adopted=True)
    assert (cure, "sh (80), which adopted it, has not reaped it yet" in text) == ("wait", True)
    text, cure = said(80, REAPING + 1, adopted=True)
    assert (cure, "adopted by sh (80), which is not reaping" in text) == ("nudge-parent", True)
    text, cure = said(80, REAPING + 1, init=True, adopted=True)
    assert "adopted by PID 1 of a container (sh, 80), which is not reaping" in text
    assert cure == "real-init"
    assert said(80, 0.0) == (
        "It has ended with exit code 7; sh (80) has not joined it.",
        "nudge-parent",
    )


def test_the_row_of_an_init_offers_no_cure_before_either() -> None:
    def cures(waited: bool, ppid: int = 1, **more: Any) -> list[str]:
        row = parent_row(seen(ppid), [zombie(ppid, **more)], TIMES, None, waited=waited)
        return [cure.kind for cure in row.findings[0].cures]

    assert cures(False, init=True) == ["wait"]
    assert cures(True, init=True) == ["real-init"]
    assert cures(True, 80, init=True) == ["real-init"]
    assert cures(False, 80, adopted=True) == ["wait"]
    neglect = ["nudge-parent", "terminate-parent", "kill-parent"]
    assert cures(True, 80, adopted=True) == cures(False, 80) == neglect


def test_an_orphan_in_a_container_names_its_pid_1() -> None:
    orphan = Orphan(
        70, "x", 80, "sh", None, None, None, 1.0, "root", "its session leader 12 is gone", init=True
    )
    row = orphan_row(Seen(1, stat(70, 80), "x", "", "root"), orphan, TIMES)
    assert row.findings[0].text.startswith(
        "An orphan: its session leader 12 is gone; PID 1 of a container (sh, 80) has adopted it."
    )


def test_how_many_a_parent_has_not_joined_is_told_of_the_rows_that_stand() -> None:
    """A count from the pass would contradict the list as soon as some are joined."""
    board = Board(Holds(default_source(), lambda: None))
    dead = [zombie(80)._replace(pid=900 + n, exitcode=n % 2) for n in range(5)]
    parent = parent_row(seen(80), dead, TIMES, None, waited=True)
    made = {parent.key: parent}
    for one in dead:
        row = zombie_row(one, stat(one.pid, 80, "Z"), parent_of(one), parent.key, TIMES, None, NOW)
        made[row.key] = row
    gone = made.popitem()[1]  # it was joined while the pass was under way
    board.merge(made, {parent.key: neglect_of(seen(80), dead, waited=True)})
    assert parent.command == "4 zombies (exit codes 0 ×2, 1 ×2) · of root · sh -c x"
    assert gone.key not in board.rows
    first, *others = [board.rows[key] for key in board.children(parent.key)]
    for row in others:
        board.remove(row)
    assert board.settle() == {parent.key}, "whoever shows it hears of it"
    assert parent.command.startswith("1 zombie (exit code 0) · ")
    assert parent.findings[-1].text == "It has not joined a child that has ended, with exit code 0."
    assert parent.findings[-1].cures, "the cures stay"
    assert board.settle() == frozenset()
    board.remove(first)
    board.settle()
    assert parent.command == "of root · sh -c x"
    assert parent.findings[-1].text == "None of its children is a zombie any more."


def test_a_guess_is_told_as_one_and_counts_as_none() -> None:
    guess = Orphan(
        7, "x", 1, "init", None, None, None, 3.0, "me", "it leads its session: perhaps a daemon",
        doubtful=True,
    )  # fmt: skip
    board = Board(Holds(default_source(), lambda: None))
    surely = orphan_row(Seen(2, stat(9, 1), "y", "y", "me"), guess._replace(doubtful=False), TIMES)
    perhaps = orphan_row(Seen(1, stat(7, 1), "x", "x -d", "me"), guess, TIMES)
    assert not perhaps.orphan
    assert perhaps.command == "perhaps an orphan · of me · x -d"
    assert perhaps.findings[0].text == (
        "Not certain: it leads its session: perhaps a daemon. "
        "init (1) is its parent now, and would reap it."
    )
    assert perhaps.lineage.first_ppid is None, "nobody saw its first parent"
    assert [cure.kind for cure in perhaps.findings[0].cures] == ["terminate", "kill"]
    board.merge({row.key: row for row in (perhaps, surely)})
    assert board.counts.orphans == 1
    assert board.roots == [surely.key, perhaps.key], "what is certain stands first"
