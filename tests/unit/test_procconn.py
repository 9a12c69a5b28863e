from __future__ import annotations

import os
import struct
import subprocess
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctui.linux.procconn import ProcConnector, _parse
from proctui.linux.procfs import read_stat


def message(what: int, *fields: int, nanoseconds: int = 10**9) -> bytes:
    """An event as the kernel sends it: netlink header, connector header, event."""
    event = struct.pack("=IIQ", what, 0, nanoseconds) + struct.pack("=iiIi", *fields)
    return bytes(36) + event


def test_forks_and_exits_of_whole_processes() -> None:
    fork = _parse(message(1, 10, 10, 11, 11), 0.5, 100)
    assert fork == ("fork", 11, 10, 0, 150.0)
    assert _parse(message(0x80000000, 11, 11, 768, 17), 0.0, 100) == ("exit", 11, 0, 768, 100.0)
    assert _parse(message(2, 11, 11, 0, 0), 0.0, 100) == ("exec", 11, 0, 0, 100.0)


def test_threads_and_everything_else_are_not_told() -> None:
    assert _parse(message(1, 10, 10, 12, 11), 0.0, 100) is None
    assert _parse(message(0x80000000, 12, 11, 0, 0), 0.0, 100) is None
    assert _parse(message(4, 1, 1, 1, 1), 0.0, 100) is None


@given(st.binary(max_size=120))
def test_any_bytes_are_harmless(raw: bytes) -> None:
    _parse(raw, 0.0, 100)


@pytest.fixture
def connector() -> Iterator[ProcConnector]:
    opened = ProcConnector.open()
    if opened is None:
        pytest.skip("the proc connector may not be opened here")
    try:
        yield opened
    finally:
        opened.close()


def test_the_kernel_tells_of_a_process_in_order(connector: ProcConnector) -> None:
    child = subprocess.Popen(["/bin/sh", "-c", "exit 3"])
    start = read_stat(child.pid).start_ticks
    child.wait()
    mine = [told for told in connector.read() if told.pid == child.pid]
    assert [told.kind for told in mine] == ["fork", "exec", "exit"]
    assert mine[0].parent == os.getpid()
    assert abs(mine[0].ticks - start) <= 2
    assert mine[-1].status == 3 << 8


def test_the_kernel_drops_threads_before_anybody_wakes(connector: ProcConnector) -> None:
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
    own = os.getpid()
    while True:
        try:
            raw = connector._socket.recv(4096)
        except BlockingIOError:
            return
        what, first = struct.unpack_from("=I", raw, 36)[0], struct.unpack_from("=i", raw, 56)[0]
        assert what in (1, 2, 0x80000000)
        assert first != own, "an event of this process, which only made a thread"
