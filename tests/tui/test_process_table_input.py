"""The process table: tags, folds, scrolling sideways, and the mouse."""

from __future__ import annotations

from rich.cells import cell_len
from textual.events import MouseScrollDown

from proctui.tui.widgets.process_table import ProcessTable
from proctui.views.view import COLUMNS, is_zombie
from tests.tui.rows import Family, crowd, lines, worker
from tests.tui.table_scene import Scene, playing

# ------------------------------------------------------------------------------------ tags


async def test_tagging() -> None:
    async with playing() as scene:
        table = scene.table
        await scene.press("space", "space")
        assert table.tagged == {"w:piao-1", "w:cleaner"}
        assert scene.cursor == "w:worker-3"
        assert scene.text("w:piao-1").startswith("◆")
        assert scene.text("w:factory").startswith(" ")
        await scene.press("up", "space")
        assert table.tagged == {"w:piao-1"}
        await scene.press("down", "shift+down")
        assert table.tagged >= {"w:factory", "p:1"}
        said = scene.heard(ProcessTable.TagsChanged)[-1]
        assert said.tagged == table.tagged
        table.clear_tags()
        assert table.tagged == frozenset()


async def test_tags_are_kept_by_process() -> None:
    async with playing() as scene:
        table = scene.table
        table.tag(["w:factory", "p:1"])
        await scene.show(scene.family.arrange(filter=is_zombie))
        assert table.tagged == {"w:factory", "p:1"}
        del scene.family.rows["p:1"]
        table.folded.add("p:1")
        table.retain_tags(scene.family.rows)
        assert table.tagged == {"w:factory"}
        assert table.folded == set()


async def test_all_that_match_are_tagged_but_not_what_only_leads_to_them() -> None:
    async with playing() as scene:
        table = scene.table
        await scene.show(scene.family.arrange(filter=is_zombie))
        table.tag_all()
        assert table.tagged == {"w:worker-3", "p:1"}
        table.clear_tags()
        await scene.show()
        table.tag_all(lambda row: row.orphan)
        assert table.tagged == {"p:3"}


async def test_a_range_is_tagged_from_the_last_tag() -> None:
    async with playing(crowd(9)) as scene:
        await scene.press("down", "space")
        scene.table.move_to("w:worker-4")
        scene.table.tag_range()
        assert scene.table.tagged == {f"w:worker-{number}" for number in (1, 2, 3, 4)}


# ----------------------------------------------------------------------------------- folds


async def refold(scene: Scene) -> None:
    """What the screen does when it hears of a fold."""
    await scene.show(scene.family.arrange(folded=scene.table.folded))


async def test_folding_and_unfolding() -> None:
    async with playing() as scene:
        table = scene.table
        table.move_to("p:2")
        await scene.press("left")
        assert scene.cursor == "w:factory"  # up to what can be folded
        await scene.press("left")
        assert table.folded == {"w:factory"}
        said = scene.heard(ProcessTable.FoldToggled)[-1]
        assert (said.key, said.folded) == ("w:factory", True)
        await refold(scene)
        assert scene.cell("w:factory", "name").rstrip() == "● factory ▸2 Z1"
        assert "p:1" not in {row.key for row in table.rows}
        await scene.press("right")
        assert table.folded == set()
        await refold(scene)
        assert "p:1" in {row.key for row in table.rows}
        table.toggle_fold()
        assert table.folded == {"w:factory"}
        table.toggle_fold("w:piao-1")  # nothing to fold
        assert table.folded == {"w:factory"}


async def test_a_cursor_in_a_fold_goes_to_what_hides_it() -> None:
    async with playing() as scene:
        scene.table.move_to("p:2")
        scene.table.fold("w:factory")
        await refold(scene)
        assert scene.cursor == "w:factory"


# ---------------------------------------------------------------------------- sideways


async def test_scrolling_sideways_shows_the_whole_target() -> None:
    long = worker("long", 7, label="start" + "x" * 200 + "end")
    async with playing(Family(long), size=(80, 6)) as scene:
        assert "end" not in scene.text("w:long")
        await scene.press("right", "right")
        assert scene.table.scrolled_sideways == 16
        assert scene.table.scroll_sideways(1000)
        shown = scene.text("w:long")
        assert "xxend " in shown
        assert shown.startswith(" ● long")  # the name stays
        assert cell_len(shown) == 80
        assert not scene.table.scroll_sideways(8)
        assert scene.table.scroll_sideways(-1000)
        await scene.press("right", "left")
        assert scene.table.scrolled_sideways == 0
        assert lines(scene.table)[0].split()[:3] == ["NAME", "PID", "ALIVE"]


