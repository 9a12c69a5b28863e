"""The timeline as a person sees it: lifelines, the window of time, marks, and the common cursor."""

from __future__ import annotations

import time

import pytest

from proctui.model import Row
from proctui.tui.widgets.timeline import Timeline
from proctui.tui.widgets.view_bar import ViewBar
from proctui.views.lifelines import Lifeline
from tests.tui.fakes import NOW, Clock, FakeClient, FakeKernel, worker
from tests.tui.screens import Stage, opened


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


async def timeline(stage: Stage) -> Timeline:
    await stage.press("2")
    await stage.sees("s/cell")
    found = stage.app.query_one(Timeline)
    await stage.until(lambda: found.cursor_row is not None, "a cursor")
    return found


def alive(count: int) -> tuple[FakeClient, FakeKernel]:
    workers = [worker(f"w-{i}", 50_000 + i, "lessons:w()") for i in range(count)]
    client, kernel = FakeClient(workers), FakeKernel(Clock())
    kernel.put(40310, 1, "proctui", sid=40310)
    for each in workers:
        assert each.pid is not None
        kernel.put(each.pid)
    return client, kernel


# ------------------------------------------------------------------------- what is drawn


async def test_one_lifeline_each_with_the_glyphs_of_the_table() -> None:
    async with opened() as stage:
        await timeline(stage)
        assert "●━━━" in stage.line("● piao-1")
        assert "Z▒▒▒" in stage.line("Z worker-3")
        assert "Z▒" in stage.line("└ Z python3")
        assert "O░░░" in stage.line("└ O sleep")
        assert "━✓" in stage.line("✓ parent")
        assert "▒" not in stage.line("✓ parent")
        assert "━" not in stage.line("○ later")
        await stage.sees("22:13:10", "22:13:18", "started", "zombie")


@pytest.mark.usefixtures("ascii_terminal")
async def test_in_ascii() -> None:
    async with opened() as stage:
        await timeline(stage)
        assert "*===" in stage.line("* piao-1")
        assert "Z###" in stage.line("Z worker-3")
        assert "O:::" in stage.line("O sleep")
        drawn = stage.app.query_one(Timeline)
        text = "".join(drawn.render_line(y).text for y in range(drawn.size.height))
        assert text.isascii()


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 15), (300, 100)])
async def test_every_line_fills_the_width_in_any_size(size: tuple[int, int]) -> None:
    async with opened(size) as stage:
        drawn = await timeline(stage)
        lengths = {drawn.render_line(y).cell_length for y in range(drawn.size.height)}
        assert lengths == {drawn.size.width}
        assert drawn.size.width > size[0] / 2


async def test_the_smallest_terminal_breaks_nothing() -> None:
    async with opened((20, 5)) as stage:
        await stage.press("2", "plus", "left", "right_square_bracket", "minus", "1")
        assert stage.workers.table.has_focus


async def test_without_workers_it_says_so() -> None:
    async with opened(session=(FakeClient(), FakeKernel(Clock()))) as stage:
        await stage.press("2")
        await stage.sees("Nothing has run yet.")


async def test_a_hostile_name_stays_harmless() -> None:
    client, kernel = FakeClient([worker("evil", 40321, "x")]), FakeKernel(Clock())
    hostile = "\x1b]0;x\x07[/b]\n中"
    client.workers["evil"] = worker("evil", 40321, "x", name=hostile)
    kernel.put(40310, 1, "proctui", sid=40310)
    kernel.put(40321)
    async with opened(session=(client, kernel)) as stage:
        await timeline(stage)
        await stage.press("right_square_bracket")
        await stage.sees("^[]0;x^G[/b]^J中")


# ------------------------------------------------------------------------- the window


async def test_it_follows_now_until_somebody_looks_elsewhere() -> None:
    async with opened() as stage:
        drawn = await timeline(stage)
        stage.clock.now += 60
        await stage.until(lambda: drawn.window.end > NOW + 60, "the window follows")
        await stage.press("left")
        assert not drawn.following
        before = drawn.window
        stage.clock.now += 60
        drawn.update()
        assert drawn.window == before
        await stage.press("end")
        await stage.until(lambda: drawn.following)
        assert drawn.window.column(stage.clock.now) == drawn.window.width - 1


async def test_zooming_and_everything_again() -> None:
    async with opened() as stage:
        drawn = await timeline(stage)
        whole = drawn.window
        await stage.press("plus", "plus")
        assert drawn.window.scale < whole.scale
        assert drawn.following
        await stage.press("minus", "minus", "minus", "minus")
        assert drawn.window.scale > whole.scale
        await stage.press("0")
        assert drawn.window == whole
        await stage.press("plus", "plus", "plus", "home")
        assert drawn.window.column(NOW - 12) in (0, 1)


async def test_one_cannot_pan_beyond_now() -> None:
    async with opened() as stage:
        drawn = await timeline(stage)
        await stage.press("plus", "right", "right")
        assert drawn.window.column(stage.clock.now) == drawn.window.width - 1


