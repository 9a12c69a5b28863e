"""The workers view as a person sees it: what stands there, and what keys and clicks do."""

from __future__ import annotations

import msgspec
import pytest
from textual.widgets import OptionList

from proctui.protocol import (
    Adopted,
    CancelJoin,
    Event,
    Join,
    JoinAdopted,
    Note,
    Outcome,
    Reply,
    Restart,
    Signal,
    Start,
)
from proctui.tui.actions import ACTIONS
from proctui.tui.widgets.buttons import ActionButton
from proctui.tui.widgets.process_table import ProcessTable
from tests.tui.fakes import NOW, SUPERVISOR, Clock, FakeClient, FakeKernel, worker
from tests.tui.screens import opened


async def test_every_action_can_be_done() -> None:
    async with opened() as stage:
        assert set(stage.workers.doing.doers) == set(ACTIONS)


async def test_the_first_picture() -> None:
    async with opened() as stage:
        await stage.sees("lessons", "8 workers", "2 ZOMBIES", "1 ORPHAN")
        assert "False" in stage.line("Z worker-3")
        assert "Z zombie 0:07" in stage.line("worker-3")
        assert "O orphan → init(1)" in stage.line("O sleep")
        assert "R running" in stage.line("cleaner")
        assert "idle" in stage.line("later")
        assert "failed: module" in stage.line("! broken")
        await stage.sees("multiprocessing says", "the kernel says", "? help", "q quit")
        await stage.sees("Join j", "Terminate t", "Kill k", "Restart r", "Start s", "New n")


@pytest.mark.parametrize("size", [(80, 24), (60, 15), (300, 100), (20, 5)])
async def test_any_size_shows_the_zombies(size: tuple[int, int]) -> None:
    async with opened(size) as stage:
        lines = stage.text().splitlines()
        assert len(lines) == size[1]
        if size[0] >= 60:
            await stage.sees("2 ZOMBIES", "Join j", " J", "Kill k", "New n", "q quit")


async def test_eighty_columns_hold_everything_that_matters() -> None:
    async with opened((80, 24)) as stage:
        await stage.sees("NAME", "PID", "ALIVE", "EXITCODE", "STATE", "Details", "the kernel says")
        assert "Z zombie 0:07" in stage.line("worker-3")


async def test_resizing_while_everything_is_open() -> None:
    async with opened() as stage:
        await stage.press("l", "k")
        for size in [(60, 15), (200, 50), (30, 8), (120, 40)]:
            await stage.pilot.resize_terminal(*size)
            await stage.pilot.pause()
        await stage.sees("Kill piao-1 (40321)?")


# ---------------------------------------------------------------------------- what applies


async def test_buttons_are_dimmed_where_they_do_not_apply() -> None:
    async with opened() as stage:
        await stage.go_to("w:worker-3")

        def dim(name: str) -> bool:
            return stage.app.query_one(f"#button-{name}", ActionButton).has_class("-dim")

        await stage.until(lambda: dim("kill"))
        assert [dim(n) for n in ("join", "terminate", "kill", "restart", "start", "new")] == [
            False, True, True, False, False, False,
        ]  # fmt: skip


async def test_a_dimmed_button_is_dim_as_a_whole() -> None:
    async with opened() as stage:
        await stage.go_to("w:worker-3")
        button = stage.app.query_one("#button-kill", ActionButton)
        await stage.until(lambda: button.has_class("-dim"))
        await stage.pilot.pause()
        styles = {s.style.color for s in button.render_line(0) if s.text.strip() and s.style}
        assert len(styles) == 1
        await stage.go_to("w:piao-1")
        await stage.until(lambda: not button.has_class("-dim"))
        await stage.pilot.pause()
        styles = {s.style.color for s in button.render_line(0) if s.text.strip() and s.style}
        assert len(styles) == 2


