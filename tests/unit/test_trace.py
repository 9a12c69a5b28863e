"""The trace is what the trace event format asks for, and says what the lifelines say."""

from __future__ import annotations

import json
from typing import Any

from proctui.core.history import Point
from proctui.model import Worker
from proctui.protocol import Event
from proctui.views.lifelines import Lifeline, Moment, Segment
from proctui.views.trace import Track, encode, from_events, trace

NOON = 1_700_000_000.0

HOSTILE = 'a"\\\x1b]0;x\x07</script>\ud800'

LINES = (
    Lifeline(
        "w:a", "piao",
        (Segment("alive", NOON, NOON + 2), Segment("zombie", NOON + 2, NOON + 2.5)),
        (Moment(NOON, "start", "runs as pid 7", 4), Moment(NOON + 1, "signal", "SIGTERM", 5),
         Moment(NOON + 2, "zombie", "3"), Moment(NOON + 2.5, "crashed", "3", 7)),
    ),
    Lifeline("p:3", HOSTILE, (Segment("orphaned", NOON + 1, None),), (Moment(NOON + 1, "orphan"),)),
    Lifeline("w:idle", "idle"),
)  # fmt: skip


def made(now: float = NOON + 10) -> dict[str, Any]:
    points = [Point(NOON + 1, 50.0, 4096)]
    tracks = [Track(LINES[0], 7, points), Track(LINES[1]), Track(LINES[2])]
    found: dict[str, Any] = json.loads(encode(trace(tracks, "lessons", now)))
    return found


def of(found: dict[str, Any], phase: str) -> list[dict[str, Any]]:
    return [event for event in found["traceEvents"] if event["ph"] == phase]


REQUIRED = {
    "X": {"name": str, "cat": str, "ts": int, "dur": int, "pid": int, "tid": int},
    "i": {"name": str, "cat": str, "ts": int, "s": str, "pid": int, "tid": int},
    "C": {"name": str, "ts": int, "pid": int, "args": dict},
    "M": {"name": str, "pid": int, "tid": int, "args": dict},
}
"""Fields that the trace event format asks of each kind of event that is written."""


def test_every_event_is_one_of_the_format() -> None:
    found = made()
    assert isinstance(found["traceEvents"], list)
    assert found["displayTimeUnit"] in ("ms", "ns")
    for event in found["traceEvents"]:
        for field, kind in REQUIRED[event["ph"]].items():
            assert type(event[field]) is kind, (event, field)
        assert event.get("dur", 0) >= 0
        assert event.get("ts", 0) >= 0
        assert event.get("s", "t") in ("g", "p", "t")
    assert {event["ph"] for event in found["traceEvents"]} == set(REQUIRED)
    for event in of(found, "M"):
        assert event["name"] in ("process_name", "thread_name", "thread_sort_index")
    for event in of(found, "C"):
        assert all(isinstance(value, int | float) for value in event["args"].values())


def test_slices_of_one_track_never_overlap() -> None:
    ends: dict[int, int] = {}
    for event in of(made(), "X"):
        assert event["ts"] >= ends.get(event["tid"], 0)
        ends[event["tid"]] = event["ts"] + event["dur"]


def test_one_track_for_each_process_that_ever_ran() -> None:
    names = {e["tid"]: e["args"]["name"] for e in of(made(), "M") if e["name"] == "thread_name"}
    assert names == {1: "piao (7)", 2: HOSTILE}


def test_slices_and_instants_tell_the_lifeline() -> None:
    found = made()
    slices = [(e["tid"], e["name"], e["ts"], e["dur"]) for e in of(found, "X")]
    assert slices == [
        (1, "alive", 0, 2_000_000),
        (1, "zombie", 2_000_000, 500_000),
        (2, "orphaned", 1_000_000, 9_000_000),
    ]
    signal = next(e for e in of(found, "i") if e["cat"] == "signal")
    assert (signal["name"], signal["ts"], signal["args"]["event"]) == ("got SIGTERM", 1_000_000, 5)
    assert [e["cat"] for e in of(found, "i") if e["tid"] == 1] == [
        "start", "signal", "zombie", "crashed",
    ]  # fmt: skip


def test_the_text_is_ascii_and_harmless() -> None:
    text = encode(trace([Track(LINES[1])], HOSTILE, NOON + 2))
    assert text.isascii()
    assert "\x1b" not in text


def test_nothing_happened() -> None:
    found = json.loads(encode(trace([], "empty", NOON)))
    assert [event["name"] for event in found["traceEvents"]] == ["process_name"]


def test_a_journal_tells_the_workers_lives() -> None:
    events = [
        Event(seq=1, time=NOON, kind="session-started"),
        Event(seq=2, time=NOON + 1, kind="started", worker="a", pid=7),
        Event(seq=3, time=NOON + 2, kind="signalled", worker="a", pid=7, signal="SIGTERM"),
        Event(seq=4, time=NOON + 3, kind="ended", worker="a", pid=7, exitcode=-15),
        Event(seq=5, time=NOON + 5, kind="joined", worker="a", pid=7, exitcode=-15),
    ]
    found = from_events(events, "lessons", NOON + 9)
    assert [(e["name"], e["ts"], e["dur"]) for e in of(found, "X")] == [
        ("alive", 0, 2_000_000), ("zombie", 2_000_000, 2_000_000),
    ]  # fmt: skip
    assert [e["cat"] for e in of(found, "i")] == ["start", "signal", "zombie", "crashed"]


def test_a_run_too_short_for_its_start_to_be_told_was_alive_nevertheless() -> None:
    state = Worker(id="a", name="piao", phase="ended", pid=7, started_at=NOON, ended_at=NOON + 1)
    events = [Event(seq=1, time=NOON + 1, kind="ended", worker="a", pid=7, exitcode=3, state=state)]
    found = from_events(events, "lessons", NOON + 2)
    assert [e["name"] for e in of(found, "X")] == ["alive", "zombie"]
    assert of(found, "M")[1]["args"]["name"] == "piao"
