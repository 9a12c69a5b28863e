"""Processes that proctui did not launch, through the same feed and store as a session's."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from proctui.kernel.foreign import NO_SUPERVISOR, ForeignClient
from proctui.linux.procfs import read_stat
from proctui.model import Row
from proctui.protocol import Note, Start
from proctui.tui.actions import left_by
from proctui.tui.feed import Feed
from proctui.tui.plan import plan
from tests.supervisor.kin import DEADLINE, family, until

TREE = """
def parent():
    say(child=fork())
    hang()
say(parent=fork(parent))
hang()
"""


@asynccontextmanager
async def watching(*pids: int) -> AsyncIterator[Feed]:
    client = ForeignClient(pids)
    feed = Feed(client, client.make_kernel)
    tasks = [asyncio.create_task(feed.listen()), asyncio.create_task(feed.watch())]
    try:
        yield feed
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await feed.close()


async def row_of(feed: Feed, pid: int) -> Row:
    assert await feed.until(lambda: feed.store.key_of(pid) is not None, DEADLINE)
    return feed.store.rows[feed.store.key_of(pid) or ""]


LEFT = """
def parent():
    {first}
    def escape():
        {then}
        say(orphan=os.getpid(), below=fork())
        hang()
    say(root=os.getpid())
    fork(lambda: fork(escape))
    hang()
fork(parent)
hang()
"""
BY_SESSION = LEFT.format(first="os.setsid()", then="pass")
BY_GROUP = LEFT.format(first="os.setpgid(0, 0)", then="pass")
BY_TAG = """
code = '''
import os, signal
def hang():
    while True: signal.pause()
def say(name, pid): os.write(1, (chr(123) + f'"{name}": {pid}' + chr(125) + chr(10)).encode())
os.setsid()
say("root", os.getpid())
if os.fork() == 0:
    if os.fork() == 0:
        os.setsid()
        below = os.fork()
        if below == 0: hang()
        say("orphan", os.getpid())
        say("below", below)
        hang()
    os._exit(0)
hang()
'''
tags = {"PROCTUI_SESSION": "test-of-watching", "PROCTUI_WORKER": "w"}
fork(lambda: os.execve(sys.executable, ["escaping", "-c", code], {**os.environ, **tags}))
hang()
"""


@pytest.mark.parametrize(
    ("actor", "certainty"), [(BY_SESSION, "session"), (BY_GROUP, "group"), (BY_TAG, "tag")]
)
async def test_what_escaped_before_anybody_looked_is_of_the_tree(
    actor: str, certainty: str
) -> None:
    """Parent links were never seen: the session, the group or the tag tells whose it was."""
    with family(actor) as kin:
        root, orphan, below = kin["root"], kin["orphan"], kin["below"]
        until(lambda: read_stat(orphan).ppid == kin["keeper"])
        async with watching(root) as feed:
            escaped = await row_of(feed, orphan)
            top = await row_of(feed, root)
            await row_of(feed, below)
            assert top.root == f"{top.name} ({root})" and top.lineage.worker is None
            assert (escaped.lineage.worker, escaped.lineage.certainty) == (top.root, certainty)
            assert escaped.orphan and escaped.lineage.adopter_pid == kin["keeper"]
            assert escaped.parent == top.key
            assert left_by(escaped) == left_by(top) == top.root
            members = plan(feed.store, [top], "tree").members
            assert {orphan, below} <= {member.pid for member in members}
            assert kin["keeper"] not in {row.pid for row in feed.store.rows.values()}
            assert any("left a process behind" in finding.text for finding in top.findings)


async def test_a_tag_that_was_only_inherited_tells_nothing() -> None:
    with family(BY_TAG) as kin:
        root, below = kin["root"], kin["below"]
        async with watching(below) as feed:
            await row_of(feed, below)
            assert feed.hello.tag == ""
            assert feed.store.key_of(root) is None


async def test_the_tree_and_what_becomes_of_it() -> None:
    with family(TREE) as kin:
        parent, child = kin["parent"], kin["child"]
        client = ForeignClient([kin["actor"]])
        assert str(kin["actor"]) in client.hello.session
        feed = Feed(client, client.make_kernel)
        tasks = [asyncio.create_task(feed.listen()), asyncio.create_task(feed.watch())]
        try:
            rows = feed.store.rows

            def row(pid: int) -> str | None:
                return next((key for key, row in rows.items() if row.pid == pid), None)

            assert await feed.until(lambda: row(child) is not None, DEADLINE)
            key = row(child)
            assert key is not None
            assert rows[key].parent == row(parent)
            assert rows[key].worker is None
            os.kill(parent, signal.SIGKILL)
            assert await feed.until(lambda: rows[key].orphan, DEADLINE)
            assert rows[key].lineage.first_ppid == parent
            assert feed.lost is None
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await feed.close()


async def test_what_only_a_supervisor_could_do_is_answered_with_a_sentence() -> None:
    client = ForeignClient([os.getpid()])
    assert (await client.request(Start(id=3, workers=("w",)))).error == NO_SUPERVISOR
    assert (await client.request(Note(id=4, text="signalled"))).error is None


async def test_a_process_that_does_not_exist_is_one_sentence() -> None:
    child = os.posix_spawn("/bin/true", ["true"], {})
    os.waitpid(child, 0)
    with pytest.raises(ProcessLookupError, match=f"there is no process {child}"):
        ForeignClient([child])
