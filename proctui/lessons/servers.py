"""Lessons about many processes."""

from __future__ import annotations

from proctui.core.store import Store
from proctui.lessons.lesson import Lesson, Parameter, Step, Topic
from proctui.lessons.seen import (
    SLACK,
    any_of,
    both,
    descendants,
    either,
    ended_otherwise,
    every,
    happened,
    lives,
    mark_of,
    of_worker,
    over,
    over_unless,
    past,
    rows,
    went_through,
    with_exitcode,
    worker,
)


def _served(store: Store, server: str, *clients: str) -> bool:
    """There are clients, and every one of them has a child of the server."""
    children = sum(map(lives, descendants(store, server, "port *")))
    wanted = sum(1 for pattern in clients for row in rows(store, pattern) if lives(row))
    return 0 < wanted <= children


def _guest_left_a_zombie(store: Store) -> bool:
    """One more than the clients whose end may have made one."""
    clients = sum(1 for row in rows(store, "client*") if not lives(row))
    return went_through("server", "zombie", at_least=clients + 1)(store)


def _reaped_for_the_guest(store: Store) -> bool:
    """The guest came anew to a living server, got a child, and whoever had died before is gone."""
    came = next((row.worker.started_at for row in rows(store, "guest") if row.worker), None)
    starts = sum(1 for event in store.events if (event.kind, event.worker) == ("started", "guest"))
    if came is None or starts < 2 or not worker("server", lives)(store):
        return False
    served = reaped = False
    for history in past(store, "server"):
        start, zombie = mark_of(history, "started"), mark_of(history, "zombie")
        served |= start is not None and start.time > came - SLACK
        if zombie is not None and zombie.time < came:
            if history.ended_at is None:
                return False
            reaped = True
    return served and reaped


_NOBODY_SERVED = any_of(over("server"), over_unless("client*", worker("client*", lives)))


ECHO_SERVER = Lesson(
    id="echo-server",
    title="One child per client",
    explanation="A TCP server starts a process for every client that connects. That is simple, "
    "and no client can hurt another. But this server never joins its children, and nothing "
    "limits how many there are.",
    steps=(
        Step(
            "server has one child for each client, named after the client's port.",
            "accept() gives the server a connection, and a child of its own serves it.",
            lambda store: _served(store, "server", "client*", "guest"),
            _NOBODY_SERVED,
        ),
        Step(
            "guest leaves after 5 seconds: its child ends, and is a zombie.",
            "The child's work was done when the client closed the connection. The server waits "
            "for the next client, not for its children.",
            both(happened("ended", "guest", with_exitcode(0)), _guest_left_a_zombie),
            any_of(over("server"), over("guest")),
        ),
        Step(
            "Terminate one of the clients with {terminate}: there is one more zombie.",
            "Each client that leaves leaves one behind.",
            both(
                happened("ended", "client*", with_exitcode(-15)),
                worker("server", lives),
                went_through("server", "zombie", at_least=2),
            ),
            _NOBODY_SERVED,
        ),
        Step(
            "Press {restart} on guest: a new child is started, and the old zombies are gone.",
            "Starting a process reaps by the way in plain multiprocessing (see "
            "implicit-reaping). A server without new clients keeps its zombies.",
            _reaped_for_the_guest,
            over("server"),
        ),
    ),
    parameters=(
        Parameter(
            name="clients",
            text="how many clients connect and stay",
            low=1,
            high=1000,
            default=4,
            places=(("client", "count"),),
        ),
        Parameter(
            name="port",
            text="TCP port of the server on 127.0.0.1",
            low=1,
            high=65535,
            places=(("server", "port"), ("client", "port"), ("guest", "port")),
        ),
    ),
)


def _pool_stands(store: Store) -> bool:
    """Three workers of the pool, and as many zombies as it ought to have: none."""
    found = list(descendants(store, "pool"))
    named = [row for row in found if lives(row) and row.name.startswith("PoolWorker")]
    return len(named) == len(found) == 3


_SOMEBODY_STAYS = either(worker("guest*", lives), worker("visitor*", lives))


def _guests_served(store: Store) -> bool:
    return _served(store, "one-child-each", "guest*")


