"""The scenes: which history, what is pressed, and what must be read then."""

from __future__ import annotations

import atexit
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec

from proctui.files.settings import Settings
from proctui.tui import machine_feed
from proctui.tui.preferences import Kept
from tests.tui.fakes import NOW, SUPERVISOR, Clock, FakeClient, FakeKernel, lessons, worker
from tests.tui.lesson_scene import left_behind
from tests.tui.machine_scene import SceneMachine
from tests.tui.screens import Stage, opened

Session = Callable[[Clock], tuple[FakeClient, FakeKernel]]


async def _as_it_is(stage: Stage) -> None:
    """Nothing happens before the keys are pressed."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One picture to be."""

    name: str
    row: str = "w:piao-1"
    """Key of the row under the cursor; none where it is empty."""
    keys: tuple[str, ...] = ()
    sees: tuple[str, ...] = ()
    """What must stand on it, whatever the size."""
    session: Session = lessons
    before: Callable[[Stage], Awaitable[None]] = _as_it_is
    settings: Settings = field(default_factory=Settings)


@asynccontextmanager
async def playing(scene: Scene, size: tuple[int, int]) -> AsyncIterator[Stage]:
    """The program as the scene has it."""
    machine = patch.object(machine_feed, "Machine", SceneMachine)
    session = scene.session(Clock())
    with machine:
        async with opened(size, session, Kept(scene.settings)) as stage:
            if scene.row:
                await stage.go_to(scene.row)
            await scene.before(stage)
            await stage.press(*scene.keys)
            await stage.sees(*(scene.sees if size[1] >= 24 else ()))
            await stage.pilot.pause(0.3)
            yield stage


# ------------------------------------------------------------------------- histories


def nothing(clock: Clock) -> tuple[FakeClient, FakeKernel]:
    """A session without workers."""
    kernel = FakeKernel(clock)
    kernel.put(SUPERVISOR, 1, "proctui", sid=SUPERVISOR)
    return FakeClient(session="empty"), kernel


def all_failed(clock: Clock) -> tuple[FakeClient, FakeKernel]:
    """A session of which nothing could be started."""
    why = [
        "module jobs has no attribute 'fetsch'",
        "no module named 'jobbs'",
        "the program ffmpge was not found",
        "the folder /srv/gone does not exist",
    ]
    workers: list[Any] = [
        worker(f"job-{n}", 40320 + n, "jobs:run()", phase="failed", alive=False, failure=reason)
        for n, reason in enumerate(why, 1)
    ]
    kernel = FakeKernel(clock)
    kernel.put(SUPERVISOR, 1, "proctui", sid=SUPERVISOR)
    return FakeClient(workers, session="misspelt"), kernel


def all_ended(clock: Clock) -> tuple[FakeClient, FakeKernel]:
    """A session in which everything has ended and was joined."""
    kernel = FakeKernel(clock)
    kernel.put(SUPERVISOR, 1, "proctui", sid=SUPERVISOR)
    workers = [
        worker(
            f"job-{n}", 40320 + n, f"jobs:run({n})", phase="joined", alive=False,
            exitcode=code, ended_at=NOW - 3, joined_at=NOW - 2,
        )
        for n, code in enumerate((0, 0, 1, -9), 1)
    ]  # fmt: skip
    return FakeClient(workers, session="done"), kernel


def crowd(clock: Clock) -> tuple[FakeClient, FakeKernel]:
    """Three hundred workers, every thirtieth a zombie."""
    kernel = FakeKernel(clock)
    kernel.put(SUPERVISOR, 1, "proctui", sid=SUPERVISOR)
    workers: list[Any] = []
    for n in range(300):
        pid, name, dead = 41000 + n, f"crawler-{n + 1}", n % 30 == 4
        how: dict[str, Any] = {"phase": "ended", "exitcode": 1, "ended_at": NOW - 3} if dead else {}
        workers.append(worker(name, pid, f"crawler:fetch({n})", **how))
        kernel.put(
            pid, cpu=n * 7 % 90 / 10, rss=7_000_000 + n * 40_000, state="Z" if dead else "S",
            wait_status=256 if dead else None,
        )  # fmt: skip
    return FakeClient(workers, session="crawl"), kernel


