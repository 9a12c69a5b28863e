"""The dialogs: menus, the form, help, leaving, the palette."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual import events
from textual.geometry import Offset
from textual.selection import Selection
from textual.widgets import Checkbox, Input, Select

from proctui.files import config
from proctui.files.settings import Settings
from proctui.linux.signals import effect
from proctui.protocol import Add, Command, Describe, Reply, Shutdown, Signal
from proctui.spec import SessionSpec, WorkerSpec
from proctui.tui.actions import ACTIONS
from proctui.tui.preferences import Kept
from proctui.tui.screens.help import Help
from proctui.tui.screens.menu import ordered_signals
from proctui.tui.screens.new_worker import NewWorker
from tests.tui.fakes import SUPERVISOR, Clock, FakeClient, FakeKernel, worker
from tests.tui.screens import Stage, opened

# ---------------------------------------------------------------------------- leaving


async def test_quitting_asks_and_names_what_runs() -> None:
    async with opened() as stage:
        await stage.press("q")
        await stage.sees("Leave lessons?", "5 processes run still:")
        await stage.sees("piao-1     40321     0:12  lessons:piao('egon')")
        await stage.sees("sleep      40352     0:09  sleep 1000")
        await stage.press("escape")
        await stage.until(lambda: "Leave lessons?" not in stage.text())
        assert stage.client.sent == []
        assert stage.app.is_running


async def test_enter_after_quit_harms_nobody() -> None:
    async with opened() as stage:
        await stage.press("q")
        await stage.sees("Leave lessons?")
        await stage.press("enter")
        await stage.until(lambda: "Leave lessons?" not in stage.text())
        assert stage.client.sent == []
        assert stage.app.is_running


@pytest.mark.parametrize(("key", "mode"), [("s", "stop"), ("w", "wait")])
async def test_quitting_ends_the_session(key: str, mode: str) -> None:
    async with opened() as stage:
        await stage.press("q")
        await stage.sees("Leave lessons?")
        await stage.press(key)
        await stage.until(lambda: stage.app.return_value == 0)
        assert stage.client.sent == [Shutdown(mode=mode)]  # type: ignore[arg-type]


async def test_what_only_the_kernel_view_knows_is_ended_after_the_session() -> None:
    """The supervisor finds by session and tag; this one has neither, but its fork was seen."""
    async with opened() as stage:

        def ends(command: Command) -> Reply | None:
            if not isinstance(command, Shutdown):
                return None
            for pid in (40321, 40322, 40326, 40330, 40323):
                stage.kernel.reap(pid, 15)
            stage.client.tell("session-ended", None, "the session has ended")
            stage.client.lose()
            return Reply(id=0)

        stage.client.answers.append(ends)
        await stage.press("q")
        await stage.sees("Leave lessons?")
        await stage.press("s")
        await stage.until(lambda: stage.app.return_value == 0)
        assert stage.kernel.signals == [(40352, 15)]
        assert stage.app.farewell == ""


async def test_a_stopped_supervisor_is_told_until_it_goes_on() -> None:
    async with opened() as stage:
        stage.kernel.put(SUPERVISOR, 1, "proctui", state="T", sid=SUPERVISOR)
        await stage.sees("The supervisor (40310) is stopped", "kill -CONT 40310")
        stage.kernel.put(SUPERVISOR, 1, "proctui", sid=SUPERVISOR)
        await stage.until(lambda: "is stopped" not in stage.text())


async def test_stopping_shows_who_still_runs_and_can_be_left() -> None:
    async with opened() as stage:
        stage.client.holding = True
        await stage.press("f10")
        await stage.sees("Leave lessons?")
        await stage.press("s")
        await stage.sees("Stopping", "5 of 5 still run:")
        stage.kernel.reap(40321)
        await stage.sees("4 of 5 still run:")
        await stage.press("d")
        await stage.until(lambda: stage.app.return_value == 0)
        assert stage.app.farewell == "Session lessons is being stopped.\n"


async def test_detaching_says_how_to_come_back() -> None:
    async with opened() as stage:
        await stage.press("d")
        await stage.until(lambda: stage.app.return_value == 0)
        assert "proctui attach lessons" in stage.app.farewell
        assert stage.client.sent == []


async def test_where_nothing_runs_quitting_ends_the_session() -> None:
    clock = Clock()
    done = worker("done", 50_001, "m:f", phase="joined", exitcode=0)
    async with opened(session=(FakeClient([done]), FakeKernel(clock))) as stage:
        await stage.press("q")
        await stage.until(lambda: stage.app.return_value == 0)
        assert stage.client.sent == [Shutdown(mode="stop")]


async def test_a_session_that_refuses_to_end_says_why() -> None:
    async with opened() as stage:
        stage.client.answers.append(lambda command: Reply(id=0, error="it is ending already"))
        await stage.press("q", "s")
        await stage.told("it is ending already")
        assert stage.app.is_running


async def test_without_a_supervisor_quitting_ends_what_is_left_or_leaves_it() -> None:
    async with opened() as stage:
        stage.client.lose()
        await stage.sees("SUPERVISOR GONE")
        await stage.press("q")
        await stage.sees("Leave them", "attach shows them again")
        await stage.press("s")
        await stage.until(lambda: stage.app.return_value == 0)
        pids = {pid for pid, _ in stage.kernel.signals}
        assert pids == {40321, 40322, 40326, 40330, 40352}
        assert stage.app.farewell == ""


async def test_ctrl_q_and_ctrl_c_ask_as_well() -> None:
    for key in ("ctrl+q", "ctrl+c"):
        async with opened() as stage:
            await stage.press(key)
            await stage.sees("Leave lessons?")
            assert stage.app.is_running


# ---------------------------------------------------------------------------- signals


async def test_the_signal_menu_says_what_signals_do() -> None:
    async with opened() as stage:
        await stage.press("f9")
        await stage.sees("Send which signal to piao-1 (40321)?")
        await stage.sees("15  SIGTERM", " 9  SIGKILL", "19  SIGSTOP", "it can't be caught")
        await stage.press("down", "down", "down", "enter")
        await stage.sees("Send SIGHUP to piao-1 (40321)?")
        await stage.press("y")
        await stage.until(
            lambda: (
                stage.client.sent == [Signal(workers=("piao-1",), signal="SIGHUP", pids=(40321,))]
            )
        )


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (80, 30)])
async def test_what_a_signal_does_can_be_read_in_a_narrow_terminal(size: tuple[int, int]) -> None:
    async with opened(size) as stage:
        await stage.press("f9")
        whole = " ".join(effect(15).split())

        def read() -> str:
            lines = [line.split("│") for line in stage.text().splitlines()]
            return " ".join(" ".join(line[1] for line in lines if len(line) > 2).split())

        await stage.until(lambda: whole in read(), whole)
        await stage.press("down")
        await stage.until(lambda: effect(9) in read(), effect(9))
    async with opened((120, 40)) as stage:
        await stage.press("f9")
        await stage.sees(effect(15))
        assert not stage.app.screen.query_one("#effect").display


def test_every_signal_is_offered_once_the_usual_first() -> None:
    numbers = ordered_signals()
    assert numbers[:2] == [15, 9]
    assert len(numbers) == len(set(numbers))
    assert set(range(1, 32)) <= set(numbers)


# ---------------------------------------------------------------------------- a new worker


def _form(stage: Stage) -> NewWorker:
    form = stage.app.screen
    assert isinstance(form, NewWorker)
    return form


async def test_a_new_worker() -> None:
    async with opened() as stage:
        await stage.press("n")
        await stage.sees(
            "New worker", "Start method", "/home/egon", "Target is all that is needed."
        )
        await stage.press(*"lessons:pia")
        form = _form(stage)
        await stage.until(lambda: bool(form.query("#daemon")), "the lower half")
        form.query_one("#args", Input).value = "'x'"
        form.query_one("#count", Input).value = "2"
        form.query_one("#daemon", Checkbox).value = True
        form.query_one("#start_method", Select).value = "spawn"
        await stage.sees("Ready: pia-1 … pia-2")
        await stage.press("ctrl+s")
        await stage.until(lambda: [spec.id for spec in _added(stage)] == ["pia-1", "pia-2"])
        first = _added(stage)[0]
        assert first.target == "lessons:pia"
        assert first.args == ("x",)
        assert first.daemon is True
        assert first.start_method == "spawn"
        assert first.cwd == "/home/egon"


def _added(stage: Stage) -> list[WorkerSpec]:
    adds = [each for each in stage.client.sent if isinstance(each, Add)]
    return [spec for add in adds for spec in add.specs]


async def test_mistakes_are_said_as_one_types_and_nothing_is_started() -> None:
    async with opened() as stage:
        await stage.press("n")
        await stage.sees("Target is all that is needed.")
        await stage.press(*"piao")
        await stage.sees("Target must be")
        _form(stage).query_one("#what", Input).value = "m:web"
        await stage.sees("Worker web is taken")
        await stage.press("enter")
        await stage.sees("New worker")
        await stage.press("escape")
        await stage.until(lambda: not isinstance(stage.app.screen, NewWorker))
        assert not any(isinstance(each, Add) for each in stage.client.sent)


@pytest.mark.parametrize("key", ["tab", "enter", "ctrl+s"])
async def test_nothing_is_wrong_before_anything_was_done(key: str) -> None:
    async with opened() as stage:
        await stage.press("n")
        await stage.sees("Target is all that is needed.")
        assert not _form(stage).query_one("#mistake").has_class("-wrong")
        await stage.press(key)
        await stage.sees("Target is missing: a target such as module:function")
        assert _form(stage).query_one("#mistake").has_class("-wrong")


async def test_a_command_has_no_python_arguments() -> None:
    async with opened() as stage:
        await stage.press("n")
        await stage.sees("Target is all that is needed.")
        form = _form(stage)
        await stage.sees("Start method", "Imports from")
        before = form.query_one(".dialog").region
        form.query_one("#kind", Select).value = "command"
        await stage.sees("Command is all that is needed.")
        assert form.query_one("#args", Input).disabled
        await stage.until(lambda: "Arguments" not in stage.text())
        assert not {"Keywords", "Start method", "Python", "Imports from"} & set(
            re.findall(r"│  (\w+(?: \w+)?)  ", stage.text())
        )
        assert form.query_one(".dialog").region == before, "what lies under the cursor stays there"
        form.query_one("#what", Input).value = "sleep 100"
        await stage.sees("Ready: sleep")


def _described(command: Command) -> Reply | None:
    folder = "/home/egon"
    specs = (
        WorkerSpec(
            id="piao-1", target="lessons.py:piao", args=("egon",), daemon=True, stop_timeout=2.5,
            start_method="spawn", cwd=folder, import_root=folder,
        ),
        WorkerSpec(id="web", shell_line="python -m http.server", cwd="/srv", env={"A": "b c"}),
    )  # fmt: skip
    session = SessionSpec(name="lessons", workers=specs)
    return Reply(id=0, session=session) if isinstance(command, Describe) else None


async def test_a_new_worker_like_one_that_is_there() -> None:
    async with opened() as stage:
        stage.client.answers.append(_described)
        await stage.press("N")
        await stage.sees("Begin from", "Ready: piao-2", "Grace period")
        form = _form(stage)
        assert form.query_one("#what", Input).value == "lessons.py:piao"
        assert form.query_one("#args", Input).value == "'egon'"
        assert form.query_one("#stop_timeout", Input).value == "2.5"
        assert form.query_one("#daemon", Checkbox).value
        await stage.press("ctrl+s")
        await stage.until(lambda: any(isinstance(each, Add) for each in stage.client.sent))
        (add,) = [each for each in stage.client.sent if isinstance(each, Add)]
        (spec,) = add.specs
        known = _described(Describe())
        assert known is not None
        assert known.session is not None
        assert spec == msgspec.structs.replace(known.session.workers[0], id="piao-2")


async def test_the_start_has_what_was_typed_ahead_of_it() -> None:
    async with opened() as stage:
        await stage.press("n")
        await stage.sees("Target is all that is needed.")
        for key in (*"lessons:pia", "ctrl+s"):  # all there before any of them is looked at
            stage.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await stage.until(lambda: any(isinstance(each, Add) for each in stage.client.sent))
        (add,) = [each for each in stage.client.sent if isinstance(each, Add)]
        assert [spec.target for spec in add.specs] == ["lessons:pia"]


async def test_the_form_serves_before_its_lower_half_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def later(form: NewWorker) -> None:
        assert not form.query("#stop_timeout")

    monkeypatch.setattr(NewWorker, "_complete", later)
    async with opened() as stage:
        stage.client.answers.append(_described)
        await stage.press("N")
        await stage.sees("Ready: piao-2")
        await stage.press("ctrl+s")
        await stage.until(lambda: any(isinstance(each, Add) for each in stage.client.sent))
        (add,) = [each for each in stage.client.sent if isinstance(each, Add)]
        (spec,) = add.specs
        assert (spec.stop_timeout, spec.daemon, spec.start_method) == (2.5, True, "spawn")


async def test_another_worker_to_begin_from_is_chosen_in_the_form() -> None:
    async with opened() as stage:
        stage.client.answers.append(_described)
        await stage.press("n")
        form = _form(stage)
        await stage.sees("Begin from", "Target is all that is needed.")
        form.query_one("#like", Select).value = "web"
        await stage.sees("Ready: web-2")
        assert form.query_one("#what", Input).value == "python -m http.server"
        assert form.query_one("#cwd", Input).value == "/srv"
        assert form.query_one("#env", Input).value == "A='b c'"
        form.query_one("#like", Select).value = ""
        await stage.sees("Target is all that is needed.")


async def test_what_was_filled_in_is_saved_to_a_worker_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    async with opened() as stage:
        await stage.press("n", *"lessons:pia")
        _form(stage).query_one("#count", Input).value = "2"
        await stage.sees("Ready: pia-1 … pia-2")
        for again in (False, True):
            await stage.press("ctrl+o")
            await stage.sees("Save to a worker file")
            stage.app.screen.query_one("#save-file", Input).value = str(file)
            await stage.press("enter")
            if again:
                await stage.sees("Enter again adds to it.")
                await stage.press("enter")
                await stage.told("workers.pia stands in the file already.")
            else:
                await stage.told("Saved in")
        made = config.load(file).workers
        assert [spec.id for spec in made] == ["pia-1", "pia-2"]
        assert made[0].target == "lessons:pia"
        assert made[0].import_root == "/home/egon"
        assert isinstance(stage.app.screen, NewWorker)
        assert not any(isinstance(each, Add) for each in stage.client.sent)


# ---------------------------------------------------------------------------- help and palette


async def test_help_has_every_action_and_every_word() -> None:
    async with opened((120, 200)) as stage:
        await stage.press("question_mark")
        await stage.sees("In the list", "Fold, scroll left")
        for action in ACTIONS.values():
            await stage.sees(action.title)
        await stage.press("shift+tab", "right")
        await stage.sees("Zombie", "Orphan", "Daemonic", "exitcode", "Join", "is_alive()")
        await stage.press("escape")
        await stage.until(lambda: not isinstance(stage.app.screen, Help))


async def test_help_knows_where_one_is() -> None:
    async with opened() as stage:
        await stage.press("l", "l", "f1")
        await stage.sees("In the log", "Break long lines.", "Copy", "Save all that the log holds")


async def test_the_palette_offers_our_own_actions_alone() -> None:
    async with opened((120, 120)) as stage:
        await stage.press("ctrl+p")
        await stage.sees(ACTIONS["quit"].tooltip)
        scene = stage.workers.scene()
        offered = [a for a in ACTIONS.values() if a.why_not(scene) is None and a.id != "palette"]
        lines = stage.text().splitlines()
        for action in offered:
            told = f"{action.title:<28}{action.key:<6}{action.tooltip[:30]}"
            assert any(told in line for line in lines), told
        assert not [line for line in lines if "Screenshot" in line or "Maximize" in line]


async def test_every_theme_is_in_the_palette_and_the_one_that_is_picked_stays() -> None:
    saved: list[dict[str, Any]] = []

    def save(changes: Mapping[str, Any]) -> Settings:
        saved.append(dict(changes))
        return Settings(**changes)

    async with opened(kept=Kept(save=save)) as stage:
        await stage.press("ctrl+p", *"theme")
        await stage.sees("Theme: proctui-high-contrast", "Theme: dracula", "Theme: nord")
        for _ in "theme":
            await stage.press("backspace")
        await stage.press(*"change theme drac")
        await stage.until(lambda: "nord" not in stage.text() and "Theme: dracula" in stage.text())
        await stage.press("enter")
        await stage.until(lambda: stage.app.theme == "dracula")
        assert saved == [{"theme": "dracula"}]
        assert stage.workers.preferences.settings.theme == "dracula"


async def test_the_palettes_sign_is_one_cell_in_every_font(ascii_terminal: None) -> None:
    async with opened() as stage:
        await stage.press("ctrl+p")
        await stage.sees(">  Search for commands~")


async def test_the_palette_offers_only_what_applies() -> None:
    async with opened() as stage:
        await stage.go_to("w:worker-3")
        await stage.press("ctrl+p")
        await stage.press(*"join")
        await stage.sees("Join all that ended")
        await stage.press(*"\b\b\b\b".replace("\b", " "))
        for _ in range(8):
            await stage.press("backspace")
        await stage.press(*"kill")
        await stage.pilot.pause(0.3)
        assert "Send SIGKILL" not in stage.text()


async def test_the_palette_does_what_it_offers() -> None:
    async with opened() as stage:
        await stage.press("ctrl+p", *"next zombie")
        await stage.sees("Next zombie")
        await stage.pilot.pause(0.2)
        await stage.press("enter")
        await stage.until(lambda: stage.workers.table.cursor_key == "w:worker-3")


# ---------------------------------------------------------------------------- the log


def _with_log(path: Path, data: bytes) -> tuple[FakeClient, FakeKernel]:
    path.write_bytes(data)
    clock = Clock()
    kernel = FakeKernel(clock)
    kernel.put(50_001)
    kernel.put(50_002, 50_001)
    made = FakeClient([worker("loud", 50_001, "m:f", log=str(path))])
    return made, kernel


async def test_the_log_follows_and_stops_following_when_one_scrolls_up(tmp_path: Path) -> None:
    path = tmp_path / "loud.log"
    session = _with_log(path, b"".join(b"line %d\n" % number for number in range(100)))
    async with opened(session=session) as stage:
        await stage.press("l")
        await stage.sees("line 99", "loud · following")
        with path.open("ab") as file:
            file.write(b"line 100\nunfinished")
        await stage.sees("line 100", "unfinished")
        await stage.press("l", "home")
        await stage.sees("line 0", "End follows")
        with path.open("ab") as file:
            file.write(b" and finished\n")
        log = stage.workers.panes.log_view
        await stage.until(lambda: len(log.lines) == 102)
        await stage.sees("line 0")
        await stage.press("end")
        await stage.sees("unfinished and finished", "following")


async def test_colours_stay_and_control_sequences_do_not(tmp_path: Path) -> None:
    session = _with_log(tmp_path / "l", b"\x1b[31mred\x1b[0m \x1b[2Jcleared\x07 [/b]\n")
    async with opened(session=session) as stage:
        await stage.press("l")
        await stage.sees("red cleared^G [/b]")
        strips = stage.app.screen._compositor.render_strips(stage.app.size)
        (styles,) = [[s.style for s in strip if s.text == "red"] for strip in strips
                     if "red cleared" in strip.text]  # fmt: skip
        assert styles[0] is not None
        assert styles[0].color is not None


async def test_a_descendant_shows_its_workers_log(tmp_path: Path) -> None:
    session = _with_log(tmp_path / "l", b"mine\n")
    async with opened(session=session) as stage:
        await stage.press("l", "down")
        await stage.sees("loud · following", "mine")


async def test_searching_wrapping_and_clearing(tmp_path: Path) -> None:
    data = b"needle one\n" + b"hay\n" * 50 + b"needle two " + b"x" * 300 + b" far out\n" + b"hay\n"
    async with opened(session=_with_log(tmp_path / "l", data)) as stage:
        await stage.press("l", "l")
        await stage.sees("needle two")
        assert "far out" not in stage.text()
        assert stage.line("needle two").rstrip().endswith("xxx…")
        stage.workers.panes.log_view.scroll_to(x=400, animate=False)
        await stage.until(lambda: stage.line("far out").rstrip().endswith("far out"))
        await stage.press("w")
        await stage.sees("wrapped", "far out")
        await stage.press("slash", *"needle")
        await stage.sees("“needle”: line 52")
        await stage.press("enter")
        await stage.sees("“needle”: line 1", "needle one")
        await stage.press("escape")
        await stage.until(lambda: "“needle”" not in stage.text())
        await stage.press("C")
        await stage.sees("It has printed nothing yet.")


async def test_the_log_is_copied_as_it_was_written(tmp_path: Path) -> None:
    data = b"\x1b[31mred\x1b[0m [/b]\x1b[201~\x07\n" + b"w" * 300 + b"\n"
    async with opened(session=_with_log(tmp_path / "l", data)) as stage:
        await stage.press("l", "l")
        await stage.sees("y copy", "S save")
        await stage.press("y")
        await stage.told("2 lines copied.")
        assert stage.app.clipboard == "red [/b]\n" + "w" * 300 + "\n"


async def test_what_the_mouse_has_marked_is_copied_alone(tmp_path: Path) -> None:
    async with opened(session=_with_log(tmp_path / "l", b"one\ntwo\n")) as stage:
        await stage.press("l", "l")
        await stage.sees("two")
        log = stage.workers.panes.log_view
        stage.app.screen.selections = {log: Selection(Offset(0, 0), Offset(3, 0))}
        await stage.press("y")
        await stage.told("Copied what is marked.")
        assert stage.app.clipboard == "one"


async def test_the_whole_log_is_saved_and_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    data = b"\x1b[31mred\x1b[0m\n" + b"hay \xff\n" * 6000
    target = tmp_path / "kept.txt"
    target.write_text("old")
    async with opened(session=_with_log(tmp_path / "loud.log", data)) as stage:
        await stage.press("l", "l", "S")
        await stage.sees("Save the log", "loud.log")
        field = stage.app.screen.query_one("#save-file", Input)
        field.value = str(target)
        await stage.press("enter")
        await stage.sees("This file exists: Enter again replaces it.")
        assert target.read_text() == "old"
        await stage.press("enter")
        await stage.told("saved to", "kept.txt")
        assert target.read_bytes() == data


async def test_a_log_that_cannot_be_saved_says_why(tmp_path: Path) -> None:
    async with opened(session=_with_log(tmp_path / "loud.log", b"x\n")) as stage:
        await stage.press("l", "l", "S")
        await stage.sees("Save the log")
        stage.app.screen.query_one("#save-file", Input).value = str(tmp_path / "no" / "way")
        await stage.press("enter")
        await stage.told("can't be written: No such file or directory.")


async def test_a_worker_that_prints_faster_than_anybody_reads(tmp_path: Path) -> None:
    session = _with_log(tmp_path / "l", b"".join(b"number %07d\n" % n for n in range(300_000)))
    async with opened(session=session) as stage:
        await stage.press("l")
        await stage.sees("number 0299999")
        assert len(stage.workers.panes.log_view.lines) <= 5000


async def test_the_pane_can_have_the_whole_screen(tmp_path: Path) -> None:
    session = _with_log(tmp_path / "l", b"".join(b"line %d\n" % n for n in range(100)))
    async with opened(session=session) as stage:
        await stage.press("l", "m")
        await stage.sees("line 75", "line 99")
        await stage.press("escape")
        await stage.until(lambda: "line 75" not in stage.text())
        assert stage.workers.table.has_focus


async def test_in_a_small_terminal_the_panes_come_when_they_are_asked_for() -> None:
    async with opened((60, 15)) as stage:
        assert "multiprocessing says" not in stage.text()
        await stage.press("i")
        await stage.sees("Both agree")