async def test_what_does_not_apply_says_why() -> None:
    async with opened() as stage:
        await stage.go_to("w:worker-3")
        await stage.press("k")
        await stage.told("worker-3 (40323): already dead")
        assert stage.client.sent == []


async def test_a_dimmed_button_says_why_too() -> None:
    async with opened() as stage:
        await stage.go_to("w:parent")
        await stage.pilot.click("#button-kill")
        await stage.told("already ended")


# ---------------------------------------------------------------------------- joining


async def test_why_a_key_does_nothing_is_said_once_however_often_it_is_pressed() -> None:
    async with opened() as stage:
        await stage.go_to("w:later")
        await stage.press("j", "j", "t", "j")
        await stage.told("later: it has not been started.")
        messages = [each.message for each in stage.app._notifications]
        assert messages == [
            "later: can't join: it has not been started.",
            "later: it has not been started.",
        ]


async def test_join_joins_at_once_and_says_so() -> None:
    async with opened() as stage:
        stage.client.answers.append(
            lambda command: Reply(
                id=0, outcomes=(Outcome(worker="worker-3", ok=True, text="ended with exitcode 3"),)
            )
        )
        await stage.go_to("w:worker-3")
        await stage.press("j")
        await stage.told("worker-3: ended with exitcode 3.")
        assert stage.client.sent == [Join(workers=("worker-3",))]


async def test_a_join_never_blocks_and_the_same_key_gives_it_up() -> None:
    async with opened() as stage:
        stage.client.holding = True
        await stage.press("j")
        await stage.until(lambda: bool(stage.client.sent))
        stage.client.change("piao-1", "join-waiting", "a join waits for it", joining=1)
        row = stage.workers.feed.store.rows["w:piao-1"]
        await stage.until(lambda: row.worker is not None and row.worker.joining == 1)
        await stage.press("down", "up")
        stage.client.holding = False
        await stage.press("j")
        await stage.until(lambda: CancelJoin(workers=("piao-1",)) in stage.client.sent)
        gave_up = Outcome(worker="piao-1", ok=False, text="join cancelled by screen 1: still alive")
        stage.client.release(Reply(id=0, outcomes=(gave_up,)))
        await stage.told("join cancelled by screen 1")


async def test_escape_gives_a_join_up() -> None:
    async with opened() as stage:
        stage.client.change("piao-1", "join-waiting", "a join waits for it", joining=1)
        row = stage.workers.feed.store.rows["w:piao-1"]
        await stage.until(lambda: row.worker is not None and row.worker.joining == 1)
        await stage.press("escape")
        await stage.until(lambda: stage.client.sent == [CancelJoin(workers=("piao-1",))])
        await stage.told("Join of piao-1 cancelled.")


async def test_an_orphan_that_the_supervisor_adopted_is_joined_by_it() -> None:
    clock = Clock()
    boss = worker("boss", 50_001, "m:f")
    client, kernel = FakeClient([boss], adopt=True), FakeKernel(clock)
    kernel.put(SUPERVISOR, 1, "proctui", sid=SUPERVISOR)
    kernel.put(50_001)
    kernel.put(50_002, 50_001, "left", sid=50_001)
    async with opened(session=(client, kernel)) as stage:
        await stage.sees("left")
        kernel.reap(50_001, adopter=SUPERVISOR)
        client.change("boss", "joined", "joined", phase="joined", alive=False, exitcode=0)
        await stage.sees("O left")
        kernel.end(50_002, 3 << 8)
        await stage.sees("Z left")
        await stage.press("z", "j")
        meant = JoinAdopted(processes=(Adopted(50_002, 50_002),))
        await stage.until(lambda: client.sent == [meant], "the command")
        await stage.press("J")
        await stage.until(lambda: client.sent == [meant, meant], "the other command")


async def test_join_all_that_ended() -> None:
    async with opened() as stage:
        await stage.press("J")
        await stage.until(lambda: stage.client.sent == [Join(workers=("worker-3",))])


