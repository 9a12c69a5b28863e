"""What happened in a session as a Chrome trace, which Perfetto and chrome://tracing open.  Pure.

The JSON object form of the trace event format: one track (a "thread") for each process, a
complete event (``X``) for each stretch of being alive, an orphan or a zombie, an instant
(``i``) for each signal, join and other mark, and counters (``C``) of CPU and memory.
Times are whole microseconds since the first thing that happened.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from proctui.core.chronicle import Chronicle
from proctui.core.history import Point
from proctui.protocol import Event
from proctui.views.lifelines import Lifeline, lifeline
from proctui.views.timeline import sentence

_PID = 1
"""The trace's own number of the session; tracks count from 1 too."""


class Track(NamedTuple):
    """One process of the trace."""

    line: Lifeline
    pid: int | None = None
    points: Sequence[Point] = ()


def trace(tracks: Iterable[Track], session: str, now: float) -> dict[str, Any]:
    """The trace of these processes; what still lasts ends at `now`.

    Names and texts may be untrusted: they are data in the result, no more.
    """
    known = [track for track in tracks if track.line.began is not None]
    began = min((one for track in known if (one := track.line.began) is not None), default=now)
    events: list[dict[str, Any]] = [_named("process_name", 0, session)]
    for number, track in enumerate(known, 1):
        name = track.line.name if track.pid is None else f"{track.line.name} ({track.pid})"
        events += [_named("thread_name", number, name), _order(number)]
        events += _slices(track.line, number, began, now)
        events += _instants(track.line, number, began)
        events += _counters(track, name, began)
    return {
        "traceEvents": events,
        "displayTimeUnit": "ms",
        "otherData": {
            "session": session,
            "began": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(began)),
        },
    }


def encode(found: dict[str, Any]) -> str:
    """The trace as text, one event on each line; ASCII only."""
    events = ",\n".join(json.dumps(event) for event in found["traceEvents"])
    rest = json.dumps({key: value for key, value in found.items() if key != "traceEvents"})
    return f'{{"traceEvents": [\n{events}\n],\n{rest[1:]}\n'


def from_events(events: Sequence[Event], session: str, now: float) -> dict[str, Any]:
    """The trace of what a journal tells: the workers alone, not what descends from them."""
    chronicle = Chronicle()
    for event in events:
        if event.worker is None or event.kind in ("note", "adopted"):
            continue
        history = chronicle.histories.of(f"w:{event.worker}")
        history.name = history.name or event.worker
        chronicle.event(history.key, event)
        if event.state is not None:
            history.name = event.state.name
    return trace((Track(lifeline(one)) for one in chronicle.histories), session, now)


def _microseconds(when: float, began: float) -> int:
    return round((when - began) * 1_000_000)


def _named(kind: str, track: int, name: str) -> dict[str, Any]:
    return {"ph": "M", "name": kind, "pid": _PID, "tid": track, "args": {"name": name}}


def _order(track: int) -> dict[str, Any]:
    args = {"sort_index": track}
    return {"ph": "M", "name": "thread_sort_index", "pid": _PID, "tid": track, "args": args}


def _slices(line: Lifeline, track: int, began: float, now: float) -> Iterable[dict[str, Any]]:
    for segment in line.segments:
        start = _microseconds(segment.start, began)
        end = _microseconds(max(segment.start, now if segment.end is None else segment.end), began)
        yield {
            "ph": "X", "name": segment.kind, "cat": "process", "pid": _PID, "tid": track,
            "ts": start, "dur": end - start,
        }  # fmt: skip


def _instants(line: Lifeline, track: int, began: float) -> Iterable[dict[str, Any]]:
    for moment in line.moments:
        said = {"what": sentence(moment), "text": moment.text, "event": moment.seq}
        yield {
            "ph": "i", "s": "t", "name": sentence(moment), "cat": moment.sign, "pid": _PID,
            "tid": track, "ts": _microseconds(moment.time, began),
            "args": {key: value for key, value in said.items() if value not in ("", None)},
        }  # fmt: skip


def _counters(track: Track, name: str, began: float) -> Iterable[dict[str, Any]]:
    """Counters belong to the whole session in this format, so their names name the process."""
    for point in track.points:
        common = {"ph": "C", "cat": "figures", "pid": _PID, "tid": 0,
                  "ts": max(0, _microseconds(point.time, began))}  # fmt: skip
        yield {**common, "name": f"cpu of {name}", "args": {"% of a core": point.cpu_percent}}
        yield {**common, "name": f"memory of {name}", "args": {"bytes": point.rss_bytes}}
