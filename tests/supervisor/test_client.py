from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from proctui.protocol import (
    AnyCommand,
    Describe,
    Event,
    Join,
    Message,
    Reply,
    Snapshot,
    Subscribe,
    encode,
)
from proctui.sessions import client as client_module
from proctui.sessions.client import Client, ConnectionLost, VersionMismatch
from tests.isolated import HELLO, greeting, home, pretending
from tests.support import until

__all__ = ["home"]

Sent = list[Message | bytes | None]


@pytest.fixture
def path(home: Path) -> Path:
    return home / "run" / "s.sock"


def event(seq: int) -> Event:
    return Event(seq=seq, time=1.0, kind="note")


async def take(messages: AsyncIterator[Snapshot | Event], count: int) -> list[Snapshot | Event]:
    async with asyncio.timeout(10):
        return [await anext(messages) for _ in range(count)]


async def test_requests_are_answered_in_any_order(path: Path) -> None:
    asked: list[int] = []

    def answer(command: AnyCommand) -> Sent:
        asked.append(command.id)
        if len(asked) < 3:
            return []
        return [Reply(id=number, error=f"for {number}") for number in reversed(asked)]

    with pretending(path, greeting(answer)):
        client = await Client.connect(path)
        assert client.hello == HELLO
        replies = await asyncio.gather(*(client.request(Describe()) for _ in range(3)))
        assert [reply.error for reply in replies] == [f"for {number}" for number in asked]
        await client.close()


async def test_messages_come_once_and_in_order(path: Path) -> None:
    def answer(command: AnyCommand) -> Sent:
        if isinstance(command, Subscribe):
            return [Snapshot(seq=4, workers=(), history=(event(4),)), event(5)]
        return [event(6), Reply(id=command.id), event(7)]

    with pretending(path, greeting(answer)):
        client = await Client.connect(path)
        messages = client.messages()
        subscribing = asyncio.create_task(client.request(Subscribe()))
        first = await take(messages, 2)
        assert first == [Snapshot(seq=4, workers=(), history=(event(4),)), event(5)]
        await client.request(Describe())
        assert await take(messages, 2) == [event(6), event(7)]
        subscribing.cancel()
        await client.close()


async def test_a_lost_supervisor_is_told_to_everybody_after_what_it_said(path: Path) -> None:
    def answer(command: AnyCommand) -> Sent:
        return [event(1), event(2)] if isinstance(command, Subscribe) else [None]

    with pretending(path, greeting(answer)):
        client = await Client.connect(path)
        waiting = asyncio.create_task(client.request(Subscribe()))
        messages = client.messages()
        assert await take(messages, 1) == [event(1)]
        with pytest.raises(ConnectionLost, match="closed the connection"):
            await client.request(Join(workers=("w",)))
        with pytest.raises(ConnectionLost, match="closed the connection"):
            await waiting
        assert await take(messages, 1) == [event(2)]
        with pytest.raises(ConnectionLost):
            await take(messages, 1)
        with pytest.raises(ConnectionLost):
            await client.request(Describe())
        await client.close()


async def test_rubbish_ends_the_connection(path: Path) -> None:
    with pretending(path, greeting(lambda command: [encode(event(1)) + b"rubbish\n"])):
        client = await Client.connect(path)
        with pytest.raises(ConnectionLost, match="sent what is not a message"):
            await client.request(Describe())
        messages = client.messages()
        assert await take(messages, 1) == [event(1)]
        with pytest.raises(ConnectionLost):
            await take(messages, 1)
        await client.close()


async def test_closing_is_a_detach_and_tells_who_waits(path: Path) -> None:
    with pretending(path, greeting(lambda command: [])) as supervisor:
        client = await Client.connect(path)
        waiting = asyncio.create_task(client.request(Describe()))
        reading = asyncio.create_task(take(client.messages(), 1))
        await asyncio.sleep(0)
        await client.close()
        await client.close()
        with pytest.raises(ConnectionLost, match="the connection was closed"):
            await waiting
        with pytest.raises(ConnectionLost, match="the connection was closed"):
            await reading
        until(lambda: len(supervisor.heard) == 2)


async def test_a_cancelled_request_leaves_the_connection_alone(path: Path) -> None:
    def answer(command: AnyCommand) -> Sent:
        return [] if isinstance(command, Join) else [Reply(id=1), Reply(id=command.id)]

    with pretending(path, greeting(answer)):
        client = await Client.connect(path)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await client.request(Join(workers=("w",)))
        assert (await client.request(Describe())).error is None
        await client.close()


async def test_many_messages_wait_in_the_socket(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "MANY", 50)
    count = 60_000

    def answer(command: AnyCommand) -> Sent:
        return [b"".join(encode(event(seq)) for seq in range(1, count + 1))]

    with pretending(path, greeting(answer)):
        client = await Client.connect(path)
        asking = asyncio.create_task(client.request(Describe()))
        async with asyncio.timeout(10):
            while not client._link._paused:
                await asyncio.sleep(0.001)
        assert len(client._link._messages) < count / 2
        messages = client.messages()
        seen = [one.seq for one in await take(messages, count)]
        assert seen == list(range(1, count + 1))
        asking.cancel()
        await client.close()


async def test_who_can_not_be_reached(path: Path) -> None:
    path.parent.mkdir(parents=True)
    with pytest.raises(ConnectionLost, match="its supervisor has ended"):
        await Client.connect(path)


async def test_who_does_not_answer(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "HANDSHAKE", 0.1)
    with (
        pretending(path, lambda command: []),
        pytest.raises(ConnectionLost, match="did not answer"),
    ):
        await Client.connect(path)


async def test_who_speaks_another_version(path: Path) -> None:
    other = msgspec.structs.replace(HELLO, version=7)
    with pretending(path, lambda command: [other]), pytest.raises(VersionMismatch):
        await Client.connect(path)
