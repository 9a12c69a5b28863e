"""Lessons about join()."""

from __future__ import annotations

from proctui.core.store import Store
from proctui.lessons.lesson import Lesson, Step, Topic
from proctui.lessons.seen import (
    any_of,
    both,
    ended_otherwise,
    happened,
    in_phase,
    is_zombie,
    joined,
    lifetime,
    lives,
    over,
    past,
    rows,
    went_through,
    when,
    with_exitcode,
    worker,
)
from proctui.protocol import Event

JOIN_TIMEOUT = Lesson(
    id="join-timeout",
    title="A join that gives up",
    explanation="join() makes the parent wait for its child. With a timeout it waits no longer "
    "than that, and the child goes on as if nothing had happened: only is_alive() or exitcode "
    "tells whether it has ended.",
    steps=(
        Step(
            "program has a child that lives 2 seconds, and joins it for 0.0001. {log} shows what "
            "it found out.",
            "join(0.0001) returned long before the child's end. It returns None either way: ask "
            "is_alive().",
            went_through("program", "started"),
            over("program"),
        ),
        Step(
            "Put the cursor on sleeper and press {join}: the join gives up, still alive.",
            "Its join_timeout is 0.0001 seconds. proctui says that it gave up; join() itself "
            "would not.",
            happened("join-timed-out", "sleeper"),
            over("sleeper"),
        ),
        Step(
            "Terminate sleeper with {terminate}: it ends, and is a zombie.",
            "It is dead, but nobody has taken its exit code yet.",
            both(worker("sleeper", is_zombie), happened("ended", "sleeper", with_exitcode(-15))),
            any_of(
                ended_otherwise("sleeper", -15),
                when(worker("sleeper", in_phase("joined")), "sleeper"),
            ),
        ),
        Step(
            "Press {join} again: this time it succeeds at once.",
            "A join of a process that has ended does not wait at all.",
            both(worker("sleeper", in_phase("joined")), joined("sleeper")),
        ),
    ),
)


_CHILDREN = 4


def _lifetimes(store: Store) -> list[float]:
    """Seconds that each child has lived; nothing unless all of them were seen."""
    times = [time for history in past(store, "program") if (time := lifetime(history)) is not None]
    return times if len(times) >= _CHILDREN else []


def _costs_the_longest(store: Store) -> bool:
    """The program has ended well, and took rather as long as its longest child than as all."""
    times, total = _lifetimes(store), _lifetime_of(store, "program")
    if total is None or not times:
        return False
    return total < (max(times) + sum(times)) / 2


def _lifetime_of(store: Store, pattern: str) -> float | None:
    for row in rows(store, pattern):
        ended = row.worker is not None and row.worker.exitcode == 0
        if ended and row.worker and row.worker.started_at and row.worker.ended_at:
            return row.worker.ended_at - row.worker.started_at
    return None


def _told_joins(store: Store) -> tuple[str]:
    times, total = _lifetimes(store), _lifetime_of(store, "program")
    if total is None or not times:
        return ("",)
    return (
        f"The program took {total:.1f} s. Its longest child lived {max(times):.1f} s; "
        f"all together lived {sum(times):.1f} s.",
    )


JOIN_ALL = Lesson(
    id="join-all",
    title="Four joins cost the longest, not the sum",
    explanation="A program starts four children that live 1, 2, 3 and 4 seconds, and joins one "
    "after another. While it waits for one, the others go on: all joins together take as long as "
    "the longest child.",
    steps=(
        Step(
            "program starts four children, which hang under it. The timeline ({view_timeline}) "
            "shows them side by side.",
            "All were started before the first was joined. Joining each right after its start "
            "would make them run one after another.",
            went_through("program", "started", at_least=_CHILDREN),
            over("program"),
        ),
        Step(
            "Each child goes as soon as its time is over.",
            "The joins that come later find their child ended already, and don't wait.",
            both(
                went_through("program", gone=True, at_least=_CHILDREN),
                worker("program", lambda row: row.exitcode in (None, 0)),
            ),
            over("program"),
        ),
        Step(
            "program has ended: compare how long it took with how long its children lived. "
            "{log} shows the total that it measured itself.",
            "It waited for the longest of them, and for nothing else.",
            _costs_the_longest,
            over("program"),
        ),
    ),
    summary=_told_joins,
)


def _by_sibling(event: Event) -> bool:
    return event.by == "start of sibling"


def _one_is_joined(store: Store) -> bool:
    """One of the two that are to be zombies side by side is none any more."""
    return worker("by-*", in_phase("joined"))(store)


IMPLICIT_REAPING = Lesson(
    id="implicit-reaping",
    title="Looking can reap",
    explanation="In plain multiprocessing a zombie goes as soon as its parent calls is_alive(), "
    "asks for exitcode, or starts another process: all of these reap by the way. proctui reaps "
    'only when somebody joins, so that you can see the zombie; with reap = "implicit" a worker '
    "behaves as in plain multiprocessing.",
    steps=(
        Step(
            "looks is a program in plain multiprocessing. Its child has ended: a zombie.",
            "The program sleeps, so nobody has asked for the child yet.",
            went_through("looks", "zombie"),
            over("looks"),
        ),
        Step(
            "After a while the zombie is gone, although looks has never called join. {log} shows "
            "what it called instead.",
            "is_alive() has to ask the kernel, and asking by waitpid() takes the exit code.",
            both(went_through("looks", "zombie", gone=True), worker("looks", lives)),
            over("looks"),
        ),
        Step(
            "by-join and by-the-way have ended: both are zombies.",
            "proctui's supervisor looks without taking: it asks by waitid() with WNOWAIT.",
            both(worker("by-join", is_zombie), worker("by-the-way", is_zombie)),
            when(_one_is_joined, "by-join", "by-the-way"),
        ),
        Step(
            "Put the cursor on sibling and press {start} ({restart} where it runs already): "
            "by-the-way is gone, by-join stays.",
            "In plain multiprocessing each start() first reaps whoever has ended. That is why "
            "zombies come and go there as if by chance.",
            both(
                happened("joined", "by-the-way", _by_sibling),
                worker("by-the-way", in_phase("joined")),
                worker("by-join", is_zombie),
            ),
            when(_one_is_joined, "by-join", "by-the-way"),
        ),
        Step(
            "Join by-join with {join}.",
            "This is the way to rely on: whoever starts a process joins it.",
            both(worker("by-join", in_phase("joined")), joined("by-join", with_exitcode(0))),
        ),
    ),
)

TOPIC = Topic("Joining", (JOIN_TIMEOUT, JOIN_ALL, IMPLICIT_REAPING))
