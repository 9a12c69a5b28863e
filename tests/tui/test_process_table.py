"""The process table: what it draws, and how its cursor holds on to a process."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from textual.geometry import Region

from proctui.model import Row, State
from proctui.tui.widgets.columns import SPECS
from proctui.tui.widgets.process_table import ProcessTable
from proctui.views.view import COLUMNS
from tests.tui.rows import HOSTILE, NOW, Family, child, crowd, lines, story, worker
from tests.tui.table_scene import formatted, playing

# -------------------------------------------------------------------------------- drawing


async def test_every_column_says_what_it_should() -> None:
    async with playing() as scene:
        shown = lines(scene.table)
        assert shown[0].split() == [SPECS[column].title for column in COLUMNS]
        assert shown[1].split() == [
            "●", "piao-1", "40321", "40310", "True", "None", "False", "S", "sleeping", "0.0",
            "9.1M", "0:12", "lessons:piao('egon')",
        ]  # fmt: skip
        assert scene.cell("w:worker-3", "state") == "Z zombie 0:07".ljust(18)
        assert scene.cell("w:worker-3", "exitcode").rstrip() == "3"
        assert scene.cell("w:worker-3", "alive").rstrip() == "False"
        assert scene.cell("p:1", "name").rstrip() == "├ Z python3"
        assert scene.cell("p:2", "name").rstrip() == "└ ● python3"
        assert scene.cell("p:1", "alive").rstrip() == "–"
        assert scene.cell("p:1", "target").startswith("not joined by fa")
        assert scene.cell("p:3", "state") == "O orphan → init(1)"
        assert scene.cell("p:3", "ppid").rjust(7) == "      1"
        assert scene.cell("w:parent", "state").rstrip() == "ended 0, joined"
        assert scene.cell("w:parent", "age").rjust(7) == "      –"
        assert scene.cell("w:later", "pid").rjust(7) == "      –"
        assert "failed: no module named nosuch" in scene.text("w:broken")
        assert scene.cell("w:cleaner", "daemon").rstrip() == "True"
        assert scene.cell("w:cleaner", "cpu") == " 98.7"


@pytest.mark.parametrize("width", [1, 5, 20, 40, 60, 79, 80, 81, 100, 120, 160, 300])
async def test_lines_are_exactly_as_wide_as_the_table(width: int) -> None:
    family = story()
    row = worker("evil", 40400, label=HOSTILE * 9)
    row.name = HOSTILE
    family.rows[row.key] = row
    async with playing(family, size=(width, 16)) as scene:
        for y in range(16):
            strip = scene.table.render_line(y)
            assert strip.cell_length == width
            assert cell_len(strip.text) == width
        if width >= 60:
            assert scene.cell("w:evil", "pid").lstrip() == "40400"
            assert scene.cell("w:piao-1", "pid").lstrip() == "40321"
            assert "\x1b" not in scene.text("w:evil")


@pytest.mark.parametrize(
    ("width", "missing"),
    [
        (60, {"ppid", "daemon", "cpu", "mem", "age", "target"}),
        (80, {"ppid", "mem", "target"}),
        (100, {"ppid"}),
        (120, set()),
    ],
)
async def test_narrow_screens_lose_the_least_needed_columns(width: int, missing: set[str]) -> None:
    async with playing(size=(width, 20)) as scene:
        present = {placed.column for placed in scene.table.column_layout.placed}
        assert set(COLUMNS) - present == missing


async def test_helpers_are_called_what_they_are_also_without_target() -> None:
    family = story()
    family.rows["p:2"].helper = "fork server"
    async with playing(family, size=(60, 20)) as scene:
        assert scene.table.column_layout.find("target") is None
        assert scene.cell("p:2", "name").rstrip() == "└ ● fork server"


async def test_what_is_needed_is_not_lost() -> None:
    async with playing(size=(80, 20)) as scene:
        scene.table.need(("ppid", "target"))
        await scene.pilot.pause()
        header = lines(scene.table)[0].split()
        assert header == ["NAME", "PID", "PPID", "STATE", "TARGET"]
        scene.table.set_columns(("name", "pid", "alive"))
        await scene.pilot.pause()
        assert lines(scene.table)[0].split() == ["NAME", "PID", "ALIVE"], "as was chosen"


async def test_wide_screens_are_filled() -> None:
    async with playing(size=(300, 20)) as scene:
        layout = scene.table.column_layout
        assert layout.width == 299
        target = layout.find("target")
        assert target is not None
        assert target.width > 100


async def test_loud_rows_are_highlighted_across_their_whole_width() -> None:
    async with playing() as scene:
        plain = {style.bgcolor for style in scene.styles("w:factory")}
        for key in ("w:worker-3", "p:1", "p:3"):
            backgrounds = {style.bgcolor for style in scene.styles(key)}
            assert len(backgrounds) == 1
            assert not backgrounds & plain
            assert scene.text(key).startswith("▌")
        assert scene.styles("p:1")[0].bgcolor != scene.styles("p:3")[0].bgcolor
        scene.table.move_to("p:1")
        cursor = {style.bgcolor for style in scene.styles("p:1")}
        scene.table.move_to("w:factory")
        assert len(cursor) == 1
        assert cursor != {style.bgcolor for style in scene.styles("w:factory")}  # still loud


async def test_without_colour_glyphs_words_and_edges_remain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with playing() as scene:
        zombie, orphan = scene.text("w:worker-3"), scene.text("p:3")
        assert (zombie[0], zombie[-1], zombie[1]) == ("▒", "▒", "Z")
        assert (orphan[0], orphan[-1]) == ("░", "░")
        assert "Z zombie" in zombie
        assert "O orphan" in orphan
        assert all(style.reverse for style in scene.styles("w:piao-1")[:-1])  # the cursor
        assert not any(style.reverse for style in scene.styles("w:factory"))


async def test_an_ascii_terminal_gets_ascii(ascii_terminal: None) -> None:
    async with playing(crowd(50)) as scene:
        await scene.show(scene.family.arrange(sort="cpu"))
        assert all(line.isascii() for line in lines(scene.table))
    async with playing() as scene:
        await scene.press("space")
        assert all(line.isascii() for line in lines(scene.table))
        assert scene.cell("p:1", "alive").rstrip() == "-"
        assert scene.cell("p:3", "state") == "O orphan > init(1)"


async def test_an_empty_table_says_why() -> None:
    async with playing(Family()) as scene:
        await scene.show()
        scene.table.say_beneath("No workers yet: press n.\x1b")
        await scene.pilot.pause()
        assert any(line.strip() == "No workers yet: press n.^[" for line in lines(scene.table))
        assert scene.cursor is None
        assert scene.table.cursor_row is None
        await scene.press("down", "space", "enter", "left", "right", "pageup", "end")


async def test_the_sorted_column_is_marked() -> None:
    async with playing() as scene:
        await scene.show(scene.family.arrange(sort="cpu", reverse=True))
        assert "▼CPU%" in lines(scene.table)[0]
        await scene.show(scene.family.arrange(sort="state"))
        assert "STATE▲" in lines(scene.table)[0]
        await scene.show()
        assert not set("▲▼") & set(lines(scene.table)[0])


async def test_chosen_columns_and_widths() -> None:
    async with playing() as scene:
        scene.table.set_columns(("name", "state", "pid"), {"state": 30})
        await scene.pilot.pause()
        assert lines(scene.table)[0].split() == ["NAME", "STATE", "PID"]
        state = scene.table.column_layout.find("state")
        assert state is not None
        assert state.width == 30


@pytest.mark.parametrize("width", [60, 80, 120])
async def test_an_exit_code_is_not_cut_beside_blanks(width: int) -> None:
    killed = worker("a", 40400, "ended", State.ZOMBIE, exitcode=-15)
    async with playing(Family(killed, worker("b", 40401)), size=(width, 15)) as scene:
        assert scene.cell("w:a", "exitcode").rstrip() == "-15 SIGTERM"


async def test_a_state_flows_over_the_cells_that_say_nothing() -> None:
    said = "module lessons has no attribute"
    failed = worker("a", None, "failed", State.FAILED, failure=said)
    ended = worker("b", 40401, "joined", State.ENDED, exitcode=-9)
    async with playing(Family(failed, ended, worker("c", 40402)), size=(120, 15)) as scene:
        assert f"failed: {said} " in scene.text("w:a")
        assert scene.cell("w:b", "state").rstrip() == "ended -9 SIGKILL"
        assert scene.cell("w:b", "age").strip() == "–"
        assert scene.cell("w:c", "cpu") == "  0.0"
        assert scene.cell("w:a", "target").rstrip() == scene.cell("w:a", "target").strip()
        assert scene.cell("w:a", "target").startswith("lessons:a()")


async def test_columns_grow_at_once_and_shrink_only_with_the_table() -> None:
    family = Family(worker("a", 40400), worker("b", 40401))
    async with playing(family, size=(80, 15)) as scene:

        def width() -> int:
            placed = scene.table.column_layout.find("name")
            assert placed is not None
            return placed.width

        before = width()
        family.rows["w:a-very-long-name"] = worker("a-very-long-name", 40402)
        await scene.show()
        grown = width()
        assert grown > before
        assert scene.cell("w:a-very-long-name", "name").rstrip() == "● a-very-long-name"
        del family.rows["w:a-very-long-name"]
        await scene.show()
        assert width() == grown
        await scene.pilot.resize_terminal(81, 15)
        await scene.pilot.pause()
        assert width() < grown


# ------------------------------------------------------------------------------ the cursor


async def test_the_cursor_stays_on_its_process_through_every_change() -> None:
    async with playing() as scene:
        scene.table.move_to("w:cleaner")
        await scene.pilot.pause()
        scene.forget()
        for arrangement in (
            scene.family.arrange(sort="pid", reverse=True),
            scene.family.arrange(tree=False, sort="cpu"),
            scene.family.arrange(filter=lambda row: row.worker is not None),
            scene.family.arrange(),
        ):
            await scene.show(arrangement)
            assert scene.cursor == "w:cleaner"
            row = scene.table.cursor_row
            assert row is not None
            assert row.key == "w:cleaner"
        assert scene.heard(ProcessTable.Highlighted) == []


async def test_when_its_row_vanishes_the_cursor_goes_to_the_nearest_and_says_so() -> None:
    async with playing() as scene:
        scene.table.move_to("p:1")
        await scene.pilot.pause()
        scene.forget()
        del scene.family.rows["p:1"]
        await scene.show()
        assert scene.cursor == "p:2"
        del scene.family.rows["p:2"], scene.family.rows["w:parent"], scene.family.rows["p:3"]
        await scene.show()
        assert scene.cursor == "w:factory"
        scene.family.rows.clear()
        await scene.show()
        said = scene.heard(ProcessTable.Highlighted)
        assert [message.key for message in said] == [
            "p:2", "w:factory", None,
        ]  # fmt: skip


async def test_rows_that_come_above_do_not_move_what_is_being_read() -> None:
    async with playing(crowd(100)) as scene:
        scene.table.move_to("w:worker-50")
        line = scene.line("w:worker-50")
        newcomers = Family(worker("new", 9), *scene.family.rows.values())
        await scene.show(newcomers.arrange())
        assert scene.line("w:worker-50") == line
        scene.table._scroll_rows_to(70)  # the cursor is out of sight now
        top = scene.table.visible_rows[0].key
        await scene.show(scene.family.arrange())
        assert scene.table.visible_rows[0].key == top
        assert scene.cursor == "w:worker-50"


async def test_the_start_of_the_list_stays_in_sight() -> None:
    async with playing(crowd(100)) as scene:
        await scene.press("down", "down")
        newcomers = Family(worker("new", 9), *scene.family.rows.values())
        await scene.show(newcomers.arrange())
        assert scene.table.visible_rows[0].key == "w:new"
        assert scene.cursor == "w:worker-2"


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        ("down down up", 1),
        ("up", 0),
        ("pagedown", 18),
        ("pagedown pagedown pageup", 18),
        ("end", 99),
        ("G", 99),
        ("end down", 99),
        ("end home", 0),
        ("G g", 0),
        ("end pageup", 81),
    ],
)
async def test_moving(keys: str, place: int) -> None:
    async with playing(crowd(100)) as scene:
        await scene.press(*keys.split())
        assert scene.cursor == f"w:worker-{place}"
        assert scene.table.cursor_row in scene.table.visible_rows


async def test_each_move_is_told_once() -> None:
    async with playing(crowd(5)) as scene:
        scene.forget()
        await scene.press("down", "down", "end", "down")
        assert [message.key for message in scene.heard(ProcessTable.Highlighted)] == [
            "w:worker-1", "w:worker-2", "w:worker-4",
        ]  # fmt: skip


async def test_a_smaller_screen_keeps_the_cursor_in_sight() -> None:
    async with playing(crowd(100), size=(120, 40)) as scene:
        await scene.press(*["down"] * 30)
        await scene.pilot.resize_terminal(70, 10)
        await scene.pilot.pause()
        assert scene.table.cursor_row in scene.table.visible_rows
        assert all(cell_len(line) == 70 for line in lines(scene.table))


# ------------------------------------------------------------------- only what is drawn


async def test_nothing_is_formatted_that_is_not_drawn() -> None:
    async with playing(crowd(1000)) as scene:
        table, rows = scene.table, scene.family.rows
        assert table.rows_formatted <= 3 * 19  # layout and focus may draw it again

        def change(*numbers: int) -> frozenset[str]:
            for number in numbers:
                rows[f"w:worker-{number}"].version += 1
            return frozenset(f"w:worker-{number}" for number in numbers)

        assert await formatted(scene, lambda: table.touch(change(500, 600))) == 0
        assert await formatted(scene, lambda: table.touch(change(3))) == 1
        assert await formatted(scene, lambda: table.touch(change(*range(1000)))) == 19
        assert await formatted(scene, lambda: table.touch(frozenset(rows))) == 0
        assert await formatted(scene, lambda: table.action_cursor(1)) == 2
        assert await formatted(scene, lambda: table.action_cursor(-1)) == 0  # kept
        assert await formatted(scene, lambda: table.show(scene.family.arrange())) == 0
        assert await formatted(scene, lambda: table._scroll_rows_to(5)) <= 5 + 2


async def test_a_change_without_a_version_is_not_drawn() -> None:
    """The version is the contract: what draws by it must not look further."""
    async with playing() as scene:
        scene.family.rows["w:factory"].name = "renamed"
        scene.table.touch(frozenset({"w:factory"}))
        await scene.pilot.pause()
        assert "renamed" not in scene.text("w:factory")
        scene.family.rows["w:factory"].version += 1
        scene.table.touch(frozenset({"w:factory"}))
        await scene.pilot.pause()
        assert "renamed" in scene.text("w:factory")


async def test_ages_advance_without_new_samples() -> None:
    async with playing() as scene:
        assert scene.cell("w:factory", "age").strip() == "0:12"
        scene.clock.now += 1
        scene.table.tick()
        await scene.pilot.pause()
        assert scene.cell("w:factory", "age").strip() == "0:13"
        assert scene.cell("w:worker-3", "state").strip() == "Z zombie 0:08"
        assert scene.cell("w:parent", "age").strip() == "–"
        assert await formatted(scene, scene.table.tick) == 0


async def test_only_cells_that_time_changes_are_repainted(monkeypatch: pytest.MonkeyPatch) -> None:
    async with playing() as scene:
        regions = []
        monkeypatch.setattr(
            "textual.widget.Widget.refresh", lambda self, *found, **_: regions.extend(found)
        )
        scene.clock.now += 1
        scene.table.tick()
        layout = scene.table.column_layout
        assert {layout.column_at(region.x) for region in regions} == {"state"}
        assert {layout.column_at(region.right - 1) for region in regions} == {"age"}
        assert {y for region in regions for y in region.line_range} == {
            scene.line(key) for key in ("w:piao-1", "w:cleaner", "w:worker-3", "w:factory",
                                        "p:1", "p:2", "p:3")
        }  # fmt: skip


async def test_what_was_drawn_is_kept_as_it_is() -> None:
    """A line that has not changed is the same object, with all that was made of it."""
    async with playing(crowd(100)) as scene:
        region = scene.table.size.region
        before = scene.table.render_lines(region)
        scene.table.action_cursor(1)
        await scene.pilot.pause()
        after = scene.table.render_lines(region)
        same = [one is other for one, other in zip(before, after, strict=True)]
        assert same == [True, False, False] + [True] * 17
        scene.table._scroll_rows_to(1)
        await scene.pilot.pause()
        moved = scene.table.render_lines(region)
        assert [strip.text for strip in moved[3:]] == lines(scene.table)[3:]
        part = scene.table.render_lines(Region(5, 2, 10, 3))
        assert [strip.text for strip in part] == [strip.text[5:15] for strip in moved[2:5]]


async def test_old_rows_are_not_repainted_each_second() -> None:
    old = worker("old", 1, started_at=NOW - 100_000)
    async with playing(Family(old)) as scene:
        assert scene.cell("w:old", "age").strip() == "1d03h"
        scene.clock.now += 1
        assert await formatted(scene, scene.table.tick) == 0


async def test_a_frozen_table_stands_still() -> None:
    async with playing() as scene:
        scene.table.freeze(NOW + 5)
        scene.clock.now += 100
        scene.table.tick()
        await scene.pilot.pause()
        assert scene.cell("w:factory", "age").strip() == "0:17"
        scene.table.freeze(None)
        await scene.pilot.pause()
        assert scene.cell("w:factory", "age").strip() == "1:52"


# ------------------------------------------------------------------------------- deep trees


async def test_in_a_deep_tree_names_are_still_seen() -> None:
    rows: list[Row] = [worker("root", 1)]
    for depth in range(1, 40):
        parent = rows[-1].key
        rows.append(child(depth, 100 + depth, 99 + depth, parent, name=f"level-{depth}"))
    async with playing(Family(*rows), size=(100, 45)) as scene:
        assert "…" in scene.cell("p:30", "name")
        assert "● leve" in scene.cell("p:30", "name")
        assert all(cell_len(line) == 100 for line in lines(scene.table))


async def test_rows_that_lead_to_matches_are_fainter() -> None:
    async with playing() as scene:
        await scene.press("end")
        before = scene.styles("w:factory")
        await scene.show(scene.family.arrange(filter=lambda row: row.state is State.ZOMBIE))
        scene.table.move_to("w:worker-3")
        await scene.pilot.pause()
        assert scene.styles("w:factory") != before
