"""A lesson without processes: `orphan-tree` as it goes, for pictures and tests."""

from __future__ import annotations

import msgspec

from proctui.protocol import Event
from tests.tui.fakes import NOW, SUPERVISOR, Clock, FakeClient, FakeKernel, worker

GRANDPARENT = 40401
CHILDREN = {40402: GRANDPARENT, 40403: 40402, 40404: GRANDPARENT, 40405: 40404}
"""Pids of those that descend from it, and of their parents."""
_NAMES = {40402: "child-1", 40403: "grandchild-1", 40404: "child-2", 40405: "grandchild-2"}


def orphan_tree(clock: Clock) -> tuple[FakeClient, FakeKernel]:
    """The worker with two children, each of which has one more."""
    target = "orphans.py:family_tree(900.0)"
    client = FakeClient([worker("grandparent", GRANDPARENT, target)], session="orphan-tree")
    client.hello = msgspec.structs.replace(client.hello, source=None)
    kernel = FakeKernel(clock)
    clock.now = NOW - 12
    kernel.put(SUPERVISOR, 1, "proctui", sid=SUPERVISOR)
    kernel.put(GRANDPARENT, age=0)
    for pid, parent in CHILDREN.items():
        kernel.put(pid, parent, _NAMES[pid], age=0, sid=GRANDPARENT, rss=8_300_000)
    kernel.cut()
    clock.now = NOW
    return client, kernel


def left_behind(clock: Clock) -> tuple[FakeClient, FakeKernel]:
    """The same four seconds after the worker alone was killed: three steps of four are done."""
    client, kernel = orphan_tree(clock)
    clock.now = NOW - 4
    _orphan(kernel, age=8)
    kernel.end(GRANDPARENT, 9)
    kernel.cut()
    clock.now = NOW
    client.workers["grandparent"] = msgspec.structs.replace(
        client.workers["grandparent"], phase="ended", alive=False, exitcode=-9, ended_at=NOW - 4
    )
    said = "ended with exitcode -9 SIGKILL"
    client.history = [
        Event(
            seq=1, time=NOW - 4, kind="ended", text=said, worker="grandparent",
            pid=GRANDPARENT, exitcode=-9,
        )
    ]  # fmt: skip
    client.seq = 1
    return client, kernel


def _orphan(kernel: FakeKernel, age: float) -> None:
    """Both children are init's."""
    for pid in (40402, 40404):
        kernel.put(pid, 1, _NAMES[pid], age=age, sid=GRANDPARENT, rss=8_300_000)


def kill_grandparent(client: FakeClient, kernel: FakeKernel) -> None:
    """It alone is killed; what descends from it lives on."""
    _orphan(kernel, age=12)
    kernel.end(GRANDPARENT, 9)
    client.change(
        "grandparent", "ended", "ended with exitcode -9 SIGKILL",
        phase="ended", alive=False, exitcode=-9, ended_at=NOW,
    )  # fmt: skip


def end_what_it_left(kernel: FakeKernel) -> None:
    """All four are gone."""
    for pid in (40403, 40405, 40402, 40404):
        kernel.reap(pid, 15)