_LOG = """\
2023-11-14 22:13:08 starting with 'egon'
\x1b[32mINFO\x1b[0m    listening on a queue of 12
\x1b[33mWARNING\x1b[0m the third message was empty
\x1b[31mERROR\x1b[0m   could not reach 10.0.0.7:5432 (connection refused), trying again in 2 seconds
Traceback (most recent call last):
  File "lessons.py", line 12, in piao
    raise ConnectionRefusedError(address)
ConnectionRefusedError: ('10.0.0.7', 5432)
\x1b[32mINFO\x1b[0m    \x1b[1mconnected\x1b[0m
"""


def with_log(clock: Clock) -> tuple[FakeClient, FakeKernel]:
    """The lessons, and what their first worker wrote."""
    client, kernel = lessons(clock)
    file = Path(tempfile.gettempdir()) / f"proctui-picture-{os.getpid()}.log"
    file.write_text(_LOG)
    atexit.register(file.unlink, missing_ok=True)
    first = client.workers["piao-1"]
    client.workers["piao-1"] = msgspec.structs.replace(first, log=str(file))
    return client, kernel


# ------------------------------------------------------------------------- what happens


async def _supervisor_dies(stage: Stage) -> None:
    stage.kernel.reap(SUPERVISOR)
    stage.client.lose()
    await stage.sees("is gone.")


async def _session_ends(stage: Stage) -> None:
    for pid in (40321, 40322, 40323, 40326, 40330, 40344, SUPERVISOR):
        stage.kernel.reap(pid, 15)
    for name in ("piao-1", "cleaner", "worker-3", "web", "factory"):
        stage.client.change(
            name, "joined", "was joined: exitcode -15 SIGTERM",
            phase="joined", alive=False, exitcode=-15, ended_at=NOW, joined_at=NOW,
        )  # fmt: skip
    stage.client.tell("session-ended", None, "the session was ended", by="cli (40777)")
    stage.client.lose()
    await stage.sees("The session was ended")


async def _with_a_child(stage: Stage) -> None:
    stage.kernel.put(40361, 40326, "ffmpeg", command="ffmpeg -i talk.mkv talk.webm", sid=40326)
    await stage.sees("ffmpeg")


async def _into_the_log(stage: Stage) -> None:
    await stage.press("l")
    stage.workers.panes.focus_pane()


async def _menu(stage: Stage) -> None:
    stage.workers.run_worker(stage.workers.looks.offer_actions(14, 6))
    await stage.until(lambda: stage.app.screen is not stage.workers, "the menu")


async def _waiting_join(stage: Stage) -> None:
    stage.client.change("piao-1", "join-waiting", "waits to be joined", joining=1)
    await stage.sees(", join")