async def test_dropped_columns_come_back_when_scrolled_to() -> None:
    async with playing(size=(60, 20)) as scene:
        await scene.press("shift+right")
        assert {placed.column for placed in scene.table.column_layout.placed} == set(COLUMNS)
        await scene.press("shift+left")
        assert scene.table.column_layout.find("ppid") is None


# ----------------------------------------------------------------------------------- mouse


async def test_a_click_moves_the_cursor_and_two_open() -> None:
    async with playing() as scene:
        await scene.pilot.click(ProcessTable, offset=(30, scene.line("w:factory")))
        assert scene.cursor == "w:factory"
        assert scene.heard(ProcessTable.Activated) == []
        await scene.pilot.double_click(ProcessTable, offset=(30, scene.line("p:3")))
        await scene.pilot.pause()
        said = scene.heard(ProcessTable.Activated)
        assert len(said) == 1
        assert scene.cursor == "p:3"
        await scene.press("enter")
        assert len(scene.heard(ProcessTable.Activated)) == 2


async def test_a_click_on_a_title_asks_to_sort() -> None:
    async with playing() as scene:
        for column in COLUMNS:
            placed = scene.table.column_layout.find(column)
            assert placed is not None
            await scene.pilot.click(ProcessTable, offset=(placed.x + 1, 0))
        await scene.pilot.pause()
        said = scene.heard(ProcessTable.SortRequested)
        assert [message.column for message in said] == list(COLUMNS)


async def test_a_right_click_asks_for_the_menu_of_its_row() -> None:
    async with playing() as scene:
        y = scene.line("p:1")
        await scene.pilot.click(ProcessTable, offset=(20, y), button=3)
        await scene.pilot.pause()
        (said,) = scene.heard(ProcessTable.ContextMenu)
        assert (said.key, said.x, said.y) == ("p:1", 20, y)
        assert scene.cursor == "p:1"
        assert scene.heard(ProcessTable.Activated) == []


async def test_the_mouse_tags_and_folds() -> None:
    async with playing() as scene:
        await scene.pilot.click(ProcessTable, offset=(0, scene.line("w:cleaner")))
        assert scene.table.tagged == {"w:cleaner"}
        await scene.pilot.click(ProcessTable, offset=(20, scene.line("w:factory")), control=True)
        assert scene.table.tagged == {"w:cleaner", "w:factory"}
        await scene.pilot.click(ProcessTable, offset=(20, scene.line("p:2")), shift=True)
        assert scene.table.tagged == {"w:cleaner", "w:factory", "p:1", "p:2"}
        await scene.pilot.click(ProcessTable, offset=(1, scene.line("w:factory")))
        assert scene.table.folded == {"w:factory"}


async def test_the_wheel_scrolls_and_leaves_the_cursor() -> None:
    async with playing(crowd(100)) as scene:
        await scene.pilot._post_mouse_events([MouseScrollDown], ProcessTable, offset=(5, 5))
        await scene.pilot.pause()
        assert scene.table.visible_rows[0].key == "w:worker-3"
        assert scene.cursor == "w:worker-0"
        await scene.press("down")
        assert scene.table.visible_rows[0].key == "w:worker-1"


async def test_the_scroll_bar_shows_the_place_and_can_be_dragged() -> None:
    async with playing(crowd(190), size=(80, 20)) as scene:
        bar = [line[-1] for line in lines(scene.table)[1:]]
        assert bar == ["▐"] + [" "] * 18
        await scene.press("end")
        assert [line[-1] for line in lines(scene.table)[1:]] == [" "] * 18 + ["▐"]
        await scene.pilot.mouse_down(ProcessTable, offset=(79, 19))
        await scene.pilot.hover(ProcessTable, offset=(79, 1))
        await scene.pilot.mouse_up(ProcessTable, offset=(79, 1))
        assert scene.table.visible_rows[0].key == "w:worker-0"
        assert scene.cursor == "w:worker-189"  # dragging moves the view alone


async def test_what_the_mouse_points_at_is_shown() -> None:
    async with playing() as scene:
        before = scene.styles("w:factory")
        await scene.pilot.hover(ProcessTable, offset=(30, scene.line("w:factory")))
        assert scene.styles("w:factory") != before
        await scene.pilot.hover(ProcessTable, offset=(30, 19))
        assert scene.styles("w:factory") == before
