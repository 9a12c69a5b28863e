"""The details pane: diagnosis and cures, the two views side by side, where they disagree."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from proctui.core.history import Point
from proctui.model import Cure, Finding, Lineage, ProcessDetails, Row, State
from proctui.tui import keymap
from proctui.tui.widgets.details import Details, cure_action
from proctui.tui.widgets.facts import moment, pairs
from tests.tui.rows import ADOPTED, HOSTILE, NEGLECTED, NOW, Stage, child, lines, sample, worker

CURES = (
    Cure("nudge-parent", "Nudge factory (40330) with SIGCHLD.", 40330),
    Cure("terminate-parent", "Terminate factory (40330).", 40330),
    Cure("kill-parent", "Kill factory (40330), if it does not obey.", 40330),
)
JOIN = Cure("join", "Join it: its parent takes its exit code.")
DISAGREE = Finding(
    "disagree", "They disagree: the process has ended, its parent has not joined it.", (JOIN,)
)
ENDED = worker(
    "worker-3", 40323, "ended", State.ZOMBIE, exitcode=3,
    findings=(
        DISAGREE,
        Finding("zombie", "It ended; supervisor (40310) has not joined it.", (JOIN,)),
    ),
)  # fmt: skip
NEGLECTED_CHILD = child(
    1, 40344, 40330, "w:factory", State.ZOMBIE, exitcode=0, lineage=NEGLECTED,
    findings=(Finding("zombie", "It ended; factory (40330) has not joined it.", CURES),),
)  # fmt: skip
ORPHAN = child(
    3, 40351, 1, "w:parent", orphan=True, lineage=ADOPTED,
    findings=(
        Finding(
            "orphan", "An orphan.", (Cure("leave", "Leave it alone."), Cure("kill", "Kill it."))
        ),
    ),
)  # fmt: skip
MORE = ProcessDetails(
    pid=40321, user="egon", command=("python3", "-c", "x" * 900), cwd="/home/egon", open_files=7,
    executable="/usr/bin/python3", nice=5, terminal="pts/3", memory_unique=2 << 20,
    memory_virtual=40 << 20, cpu_user=1.25, cpu_system=0.5,
)  # fmt: skip


@asynccontextmanager
async def pane(size: tuple[int, int] = (120, 40)) -> AsyncIterator[tuple[Details, Pilot[None]]]:
    stage = Stage(Details())
    async with stage.run_test(size=size) as pilot:
        assert isinstance(stage.widget, Details)
        yield stage.widget, pilot


async def says(row: Row | None, size: tuple[int, int] = (120, 60), **more: object) -> list[str]:
    async with pane(size) as (details, pilot):
        details.show(row, NOW, **more)  # type: ignore[arg-type]
        await pilot.pause()
        return lines(details)


def fact(shown: list[str], label: str, *, kernel: bool = False) -> str:
    """The value beside a label in one of two columns."""
    for line in shown:
        left, mark, right = line.partition("│") if "│" in line else line.partition("≠")
        half = (right if kernel else left).strip()
        if mark and half.startswith(f"{label} "):
            return half.removeprefix(label).strip()
    raise AssertionError(f"nothing about {label} in {shown}")


async def test_a_zombie_of_ours_is_diagnosed_and_its_cure_has_a_key() -> None:
    shown = await says(ENDED)
    assert shown[0].startswith(" ► They disagree: the process has ended, its parent has not joined")
    assert shown[1].split() == ["j", *JOIN.text.split()]
    assert shown[2].startswith(" ► It ended; supervisor (40310) has not joined it.")
    assert sum(JOIN.text in line for line in shown) == 1  # not said twice


async def test_the_two_views_stand_beside_one_another() -> None:
    shown = await says(ENDED)
    titles = next(line for line in shown if "multiprocessing says" in line)
    assert "the kernel says" in titles
    assert fact(shown, "alive") == "False"
    assert fact(shown, "state", kernel=True) == "Z (ended 0:07 ago)"
    assert fact(shown, "exitcode") == "3"
    assert fact(shown, "exit status", kernel=True) == "? (may not be read)"
    assert fact(shown, "parent", kernel=True) == "40310 supervisor"
    assert fact(shown, "start method") == "fork"
    assert fact(shown, "daemon") == "False"
    assert fact(shown, "reap policy").startswith("join")
    assert fact(shown, "authkey") == "32 bytes, SHA-256 9f8a01bc…"
    assert fact(shown, "started").endswith("(0:12 ago)")
    assert fact(shown, "session", kernel=True) == "40323, which it leads"
    assert any(line.split() == ["target", "lessons:worker-3()"] for line in shown)


async def test_what_contradicts_is_marked() -> None:
    shown = await says(ENDED)
    marked = [line for line in shown if "≠" in line]
    assert len(marked) == 1
    assert marked[0].split()[0] == "alive"
    assert not any("≠" in line for line in await says(worker("fine", 40321)))


async def test_a_zombies_two_views_are_seen_in_the_pane_of_a_small_terminal() -> None:
    said = "They disagree: it ended at 12:00:05 with exit code -15 SIGTERM, and proctui supervisor "
    cure = Cure("join", "Join it: proctui supervisor (40310) takes its exit code, and it is gone.")
    row = worker(
        "worker-3", 40323, "ended", State.ZOMBIE, exitcode=-15,
        sample=sample(40323, state="Z", wait_status=15),
        findings=(Finding("disagree", f"{said}(40310) has not joined it.", (cure,)),),
    )  # fmt: skip
    points = [Point(NOW - second, 0.0, 0) for second in range(60, 0, -1)]
    shown = (await says(row, (80, 9), points=points))[:9]
    for label in ("alive", "exitcode", "parent"):
        assert fact(shown, label)
    for label in ("state", "parent"):
        assert fact(shown, label, kernel=True)
    assert fact(shown, "exit status", kernel=True) == "-15 SIGTERM (wait status"
    assert any(line.rstrip().endswith(" 15)") for line in shown)


async def test_what_is_too_long_for_its_column_goes_on_below() -> None:
    row = worker("gone", 5, "joined", State.ENDED, exitcode=0, sample=None, gone=True)
    for size in ((80, 40), (50, 60)):
        shown = " ".join(" ".join(await says(row, size)).replace("│", " ").split())
        assert "somebody joins it" in shown
        assert "…" not in shown.replace("9f8a01bc…", "")


@pytest.mark.parametrize(
    ("row", "labels"),
    [
        (worker("fine", 5), set()),
        (worker("joined", 5, "joined", State.ENDED, exitcode=0), set()),
        (worker("idle", None, "idle", State.IDLE), set()),
        (ENDED, {"alive"}),
        (worker("vanished", 5, sample=None), {"alive"}),
        (worker("orphaned", 5, sample=sample(5, 1)), {"parent"}),
        (worker("other", 5, sample=sample(6)), {"pid"}),
        (
            worker("code", 5, "ended", State.ZOMBIE, exitcode=3,
                   sample=sample(5, state="Z", wait_status=9)),
            {"alive", "exitcode"},
        ),
        (
            worker("same", 5, "ended", State.ZOMBIE, exitcode=-9,
                   sample=sample(5, state="Z", wait_status=9)),
            {"alive"},
        ),
    ],
)  # fmt: skip
def test_which_facts_contradict(row: Row, labels: set[str]) -> None:
    found = {pair.python.label for pair in pairs(row, NOW) if pair.differ and pair.python}
    assert found == labels


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (0, "0 (wait status 0)"),
        (2304, "9 (wait status 2304)"),
        (11, "-11 SIGSEGV (wait status 11)"),
        (139, "-11 SIGSEGV (wait status 139, core dumped)"),
        (None, "? (may not be read)"),
    ],
)
def test_the_kernels_exit_status(status: int | None, said: str) -> None:
    row = worker("x", 5, "ended", State.ZOMBIE, sample=sample(5, state="Z", wait_status=status))
    kernel = {pair.kernel.label: pair.kernel.value for pair in pairs(row, NOW) if pair.kernel}
    assert kernel["exit status"] == said


async def test_a_foreign_process_has_no_python_view() -> None:
    shown = await says(NEGLECTED_CHILD)
    assert any("Not known: no Process object" in line for line in shown)
    assert fact(shown, "parent", kernel=True) == "40330 factory"
    assert fact(shown, "exit status", kernel=True) == "0"
    assert fact(shown, "descends from", kernel=True).startswith("factory, known by parent links")
    assert not any("exitcode" in line for line in shown)


async def test_cures_of_somebody_elses_zombie_are_offered_by_one_key() -> None:
    shown = await says(NEGLECTED_CHILD)
    assert [line.split()[0] for line in shown[1:4]] == ["j", "Terminate", "Kill"]


async def test_cures_without_a_key_are_still_said() -> None:
    shown = await says(ORPHAN)
    assert shown[1].split() == ["·", "Leave", "it", "alone."]
    assert shown[2].split() == ["k", "Kill", "it."]


async def test_keys_that_a_person_chose_are_shown() -> None:
    keymap.put_in_force({"join": ("ctrl+x",)})
    try:
        assert (await says(ENDED))[1].split()[0] == "^x"
    finally:
        keymap.put_in_force({})


@pytest.mark.parametrize(
    ("row", "cure", "action"),
    [
        (ENDED, JOIN, "join"),
        (NEGLECTED_CHILD, CURES[0], "join"),
        (worker("factory", 40330), CURES[0], "signal"),
        (worker("factory", 40330), CURES[1], "terminate"),
        (worker("factory", 40330), CURES[2], "kill"),
        (worker("elsewhere", 5), CURES[1], None),
        (ORPHAN, Cure("terminate", "x"), "terminate"),
        (worker("over", 5, "joined", State.ENDED), Cure("terminate", "x"), None),
        (worker("bad", None, "failed", State.FAILED), Cure("restart", "x"), "restart"),
        (ORPHAN, Cure("leave", "x"), None),
        (NEGLECTED_CHILD, Cure("real-init", "x", 1), None),
    ],
)
def test_which_action_a_cure_means(row: Row, cure: Cure, action: str | None) -> None:
    assert cure_action(row, cure) == action


def test_the_mark_of_an_inferred_descent_is_explained() -> None:
    by_session = Lineage(adopter_pid=1, adopter="init", worker="mill", certainty="session")
    shown = pairs(Row(key="p:1", sample=sample(7, 1), orphan=True, lineage=by_session), NOW)
    facts = {pair.kernel.label: pair.kernel.value for pair in shown if pair.kernel is not None}
    assert (
        facts["descends from"] == "mill, known by the session id that it led alone (≈ in the list)"
    )


@pytest.mark.parametrize(
    ("told", "parent"), [(True, "40330 mill"), (False, "40330 mill, its birth was not seen")]
)
def test_a_first_parent_is_certain_where_the_birth_was_told(told: bool, parent: str) -> None:
    lineage = Lineage(first_ppid=40330, first_parent="mill", birth_told=told)
    shown = pairs(Row(key="p:1", sample=sample(7, 40330), lineage=lineage), NOW)
    facts = {pair.kernel.label: pair.kernel.value for pair in shown if pair.kernel is not None}
    assert facts["first parent"] == parent


async def test_an_orphan_tells_where_it_comes_from() -> None:
    shown = await says(ORPHAN)
    assert fact(shown, "first parent", kernel=True) == "40350 parent"
    assert fact(shown, "adopted by", kernel=True).startswith("1 init, ")
    assert fact(shown, "because", kernel=True) == "its first parent 40350 is gone"


async def test_what_only_the_process_under_the_cursor_is_asked() -> None:
    shown = await says(worker("piao", 40321), details=MORE)
    assert fact(shown, "user", kernel=True) == "egon"
    assert fact(shown, "open files", kernel=True) == "7"
    assert fact(shown, "terminal", kernel=True) == "pts/3"
    assert fact(shown, "nice", kernel=True) == "5"
    assert fact(shown, "cpu", kernel=True) == "0.0% of a core, user 1.25 s, system 0.50 s"
    assert fact(shown, "memory", kernel=True).startswith("9.1M resident, 2.0M its own, 40M")
    assert any(line.split() == ["folder", "/home/egon"] for line in shown)
    command = next(index for index, line in enumerate(shown) if line.startswith(" command"))
    assert shown[command + 3].rstrip().endswith("…")  # four lines at most
    assert shown[command + 4].split()[0] == "executable"


async def test_a_narrow_pane_stacks_the_views() -> None:
    shown = await says(ENDED, (60, 60))
    titles = [line.strip() for line in shown if line.strip().endswith("says")]
    assert titles == ["multiprocessing says", "the kernel says"]
    marked = [line.split()[0] for line in shown if line.startswith("≠")]
    assert marked == ["≠alive", "≠state"]


@pytest.mark.parametrize("width", [1, 3, 10, 30, 69, 70, 71, 80, 120, 300])
async def test_lines_are_exactly_as_wide_as_the_pane(width: int) -> None:
    evil = msgspec.structs.replace(
        ENDED, name=HOSTILE, command=HOSTILE * 50, lineage=Lineage(first_ppid=2, why=HOSTILE)
    )
    evil.findings = (Finding("zombie", HOSTILE * 5, (Cure("join", HOSTILE * 5),)),)
    for line in await says(evil, (width, 50)):
        assert cell_len(line) == width
        assert "\x1b" not in line


async def test_an_ascii_terminal_gets_ascii(ascii_terminal: None) -> None:
    shown = await says(ENDED) + await says(worker("idle", None, "idle", State.IDLE), (60, 60))
    assert all(line.isascii() for line in shown)
    assert any(line.split()[:2] == ["alive", "-"] for line in shown)


async def test_nothing_selected_is_said() -> None:
    assert (await says(None))[0].strip() == "Nothing is selected."


async def test_it_scrolls_and_starts_anew_for_another_process() -> None:
    async with pane((120, 6)) as (details, pilot):
        details.focus()
        details.show(ENDED, NOW)
        await pilot.pause()
        first = lines(details)[0]
        await pilot.press("down", "pagedown")
        assert lines(details)[0] != first
        details.show(ENDED, NOW + 1)
        assert lines(details)[0] != first  # the same process: what is read stays
        await pilot.press("end")
        assert "target" in lines(details)[-1]
        details.show(NEGLECTED_CHILD, NOW)
        assert lines(details)[0].startswith(" ► It ended; factory")
        assert "▐" in "".join(line[-1] for line in lines(details))


async def test_only_lines_that_differ_are_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with pane() as (details, pilot):
        details.show(ENDED, NOW)
        await pilot.pause()
        regions = []
        monkeypatch.setattr(
            "textual.widget.Widget.refresh", lambda self, *found, **_: regions.extend(found)
        )
        details.show(ENDED, NOW)
        assert regions == []
        details.show(ENDED, NOW + 1)
        drawn = [lines(details)[region.y] for region in regions]
        assert drawn
        assert all("ago" in line for line in drawn)


def test_times_of_other_days_have_their_date() -> None:
    when = time.mktime((2024, 5, 6, 7, 8, 9, 0, 0, -1))
    assert moment(when, when + 12) == "07:08:09 (0:12 ago)"
    assert moment(when, when + 86_400) == "2024-05-06 07:08:09 (1d00h ago)"
    assert moment(None, NOW) == "–"


async def test_the_texts_of_all_cures_begin_in_one_column() -> None:
    shown = await says(msgspec.structs.replace(NEGLECTED_CHILD, key="p:9", parent=None))
    parent = worker("factory", 40330, findings=(Finding("note", "It has not joined 1.", CURES),))
    for lines_shown in (shown, await says(parent)):
        at = {line.index(cure.text) for line in lines_shown for cure in CURES if cure.text in line}
        assert len(at) == 1
    assert any("F9" in line for line in await says(parent))
