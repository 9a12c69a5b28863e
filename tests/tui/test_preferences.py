"""Settings on the screen: in force from the start, changed from within, kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from proctui.files import settings, settings_file
from proctui.files.settings import Settings
from proctui.protocol import Shutdown, Signal
from proctui.tui import keymap
from proctui.tui.preferences import Kept
from proctui.tui.screens.columns import ColumnChooser
from proctui.tui.screens.confirm import Confirm
from proctui.tui.screens.quit import Quit
from proctui.tui.screens.settings import SettingsForm
from proctui.tui.widgets.process_table import ProcessTable
from proctui.views.view import COLUMNS
from tests.tui.screens import opened


@pytest.fixture(autouse=True)
def usual_keys_again() -> Iterator[None]:
    yield
    keymap.put_in_force({})


def kept() -> Kept:
    return Kept(settings.load(), settings_file.save)


async def test_settings_are_in_force_from_the_start() -> None:
    chosen = Settings(theme="nord", columns=("name", "cpu"), sort="cpu", tree=False, refresh=0.5)
    async with opened(kept=Kept(chosen)) as stage:
        assert stage.app.theme == "nord"
        assert stage.workers.listing.sort == "cpu"
        assert not stage.workers.listing.tree
        assert stage.workers.feed.interval == 0.5
        assert [each.column for each in stage.workers.table.column_layout.placed] == ["name", "cpu"]
        assert stage.workers.table.rows[0].name == "cleaner"


async def test_without_settings_the_session_says_how_often() -> None:
    async with opened() as stage:
        assert stage.workers.feed.interval == stage.client.hello.refresh


async def test_vim_fingers() -> None:
    async with opened(kept=Kept(Settings(keymap="vim"))) as stage:
        await stage.go_to("w:piao-1")
        await stage.press("j", "j", "k")
        assert stage.workers.table.cursor_key == "w:cleaner"
        await stage.sees("Join J", "Kill K", "Join all A")
        await stage.press("K")
        await stage.sees("Kill cleaner (40322)?")
        assert isinstance(stage.app.screen, Confirm)
        await stage.press("escape")
        await stage.go_to("w:worker-3")
        await stage.sees(" J  Join it")
        await stage.press("L")
        await stage.until(lambda: stage.workers.panes.current == "log")


async def test_htop_fingers() -> None:
    async with opened(kept=Kept(Settings(keymap="htop"))) as stage:
        await stage.sees("F1 help", "F4 filter")
        await stage.press("t")
        assert not stage.workers.listing.tree
        await stage.press("k")
        await stage.sees("Send which signal to piao-1")


async def test_help_and_palette_name_the_keys_that_work() -> None:
    async with opened(kept=Kept(Settings(keymap="vim"))) as stage:
        await stage.press("question_mark")
        await stage.sees("up k", "down j")
        await stage.press("escape")
        await stage.press("ctrl+p", *"kill")
        await stage.sees("K     Send SIGKILL")


async def test_the_form_changes_what_is_chosen_and_keeps_it() -> None:
    async with opened(kept=kept()) as stage:
        await stage.press("comma")
        await stage.sees("Settings", "Theme", "Ask before", str(settings.path())[:20])
        form = stage.app.screen
        assert isinstance(form, SettingsForm)
        form.query_one("#theme").value = "proctui-colour-blind"  # type: ignore[attr-defined]
        form.query_one("#keymap").value = "vim"  # type: ignore[attr-defined]
        form.query_one("#confirm-restart").value = False  # type: ignore[attr-defined]
        form.query_one("#refresh").value = "0.5"  # type: ignore[attr-defined]
        await stage.until(lambda: stage.app.theme == "proctui-colour-blind", "the theme, at once")
        await stage.press("ctrl+s")
        await stage.sees("Join J")
        assert settings.load() == Settings(
            theme="proctui-colour-blind", keymap="vim", refresh=0.5,
            confirm=("terminate", "kill", "signal", "stop"),
        )  # fmt: skip
        assert stage.workers.feed.interval == 0.5


async def test_the_form_says_what_it_is_about_and_claims_nothing_that_is_not_done() -> None:
    async with opened(kept=kept()) as stage:
        await stage.press("comma")
        await stage.sees("Will be kept in", "3600 s (the session's)", "List at start")
        assert not stage.app.screen.query_one("#mistake").has_class("-wrong")


async def test_the_chooser_of_columns_has_titles() -> None:
    async with opened(kept=kept()) as stage:
        await stage.press("f7")
        await stage.sees("Column   Width     What it shows", "NAME     auto      Name")


async def test_leaving_the_form_changes_nothing() -> None:
    async with opened(kept=kept()) as stage:
        await stage.press("f2")
        await stage.until(lambda: isinstance(stage.app.screen, SettingsForm))
        stage.app.screen.query_one("#theme").value = "dracula"  # type: ignore[attr-defined]
        await stage.until(lambda: stage.app.theme == "dracula")
        await stage.press("escape")
        await stage.until(lambda: stage.app.theme == "textual-dark")
        assert not settings.path().exists()


async def test_a_wrong_figure_is_said_and_not_kept() -> None:
    async with opened(kept=kept()) as stage:
        await stage.press("comma")
        await stage.until(lambda: isinstance(stage.app.screen, SettingsForm))
        stage.app.screen.query_one("#refresh").value = "often"  # type: ignore[attr-defined]
        await stage.sees("Refresh must be a number of seconds from 0.1 on and")
        await stage.press("ctrl+s")
        assert isinstance(stage.app.screen, SettingsForm)
        assert not settings.path().exists()


async def test_columns_are_chosen_ordered_and_sized_and_the_list_follows() -> None:
    async with opened(kept=kept()) as stage:
        table = stage.workers.table
        await stage.press("f7")
        await stage.until(lambda: isinstance(stage.app.screen, ColumnChooser))
        await stage.press("down", "down", "space")  # no PPID
        await stage.press("up", "right_square_bracket", "right_square_bracket")  # PID after ALIVE
        await stage.press("home", "plus", "plus")
        shown = [each.column for each in table.column_layout.placed]
        assert shown[:3] == ["name", "alive", "pid"]
        assert "ppid" not in shown
        assert table.column_layout.placed[0].width == 22
        await stage.press("ctrl+s")
        await stage.until(lambda: settings.path().exists(), "the file")
        assert settings.load().columns[:3] == ("name", "alive", "pid")
        assert settings.load().widths == {"name": 22}


async def test_leaving_the_chooser_puts_the_columns_back() -> None:
    async with opened(kept=kept()) as stage:
        await stage.press("f7")
        await stage.until(lambda: isinstance(stage.app.screen, ColumnChooser))
        await stage.press("space", "down", "space", "escape")
        await stage.until(lambda: not isinstance(stage.app.screen, ColumnChooser))
        shown = [each.column for each in stage.workers.table.column_layout.placed]
        assert shown == list(COLUMNS)
        assert not settings.path().exists()


@pytest.mark.parametrize(
    ("theme", "shown"), [("textual-dark", "ansi-dark"), ("nord", "nord"), ("ansi-light",) * 2]
)
async def test_sixteen_colours_are_the_terminals_own(
    theme: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLORTERM", "")
    monkeypatch.setenv("TERM", "linux")
    async with opened(kept=Kept(Settings(theme=theme), settings_file.save)) as stage:
        assert stage.app.theme == shown
        await stage.sees("2 ZOMBIES")
    assert not settings.path().exists()


async def test_what_cannot_be_kept_is_said_and_holds_until_one_leaves() -> None:
    Path(settings.path().parent).write_text("no folder")
    async with opened(kept=Kept(Settings(), settings_file.save)) as stage:
        stage.workers.preferences.keep({"theme": "nord"})
        stage.workers.preferences.put_in_force()
        await stage.told("Changed until you leave, not for good")
        assert stage.app.theme == "nord"


async def test_what_need_not_be_asked_is_done_at_once() -> None:
    async with opened(kept=Kept(Settings(confirm=()))) as stage:
        await stage.go_to("w:piao-1")
        await stage.press("t")
        await stage.until(lambda: bool(stage.client.sent), "the signal")
        assert isinstance(stage.client.sent[0], Signal)


async def test_what_would_leave_orphans_is_asked_all_the_same() -> None:
    async with opened(kept=Kept(Settings(confirm=()))) as stage:
        await stage.go_to("w:web")
        stage.kernel.put(40399, 40326)
        await stage.sees("40399")
        await stage.press("k")
        await stage.until(lambda: isinstance(stage.app.screen, Confirm), "the question")
        assert stage.kernel.signals == []
        assert stage.client.sent == []


async def test_on_quit_detach_lets_everything_go_on() -> None:
    async with opened(kept=Kept(Settings(on_quit="detach"))) as stage:
        await stage.press("q")
        await stage.until(lambda: stage.app.farewell != "", "the farewell")
        assert stage.client.sent == []


async def test_an_answer_is_remembered_by_key_or_click() -> None:
    for touch in ("r", "#remember"):
        kept: dict[str, Any] = {}

        def save(changes: Mapping[str, Any], kept: dict[str, Any] = kept) -> Settings:
            kept.update(changes)
            return Settings()

        async with opened(kept=Kept(save=save)) as stage:
            await stage.press("q")
            await stage.sees("don't ask again")
            await (stage.pilot.click(touch) if touch == "#remember" else stage.press(touch))
            await stage.press("d")
            await stage.until(lambda: stage.app.farewell != "", "the farewell")
        assert kept == {"on_quit": "detach"}


async def test_an_answer_is_not_remembered_unless_that_is_wanted() -> None:
    saved: list[Mapping[str, Any]] = []

    def save(changes: Mapping[str, Any]) -> Settings:
        saved.append(changes)
        return Settings()

    async with opened(kept=Kept(save=save)) as stage:
        await stage.press("q", "r", "r", "d")
        await stage.until(lambda: stage.app.farewell != "", "the farewell")
        assert saved == []


async def test_on_quit_wait_waits() -> None:
    async with opened(kept=Kept(Settings(on_quit="wait"))) as stage:
        await stage.press("q")
        await stage.until(lambda: stage.client.sent == [Shutdown(mode="wait")])


async def test_on_quit_ask_asks() -> None:
    async with opened() as stage:
        await stage.press("q")
        await stage.until(lambda: isinstance(stage.app.screen, Quit))


async def test_a_form_is_usable_on_a_small_screen() -> None:
    async with opened(size=(60, 15)) as stage:
        await stage.press("comma")
        await stage.sees("Settings: more below", "Theme", "Keep", "Cancel")
        for _ in range(16):
            await stage.press("tab")
            if "On leaving" in stage.text():
                break
        await stage.sees("On leaving", "─ Settings ─")
        await stage.press("escape", "f7")
        await stage.sees("Columns", "NAME", "Keep", "Cancel")


async def test_the_mouse_sizes_and_moves_columns_and_opens_their_menu() -> None:
    async with opened((160, 40), kept=kept()) as stage:
        table, pilot = stage.workers.table, stage.pilot

        async def drag(start: int, end: int) -> None:
            await pilot.mouse_down(ProcessTable, offset=(start, 0))
            await pilot.hover(ProcessTable, offset=(end, 0))
            await pilot.mouse_up(ProcessTable, offset=(end, 0))

        name = table.column_layout.placed[0]
        border = name.x + name.width
        await pilot.hover(ProcessTable, offset=(border, 0))
        assert stage.line("STATE")[border] == "│"
        await drag(border, border + 6)
        assert table.column_layout.placed[0].width == name.width + 6
        await stage.until(lambda: settings.path().exists(), "the file")
        assert settings.load().widths == {"name": name.width + 6}

        state, pid = table.column_layout.find("state"), table.column_layout.find("pid")
        assert state is not None
        assert pid is not None
        await drag(state.x, pid.x + 1)
        assert [each.column for each in table.column_layout.placed[:3]] == ["name", "state", "pid"]
        await stage.until(lambda: settings.load().columns[:3] == ("name", "state", "pid"))
        assert stage.workers.listing.sort is None, "a drag is no click"

        border = table.column_layout.placed[0].x + table.column_layout.placed[0].width
        await pilot.click(ProcessTable, offset=(border, 0), times=2)
        await stage.until(lambda: settings.load().widths == {}, "the width that fits")

        await pilot.click(ProcessTable, offset=(border + 3, 0), button=3)
        await stage.until(lambda: isinstance(stage.app.screen, ColumnChooser))
