from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from proctui.sessions.follow import CHUNK, LONGEST_LINE, Follower
from proctui.supervisor import logs
from proctui.supervisor.logs import LogStore

LIMIT = 64 * 1024


def everything(follower: Follower) -> bytes:
    pieces = []
    while data := follower.read():
        pieces.append(data)
    return b"".join(pieces)


def numbered(numbers: Iterable[int]) -> bytes:
    return b"".join(b"%d %s\n" % (number, b"x" * (number % 90)) for number in numbers)


@pytest.fixture
def store(tmp_path: Path) -> LogStore:
    return LogStore(tmp_path, LIMIT)


@pytest.fixture
def writer(store: LogStore) -> Iterator[int]:
    descriptor = store.open("w")
    yield descriptor
    os.close(descriptor)


def test_whole_lines_as_they_come(store: LogStore, writer: int) -> None:
    with Follower(store.path("w")) as follower:
        assert follower.read() == b""
        os.write(writer, b"one\ntw")
        assert follower.read() == b"one\n"
        assert follower.read() == b""
        assert follower.unfinished == 2
        os.write(writer, b"o\n")
        assert follower.read() == b"two\n"


def test_final_hands_out_an_unfinished_line_once(store: LogStore, writer: int) -> None:
    with Follower(store.path("w")) as follower:
        os.write(writer, b"prompt> ")
        assert follower.read() == b""
        assert follower.read(final=True) == b"prompt> "
        assert follower.read(final=True) == b""
        os.write(writer, b"answer\n")
        assert follower.read() == b"answer\n"


def test_a_line_without_end_is_handed_out_in_pieces(store: LogStore, writer: int) -> None:
    with Follower(store.path("w")) as follower:
        os.write(writer, b"e" * (LONGEST_LINE + 5))
        assert follower.read() == b"e" * (LONGEST_LINE + 5)
        assert follower.unfinished == 0


def test_more_than_one_reading(store: LogStore, writer: int) -> None:
    data = numbered(range(30_000))
    assert len(data) > CHUNK
    os.write(writer, data)
    with Follower(store.path("w")) as follower:
        first = follower.read()
        assert len(first) <= CHUNK
        assert first + everything(follower) == data


def test_a_log_that_does_not_exist_yet(store: LogStore) -> None:
    with Follower(store.path("w"), last=1) as follower:
        assert follower.read() == b""
        descriptor = store.open("w")
        os.write(descriptor, b"a\nb\nc\n")
        os.close(descriptor)
        assert follower.read() == b"a\nb\nc\n"


@pytest.mark.parametrize(
    ("data", "count", "expected"),
    [
        (b"", 5, b""),
        (b"a\nb\nc\n", 0, b""),
        (b"a\nb\nc\n", 1, b"c\n"),
        (b"a\nb\nc\n", 2, b"b\nc\n"),
        (b"a\nb\nc\n", 3, b"a\nb\nc\n"),
        (b"a\nb\nc\n", 9, b"a\nb\nc\n"),
        (b"a\nb\nc", 1, b"c"),
        (b"a\nb\nc", 2, b"b\nc"),
        (b"\n\n\n", 2, b"\n\n"),
        (b"a\r\nb\rb\n", 1, b"b\rb\n"),
    ],
)
def test_the_last_lines(
    store: LogStore, writer: int, data: bytes, count: int, expected: bytes
) -> None:
    os.write(writer, data)
    with Follower(store.path("w"), last=count) as follower:
        assert follower.read(final=True) == expected
        assert follower.released == 0


def test_the_last_lines_across_blocks(store: LogStore, writer: int) -> None:
    os.write(writer, b"old\n" + b"L" * (3 * LONGEST_LINE) + b"\n" + b"s\n" * LONGEST_LINE)
    with Follower(store.path("w"), last=LONGEST_LINE + 1) as follower:
        assert everything(follower) == b"L" * (3 * LONGEST_LINE) + b"\n" + b"s\n" * LONGEST_LINE


def test_past_a_hole_begins_with_a_whole_line(store: LogStore, writer: int) -> None:
    data = numbered(range(6000))
    os.write(writer, data)
    assert store.trim("w") > 0
    for last in (None, 10_000):
        with Follower(store.path("w"), last=last) as follower:
            seen = everything(follower)
            assert data.endswith(b"\n" + seen)
            assert follower.released == len(data) - len(seen)