async def test_one_press_on_its_button_joins_all_that_ended() -> None:
    async with opened((80, 24)) as stage:
        assert "New n" in stage.line("Join all J")
        await stage.pilot.click("#button-join_all")
        await stage.until(lambda: stage.client.sent == [Join(workers=("worker-3",))])
        stage.client.change("worker-3", "joined", "joined", phase="joined", joined_at=NOW)
        stage.kernel.reap(40323)
        button = stage.app.query_one("#button-join_all", ActionButton)
        await stage.until(lambda: button.has_class("-dim"), "dim")
        await stage.until(lambda: not button.has_class("-active"), "the button is up again")
        await stage.pilot.click("#button-join_all")
        await stage.told("No worker waits to be joined.")


# ---------------------------------------------------------------------------- ending


async def test_kill_names_its_target_and_hits_that_one_alone() -> None:
    async with opened() as stage:
        await stage.press("k")
        await stage.sees("Kill piao-1 (40321)?", "pid 40321", "0:12 old", "lessons:piao('egon')")
        stage.client.answers.append(lambda command: stage.kernel.end(40321, 9))
        await stage.press("y")
        await stage.until(
            lambda: (
                stage.client.sent == [Signal(workers=("piao-1",), signal="SIGKILL", pids=(40321,))]
            )
        )
        await stage.told("piao-1 (40321) has ended. It is a zombie now: j joins it.")


@pytest.mark.parametrize("key", ["n", "escape"])
async def test_no_is_no(key: str) -> None:
    async with opened() as stage:
        await stage.press("t")
        await stage.sees("Terminate piao-1 (40321)?")
        await stage.press(key)
        await stage.until(lambda: "Terminate piao-1" not in stage.text())
        assert stage.client.sent == []


async def test_enter_on_cancel_is_no() -> None:
    async with opened() as stage:
        await stage.press("t")
        await stage.sees("Terminate piao-1 (40321)?")
        await stage.press("tab", "enter")
        await stage.until(lambda: "Terminate piao-1" not in stage.text())
        assert stage.client.sent == []


async def test_the_target_is_fixed_while_the_list_goes_on_changing() -> None:
    async with opened() as stage:
        await stage.press("k")
        await stage.sees("Kill piao-1 (40321)?")
        stage.kernel.reap(40321)
        stage.kernel.cut()
        stage.kernel.put(40377)
        stage.client.change("piao-1", "started", "started again", pid=40377)
        row = stage.workers.feed.store.rows["w:piao-1"]
        await stage.until(lambda: row.pid == 40377)
        await stage.press("enter")
        await stage.told("nothing was sent")
        assert stage.client.sent == []


async def test_the_dialog_offers_group_and_tree_and_warns() -> None:
    async with opened() as stage:
        stage.kernel.put(40345, 40330, "helper", sid=40345)
        await stage.sees("helper")
        await stage.go_to("w:factory")
        await stage.press("k")
        await stage.sees("this process", "its whole tree  2 processes")
        await stage.sees("One process would be orphaned: helper (40345).")
        await stage.press("down")
        await stage.until(lambda: "would be orphaned" not in stage.text())
        await stage.sees("helper")
        stage.client.answers.append(
            lambda command: stage.kernel.end(40330, 9) if isinstance(command, Signal) else None
        )
        await stage.press("enter")
        await stage.told("2 of 2 gone.")
        assert stage.kernel.signals == [(40345, 9)]
        assert any(isinstance(command, Note) for command in stage.client.sent)


async def test_several_tagged_rows_make_one_dialog() -> None:
    async with opened() as stage:
        await stage.press("space", "space", "space")
        await stage.press("t")
        await stage.sees("Terminate 2 processes?", "40321", "40322", "cleaner is daemonic")
        await stage.sees("Left out, no signal reaches it: worker-3 (40323).")
        await stage.press("y")
        expected = Signal(workers=("piao-1", "cleaner"), signal="SIGTERM", pids=(40321, 40322))
        await stage.until(lambda: stage.client.sent == [expected])
        assert stage.workers.table.tagged == frozenset()


