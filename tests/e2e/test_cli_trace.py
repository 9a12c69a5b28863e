"""``events --trace`` from a real session."""

from __future__ import annotations

import json
from pathlib import Path

from tests.e2e.commanding import CommandLine, proctui
from tests.support import until

__all__ = ["proctui"]

SHORT = """
[workers.short]
command = "exit 3"
reap = "auto"
[workers.long]
command = "exec sleep 100"
"""


def tracks(text: str) -> dict[str, list[str]]:
    """Names of the slices, by the name of the track."""
    events = json.loads(text)["traceEvents"]
    names = {e["tid"]: e["args"]["name"] for e in events if e["name"] == "thread_name"}
    found: dict[str, list[str]] = {name: [] for name in names.values()}
    for event in events:
        if event["ph"] == "X":
            found[names[event["tid"]]].append(event["name"])
    return found


def test_a_session_as_a_trace(proctui: CommandLine, tmp_path: Path) -> None:
    proctui.run(SHORT)
    until(lambda: proctui.workers()["short"]["joined_at"])
    file = tmp_path / "lives.json"
    assert proctui.right("events", "--trace", str(file)).out == ""
    found = tracks(file.read_text())
    assert found["short"][0] == "alive"
    assert found["long"] == ["alive"]
    only = tracks(proctui.right("events", "--trace", "-", "--worker", "sh*").out)
    assert set(only) == {"short"}


def test_a_trace_that_cannot_be_written(proctui: CommandLine, tmp_path: Path) -> None:
    proctui.run(SHORT)
    done = proctui("events", "--trace", str(tmp_path / "nowhere" / "lives.json"))
    assert done.status == 1
    assert "No such file" in done.err
    assert proctui("events", "--trace", "-", "--follow").status == 2
