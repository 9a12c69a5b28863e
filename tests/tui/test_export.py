"""Saving the history and the picture, and the chart of one process."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from textual.widgets import Input

from tests.tui.screens import opened


@pytest.fixture(autouse=True)
def _folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


async def test_the_history_as_a_trace(tmp_path: Path) -> None:
    async with opened() as stage:
        await stage.press("E")
        await stage.sees("Export", "lessons-", ".json", "Chrome trace")
        await stage.press("enter")
        await stage.told("is written")
    (file,) = tmp_path.glob("lessons-*.json")
    events = json.loads(file.read_text())["traceEvents"]
    names = [e["args"]["name"] for e in events if e["name"] == "thread_name"]
    assert names[:3] == ["piao-1 (40321)", "cleaner (40322)", "worker-3 (40323)"]
    assert names.index("factory (40330)") + 1 == names.index("python3 (40344)")
    assert {e["name"] for e in events if e["ph"] == "X"} == {"alive", "orphaned", "zombie"}
    cpu = [e["args"] for e in events if e["name"] == "cpu of cleaner (40322)"]
    assert cpu[0]["% of a core"] == pytest.approx(98.7, abs=0.01)


async def test_the_picture_as_svg_without_the_dialog(tmp_path: Path) -> None:
    async with opened() as stage:
        await stage.press("2")
        await stage.sees("s/cell")
        await stage.press("E")
        await stage.sees("Export")
        await stage.pilot.click("#export-picture")
        field = stage.app.screen.query_one(Input)
        await stage.until(lambda: field.value.endswith(".svg"))
        await stage.pilot.click("#export-save")
        await stage.told("is written")
    (file,) = tmp_path.glob("*.svg")
    text = file.read_text()
    assert "<svg" in text
    assert "piao-1" in text
    assert "Perfetto" not in text
    assert "━" in text


async def test_a_file_that_exists_is_replaced_only_when_told_twice(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text("precious")
    async with opened() as stage:
        await stage.press("E")
        await stage.sees("Export")
        stage.app.screen.query_one(Input).value = "mine.json"
        await stage.press("enter")
        await stage.sees("This file exists")
        assert (tmp_path / "mine.json").read_text() == "precious"
        await stage.press("enter")
        await stage.told("is written")
    assert "traceEvents" in (tmp_path / "mine.json").read_text()


async def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    async with opened() as stage:
        await stage.press("E")
        await stage.sees("Export")
        field = stage.app.screen.query_one(Input)
        field.value = ""
        await stage.press("enter")
        await stage.sees("A file name is needed.")
        field.value = "nowhere/lives.json"
        await stage.press("enter")
        await stage.told("was not written", "No such file")
    assert not list(tmp_path.iterdir())