async def test_restart_asks_only_where_something_runs() -> None:
    async with opened() as stage:
        await stage.go_to("w:parent")
        await stage.press("r")
        await stage.until(lambda: stage.client.sent == [Restart(workers=("parent",))])
        await stage.go_to("w:web")
        await stage.press("r")
        await stage.sees("Restart web (40326)?")
        await stage.press("y")
        await stage.until(lambda: Restart(workers=("web",)) in stage.client.sent)


async def test_start() -> None:
    async with opened() as stage:
        await stage.go_to("w:later")
        await stage.press("s")
        await stage.until(lambda: stage.client.sent == [Start(workers=("later",))])


# ---------------------------------------------------------------------------- zombies of others


async def test_a_foreign_zombie_offers_its_cures_in_the_order_of_harm() -> None:
    async with opened() as stage:
        await stage.press("z", "z")
        await stage.sees("Z python3")
        await stage.press("j")
        await stage.sees("python3 (40344) has ended, and factory (40330) has not joined it.")
        text = stage.text()
        order = [text.rindex(part) for part in ("Nudge factory", "Terminate factory", "Kill fact")]
        assert order == sorted(order)
        stage.client.answers.append(
            lambda command: stage.kernel.reap(40344) if isinstance(command, Signal) else None
        )
        await stage.press("enter")
        await stage.told("python3 (40344) is gone: factory (40330) has joined it.")
        assert stage.client.sent == [Signal(workers=("factory",), signal="SIGCHLD", pids=(40330,))]


async def test_wherever_the_key_cures_it_is_called_a_cure() -> None:
    async with opened() as stage:
        await stage.press("z", "z")
        await stage.sees("Nudge factory", "Cure j", "j cure")
        assert not stage.workers.query_one("#button-join").has_class("-dim")
        assert "Join j" not in stage.text()
        await stage.press("ctrl+p", *"cure")
        await stage.sees("j     Only its parent can join this zombie")
        await stage.press("escape")
        key = stage.workers.table.cursor_key
        stage.workers.table.post_message(
            ProcessTable.ContextMenu(stage.workers.table, key or "", 10, 5)
        )
        await stage.sees("j     Cure")
        await stage.press("escape")
        await stage.go_to("w:worker-3")
        await stage.sees("Join j", "j join")


async def test_killing_the_dead_says_who_can_join_it() -> None:
    async with opened() as stage:
        await stage.press("z", "z", "k")
        await stage.told("only its parent factory (40330) can join it")


# ---------------------------------------------------------------------------- moving and looking


async def test_next_zombie_and_next_orphan() -> None:
    async with opened() as stage:
        await stage.press("z")
        assert stage.workers.table.cursor_key == "w:worker-3"
        await stage.press("o")
        row = stage.workers.table.cursor_row
        assert row is not None
        assert row.pid == 40352


async def test_a_folded_zombie_is_unfolded_to_be_shown() -> None:
    async with opened() as stage:
        await stage.go_to("w:factory")
        await stage.press("left")
        await stage.until(lambda: "Z python3" not in stage.text())
        await stage.go_to("w:worker-3")
        await stage.press("z")
        await stage.sees("Z python3")
        row = stage.workers.table.cursor_row
        assert row is not None
        assert row.pid == 40344


async def test_filter() -> None:
    async with opened() as stage:
        await stage.press("slash", *"state:zombie", "enter")
        await stage.until(lambda: "piao-1" not in stage.line("● piao-1"))
        await stage.sees("worker-3", "Z python3", "filter: state:zombie")
        await stage.press("escape")
        await stage.sees("● piao-1")


