from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctui.supervisor import logs
from proctui.supervisor.logs import LogStore, file_name, next_data, older

LIMIT = 64 * 1024


def fill(store: LogStore, worker: str, data: bytes) -> None:
    descriptor = store.open(worker)
    try:
        os.write(descriptor, data)
    finally:
        os.close(descriptor)


def on_disk(path: Path) -> int:
    return path.stat().st_blocks * 512


@given(st.text())
def test_file_names_are_plain(text: str) -> None:
    name = file_name(text)
    assert name
    assert not name.startswith(".")
    assert "/" not in name
    assert "\0" not in name
    assert len(os.fsencode(f"{name}.log.1")) <= 255


@given(st.lists(st.text(min_size=1), unique=True, min_size=2, max_size=2))
def test_file_names_tell_apart(texts: list[str]) -> None:
    assert file_name(texts[0]) != file_name(texts[1])


def test_a_plain_name_stays_as_it_is() -> None:
    assert file_name("worker-3") == "worker-3"


def test_a_log_is_closed_to_others_and_appended_to(tmp_path: Path) -> None:
    store = LogStore(tmp_path, LIMIT)
    descriptor = store.open("w")
    try:
        assert stat.S_IMODE(os.fstat(descriptor).st_mode) == 0o600
        assert not os.get_inheritable(descriptor)
        assert os.get_blocking(descriptor)
        os.write(descriptor, b"one\n")
        fill(store, "w", b"two\n")
        os.write(descriptor, b"three\n")
    finally:
        os.close(descriptor)
    assert store.path("w").read_bytes() == b"one\ntwo\nthree\n"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"precious")
    store = LogStore(tmp_path, LIMIT)
    store.path("w").symlink_to(elsewhere)
    with pytest.raises(OSError) as caught:
        store.open("w")
    assert caught.value.errno == errno.ELOOP
    assert elsewhere.read_bytes() == b"precious"


def test_a_pipe_in_its_place_is_refused_without_waiting(tmp_path: Path) -> None:
    store = LogStore(tmp_path, LIMIT)
    os.mkfifo(store.path("w"))
    with pytest.raises(OSError):
        store.open("w")


def test_a_directory_in_its_place_is_refused(tmp_path: Path) -> None:
    store = LogStore(tmp_path, LIMIT)
    store.path("w").mkdir()
    with pytest.raises(IsADirectoryError):
        store.open("w")


def test_a_mark_is_a_line_of_its_own(tmp_path: Path) -> None:
    store = LogStore(tmp_path, LIMIT)
    store.mark("w", "started")
    fill(store, "w", b"no newline yet")
    store.mark("w", "restarted\nby hand")
    first, middle, last = store.path("w").read_text().splitlines()
    assert first.startswith(f"{logs.MARK}started at 20")
    assert middle == "no newline yet"
    assert last.startswith(f"{logs.MARK}restarted by hand at 20")


def test_trim_does_nothing_within_the_limit(tmp_path: Path) -> None:
    store = LogStore(tmp_path, LIMIT)
    assert store.trim("missing") == 0
    fill(store, "w", b"x" * LIMIT)
    assert store.trim("w") == 0


def test_trim_releases_the_oldest_and_leaves_all_offsets(tmp_path: Path) -> None:
    store = LogStore(tmp_path, LIMIT)
    writer = store.open("w")
    try:
        data = b"".join(b"line %07d\n" % number for number in range(3 * LIMIT // 13))
        os.write(writer, data)
        released = store.trim("w")
        assert released % 4096 == 0
        assert released >= 2 * LIMIT
        path = store.path("w")
        assert path.stat().st_size == len(data)
        assert on_disk(path) <= LIMIT
        assert path.read_bytes()[released:] == data[released:]
        assert len(data) - released >= LIMIT * 3 // 4
        os.write(writer, b"newest\n")  # the writer's descriptor is as good as before
        assert path.read_bytes().endswith(data[released:] + b"newest\n")
    finally:
        os.close(writer)
    assert not store.weak


def test_trim_again_and_again_stays_within_the_limit(tmp_path: Path) -> None:
    store = LogStore(tmp_path, LIMIT)
    total = 0
    for _ in range(200):
        fill(store, "w", b"y" * 5000)
        total += store.trim("w")
        assert on_disk(store.path("w")) <= LIMIT + 4096
    assert total >= 200 * 5000 - LIMIT


def test_a_new_store_knows_what_an_earlier_one_released(tmp_path: Path) -> None:
    store = LogStore(tmp_path, LIMIT)
    fill(store, "w", b"z" * (LIMIT * 2))
    assert store.trim("w") > 0
    assert LogStore(tmp_path, LIMIT).trim("w") == 0


def test_a_log_that_its_worker_cut_is_bounded_again(tmp_path: Path) -> None:
    store = LogStore(tmp_path, LIMIT)
    fill(store, "w", b"z" * (LIMIT * 3))
    store.trim("w")
    os.truncate(store.path("w"), 0)
    fill(store, "w", b"a" * (LIMIT * 2))
    store.trim("w")
    fill(store, "w", b"b" * (LIMIT * 3))
    assert store.trim("w") > 0
    assert on_disk(store.path("w")) <= LIMIT


def test_forget_lets_an_id_begin_anew(tmp_path: Path) -> None:
    store = LogStore(tmp_path, LIMIT)
    fill(store, "w", b"z" * (LIMIT * 3))
    store.trim("w")
    store.forget("w")
    store.path("w").unlink()
    fill(store, "w", b"z" * (LIMIT * 2))
    assert store.trim("w") > 0


def test_where_holes_can_not_be_punched_the_log_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(descriptor: int, end: int) -> bool:
        return False

    monkeypatch.setattr(logs, "_punch", refuse)
    store = LogStore(tmp_path, LIMIT)
    data = b"".join(b"line %07d\n" % number for number in range(3 * LIMIT // 13))
    writer = store.open("w")
    try:
        os.write(writer, data)
        released = store.trim("w")
        assert store.weak
        kept = older(store.path("w"))
        assert kept.read_bytes() == data[released:]
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        os.write(writer, b"after\n")
    finally:
        os.close(writer)
    assert store.path("w").read_bytes() == b"after\n"
    assert on_disk(kept) + on_disk(store.path("w")) <= LIMIT
    fill(store, "w", data)
    assert store.trim("w") > 0


def test_a_failing_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LogStore(tmp_path, LIMIT)
    fill(store, "w", b"z" * (LIMIT * 2))
    descriptor = os.open(store.path("w"), os.O_RDONLY)
    try:
        with pytest.raises(OSError) as caught:
            logs._punch(descriptor, 4096)
        assert caught.value.errno == errno.EBADF
    finally:
        os.close(descriptor)


def test_next_data_past_the_end(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(b"abc")
    with file.open("rb") as opened:
        assert next_data(opened.fileno(), 0, 3) == 0
        assert next_data(opened.fileno(), 3, 3) == 3
        os.truncate(file, 1 << 20)
        assert next_data(opened.fileno(), 8192, 1 << 20) == 1 << 20