@pytest.mark.parametrize("last", [None, 1, 10])
@pytest.mark.parametrize("end", [b"\n", b""])
def test_a_line_longer_than_the_limit_is_shown_as_far_as_it_is_there(
    tmp_path: Path, last: int | None, end: bytes
) -> None:
    store = LogStore(tmp_path, 4 * LONGEST_LINE)
    descriptor = store.open("w")
    os.write(descriptor, b"short\n" + b"n" * (5 * LONGEST_LINE) + end)
    os.close(descriptor)
    released = store.trim("w")
    left = 5 * LONGEST_LINE + 6 - released
    assert left > LONGEST_LINE
    with Follower(store.path("w"), last=last) as follower:
        seen = everything(follower) + follower.read(final=True)
        assert seen == (
            b"--- proctui: the beginning of this line is released ---\n" + b"n" * left + end
        )
        assert follower.released == released


def test_the_last_lines_need_not_tell_of_a_hole_they_do_not_reach(
    store: LogStore, writer: int
) -> None:
    os.write(writer, numbered(range(6000)))
    store.trim("w")
    with Follower(store.path("w"), last=3) as follower:
        assert follower.read() == numbered(range(5997, 6000))
        assert follower.released == 0


def test_a_line_whose_rest_was_released_gets_an_end(store: LogStore, writer: int) -> None:
    with Follower(store.path("w")) as follower:
        os.write(writer, b"half")
        assert follower.read() == b""
        data = numbered(range(6000))
        os.write(writer, b" of it\n" + data)
        store.trim("w")
        seen = follower.read()
        assert seen.startswith(b"half\n")
        rest = seen.removeprefix(b"half\n") + everything(follower)
        assert data.endswith(b"\n" + rest)
        assert follower.released == len(b" of it\n") + len(data) - len(rest)


def test_a_cut_log_is_read_from_its_beginning(store: LogStore, writer: int) -> None:
    with Follower(store.path("w")) as follower:
        os.write(writer, b"before\nhalf")
        assert follower.read() == b"before\n"
        os.truncate(store.path("w"), 0)
        os.write(writer, b"after\n")
        assert follower.read() == b"half\nafter\n"


def test_a_deleted_log_is_read_on_until_another_stands_there(store: LogStore, writer: int) -> None:
    with Follower(store.path("w")) as follower:
        os.write(writer, b"one\n")
        assert follower.read() == b"one\n"
        store.path("w").unlink()
        os.write(writer, b"two\n")
        assert follower.read() == b"two\n"
        os.write(writer, b"three\nhalf")
        fresh = store.open("w")
        os.write(fresh, b"new\n")
        os.close(fresh)
        assert everything(follower) == b"three\nhalf\nnew\n"


def test_what_the_weaker_way_kept_is_read_too(
    store: LogStore, writer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "_punch", lambda descriptor, end: False)
    data = numbered(range(6000))
    os.write(writer, data)
    released = store.trim("w")
    os.write(writer, b"after\n")
    with Follower(store.path("w")) as follower:
        assert everything(follower) == data[released:] + b"after\n"
    with Follower(store.path("w"), last=3) as follower:
        assert everything(follower) == numbered(range(5998, 6000)) + b"after\n"
    with Follower(store.path("w"), last=1) as follower:
        assert everything(follower) == b"after\n"