async def test_a_bad_filter_says_what_is_wrong_and_keeps_the_one_before() -> None:
    async with opened() as stage:
        await stage.press("slash", *"piao-1 cpu>", "enter")
        await stage.sees("cpu>", "cpu wants per cent, such as 50", "filter: piao-1 (1)")
        assert stage.workers.screen.query_one("#prompt").display
        await stage.press("escape")
        assert not stage.workers.screen.query_one("#prompt").display


async def test_search_goes_on_with_enter() -> None:
    async with opened() as stage:
        await stage.press("f3", *"python")
        row = stage.workers.table.cursor_row
        assert row is not None
        first = row.pid
        await stage.sees("1 of 2")
        await stage.press("enter")
        await stage.sees("2 of 2")
        row = stage.workers.table.cursor_row
        assert row is not None
        assert row.pid != first
        await stage.press(*"xyzzy")
        await stage.sees("nothing has that", "0 match")
        await stage.press("escape")
        assert stage.workers.table.has_focus


async def test_tree_flat_and_sorting() -> None:
    async with opened() as stage:
        await stage.press("f5")
        await stage.until(lambda: "└" not in stage.text())
        await stage.press("f6")
        await stage.sees("Sort by", "Memory")
        for _ in range(9):
            await stage.press("down")
        await stage.press("enter")
        await stage.until(lambda: stage.workers.listing.sort == "mem")
        assert stage.workers.table.rows[0].name == "web"


async def test_pause_holds_the_picture_and_shows_it() -> None:
    async with opened() as stage:
        await stage.press("p")
        await stage.sees("PAUSED")
        stage.kernel.end(40321, 9)
        row = stage.workers.feed.store.rows["w:piao-1"]
        await stage.until(lambda: row.zombie)
        await stage.pilot.pause(0.05)
        assert "Z piao-1" not in stage.text()
        await stage.press("p")
        await stage.sees("Z piao-1")


async def test_the_badge_in_the_status_bar_goes_to_the_zombie() -> None:
    async with opened() as stage:
        x = stage.text().splitlines()[0].index("ZOMBIES")
        await stage.pilot.click("StatusBar", offset=(x, 0))
        await stage.until(lambda: stage.workers.table.cursor_key == "w:worker-3")


async def test_the_footer_can_be_clicked() -> None:
    async with opened() as stage:
        x = stage.text().splitlines()[-1].index("sort")
        await stage.pilot.click("Footer", offset=(x, 0))
        await stage.sees("Sort by")


async def test_a_right_click_offers_what_applies() -> None:
    async with opened() as stage:
        await stage.pilot.click("ProcessTable", offset=(10, 3), button=3)
        await stage.sees("worker-3 (40323)", "Join", "Restart")
        menu = stage.app.screen.query_one(OptionList)
        offered = [str(menu.get_option_at_index(i).prompt) for i in range(menu.option_count)]
        assert not any("Kill" in each or "Terminate" in each for each in offered)


@pytest.mark.parametrize(("column", "line"), [(10, 1), (112, 9)])
async def test_the_menu_opens_at_the_pointer_and_stays_on_the_screen(
    column: int, line: int
) -> None:
    async with opened() as stage:
        table = stage.workers.table
        await stage.pilot.click("ProcessTable", offset=(column, line), button=3)
        await stage.sees("Tag with descendants")
        box = stage.app.screen.query_one(".dialog").region
        pointer = (column + table.region.x, line + table.region.y)
        assert box.contains(*pointer)
        assert stage.app.screen.region.contains_region(box)
        assert box.width < 40


async def test_what_harms_stands_apart_in_the_menu() -> None:
    async with opened() as stage:
        await stage.pilot.click("ProcessTable", offset=(10, 1), button=3)
        await stage.sees("Tag with descendants")
        box = stage.app.screen.query_one(".dialog").region
        lines = [line[box.x : box.right] for line in stage.text().splitlines()][box.y : box.bottom]
        rule = next(at for at, line in enumerate(lines[1:-1], 1) if "──" in line)
        above, below = "".join(lines[1:rule]), "".join(lines[rule:])
        assert "Join" in above and "Tag" in above and "Kill" not in above
        assert all(word in below for word in ("Terminate", "Kill", "Stop", "Restart"))