async def test_a_paused_display_stands_still() -> None:
    async with opened() as stage:
        drawn = await timeline(stage)
        await stage.press("p")
        await stage.sees("PAUSED")
        before = drawn.window
        stage.clock.now += 30
        drawn.update()
        assert drawn.window == before
        await stage.press("p")
        await stage.until(lambda: drawn.window.end > NOW + 30)


# ------------------------------------------------------------------------- marks


async def test_marks_are_walked_and_tell_their_event() -> None:
    async with opened() as stage:
        await stage.go_to("w:worker-3")
        drawn = await timeline(stage)
        await stage.press("right_square_bracket")
        assert drawn.chosen is not None
        assert drawn.chosen.sign == "start"
        await stage.sees("22:13:11.000", "1 of 2")
        await stage.press("right_square_bracket")
        await stage.sees("ended with exitcode 3", "22:13:12.000", "2 of 2")
        await stage.press("left_square_bracket")
        await stage.sees("1 of 2")
        await stage.press("escape")
        await stage.sees("alive 0:01, a zombie 0:08")


async def test_the_keys_are_named_and_none_of_them_means_something_else_elsewhere() -> None:
    async with opened() as stage:
        await timeline(stage)
        await stage.sees("+ - zoom  ← → pan  0 all  [ ] marks")
        await stage.press("right_square_bracket")
        await stage.sees("1 of 1", "+ - zoom")
        await stage.press("comma")
        await stage.sees("Settings", "Theme")


async def test_what_ended_before_the_window_is_seen_to_have_been_there() -> None:
    async with opened() as stage:
        await timeline(stage)
        await stage.press(*["plus"] * 8)
        await stage.until(lambda: "◂" in stage.line("✓ parent"), "a sign at the edge")
        assert "◂" not in stage.line("○ later")


async def test_the_legend_has_every_sign_or_says_that_there_are_more() -> None:
    async with opened() as stage:
        await timeline(stage)
        await stage.sees("O orphaned", "! could not start", "┤ gone", "◂ earlier")
        await stage.pilot.resize_terminal(80, 24)
        await stage.until(lambda: stage.line("● started").rstrip().endswith("…"), "more of them")


async def test_that_time_runs_on_is_a_word_and_no_sign_of_the_legend() -> None:
    async with opened() as stage:
        await timeline(stage)
        assert stage.line("s/cell").split()[:3] == ["0.15", "s/cell", "live"]
        await stage.press("left")
        await stage.until(lambda: "live" not in stage.line("s/cell"))


async def test_a_mark_out_of_sight_is_brought_into_sight() -> None:
    async with opened() as stage:
        await stage.go_to("w:worker-3")
        drawn = await timeline(stage)
        await stage.press(*["plus"] * 6, "left_square_bracket")
        assert drawn.chosen is not None
        assert 0 <= drawn.window.column(drawn.chosen.time) < drawn.window.width
        assert not drawn.following


async def test_a_click_selects_process_and_mark_and_the_wheel_zooms() -> None:
    async with opened() as stage:
        drawn = await timeline(stage)
        line = next(y for y in range(drawn.size.height) if "worker-3" in drawn.render_line(y).text)
        column = drawn.render_line(line).text.rindex("Z")
        await stage.pilot.click(Timeline, offset=(column, line))
        assert drawn.cursor_row is not None
        assert drawn.cursor_row.key == "w:worker-3"
        assert drawn.chosen is not None
        assert drawn.chosen.sign == "zombie"
        scale = drawn.window.scale
        await stage.pilot._post_mouse_events(
            [_scroll_up()], Timeline, offset=(column, line), button=0
        )
        assert drawn.window.scale < scale


async def test_the_mouse_drags_the_list_by_its_bar() -> None:
    async with opened(session=alive(60)) as stage:
        drawn = await timeline(stage)
        bar, last = drawn.size.width - 1, drawn.size.height - 3
        await stage.pilot.mouse_down(Timeline, offset=(bar, 1))
        await stage.pilot.hover(Timeline, offset=(bar, last))
        await stage.until(lambda: drawn.view.top == drawn.view.furthest, "the end of the list")
        await stage.pilot.hover(Timeline, offset=(bar, 1))
        await stage.until(lambda: drawn.view.top == 0, "its beginning")
        await stage.pilot.mouse_up(Timeline, offset=(bar, 1))
        await stage.pilot.hover(Timeline, offset=(bar, last))
        assert drawn.view.top == 0
        assert drawn.cursor_row is not None
        assert drawn.cursor_row.name == "w-0"


async def test_the_mouse_drags_time_and_that_is_no_click() -> None:
    async with opened() as stage:
        drawn = await timeline(stage)
        before, cursor = drawn.window, drawn.cursor_row
        await stage.pilot.mouse_down(Timeline, offset=(60, 4))
        await stage.pilot.hover(Timeline, offset=(70, 4))
        assert drawn.window == before.panned(-10)
        await stage.pilot.mouse_up(Timeline, offset=(70, 4))
        assert not drawn.following
        assert drawn.cursor_row is cursor
        await stage.pilot.mouse_down(Timeline, offset=(60, 4))
        await stage.pilot.hover(Timeline, offset=(40, 4))
        await stage.pilot.mouse_up(Timeline, offset=(40, 4))
        assert drawn.window == before  # not beyond now
        assert drawn.following