@pytest.fixture
def weak(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system on which holes can't be punched."""
    monkeypatch.setattr(logs, "_punch", lambda descriptor, end: False)


@pytest.mark.usefixtures("weak")
def test_what_the_weaker_way_cut_off_is_read_on_from_what_it_kept(
    store: LogStore, writer: int
) -> None:
    with Follower(store.path("w"), marks=True) as follower:
        os.write(writer, numbered(range(5000)))
        read = follower.read()
        os.write(writer, b"half")
        follower.read()
        os.write(writer, b" done\n" + numbered(range(5000, 5500)))
        assert store.trim("w") > 0
        # However far the file has grown again by the time that it is looked at.
        os.write(writer, numbered(range(5500, 12_000)))
        rest = everything(follower)
    assert read == numbered(range(5000))
    assert rest == b"half done\n" + numbered(range(5000, 12_000))
    assert follower.released == 0


@pytest.mark.usefixtures("weak")
@pytest.mark.parametrize("marks", [True, False])
def test_what_the_weaker_way_lost_is_said_where_it_is_missing(
    store: LogStore, writer: int, marks: bool
) -> None:
    with Follower(store.path("w"), marks=marks) as follower:
        os.write(writer, numbered(range(100)))
        before = follower.read()
        for first in (100, 10_000):  # of what is cut twice nothing is kept
            os.write(writer, numbered(range(first, first + 6000)))
            assert store.trim("w") > 0
        after = everything(follower)
    mark, _, rest = after.partition(b"---\n") if marks else (b"", b"", after)
    lost = numbered([*range(100, 6100), *range(10_000, 16_000)]).removesuffix(rest)
    assert before == numbered(range(100))
    assert rest.endswith(numbered(range(15_500, 16_000)))
    assert lost.endswith(b"\n")
    assert follower.released == len(lost)
    assert mark == (b"--- proctui: %d bytes were cut here " % len(lost) if marks else b"")


@pytest.mark.usefixtures("weak")
def test_a_log_that_is_just_being_cut_is_not_read(
    store: LogStore, writer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []
    os.write(writer, numbered(range(100)))
    with Follower(store.path("w")) as follower:
        begun = follower.read()
        os.write(writer, numbered(range(100, 7000)))
        real = os.ftruncate

        def cut(descriptor: int, length: int) -> None:
            seen.append(follower.read())
            real(descriptor, length)
            os.write(writer, b"x" * len(begun) + b"\n")
            seen.append(follower.read())

        monkeypatch.setattr(os, "ftruncate", cut)
        lost = store.trim("w") - len(begun)
        assert seen == [b"", b""]
        rest = everything(follower)
    assert rest.endswith(numbered(range(6999, 7000)) + b"x" * len(begun) + b"\n")
    assert 0 < lost <= follower.released <= lost + 100


def test_of_a_cutter_that_died_nothing_is_waited_for(
    store: LogStore, writer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs._tell_cut(store.path("w"), logs.Cut(5, pending=True))
    os.write(writer, b"line\n")
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    with Follower(store.path("w")) as follower:
        assert follower.read() == b""
        now[0] += 10
        assert follower.read() == b"line\n"


def test_what_was_released_in_place_is_said_where_it_is_missing(
    store: LogStore, writer: int
) -> None:
    with Follower(store.path("w"), marks=True) as follower:
        os.write(writer, b"half")
        follower.read()
        os.write(writer, b" of it\n" + numbered(range(6000)))
        store.trim("w")
        half, mark, rest = everything(follower).split(b"\n", 2)
    assert half == b"half"
    assert mark == b"--- proctui: %d bytes were cut here ---" % follower.released
    assert numbered(range(6000)).endswith(b"\n" + rest)


def test_a_link_is_not_read(store: LogStore, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    store.path("w").symlink_to(tmp_path / "secret")
    with pytest.raises(OSError):
        Follower(store.path("w")).read()


WRITER = """
import os, sys
descriptor, count = int(sys.argv[1]), int(sys.argv[2])
for number in range(count):
    line = b"%d %s\\n" % (number, b"x" * (number % 90))
    middle = number % len(line)
    os.write(descriptor, line[:middle]) if number % 3 else None
    os.write(descriptor, line[middle:] if number % 3 else line)
"""


class Counting(Follower):
    """Knows how many lines it gave an end because theirs was released."""

    ends = 0

    def _finish_line(self) -> None:
        self.ends += bool(self._rest)
        super()._finish_line()


def run_writer(descriptor: int, count: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(descriptor), str(count)], pass_fds=[descriptor]
    )


@pytest.mark.parametrize("slow", [False, True], ids=["quick reader", "slow reader"])
def test_against_a_writer_and_a_trimmer_every_line_is_seen_or_counted(
    store: LogStore, writer: int, slow: bool
) -> None:
    """Every byte written was handed out exactly once and in order, or counted as released."""
    count = 60_000
    pieces: list[bytes] = []
    released = trimmed = 0
    deadline = time.monotonic() + 60
    with run_writer(writer, count) as process, Counting(store.path("w")) as follower:
        running = True
        while running:
            running = process.poll() is None
            assert time.monotonic() < deadline
            size = store.path("w").stat().st_size
            if not slow or size - trimmed > 5 * LIMIT or not running:
                pieces.append(everything(follower))
            trimmed += store.trim("w")
        pieces.append(everything(follower))
        released, ends = follower.released, follower.ends
    lines = b"".join(pieces).split(b"\n")
    assert lines.pop() == b""
    # A line that was half read when the rest of it was released was given an end; the rest counts.
    expected = {number: b"%d %s" % (number, b"x" * (number % 90)) for number in range(count)}
    seen_bytes, previous = 0, -1
    for line in lines:
        number = previous + 1
        while number < count and expected[number] != line:
            number += 1
        if number == count:
            assert any(expected[later].startswith(line) for later in range(previous + 1, count))
            seen_bytes += len(line)
            continue
        seen_bytes += len(line) + 1
        previous = number
    assert previous == count - 1
    total = sum(len(line) + 1 for line in expected.values())
    # What was half read may have lacked nothing but its end.
    assert total <= seen_bytes + released <= total + ends
    assert trimmed > 0
    assert released > 0 or not slow


def test_against_a_writer_without_bounds_nothing_is_missing(store: LogStore, writer: int) -> None:
    count = 30_000
    pieces = []
    with run_writer(writer, count) as process, Follower(store.path("w")) as follower:
        running = True
        while running:
            running = process.poll() is None
            pieces.append(everything(follower))
        assert follower.released == 0
    assert b"".join(pieces) == numbered(range(count))
