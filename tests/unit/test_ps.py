"""What ``ps`` prints of a row."""

from __future__ import annotations

from typing import Any

import pytest

from proctui.commands import ps


@pytest.mark.parametrize(
    ("worker", "parent", "shown"),
    [("w", None, "w"), (None, "w", "└ w"), (None, None, "-")],
)
def test_what_no_worker_started_hangs_under_none(
    worker: str | None, parent: str | None, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the fork server and the resource tracker, which are the supervisor's."""
    one: dict[str, Any] = dict.fromkeys(
        ("pid", "ppid", "alive", "exitcode", "daemon", "cpu_percent", "rss_bytes", "started_at")
    )
    one |= {"worker": worker, "parent_worker": parent, "name": "n", "target": "t", "failure": None}
    ps._print([{**one, "state": "sleeping", "orphan": False}], [1])
    assert capsys.readouterr().out.splitlines()[1].partition("  ")[0] == shown
