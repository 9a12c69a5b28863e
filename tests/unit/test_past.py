"""Sessions that have no supervisor any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from proctui.model import Worker
from proctui.protocol import Event, Snapshot, Start, Subscribe
from proctui.sessions.journal import Journal
from proctui.sessions.past import PastClient, known_workers, reachable, readable
from proctui.sessions.session import Session, SessionError, find
from proctui.sessions.sync_client import ConnectionLost
from tests.isolated import home, made_up_session

__all__ = ["home"]

WORKER = Worker(id="w", name="w", phase="alive", alive=True, pid=7, started_at=1.0)
BEGUN = Event(seq=1, time=1.0, kind="session-started")
STARTED = Event(seq=2, time=2.0, kind="started", worker="w", pid=7, state=WORKER)
ENDED = Event(seq=3, time=3.0, kind="session-ended")


def past(home: Path, *events: Event) -> Session:
    journal = Journal(made_up_session(home, "s").journal)
    for event in events:
        journal.append(event)
    journal.close()
    return find("s", running=False)


async def told(client: PastClient) -> tuple[list[Snapshot | Event], ConnectionLost]:
    """Everything it says, and why it says no more."""
    heard = []
    await client.request(Subscribe())
    try:
        async for message in client.messages():
            heard.append(message)  # noqa: PERF401 (kept when it raises)
    except ConnectionLost as lost:
        return heard, lost
    raise AssertionError("it never ended")


async def test_a_dead_session_tells_what_was_known_last(home: Path) -> None:
    client = PastClient(past(home, BEGUN, STARTED))
    heard, why = await told(client)
    assert heard == [Snapshot(seq=2, workers=(WORKER,), history=(BEGUN, STARTED))]
    assert str(why) == "session s is dead: its supervisor was killed"
    assert why.heard == STARTED.time, "the last word of it: nobody saw it go"
    with pytest.raises(ConnectionLost, match="is dead"):
        await client.request(Start(workers=("w",)))


async def test_an_ended_session_tells_its_end(home: Path) -> None:
    heard, why = await told(PastClient(past(home, BEGUN, STARTED, ENDED)))
    assert heard == [Snapshot(seq=2, workers=(WORKER,), history=(BEGUN, STARTED)), ENDED]
    assert str(why) == "session s has ended"


def test_what_has_ended_can_be_read_and_not_be_reached(home: Path) -> None:
    session = past(home, BEGUN, STARTED, ENDED)
    assert known_workers(session) == {"w": "w"}
    assert readable().name == "s"
    with pytest.raises(SessionError, match="no session is running"):
        reachable()
    with pytest.raises(SessionError, match="session s has ended"):
        reachable("s")


def test_a_dead_session_of_which_nothing_runs_is_meant_only_by_its_name(home: Path) -> None:
    past(home, BEGUN, STARTED)
    assert reachable("s").status == "dead"
    with pytest.raises(SessionError, match=r"no session is running \(dead: s\)"):
        reachable()