SCENES: tuple[Scene, ...] = (
    Scene(name="workers", row="w:worker-3", sees=("2 ZOMBIES", "They disagree")),
    Scene(name="orphan", keys=("o",), sees=("O orphan",)),
    Scene(name="neglected", keys=("z", "z"), sees=("python3",)),
    Scene(name="failed", row="w:broken", sees=("misspelt",)),
    Scene(name="idle", row="w:later", sees=("idle",)),
    Scene(name="ended", row="w:parent", sees=("ended 0",)),
    Scene(name="joining", before=_waiting_join),
    Scene(name="flat-by-cpu", keys=("f5", "f6", *["down"] * 8, "enter"), sees=("CPU%",)),
    Scene(name="tagged", keys=("space", "space", "space"), sees=("3 tagged",)),
    Scene(name="paused", keys=("p",), sees=("PAUSED",)),
    Scene(name="log", keys=("l",), session=with_log, sees=("connected",)),
    Scene(name="log-search", before=_into_the_log, keys=("slash", *"con"), session=with_log),
    Scene(name="events", keys=("e",), sees=("was joined",)),
    Scene(name="events-large", keys=("e", "m"), sees=("was joined",)),
    Scene(name="filter", keys=("slash", *"state", "colon", *"zom"), sees=("filter",)),
    Scene(name="filter-wrong", keys=("slash", *"cpu", "greater_than_sign", *"x"), sees=("cpu",)),
    Scene(name="filtered-empty", keys=("slash", *"nosuch", "enter"), sees=("Nothing matches",)),
    Scene(name="timeline", row="w:worker-3", keys=("2",), sees=("Timeline",)),
    Scene(name="machine", keys=("3", "down"), sees=("convert",)),
    Scene(name="kill", row="w:factory", keys=("k",), sees=("Kill factory",)),
    Scene(name="kill-tagged", keys=("space", "space", "space", "k"), sees=("Kill 2 processes",)),
    Scene(
        name="kill-tree",
        row="w:web",
        before=_with_a_child,
        keys=("k", "down"),
        sees=("Kill web", "ffmpeg"),
    ),
    Scene(name="stop", row="w:cleaner", keys=("x",), sees=("Stop cleaner",)),
    Scene(name="signals", keys=("f9",), sees=("SIGTERM", "SIGKILL")),
    Scene(name="menu", before=_menu, sees=("Terminate", "Kill")),
    Scene(name="export", row="w:worker-3", keys=("E",)),
    Scene(name="sort", keys=("f6",), sees=("Sort by",)),
    Scene(name="cures", keys=("z", "z", "j"), sees=("In the order of harm",)),
    Scene(name="quit", keys=("q",), sees=("Leave lessons?", "Detach")),
    Scene(name="new", keys=("n",), sees=("New worker", "Target")),
    Scene(name="new-wrong", keys=("n", *"no_colon"), sees=("New worker",)),
    Scene(name="help", keys=("question_mark",), sees=("Help", "Keys")),
    Scene(name="help-words", keys=("question_mark", "shift+tab", "right"), sees=("Two views",)),
    Scene(name="settings", keys=("comma",), sees=("Settings", "Theme", "Ask before")),
    Scene(name="columns", keys=("f7", "down", "space"), sees=("Columns", "PPID")),
    Scene(name="chart", keys=("C",)),
    Scene(name="help-lessons", keys=("question_mark", "shift+tab", "right", "right")),
    Scene(name="lessons", keys=("b",)),
    Scene(name="lesson", row="w:grandparent", session=left_behind, sees=("► 4 Put the cursor",)),
    Scene(name="palette", keys=("ctrl+p",), sees=("Join",)),
    Scene(name="palette-kill", keys=("ctrl+p", *"kill"), sees=("SIGKILL",)),
    Scene(name="empty", row="", session=nothing, sees=("No workers yet",)),
    Scene(name="all-failed", row="w:job-1", session=all_failed, sees=("job-4",)),
    Scene(name="all-ended", row="w:job-3", session=all_ended, sees=("All 4 workers",)),
    Scene(name="crowd", row="w:crawler-5", session=crowd, sees=("300 workers",)),
    Scene(name="dead-supervisor", before=_supervisor_dies, sees=("SUPERVISOR GONE",)),
    Scene(name="dead-quit", before=_supervisor_dies, keys=("q",), sees=("Leave them",)),
    Scene(name="session-ended", before=_session_ends),
    Scene(name="vim", row="w:worker-3", settings=Settings(keymap="vim"), sees=("Join J",)),
    Scene(name="high-contrast", row="w:worker-3", settings=Settings(theme="proctui-high-contrast")),
    Scene(name="colour-blind", row="w:worker-3", settings=Settings(theme="proctui-colour-blind")),
    Scene(name="light", row="w:worker-3", settings=Settings(theme="textual-light")),
)
