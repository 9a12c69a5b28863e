"""Processes that proctui did not launch, through the same feed and store as a session's."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from proctui.kernel.foreign import NO_SUPERVISOR, ForeignClient
from proctui.protocol import Note, Start
from proctui.tui.feed import Feed
from tests.supervisor.kin import DEADLINE, family

TREE = """
def parent():
    say(child=fork())
    hang()
say(parent=fork(parent))
hang()
"""


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
