"""The socket that clients find, and what becomes of it when its file is removed."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from proctui.supervisor import listening
from proctui.supervisor.listening import Listening, listen
from proctui.supervisor.loop import Loop
from tests.conftest import Supervise
from tests.supervisor.looping import run_until
from tests.supervisor.specs import sleeper
from tests.support import RawClient, until


class Door:
    """A `Listening` of the test's own, and what it says."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700)
        self.path = directory / "s"
        self.loop = Loop()
        self.said: list[str] = []
        self.came: list[socket.socket] = []
        self.door = Listening(listen(str(self.path)), self.loop, self.came.append, self.say)
        self.door.begin()

    def say(self, kind: str, text: str, **_: Any) -> None:
        assert kind == "note"
        self.said.append(text)

    def connect(self) -> socket.socket:
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.connect(str(self.path))
        return client

    def close(self) -> None:
        self.door.close()
        for one in self.came:
            one.close()
        self.loop.close()


@pytest.fixture
def door(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    monkeypatch.setattr(listening, "LOOK", 0.01)
    made = Door(short_tmp / "run")
    yield made
    made.close()
    assert not made.path.is_socket()


def test_a_removed_socket_is_made_anew(supervise: Supervise) -> None:
    supervisor = supervise(sleeper("w"))
    before = supervisor.client("before", subscribe=True)
    supervisor.socket.parent.chmod(0o700)
    supervisor.socket.unlink()
    until(supervisor.socket.is_socket)
    assert supervisor.socket.stat().st_mode & 0o777 == 0o600
    with RawClient(supervisor.socket) as after:
        assert after.worker("w").id == "w"
    told = before.event(lambda event: "had been removed" in event.text)
    assert told.kind == "note" and told.by == "supervisor"


def test_its_directory_is_made_anew_too(door: Door) -> None:
    shutil.rmtree(door.path.parent)
    run_until(door.loop, door.path.is_socket)
    assert door.path.parent.stat().st_mode & 0o777 == 0o700
    with door.connect():
        run_until(door.loop, lambda: door.came)
    assert len(door.said) == 1


def test_who_waits_at_the_removed_socket_is_let_in(door: Door) -> None:
    with door.connect():
        door.path.unlink()
        door.door._make_anew()
        assert len(door.came) == 1


def test_what_somebody_put_in_its_place_is_left_alone(
    door: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    door.path.unlink()
    door.path.write_text("mine")
    run_until(door.loop, lambda: door.said)
    for _ in range(3):
        door.door._make_anew()
    assert len(door.said) == 1 and "Address already in use" in door.said[0]
    assert door.path.read_text() == "mine"
    door.path.unlink()
    run_until(door.loop, lambda: len(door.said) == 2)
    assert door.path.is_socket() and "can connect again" in door.said[1]
    door.path.unlink()
    door.path.write_text("mine again")
    door.door.close()
    assert door.path.read_text() == "mine again"
    capsys.readouterr()


def test_an_open_directory_is_not_trusted(door: Door, capsys: pytest.CaptureFixture[str]) -> None:
    door.path.parent.chmod(0o755)
    door.path.unlink()
    run_until(door.loop, lambda: door.said)
    assert "open to other users" in door.said[0] and not door.path.exists()
    door.path.parent.chmod(0o700)
    run_until(door.loop, door.path.is_socket)
    capsys.readouterr()
