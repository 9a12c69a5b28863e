"""Lessons about orphans."""

from __future__ import annotations

from proctui.lessons.lesson import Lesson, Step, Topic
from proctui.lessons.seen import (
    both,
    descendant,
    ended_with,
    happened,
    lives,
    looks_at_descendant,
    over,
    over_unless,
    went_through,
    with_exitcode,
    worker,
)
from proctui.model import Row


def _adopted(row: Row) -> bool:
    """An orphan that is alive, with its first parent and its adopter known."""
    lineage = row.lineage
    known = lineage.first_ppid is not None and lineage.adopter_pid is not None
    return row.orphan and known and lives(row)


_LEFT_BEHIND = descendant("parent", lives, name="left-behind")
_ALL_FOUR = descendant("grandparent", lives, at_least=4)
_KILLED = worker("grandparent", ended_with(-9))

ORPHAN = Lesson(
    id="orphan",
    columns=("ppid",),
    title="An orphan",
    explanation="A process whose parent ends first is an orphan. The kernel gives it a new "
    "parent: the nearest ancestor that has declared itself a subreaper, else init, process 1. "
    "An orphan does no harm by itself, but nobody who started it knows of it any more.",
    steps=(
        Step(
            "parent has a child, left-behind. {log} shows whom that takes for its parent.",
            "A child can always ask for its parent: os.getppid().",
            both(descendant("parent", lives, name="left-behind"), worker("parent", lives)),
            over("parent"),
        ),
        Step(
            "parent ends after 4 seconds: the child is an orphan. Press {orphan}, which takes the "
            "cursor to it, and look at its first parent, its adopter, and since when.",
            "The kernel changes the parent at the very moment of the end, and tells only who "
            "asked for it (PR_SET_PDEATHSIG). The child finds out by asking again: see the log.",
            descendant("parent", _adopted, name="left-behind"),
            over_unless("parent", _LEFT_BEHIND),
            looks_at_descendant("parent", _adopted, name="left-behind"),
        ),
        Step(
            "Terminate it with {terminate}: its adopter reaps it.",
            "That is what init is for, among other things.",
            went_through("parent", "orphaned", name="left-behind", gone=True),
            over_unless("parent", _LEFT_BEHIND),
        ),
    ),
)

ORPHAN_TREE = Lesson(
    id="orphan-tree",
    columns=("ppid",),
    title="What a killed worker leaves behind",
    explanation="A signal ends one process, not those that descend from it. Here a worker has two "
    "children, and each of them has one more. Kill only the worker, and four processes live on "
    "that nobody asked for.",
    steps=(
        Step(
            "Four processes hang under grandparent: two children, each with a child.",
            "The tree shows who started whom, as long as the parents live.",
            _ALL_FOUR,
            over_unless("grandparent", _ALL_FOUR),
        ),
        Step(
            "Press {kill} on grandparent, and kill this process only: see what the question says.",
            "SIGKILL can't be caught, so nobody could end the children first.",
            both(happened("ended", "grandparent", with_exitcode(-9)), _KILLED, _ALL_FOUR),
            over_unless("grandparent", both(_KILLED, _ALL_FOUR)),
        ),
        Step(
            "All four live on. Both children are orphans, and each still has its own child. They "
            "stay under grandparent in the tree.",
            "The kernel only knows the new parent. proctui has seen the old one, and knows the "
            "session that the worker led.",
            both(descendant("grandparent", _adopted, at_least=2), _ALL_FOUR),
            over_unless("grandparent", _ALL_FOUR),
        ),
        Step(
            "Put the cursor on grandparent and end what it left behind: {end_left}.",
            "To end a whole tree from the start, choose the tree, or here the process group, in "
            "the question of {kill}.",
            both(
                went_through("grandparent", "orphaned", gone=True, at_least=2),
                went_through("grandparent", gone=True, at_least=4),
            ),
            over_unless("grandparent", descendant("grandparent", lives)),
        ),
    ),
)

TOPIC = Topic("Orphans", (ORPHAN, ORPHAN_TREE))