# ---------------------------------------------------------------------------- states by design


async def test_an_empty_session_explains_itself() -> None:
    clock = Clock()
    async with opened(session=(FakeClient(), FakeKernel(clock))) as stage:
        await stage.sees(
            "No workers yet", "n  starts a worker", "b  begins a lesson", "Nothing is selected."
        )


async def test_a_lost_supervisor_is_said_and_workers_can_still_be_killed() -> None:
    async with opened() as stage:
        stage.client.lose("the supervisor was killed")
        await stage.sees("The supervisor (40310) is gone.", "SUPERVISOR GONE")
        await stage.press("s")
        await stage.told("the supervisor is gone")
        await stage.press("k")
        await stage.sees("Kill piao-1 (40321)?")
        await stage.press("y")
        await stage.until(lambda: stage.kernel.signals == [(40321, 9)])


async def test_a_supervisor_that_was_gone_before_is_not_gone_since_now() -> None:
    async with opened() as stage:
        stage.client.lose("its supervisor was killed", heard=stage.clock.now - 65)
        await stage.sees("is gone, last heard of at 22:12:15 (1:05 ago).", "SUPERVISOR GONE")
        assert "SUPERVISOR GONE 0" not in stage.text()
        await stage.sees("last known at 22:12:15")


async def test_a_session_that_somebody_else_ended() -> None:
    async with opened() as stage:
        stage.client.tell("session-ended", None, "ended", by="command line 99")
        await stage.sees("The session was ended by command line 99.")


async def test_who_ended_it_is_who_asked_and_not_who_obeyed() -> None:
    async with opened() as stage:
        stage.client.tell("session-ending", None, "the session ends", by="command line 123")
        stage.client.tell("session-ended", None, "the session was ended", by="supervisor")
        await stage.sees("The session was ended by command line 123.")


async def test_who_came_and_left_is_said_once() -> None:
    async with opened() as stage:
        stage.client.tell("client-went", None, "screen 18564 left", by="screen 18564")
        stage.client.tell("client-went", None, "screen 1 left", by="screen 18564")
        await stage.press("e")
        await stage.sees("screen 1 left  by screen 18564")
        assert " by " not in stage.line("screen 18564 left")


async def test_names_are_never_markup_nor_control_sequences() -> None:
    clock = Clock()
    evil = worker("w", 50_001, "[/foo]\x1b[2J", name="[/foo] \x1b]0;x\x07[red]x")
    kernel = FakeKernel(clock)
    kernel.put(50_001)
    async with opened(session=(FakeClient([evil]), kernel)) as stage:
        await stage.sees("[/foo]")
        await stage.press("t")
        await stage.sees("Terminate [/foo] ^[]0;x^G[red]x")
        await stage.press("n", "j")
        await stage.press("e")
        stage.client.tell("note", evil, "did [/b] \x1b[31mthis", by="[/screen]")
        await stage.sees("did [/b] ^[[31mthis", "by [/screen]")
        assert "\x1b" not in stage.text()


# ---------------------------------------------------------------------------- events


async def test_events_newest_first_and_of_one_worker() -> None:
    async with opened() as stage:
        await stage.press("e")
        await stage.sees("was joined: exitcode 0", "started as process 40321")
        text = stage.text()
        assert text.index("was joined: exitcode 0") < text.index("started as process 40321")
        await stage.press("e")
        await stage.sees("only piao-1")
        await stage.until(lambda: "was joined: exitcode 0" not in stage.text())
        stage.client.change("piao-1", "signalled", "SIGUSR1 sent to it")
        await stage.sees("SIGUSR1 sent to it")


def test_events_of_the_fake_are_events() -> None:
    event = Event(seq=1, time=0.0, kind="note")
    assert msgspec.json.decode(msgspec.json.encode(event), type=Event) == event
