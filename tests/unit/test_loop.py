"""The supervisor's event loop."""

from __future__ import annotations

import functools
import os
import signal
import socket
import time
from collections.abc import Iterator

import pytest

from proctui.supervisor import loop as loop_module
from proctui.supervisor.loop import Loop
from proctui.supervisor.pacer import Pacer, guarded


@pytest.fixture(params=["epoll", "poll"])
def loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loop]:
    if request.param == "poll":
        monkeypatch.setattr(loop_module, "_Epoll", ())
    made = Loop()
    yield made
    made.close()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_timers_come_in_their_order(loop: Loop) -> None:
    seen: list[str] = []
    loop.call_later(0.03, loop.stop)
    loop.call_later(0.02, lambda: seen.append("late"))
    loop.call_later(0.0, lambda: seen.append("first"))
    loop.call_later(0.0, lambda: seen.append("second"))
    loop.call_later(0.01, lambda: seen.append("never")).cancel()
    began = loop.time()
    loop.run()
    assert seen == ["first", "second", "late"]
    assert 0.03 <= loop.time() - began < 5


def test_timers_that_take_long_keep_no_descriptor_waiting(
    loop: Loop, pair: tuple[socket.socket, socket.socket]
) -> None:
    ours, theirs = pair
    done: list[str] = []

    def take_long(number: int) -> None:
        done.append(f"timer {number}")
        if number == 0:
            theirs.send(b"hello")
        until = time.monotonic() + 0.006
        while time.monotonic() < until:
            pass

    def read() -> None:
        done.append(ours.recv(10).decode())
        loop.stop()

    for number in range(50):
        loop.call_later(0, functools.partial(take_long, number))
    loop.add_reader(ours.fileno(), read)
    loop.run()
    assert done.index("hello") <= 3
    loop.remove_reader(ours.fileno())


def test_cancelling_twice_or_too_late_is_harmless(loop: Loop) -> None:
    timer = loop.call_later(0, loop.stop)
    loop.run()
    timer.cancel()
    other = loop.call_later(60, loop.stop)
    other.cancel()
    other.cancel()
    loop.call_later(0, loop.stop)
    loop.run()
    assert loop._cancelled == 1, "counted once"


def test_many_cancelled_timers_are_let_go(loop: Loop) -> None:
    for _ in range(10_000):
        loop.call_later(3600, loop.stop).cancel()
        loop.call_later(0, loop.stop)
        loop.run()
    assert len(loop._timers) < 500


def test_soon_means_after_what_is_due_now(loop: Loop) -> None:
    seen: list[int] = []

    def again() -> None:
        seen.append(len(seen))
        if len(seen) < 1000:
            loop.call_soon(again)

    loop.call_soon(again)
    loop.call_later(0, loop.stop)
    loop.run()
    assert len(seen) < 10, "whoever comes again and again leaves time for others"