async def test_a_stopped_process_is_drawn_as_one() -> None:
    client, kernel = alive(1)
    kernel.put(50_000, state="T")
    async with opened(session=(client, kernel)) as stage:
        await timeline(stage)
        assert "━T" in stage.line("w-0")
        stage.clock.now += 60
        await stage.until(lambda: "━T╌╌" in stage.line("w-0"), "the stretch")


def _scroll_up() -> type:
    from textual.events import MouseScrollUp

    return MouseScrollUp


# ------------------------------------------------------------------------- the common cursor


async def test_both_views_have_one_cursor() -> None:
    async with opened() as stage:
        await stage.go_to("w:cleaner")
        drawn = await timeline(stage)
        assert drawn.cursor_row is not None
        assert drawn.cursor_row.key == "w:cleaner"
        await stage.press("down")
        await stage.until(lambda: stage.workers.table.cursor_key == "w:worker-3")
        await stage.press("z")
        await stage.until(lambda: drawn.cursor_row is not None
                          and drawn.cursor_row.name == "python3")  # fmt: skip
        await stage.press("1")
        assert stage.workers.table.has_focus
        assert not drawn.display
        assert stage.workers.table.cursor_row is not None
        assert stage.workers.table.cursor_row.name == "python3"


async def test_the_keys_act_on_the_process_that_is_selected_in_the_timeline() -> None:
    async with opened() as stage:
        await timeline(stage)
        await stage.press("down", "k")
        await stage.sees("Kill cleaner (40322)?")


async def test_the_gone_stay_on_the_timeline_and_no_key_acts_on_them() -> None:
    async with opened() as stage:
        drawn = await timeline(stage)
        assert stage.workers.table.move_to(
            next(r.key for r in stage.workers.table.rows if r.name == "python3")
        )
        await stage.until(lambda: drawn.cursor_row is not None
                          and drawn.cursor_row.name == "python3")  # fmt: skip
        stage.kernel.reap(40344)
        await stage.until(lambda: drawn.cursor_row is not None and drawn.cursor_row.gone)
        assert "✓" in stage.line("├ ✓ python3") or "✓" in stage.line("└ ✓ python3")
        await stage.sees("This process is gone")
        await stage.press("k")
        await stage.told("There is")
        assert stage.kernel.signals == []
        assert len(stage.app.screen_stack) == 1


async def test_many_short_lives_share_a_row_until_somebody_wants_them() -> None:
    async with opened((120, 70)) as stage:
        drawn = await timeline(stage)
        for pid in range(50_000, 50_020):
            stage.kernel.put(pid, 40330, "short")
        await stage.until(lambda: len(stage.workers.table.rows) >= 30, "the short")
        for pid in range(50_000, 50_020):
            stage.kernel.reap(pid)
        await stage.sees("▸ 15 more ended")
        assert stage.text().count("short") == 5
        assert "━" in stage.line("15 more ended")
        drawn.action_cursor(-100)
        for _ in range(20):
            if drawn.cursor_row is not None and "more ended" not in drawn.cursor_row.name:
                drawn.action_cursor(1)
        await stage.sees("Enter: show them", "between 22:13:")
        await stage.press("enter")
        await stage.sees("▾ 15 more ended")
        await stage.until(lambda: stage.text().count("short") == 20, "room for all of them")
        y = next(y for y in range(30) if "more ended" in drawn.render_line(y).text)
        x = drawn.render_line(y).text.index("▾")
        await stage.pilot.click(Timeline, offset=(x, y))
        await stage.sees("▸ 15 more ended")


async def test_a_click_on_the_bar_switches() -> None:
    async with opened() as stage:
        await stage.pilot.click(ViewBar, offset=(16, 0))
        await stage.sees("s/cell")
        await stage.pilot.click(ViewBar, offset=(2, 0))
        await stage.until(lambda: stage.workers.table.has_focus)


async def test_the_filter_of_the_list_holds_here_too() -> None:
    async with opened() as stage:
        await timeline(stage)
        await stage.press("slash", *"clean", "enter")
        await stage.until(lambda: "piao-1" not in stage.text())
        await stage.sees("● cleaner")
        assert stage.app.query_one(Timeline).has_focus


# ------------------------------------------------------------------------- what it costs


async def test_nothing_is_made_of_it_before_it_is_opened() -> None:
    async with opened() as stage:
        assert not stage.app.query(Timeline)


async def test_only_lines_in_sight_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(session=alive(400)) as stage:
        drawn = await timeline(stage)
        asked: list[str] = []
        line = drawn.source.line

        def count(row: Row) -> Lifeline:
            asked.append(row.key)
            return line(row)

        monkeypatch.setattr(drawn.source, "line", count)
        drawn.update()
        assert 0 < len(asked) <= drawn.size.height
        await stage.press("G")
        await stage.until(lambda: stage.workers.table.cursor_key == "w:w-399")
        await stage.sees("w-399")
