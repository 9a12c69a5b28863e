from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctui.model import Worker
from proctui.protocol import Event, Snapshot, encode
from proctui.sessions import journal
from proctui.sessions.journal import Journal, last_words, load, older, read


def event(seq: int, text: str = "") -> Event:
    return Event(seq=seq, time=float(seq), kind="note", text=text)


def written(path: Path, *events: Event, limit: int = journal.LIMIT) -> Journal:
    opened = Journal(path, limit)
    for one in events:
        opened.append(one)
    return opened


def test_what_was_appended_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    events = [event(seq, "ünicode \udce4 \n \x1b[0m" * 2) for seq in range(1, 6)]
    events = [event(one.seq, one.text.replace("\udce4", "")) for one in events]
    written(path, *events).close()
    assert read(path) == events
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_event_stands_in_the_file_when_append_returns(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    opened = written(path, event(1))
    assert read(path) == [event(1)]
    opened.append(event(2))
    assert read(path) == [event(1), event(2)]
    opened.close()


def test_it_goes_on_with_a_journal_that_exists(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    written(path, event(1)).close()
    written(path, event(2)).close()
    assert [one.seq for one in read(path)] == [1, 2]


def test_a_missing_journal_has_no_events(tmp_path: Path) -> None:
    assert read(tmp_path / "none") == []


def test_last(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    written(path, *map(event, range(1, 11))).close()
    assert [one.seq for one in read(path, 3)] == [8, 9, 10]
    assert read(path, 0) == []
    assert len(read(path, 99)) == 10


def test_a_torn_last_line_is_counted_and_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    written(path, event(1), event(2)).close()
    os.truncate(path, path.stat().st_size - 5)
    assert load(path) == ([event(1)], 1)
    written(path, event(3)).close()  # what comes after begins a line of its own
    assert load(path) == ([event(1), event(3)], 1)


def test_rubbish_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    written(path, event(1)).close()
    with path.open("ab") as file:
        file.write(b"\0\0\0\n[1]\n{}\n\xff\xfe\n" + b"[" * 100_000 + b"\n\n")
        file.write(b'{"type":"event","seq":9,"time":1,"kind":"from the future"}\n')
    written(path, event(2)).close()
    assert load(path) == ([event(1), event(2)], 6)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 200))
def test_no_bytes_are_too_strange(
    tmp_path_factory: pytest.TempPathFactory, rubbish: bytes, cut: int
) -> None:
    path = tmp_path_factory.mktemp("journal") / "journal"
    written(path, event(1)).close()
    with path.open("r+b") as file:
        file.truncate(min(cut, path.stat().st_size))
        file.seek(0, os.SEEK_END)
        file.write(rubbish)
    written(path, event(7)).close()
    assert event(7) in read(path)


def test_it_is_bounded_and_reads_across_the_rotation(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    opened = Journal(path, limit=4000)
    for seq in range(1, 201):
        opened.append(event(seq, "some words"))
        assert path.stat().st_size <= 2000
        if older(path).exists():
            assert older(path).stat().st_size <= 2000
    opened.close()
    seqs = [one.seq for one in read(path)]
    assert seqs == list(range(seqs[0], 201))
    inside = path.read_bytes().count(b"\n")
    assert len(seqs) > inside > 0
    assert [one.seq for one in read(path, inside + 3)] == list(range(201 - inside - 3, 201))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def told(seq: int, worker: Worker) -> Event:
    return Event(seq=seq, time=float(seq), kind="started", worker=worker.id, state=worker)


def test_quiet_workers_are_known_whatever_was_written_since(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    quiet, gone, loud = (Worker(id=name, name=name, pid=7) for name in ("quiet", "gone", "loud"))
    workers = {"quiet": quiet, "gone": gone, "loud": loud}
    opened = Journal(path, limit=4000, workers=lambda: tuple(workers.values()))
    for seq, worker in enumerate(workers.values(), 1):
        opened.append(told(seq, worker))
    for seq in range(4, 101):
        workers["loud"] = msgspec.structs.replace(loud, pid=seq)
        opened.append(told(seq, workers["loud"]))
    del workers["gone"]
    opened.append(Event(seq=101, time=1.0, kind="removed", worker="gone"))
    opened.close()
    kept = load(path)
    assert "quiet" not in {one.worker for one in kept.events}
    assert kept.unreadable == 0
    assert last_words(path) == Snapshot(
        seq=101, workers=(quiet, msgspec.structs.replace(loud, pid=100))
    )


def test_without_a_rotation_the_last_words_are_those_of_the_events(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    assert last_words(path) == Snapshot(seq=0, workers=())
    one, other = Worker(id="one", name="one"), Worker(id="other", name="other")
    again = msgspec.structs.replace(one, pid=9)
    written(path, told(1, one), told(2, other), told(3, again)).close()
    assert last_words(path) == Snapshot(seq=3, workers=(again, other))


def test_states_never_take_more_than_half_of_what_is_written(tmp_path: Path) -> None:
    """However many workers there are, an event costs the same, amortised."""
    many = tuple(Worker(id=f"w-{n}", name=f"w-{n}") for n in range(500))
    asked = []

    def workers() -> tuple[Worker, ...]:
        asked.append(1)
        return many

    opened = Journal(tmp_path / "journal", limit=4000, workers=workers)
    size = len(encode(Snapshot(seq=1, workers=many)))
    events = 0
    while events * len(encode(event(100, "x" * 100))) < 10 * size:
        events += 1
        opened.append(event(events, "x" * 100))
        assert opened.path.stat().st_size <= 2 * size
    opened.close()
    assert len(asked) <= 13


def test_states_that_can_not_be_written_whole_are_never_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal"
    quiet = Worker(id="quiet", name="quiet")
    opened = Journal(path, limit=1000, workers=lambda: (quiet,))
    opened.append(told(1, quiet))
    real = os.write

    def full(descriptor: int, data: bytes) -> int:
        if b"snapshot" in bytes(data):
            real(descriptor, bytes(data)[:20])
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, data)

    with monkeypatch.context() as tight:
        tight.setattr(os, "write", full)
        for seq in range(2, 40):
            opened.append(event(seq))
    assert not older(path).exists()
    for seq in range(40, 60):
        opened.append(event(seq))
    opened.close()
    assert older(path).exists()
    assert load(path).unreadable == 0
    assert last_words(path).workers == (quiet,)


def test_an_event_larger_than_the_limit_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    written(path, event(1, "x" * 5000), event(2), limit=1000).close()
    assert [one.seq for one in read(path)] == [1, 2]


def test_a_rotation_between_the_two_opens_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal"
    opened = written(path, event(1), event(2))
    real, calls = journal._open_to_read, []

    def rotating(asked: Path) -> int | None:
        descriptor = real(asked)
        calls.append(asked)
        if len(calls) == 1:
            opened._rotate(2, journal.LIMIT)
            opened.append(event(3))
        return descriptor

    monkeypatch.setattr(journal, "_open_to_read", rotating)
    assert [one.seq for one in read(path)] == [1, 2, 3]
    opened.close()


@pytest.mark.parametrize("call", ["open", "rename"])
def test_a_rotation_that_fails_loses_nothing_and_is_done_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = tmp_path / "journal"
    opened = written(path, *map(event, range(1, 8)), limit=1000)
    with monkeypatch.context() as full:

        def refused(*_: object, **__: object) -> int:
            raise OSError(errno.EMFILE, "Too many open files")

        full.setattr(os, call, refused)
        for seq in range(8, 30):
            opened.append(event(seq))
    assert path.stat().st_size > 1000
    assert not older(path).exists()
    opened.append(event(30))
    assert older(path).exists()
    for seq in range(31, 40):
        opened.append(event(seq))
    opened.close()
    seqs = [one.seq for one in read(path)]
    assert seqs == list(range(seqs[0], 40))
    assert sorted(found.name for found in tmp_path.iterdir()) == ["journal", "journal.1"]


def test_links_and_other_things_are_refused(tmp_path: Path) -> None:
    path, elsewhere = tmp_path / "journal", tmp_path / "elsewhere"
    elsewhere.write_bytes(b"precious")
    path.symlink_to(elsewhere)
    with pytest.raises(OSError):
        Journal(path)
    with pytest.raises(OSError):
        read(path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(PermissionError):
        Journal(path)
    with pytest.raises(PermissionError):
        read(path)
    assert elsewhere.read_bytes() == b"precious"


def test_a_line_written_in_part_is_told_and_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal"
    opened = written(path, event(1))
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:10]))
    with pytest.raises(OSError) as caught:
        opened.append(event(2))
    assert caught.value.errno == errno.ENOSPC
    monkeypatch.setattr(os, "write", real)
    opened.append(event(3))
    opened.close()
    assert load(path) == ([event(1), event(3)], 0)


def test_a_line_written_in_part_that_can_not_be_taken_back_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal"
    opened = written(path, event(1))
    real = os.write

    def refused(descriptor: int, size: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:10]))
        broken.setattr(os, "ftruncate", refused)
        with pytest.raises(OSError):
            opened.append(event(2))
    opened.append(event(3))
    opened.close()
    assert load(path) == ([event(1), event(3)], 1)


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    program = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from proctui.sessions.journal import Journal; from proctui.protocol import Event\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))\n"
        "journal = Journal(Path(sys.argv[1])); failures = 0\n"
        "for seq in range(1, 20):\n"
        "    try: journal.append(Event(seq=seq, time=1.0, kind='note'))\n"
        "    except OSError: failures += 1\n"
        "print(failures)\n"
    )
    path = tmp_path / "journal"
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    events, unreadable = load(path)
    assert unreadable <= 1
    assert [one.seq for one in events] == list(range(1, len(events) + 1))
    assert int(done.stdout) == 19 - len(events)


def test_the_journal_of_a_killed_writer_is_readable_and_true(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from proctui.sessions.journal import Journal; from proctui.protocol import Event\n"
        "journal = Journal(Path(sys.argv[1]), 200_000); seq = 0\n"
        "while True:\n"
        "    seq += 1; journal.append(Event(seq=seq, time=1.0, kind='note'))\n"
        "    if seq % 100 == 0: print(seq, flush=True)\n"
    )
    path = tmp_path / "journal"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(30)]
        process.kill()
    seqs = [one.seq for one in read(path)]
    assert seqs == list(range(seqs[0], seqs[-1] + 1))
    assert seqs[-1] >= told[-1]