def test_descriptors(loop: Loop, pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    seen: list[bytes] = []

    def readable() -> None:
        seen.append(ours.recv(10))
        if seen[-1] == b"end":
            loop.stop()

    def writable() -> None:
        theirs.send(b"end" if seen else b"begin")
        loop.remove_writer(theirs.fileno())
        if not seen:
            loop.call_later(0, lambda: loop.add_writer(theirs.fileno(), writable))

    loop.add_reader(ours.fileno(), readable)
    loop.add_writer(theirs.fileno(), writable)
    loop.run()
    assert seen == [b"begin", b"end"]
    loop.remove_reader(ours.fileno())
    loop.remove_reader(ours.fileno())
    theirs.send(b"unheard")
    loop.call_later(0.01, loop.stop)
    loop.run()
    assert len(seen) == 2


def test_reading_and_writing_one_descriptor(
    loop: Loop, pair: tuple[socket.socket, socket.socket]
) -> None:
    ours, theirs = pair
    seen = set[str]()
    theirs.send(b"x")
    loop.add_reader(ours.fileno(), lambda: seen.add("read"))
    loop.add_writer(ours.fileno(), lambda: seen.add("write"))
    loop.call_later(0.01, loop.stop)
    loop.run()
    assert seen == {"read", "write"}
    loop.remove_reader(ours.fileno())
    seen.clear()
    loop.call_later(0.01, loop.stop)
    loop.run()
    assert seen == {"write"}
    loop.remove_writer(ours.fileno())


def test_who_hangs_up_is_noticed(loop: Loop, pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    loop.add_reader(ours.fileno(), loop.stop)
    theirs.close()
    loop.run()
    loop.remove_reader(ours.fileno())


def test_a_descriptor_that_is_anothers_by_now_is_not_called(loop: Loop) -> None:
    pairs = [socket.socketpair() for _ in range(2)]
    called: list[str] = []
    numbers = [ours.fileno() for ours, _ in pairs]

    def first_one_in(number: int) -> None:
        called.append("one of the two")
        other = numbers[1 - numbers.index(number)]
        for fd in (number, other):
            loop.remove_reader(fd)
        loop.add_reader(other, lambda: called.append("the newcomer"))
        pairs[numbers.index(other)][0].recv(1)
        loop.call_soon(loop.stop)

    for (_, theirs), number in zip(pairs, numbers, strict=True):
        theirs.send(b"x")
        loop.add_reader(number, lambda number=number: first_one_in(number))  # type: ignore[misc]
    loop.run()
    assert called == ["one of the two"]
    for number in numbers:
        loop.remove_reader(number)
    for both in pairs:
        for one in both:
            one.close()


def test_more_than_fit_into_a_round_all_get_their_turn(loop: Loop) -> None:
    pipes = [os.pipe() for _ in range(300)]
    seen = set[int]()
    for read_end, write_end in pipes:
        os.write(write_end, b"x")
        loop.add_reader(read_end, lambda fd=read_end: seen.add(fd))  # type: ignore[misc]
    loop.call_later(0.3, loop.stop)
    loop.run()
    assert len(seen) == 300
    for read_end, write_end in pipes:
        loop.remove_reader(read_end)
        os.close(read_end)
        os.close(write_end)


def test_what_a_call_raises_ends_nothing(loop: Loop, capsys: pytest.CaptureFixture[str]) -> None:
    faults: list[Exception] = []
    loop.fault = faults.append

    def fails() -> None:
        raise KeyError("a flaw")

    loop.call_soon(fails)
    loop.call_later(0, fails)
    loop.call_later(0.01, loop.stop)
    loop.run()
    assert [type(fault) for fault in faults] == [KeyError, KeyError]
    said = capsys.readouterr().err
    assert "Traceback" in said and "a flaw" in said


def test_a_signal_wakes_it(loop: Loop) -> None:
    before = signal.signal(signal.SIGUSR1, lambda *_: loop.call_from_signal(loop.stop))
    try:
        loop.call_soon(lambda: os.kill(os.getpid(), signal.SIGUSR1))
        began = time.monotonic()
        loop.call_later(30, loop.stop)
        loop.run()
        assert time.monotonic() - began < 10
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_it_costs_nothing_at_rest(loop: Loop) -> None:
    loop.call_later(0.3, loop.stop)
    began = time.process_time()
    loop.run()
    assert time.process_time() - began < 0.05


# ---------------------------------------------------------------- pacer


def work(name: str, count: int, seen: list[str], cost: float = 0.0) -> Iterator[None]:
    for _ in range(count):
        until = time.monotonic() + cost
        while time.monotonic() < until:
            pass
        seen.append(name)
        yield


def test_long_work_is_done_in_slices_and_in_turn(loop: Loop) -> None:
    seen: list[str] = []
    pacer = Pacer(loop)
    pacer.run(work("a", 50, seen, cost=0.001))
    begun = len(seen)
    assert 0 < begun < 50, "begun at once, and not finished"
    pacer.run(work("b", 3, seen))
    rounds: list[int] = []
    loop.call_soon(lambda: rounds.append(len(seen)))
    loop.call_later(0.5, loop.stop)
    loop.run()
    assert sorted(seen) == ["a"] * 50 + ["b"] * 3
    assert seen.index("b") < begun + 3, "short work needn't wait for long work"
    assert rounds[0] < 53, "others have their turn meanwhile"


def test_short_work_is_done_at_once(loop: Loop) -> None:
    seen: list[str] = []
    Pacer(loop).run(work("a", 3, seen))
    assert seen == ["a"] * 3


def test_work_that_fails_is_over_and_the_others_go_on(
    loop: Loop, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[str] = []
    faults: list[Exception] = []

    def fails() -> Iterator[None]:
        yield
        raise ValueError("a flaw")

    pacer = Pacer(loop)
    pacer.run(work("slow", 10, seen, cost=0.002))
    pacer.run(guarded(fails(), faults.append))
    pacer.run(guarded(work("b", 2, seen), faults.append))
    loop.call_later(0.2, loop.stop)
    loop.run()
    assert seen.count("slow") == 10 and seen.count("b") == 2
    assert [str(fault) for fault in faults] == ["a flaw"]
    assert "a flaw" in capsys.readouterr().err
