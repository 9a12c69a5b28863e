"""What reads untrusted bytes, with what it may raise and some inputs to begin with."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from proctui import protocol
from proctui.commands.harmless import log_text
from proctui.files import config, procfile, settings_rules
from proctui.files.mistakes import ConfigError
from proctui.linux.procfs import parse_stat
from proctui.model import Row, State, Worker
from proctui.protocol import (
    ClientHello,
    Event,
    Join,
    ProtocolError,
    Reply,
    Snapshot,
    Start,
    Stop,
    encode,
)
from proctui.sessions import journal
from proctui.tui import text
from proctui.tui.loglines import LogLines, spans
from proctui.views import filters
from proctui.views.filters import FilterError

CORPUS = Path(__file__).parent / "corpus"
"""Inputs that found faults, or would if a guard were taken away; each file says what it is."""
FILE = Path("/srv/app/proctui.toml")
ROW = Row(key="w:a", name="a", state=State.ZOMBIE, worker=Worker(id="a", name="a"), exitcode=3)


class Reader(NamedTuple):
    """One of them."""

    read: Callable[[bytes], object]
    refuses: tuple[type[Exception], ...]
    """How it says that the input is none; whatever else is raised is a fault."""
    seeds: tuple[bytes, ...]


def _text(read: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda data: read(data.decode("utf-8", "surrogateescape"))


def _filter(written: str) -> object:
    found = filters.parse(written)
    filters.completions(written)
    return None if found is None else found(ROW)


def _journal(data: bytes) -> object:
    with tempfile.NamedTemporaryFile(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as file:
        file.write(data)
        file.flush()
        reading = journal.load(Path(file.name))
        journal.last_words(Path(file.name))
    lines = [line for line in data.split(b"\n") if line.strip()]
    states = sum(isinstance(journal.understood(line), Snapshot) for line in lines)
    assert len(reading.events) + reading.unreadable + states == len(lines), "a line was lost"
    return len(reading.events)


def _log(data: bytes) -> object:
    lines = LogLines(100)
    lines.feed(data[: len(data) // 2])
    lines.feed(data[len(data) // 2 :])
    for index in range(len(lines)):
        for piece, _ in spans(lines[index]):
            assert text.safe(piece).isprintable()
    assert "\x1b" not in log_text(data).replace("\x1b[", "")
    return None


EVENT = Event(seq=1, time=1.5, kind="ended", text="ended", worker="a", pid=7, exitcode=3)
STATES = encode(Snapshot(seq=0, workers=(Worker(id="a", name="a", pid=7),)))
TOML = b"""[session]
name = "a"
adopt = true
[workers.a]
target = "m:f"
args = [1, "x"]
kwargs = { y = 2.5 }
count = 3
restart = "on-failure"
env = { A = "b" }
[workers.b]
command = ["sleep", "1"]
stop_signal = "SIGINT"
stop_timeout = 0.5
"""
SETTINGS = b'theme = "nord"\ncolumns = ["name", "pid"]\nsort = "-cpu"\n[keys]\njoin = "j"\n'
STAT = b"7 (a b) S 1 7 7 0 -1 4194304 1 0 0 0 5 6 0 0 20 0 1 0 99 1 2" + b" 0" * 28

READERS: dict[str, Reader] = {
    "worker files": Reader(
        _text(lambda read: config.loads_toml(read, FILE)), (ConfigError,), (TOML, b"", b"[workers]")
    ),
    "Procfiles": Reader(
        _text(lambda read: procfile.session_from_procfile(read, FILE, {})),
        (ConfigError,),
        (b"web: exec server --port $PORT\nworker: run\n# note\n", b""),
    ),
    "env files": Reader(
        _text(lambda read: procfile.parse_dotenv(read, FILE)),
        (ConfigError,),
        (b"A=b\nexport C='d e'\nPORT=5000\n", b""),
    ),
    "filters": Reader(
        _text(_filter),
        (FilterError,),
        (b"state:zombie or (cpu>50 !name:x)", b'exitcode!=0 mem>100M age<5m "a b"', b"is:orphan"),
    ),
    "settings": Reader(
        _text(lambda read: settings_rules.loads(read, FILE)), (ConfigError,), (SETTINGS, b"")
    ),
    "commands of the protocol": Reader(
        protocol.decode_command,
        (ProtocolError,),
        (
            encode(ClientHello(version=1, client="c", pid=1)),
            encode(Start(id=1, workers=("a",))),
            encode(Join(id=2, workers=("a",), timeout=1.5)),
            encode(Stop(id=3, workers=("a",))),
        ),
    ),
    "messages of the protocol": Reader(
        protocol.decode_message, (ProtocolError,), (encode(EVENT), encode(Reply(id=1)))
    ),
    "journals": Reader(_journal, (), (encode(EVENT) * 3, STATES + encode(EVENT), b"")),
    "/proc/PID/stat": Reader(parse_stat, (ValueError,), (STAT, b"")),
    "logs": Reader(_log, (), (b"line\n\x1b[31mred\x1b[0m\rbar\n", b"\x1b]52;c;eA==\x07")),
}


def folder_of(reader: str) -> Path:
    """Where the inputs of a reader are kept."""
    return CORPUS / reader.strip("/").replace("/", "-").replace(" ", "-")


def kept(reader: str) -> dict[str, bytes]:
    """Those inputs by what they are."""
    return {file.name: file.read_bytes() for file in sorted(folder_of(reader).glob("*"))}
