"""Each benchmark runs, with tiny sizes, so that it can't rot.  Nothing is said about speed."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from tests.benchmarks import growth, idle, kept, markdown, peers
from tests.benchmarks.__main__ import NAMES, run
from tests.benchmarks.figures import Figure, Scale, crowded, machine

EXPECTED = {
    "sampling": ("a pass over 8", "scan of the machine", "kill → told", "killed at once"),
    "idle": ("CPU, 2 at rest", "resident, 2 at rest", "supervisor: CPU", "supervisor: resident"),
    "ends": ("kill → changed row, 2 workers, p95", "2 killed at once"),
    "lists": ("sort → frame, 60 rows, p95", "filter → frame, 60 rows, p95"),
    "keys": ("key → frame, 30 rows, p95", "held key, 30 rows", "held key, worst gap", "CPU, 30 %"),
    "paint": ("exec → rows, warm", "exec → whole screen, warm"),
    "starts": ("fork, 2 alive: starts", "forkserver, 2 alive: memory", "spawn, 2 alive: starts"),
    "joins": ("joins of 3 ended workers", "kills of 3 trees"),
    "logs": ("2 workers print", "2 workers print: supervisor's CPU", "journal"),
    "growth": ("2 workers: client attaches", "3 workers: screen's CPU per tick", "3 workers: one"),
}
"""Parts of lines that must be there."""
ALONE = {"idle", "ends"}
"""Their baselines are peers, which need not be installed."""


@pytest.mark.parametrize("name", NAMES)
def test_benchmark_tells_ours_the_baseline_and_the_ratio(name: str) -> None:
    said = io.StringIO()
    result = json.loads(json.dumps(run(name, "tiny", (), said)))
    figures = result["figures"]
    for part in EXPECTED[name]:
        assert any(part in figure["what"] for figure in figures), part
        assert part in said.getvalue()
    assert all(figure["ours"] >= 0 and figure["unit"] for figure in figures)
    compared = [figure for figure in figures if figure["theirs"]]
    assert compared or name in ALONE
    for figure in compared:
        assert figure["baseline"]
        assert figure["ratio"] == pytest.approx(figure["ours"] / figure["theirs"], rel=0.01)


def test_every_benchmark_is_expected_something_of() -> None:
    assert set(EXPECTED) == set(NAMES)


def test_sizes_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Scale] = []

    def figures(scale: Scale) -> tuple[Figure, ...]:
        asked.append(scale)
        return ()

    monkeypatch.setattr("tests.benchmarks.idle.figures", figures)
    run("idle", "quick", (7, 9), io.StringIO())
    assert asked == [idle.SCALES["quick"]._replace(counts=(7, 9))]


def test_figure_says_whether_ours_is_better() -> None:
    slower = Figure("joins", 50, "per second", "stock", 100, more_is_better=True)
    assert (slower.ratio, slower.better) == (0.5, False)
    sooner = Figure("a frame", 50, "ms", "stock", 100)
    assert sooner.better
    assert "stock 100, ratio 0.5" in sooner.line()
    assert Figure("memory", 5, "MB").ratio is None


def test_machine_is_told() -> None:
    told = machine()
    assert told["cpus"] >= 1
    assert told["memory_gb"] > 0
    assert told["psutil"]


def test_how_to_install_what_is_missing_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    assert "htop is not installed: apt install htop" in peers.missing()
    assert peers.installed(tmp_path) == []


def test_what_the_machine_has_no_room_for_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.benchmarks.figures._memory", lambda name: 100 << 20)
    why = "they would need 160 MB of 100 MB that are free"
    assert crowded(100) == why
    assert crowded(50) is None
    assert list(idle.figures(Scale((100,)))) == [f"100 at rest: left out, {why}"]
    assert list(growth.figures(Scale((100,)))) == [f"100 workers: left out, {why}"]


def _report(ratio: float, more_is_better: bool = False) -> dict[str, object]:
    figure = Figure("a tick", ratio, "ms", "top", 1.0, more_is_better).as_dict()
    return {"scale": "full", "benchmarks": {"idle": {"figures": [figure]}}}


def test_worse_ratio_is_told_and_a_little_worse_is_not() -> None:
    assert kept.worse(_report(1.4), _report(1.0)) == []
    (sentence,) = kept.worse(_report(1.6), _report(1.0))
    assert sentence == "idle: a tick: 1.6 × top, it was 1 ×"
    assert kept.worse(_report(1.6, True), _report(1.0, True)) == []
    assert kept.worse(_report(0.6, True), _report(1.0, True))
    said = io.StringIO()
    assert kept.complain(_report(1.6), _report(1.0), said) == 1
    assert "worse than it was: idle: a tick" in said.getvalue()
    assert kept.complain(_report(1.0), _report(1.0), said) == 0


def test_kept_results_of_other_benchmarks_stay(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    kept.save(_report(1.0), path)
    kept.save({"scale": "full", "benchmarks": {"ends": {"figures": []}}}, path)
    assert set(kept.load(path)["benchmarks"]) == {"idle", "ends"}
    kept.save({"scale": "quick", "benchmarks": {"ends": {"figures": []}}}, path)
    assert set(kept.load(path)["benchmarks"]) == {"ends"}


def test_kept_results_become_tables() -> None:
    costs = [
        Figure(f"{count} workers: a tick", value, "ms")
        for count, value in (("10", 3), ("1,000", 4))
    ]
    report = _report(0.25)
    assert isinstance(report["benchmarks"], dict)
    report["benchmarks"]["growth"] = {"figures": [cost.as_dict() for cost in costs]}
    assert "| a tick | 0.25 ms | top: 1 | 0.25 |" in list(markdown.compared(report))
    assert list(markdown.growth(report)) == [
        "| with so many workers alive | 10 | 1,000 |",
        "| --- | --- | --- |",
        "| a tick, ms | 3 | 4 |",
    ]
