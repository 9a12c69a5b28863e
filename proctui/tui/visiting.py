"""Going to another session and coming back: its screen lies over the one that one came from."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from textual.message import Message

from proctui.lessons import Lesson
from proctui.sessions.private import NotPrivate
from proctui.sessions.session import SessionError, SessionPaths, find, list_sessions
from proctui.tui import text
from proctui.tui.feed import Feed
from proctui.tui.views import machine_name

if TYPE_CHECKING:
    from textual.app import App

    from proctui.tui.screens.workers import WorkersScreen

OpenFeed = Callable[[SessionPaths], Awaitable[Feed]]
MakeScreen = Callable[[Feed, Callable[[int, str], None]], "WorkersScreen"]


class VisitWanted(Message):
    """The person wants to go to another session."""

    def __init__(self, where: SessionPaths) -> None:
        super().__init__()
        self.where = where


class NotStarted(Exception):
    """A session could not be started; says why in a sentence."""


async def launch(lesson: Lesson, numbers: Mapping[str, int]) -> SessionPaths:
    """Starts the session of a lesson, as ``proctui scenario`` does; returns where it is.

    Without numbers of one's own it may be running already.  Raises `NotStarted`.
    """
    words = [f"{name.replace('_', '-')}={number}" for name, number in numbers.items()]
    try:
        if not words and (running := _running(lesson)) is not None:
            return running
        return find(await _said_by("scenario", "--for-screen", lesson.id, *words)).paths
    except (SessionError, NotPrivate, OSError) as error:
        raise NotStarted(f"{error}.") from error


def _running(lesson: Lesson) -> SessionPaths | None:
    """Where the lesson runs already.  Raises OSError and `NotPrivate`."""
    for session in list_sessions():
        facts = session.facts
        if session.running and facts.asked_name == lesson.id and facts.source is None:
            return session.paths
    return None


async def _said_by(*words: str) -> str:
    """What a command of ours printed.  Raises OSError, and `NotStarted` with its complaint.

    A process of its own: starting a supervisor forks, which a program with threads, as the
    screen is, had better not do (os.fork, "multi-threaded").
    """
    from proctui.sessions.startup import importable

    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "proctui", *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=importable(os.environ),
    )  # fmt: skip
    said, complaint = await process.communicate()
    if process.returncode != 0:
        reason = complaint.decode("utf-8", "replace").strip().removeprefix("proctui: ")
        raise NotStarted(f"{reason or 'nothing was started, and nothing said'}.")
    return said.decode("utf-8", "replace").strip()


class Visit:
    """One session that is visited.  Lives until it is left, or the program ends."""

    def __init__(self, app: App[int], feed: Feed, make: MakeScreen) -> None:
        self._app = app
        self.feed = feed
        self._screen = make(feed, self._leave)
        self._listening = (
            app.run_worker(feed.listen(), name="listen"),
            app.run_worker(feed.watch(), name="watch"),
        )
        app.push_screen(self._screen)

    def _leave(self, code: int, farewell: str) -> None:
        """What its screen does instead of ending the program."""
        self._app.run_worker(self._end(farewell), name="leave")

    async def _end(self, farewell: str) -> None:
        app, machine = self._app, machine_name(self.feed)
        while self._screen in app.screen_stack:
            await app.pop_screen()
        if app.is_screen_installed(machine):
            left = app.get_screen(machine)
            app.uninstall_screen(machine)
            if left.is_running:
                await left.remove()
        await self.close()
        if farewell:
            app.notify(text.safe(farewell.strip()), markup=False)

    async def close(self) -> None:
        """Lets go of supervisor and kernel; the session goes on."""
        for worker in self._listening:
            worker.cancel()
        await self.feed.close()