POOL = Lesson(
    id="pool",
    title="The cure: a pool",
    explanation="Two servers side by side with as many clients each. One starts a child for every "
    "client; the other has a pool of three workers that serve one client after another. The pool "
    "never has more processes, nor zombies: it joins its workers.",
    steps=(
        Step(
            "one-child-each has a child for every guest.",
            "As many processes as clients: the clients decide.",
            _guests_served,
            any_of(over("one-child-each"), over_unless("guest*", worker("guest*", lives))),
        ),
        Step(
            "pool has three children, each a PoolWorker, for as many visitors.",
            "Who finds no worker free waits: look at the log ({log}) of the last visitors.",
            both(_pool_stands, worker("visitor*", lives)),
            any_of(over("pool"), over_unless("visitor*", worker("visitor*", lives))),
        ),
        Step(
            "After 30 seconds clients leave. one-child-each gets zombies, pool stays as it is.",
            "The workers of a pool don't end with their client, but serve the next one.",
            both(
                happened("ended", "visitor*", with_exitcode(0)),
                happened("ended", "guest*", with_exitcode(0)),
                went_through("one-child-each", "zombie"),
                worker("one-child-each", lives),
                _pool_stands,
            ),
            any_of(
                over("one-child-each", "pool"),
                over_unless("guest*", _SOMEBODY_STAYS),
                over_unless("visitor*", _SOMEBODY_STAYS),
            ),
        ),
    ),
    parameters=(
        Parameter(
            name="clients",
            text="how many clients each server gets",
            low=1,
            high=500,
            default=6,
            places=(("guest", "count"), ("visitor", "count")),
        ),
        Parameter(
            name="port",
            text="TCP port of the first server on 127.0.0.1",
            low=1,
            high=65535,
            places=(("one-child-each", "port"), ("guest", "port")),
        ),
        Parameter(
            name="pool-port",
            text="TCP port of the server with the pool",
            low=1,
            high=65535,
            places=(("pool", "port"), ("visitor", "port")),
        ),
    ),
)


def _told_crowd(store: Store) -> tuple[str, str, str]:
    """Starts per second, memory, and what the kernel has refused."""
    starts: list[float] = []
    memory: list[int] = []
    refusals: list[str] = []
    wanted = 0
    for row in rows(store, "client*"):
        wanted += 1
        if row.worker is None:
            continue
        if row.worker.phase == "failed":
            refusals.append(row.worker.failure or "")
        elif row.worker.started_at is not None:
            starts.append(row.worker.started_at)
            if row.sample is not None and not row.zombie:
                memory.append(row.sample.rss_bytes)
    if not starts and not refusals:
        return "", "", ""
    took = max(starts) - min(starts) if starts else 0.0
    said = f"{len(starts)} of {wanted} were started"
    said += f", {(len(starts) - 1) / took:.0f} per second." if took > 0 else "."
    each = sum(memory) / len(memory) / 1e6 if memory else 0.0
    return (
        said,
        f"Each had {each:.1f} MB resident, shared pages included." if memory else "",
        f"{len(refusals)} were refused: {refusals[-1]}."
        if refusals
        else "The kernel refused none.",
    )


TOO_MANY = Lesson(
    id="too-many",
    title="Too many",
    explanation="What would ten thousand clients do to a server with one child each? Choose a "
    "count from 10 to 10,000 and see how fast processes start, what memory each takes (about "
    "1.5 MB of its own, so 10,000 need some 16 GB), and what the kernel says when it has enough.",
    steps=(
        Step(
            "All workers are being started. Wait until each runs, or has failed.",
            "Where the kernel refuses a process, the row says why: a limit of the user or of the "
            "container, no memory, no descriptors.",
            every("client*", of_worker(lambda one: one.phase not in ("idle", "starting"))),
        ),
        Step(
            "report has counted: {log} shows starts per second and memory per worker.",
            "Forked workers share most of their memory; what each has of its own is what it "
            "wrote to. The rest is counted once, however many there are.",
            happened("ended", "report", with_exitcode(0)),
            ended_otherwise("report", 0),
        ),
    ),
    parameters=(
        Parameter(
            name="count",
            text="how many workers are started",
            low=10,
            high=10_000,
            default=100,
            places=(("report", "count"), ("client", "count")),
        ),
    ),
    summary=_told_crowd,
)

TOPIC = Topic("Many processes", (ECHO_SERVER, POOL, TOO_MANY))
