from __future__ import annotations

from typing import Any

import pytest

from proctui.files.difference import Change, difference
from proctui.spec import SessionSpec, WorkerSpec


def worker(id: str, **fields: Any) -> WorkerSpec:
    return WorkerSpec(id=id, target="m:f", **fields)


def session(*workers: WorkerSpec, **fields: Any) -> SessionSpec:
    return SessionSpec(name="s", workers=workers, **fields)


def test_nothing_differs() -> None:
    found = difference(session(worker("a")), session(worker("a")))
    assert not found
    assert found.lines() == ["nothing differs"]


def test_new_gone_and_changed() -> None:
    found = difference(
        session(worker("a"), worker("b", args=(1,)), worker("c"), refresh=1.0),
        session(worker("b", args=(2,), daemon=True), worker("d"), worker("c"), refresh=0.5),
    )
    assert [spec.id for spec in found.added] == ["d"]
    assert [spec.id for spec in found.removed] == ["a"]
    assert found.changed == {
        "b": (Change("args", "(1,)", "(2,)"), Change("daemon", "None", "True"))
    }
    assert found.lines() == [
        "+ d: m:f()",
        "- a: m:f()",
        "~ b: args (1,) → (2,); daemon None → True",
        "~ session: refresh 1.0 → 0.5",
    ]
    assert found.as_json()["changed"]["b"][0] == {
        "field": "args",
        "before": "(1,)",
        "after": "(2,)",
    }


def test_environment_values_are_not_shown() -> None:
    found = difference(
        session(worker("a", env={"SAME": "s", "TOKEN": "old secret", "GONE": "x"})),
        session(worker("a", env={"SAME": "s", "TOKEN": "new secret", "NEW": "y"})),
    )
    (line,) = found.lines()
    assert line == "~ a: env GONE, TOKEN → NEW, TOKEN"
    assert "secret" not in str(found.as_json())


def test_the_name_and_the_source_make_no_difference() -> None:
    one = SessionSpec(name="a", source="/a", folder="/")
    found = difference(one, SessionSpec(name="b", source="/b", folder="/c"))
    assert not found
    assert found.lines() == [
        "nothing else differs",
        "~ session: name stays a (the file says b)",
    ]


@pytest.mark.parametrize(
    ("here", "there", "shown"),
    [
        ("abc", "abc", []),
        ("abc", "xabyc", []),
        ("abc", "ac", []),
        ("abcd", "acbd", ["~ session: order b, c, d → c, b, d"]),
        ("abc", "cxa", ["~ session: order a, c → c, a"]),
        ("abcdefg", "bacdefg", ["~ session: order a, b, c, d, e, … → b, a, c, d, e, …"]),
    ],
)
def test_a_changed_order_is_a_difference(here: str, there: str, shown: list[str]) -> None:
    found = difference(session(*map(worker, here)), session(*map(worker, there)))
    assert [line for line in found.lines() if "order" in line] == shown
    assert bool(found.settings) == bool(shown)
