"""Specifications: what they show, and that they travel whole."""

from __future__ import annotations

import msgspec
import pytest

from proctui import protocol
from proctui.spec import SessionSpec, WorkerSpec


@pytest.mark.parametrize(
    ("spec", "label"),
    [
        (WorkerSpec(id="a", target="lessons:burn"), "lessons:burn()"),
        (
            WorkerSpec(id="a", target="f.py:x", args=("egon", 3), kwargs={"deep": [1]}),
            "f.py:x('egon', 3, deep=[1])",
        ),
        (WorkerSpec(id="a", command=("ls", "-l")), "ls -l"),
        (WorkerSpec(id="a", command=("cp", "my file", "*")), "cp 'my file' '*'"),
        (WorkerSpec(id="a", command=("/bin/sh", "-c", "ls | wc"), shell_line="ls | wc"), "ls | wc"),
        (WorkerSpec(id="a"), ""),
    ],
)
def test_the_label_is_what_runs(spec: WorkerSpec, label: str) -> None:
    assert spec.label == label


def test_a_session_travels_whole() -> None:
    session = SessionSpec(
        name="s",
        adopt=True,
        workers=(
            WorkerSpec(id="a", target="m:f", args=(1, [2.5, None]), kwargs={"x": {"y": True}}),
            WorkerSpec(id="b", command=("ls", "é"), env={"A": "ü"}, daemon=False),
        ),
    )
    sent = protocol.encode(protocol.Reload(id=7, spec=session))
    assert protocol.decode_command(sent) == protocol.Reload(id=7, spec=session)


def test_defaults_cost_nothing_on_the_way() -> None:
    assert msgspec.json.encode(WorkerSpec(id="a")) == b'{"id":"a"}'


def test_a_specification_can_not_be_changed() -> None:
    spec = WorkerSpec(id="a")
    with pytest.raises(AttributeError):
        spec.id = "b"  # type: ignore[misc]
