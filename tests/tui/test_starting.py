"""What it costs until the screen stands: counted, not timed."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from textual._compositor import Compositor
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode
from textual.widget import Widget

from proctui.tui.screens.workers import WorkersScreen
from tests.support import ROOT
from tests.tui.screens import opened

UNNEEDED = {
    "plotext", "psutil", "tomllib", "proctui.files.settings_rules", "proctui.kernel.foreign",
    "proctui.lessons.files", "proctui.sessions.past", "proctui.tui.commands",
    "proctui.tui.screens.help", "proctui.tui.screens.menu", "proctui.tui.screens.settings",
    "proctui.views.trace",
}  # fmt: skip
"""All that is for what somebody may do later."""


def test_nothing_is_imported_that_the_screen_does_not_need() -> None:
    code = f"import sys, proctui.tui.app; print(sorted({UNNEEDED} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def counted(
    monkeypatch: pytest.MonkeyPatch, owner: type, name: str, what: Callable[..., Any]
) -> list[Any]:
    """What each call from now on was about."""
    calls: list[Any] = []
    method = getattr(owner, name)

    def call(*arguments: Any, **more: Any) -> Any:
        calls.append(what(*arguments))
        return method(*arguments, **more)

    monkeypatch.setattr(owner, name, call)
    return calls


async def test_every_widget_gets_its_styles_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """And once more where it has got the focus, or has turned out not to apply."""
    styled: list[DOMNode] = counted(monkeypatch, Stylesheet, "apply", lambda _, node, **__: node)
    async with opened():
        times = Counter(node for node in styled if isinstance(node, Widget))
        again = {node: number for node, number in times.items() if number > 1}
    assert len(times) > 30
    assert max(times.values()) <= 3, again
    assert len(again) <= len(times) / 3, again


async def test_what_lay_under_a_dialog_keeps_its_styles(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened() as stage:
        await stage.press("question_mark")
        await stage.sees("Help")
        styled = counted(monkeypatch, Stylesheet, "apply", lambda _, node, **__: node)
        await stage.press("escape")
        await stage.until(lambda: stage.app.screen is stage.workers, "the dialog's end")
        await stage.pilot.pause()
        assert len([node for node in styled if isinstance(node, Widget)]) < 10


async def test_nothing_is_painted_before_its_room_is_shared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing jumps then, and the first frame is like all others."""

    def height(compositor: Compositor, **_: object) -> object:
        assert isinstance(compositor.root, WorkersScreen)
        return compositor.root.panes.styles.inline.height

    heights = counted(monkeypatch, Compositor, "render_update", height)
    async with opened():
        assert heights
        assert None not in heights


async def test_rules_for_dialogs_are_read_with_the_first_dialog() -> None:
    async with opened() as stage:

        def read() -> int:
            return sum(str(path).endswith("dialogs.tcss") for path, _ in sources)

        sources = stage.app.stylesheet.source
        assert read() == 0
        for _ in range(2):
            await stage.press("question_mark")
            await stage.sees("Help")
            assert read() == 1
            await stage.press("escape")
