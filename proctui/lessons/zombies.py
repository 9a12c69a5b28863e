"""Lessons about zombies."""

from __future__ import annotations

from proctui.core.store import Store
from proctui.lessons.lesson import Lesson, Parameter, Step, Topic
from proctui.lessons.seen import (
    any_of,
    both,
    descendant,
    descendants,
    ended_otherwise,
    ended_with,
    happened,
    has_cure,
    in_phase,
    is_zombie,
    joined,
    lives,
    looks_at_descendant,
    looks_at_worker,
    mark_of,
    over,
    past,
    went_through,
    when,
    with_exitcode,
    worker,
    zombie_with,
)

ZOMBIE = Lesson(
    id="zombie",
    title="A zombie",
    explanation="A child ends at once, and its parent sleeps for 1000 seconds instead of joining "
    "it. The child is dead: it runs nothing and has no memory. Only its entry in the kernel's "
    "table is left, with the exit code, and waits for the parent.",
    steps=(
        Step(
            "The child of negligent is in state Z. Press {zombie}, which takes the cursor to it, "
            "and look at its exit code, its age, and who has not joined it.",
            "The kernel must keep the exit code for the parent. It can't know that the parent "
            "does not care.",
            zombie_with("negligent", 1),
            over("negligent"),
            looks_at_descendant("negligent", is_zombie),
        ),
        Step(
            "Put the cursor on negligent and open the details ({details}): they say what it "
            "neglects, and the cures. On the zombie itself {kill} only says why it can't help.",
            "A dead process takes no signals. The one to turn to is the parent.",
            worker("negligent", has_cure("terminate-parent")),
            over("negligent"),
            looks_at_worker("negligent"),
        ),
        Step(
            "Terminate negligent with {terminate}: the zombie goes with it.",
            "Children of a parent that has ended are adopted by init (process 1), which reaps "
            "what is dead; some containers have one that doesn't. negligent itself waits to be "
            "joined now: {join}.",
            both(
                worker("negligent", ended_with(-15)),
                went_through("negligent", "zombie", gone=True),
            ),
            ended_otherwise("negligent", -15),
        ),
    ),
    parameters=(
        Parameter(
            name="seconds",
            text="how long the parent sleeps, in seconds",
            low=1,
            high=1200,
            default=1000,
            places=(("negligent", "seconds"),),
        ),
    ),
)

CURE_JOIN = Lesson(
    id="zombie-cure-join",
    title="The cure: join",
    explanation="A zombie is gone as soon as its parent joins it: join() takes the exit code, and "
    "then nothing needs to be kept. Here a program joins its own after a while, and you join "
    "another.",
    steps=(
        Step(
            "joins-late has a child in state Z with exit code 7, and unjoined is one itself.",
            "Both have ended, and neither was joined.",
            both(zombie_with("joins-late", 7), worker("unjoined", is_zombie)),
            any_of(over("joins-late"), when(worker("unjoined", in_phase("joined")), "unjoined")),
        ),
        Step(
            "After 10 seconds joins-late joins its child: Z is gone, and joins-late lives on.",
            "The parent need not end for that; it only has to ask.",
            both(
                went_through("joins-late", "zombie", gone=True),
                worker("joins-late", lives),
            ),
            over("joins-late"),
        ),
        Step(
            "Put the cursor on unjoined and press {join}.",
            "Its parent is proctui's supervisor, and it joins when you say so. The exit code "
            "stays 3: the Process object remembers it.",
            both(worker("unjoined", in_phase("joined")), joined("unjoined", with_exitcode(3))),
            ended_otherwise("unjoined", 3),
        ),
    ),
)

CURE_PARENT = Lesson(
    id="zombie-cure-parent",
    title="The cure: end the parent",
    explanation="Nobody but the parent can join a zombie. Where the parent never will, ending the "
    "parent is the way: its zombies are adopted by init, and init joins them.",
    steps=(
        Step(
            "negligent has three zombies.",
            "It sleeps. No signal to the zombies would change anything.",
            descendant("negligent", is_zombie, at_least=3),
            over("negligent"),
        ),
        Step(
            "Terminate negligent with {terminate}: it ends with exit code -15.",
            "It did not know about its dead children, and now it need not.",
            happened("ended", "negligent", with_exitcode(-15)),
            ended_otherwise("negligent", -15),
        ),
        Step(
            "Its zombies are gone; perhaps you saw them for a moment as children of init.",
            "An orphan that is a zombie is reaped by whoever adopts it.",
            both(
                worker("negligent", ended_with(-15)),
                went_through("negligent", "zombie", gone=True, at_least=3),
            ),
            ended_otherwise("negligent", -15),
        ),
    ),
)


def _no_zombie_stays(store: Store) -> bool:
    """Children have ended before a parent that lives, and there is no zombie at the moment."""
    if not both(worker("attentive", lives), went_through("attentive", gone=True, at_least=3))(
        store
    ):
        return False
    return not any(row.zombie for row in descendants(store, "attentive"))


CURE_SIGCHLD = Lesson(
    id="zombie-cure-sigchld",
    title="The cure: a SIGCHLD handler",
    explanation="When a child ends, the kernel sends its parent SIGCHLD. A parent that reaps in "
    "the handler of that signal has no zombies, and needs not wait for anybody. The handler here "
    "calls active_children(), which joins whoever has ended.",
    steps=(
        Step(
            "attentive starts a child every second. Each one is alive for half a second.",
            "The parent does not join them: it goes on with its own work.",
            went_through("attentive", "started"),
            over("attentive"),
        ),
        Step(
            "Three children have come and gone, and no zombie has stayed.",
            "SIGCHLD interrupts the parent at each end. Who wants no exit codes at all can have "
            "the kernel reap: signal(SIGCHLD, SIG_IGN). But then is_alive() goes on saying True.",
            _no_zombie_stays,
            over("attentive"),
        ),
    ),
)


def _count(store: Store) -> tuple[str]:
    count = sum(mark_of(history, "zombie") is not None for history in past(store, "factory"))
    return (f"{count} zombies so far, all of one parent." if count else "",)


def _all_gone(store: Store) -> bool:
    """There have been zombies, the factory was terminated, and none of them is left."""
    terminated = worker("factory", ended_with(-15))
    if not both(terminated, went_through("factory", "zombie"))(store):
        return False
    return not any(row.zombie for row in descendants(store, "factory"))


FACTORY = Lesson(
    id="zombie-factory",
    title="The zombie factory",
    explanation="A parent makes a zombie every second. Each costs an entry in the kernel's table "
    "of processes; when that is full, nobody can start anything. However many there are, the "
    "cause is one: the parent.",
    steps=(
        Step(
            "Watch the count of zombies in the first line climb to three.",
            "The factory forks, the child ends, and nobody ever waits.",
            descendant("factory", is_zombie, at_least=3),
            over("factory"),
        ),
        Step(
            "Put the cursor on factory and open the details ({details}): they offer the cure "
            "once, for the parent.",
            "Signals to the zombies do nothing. To nudge the parent with SIGCHLD helps only if "
            "it listens, and this one does not.",
            both(worker("factory", lives), worker("factory", has_cure("terminate-parent"))),
            over("factory"),
            looks_at_worker("factory"),
        ),
        Step(
            "Terminate factory with {terminate}: all its zombies go.",
            "init adopts them and reaps them. That may take it a second or two.",
            _all_gone,
            ended_otherwise("factory", -15),
        ),
    ),
    parameters=(
        Parameter(
            name="children",
            text="how many zombies it makes in the end, one each second",
            low=3,
            high=900,
            default=600,
            places=(("factory", "children"),),
        ),
    ),
    summary=_count,
)

TOPIC = Topic("Zombies", (ZOMBIE, CURE_JOIN, CURE_PARENT, CURE_SIGCHLD, FACTORY))
