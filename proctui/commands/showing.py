"""``proctui attach``, and going to the screen of a session that runs.

Nothing is imported here that the first picture does not need: it is there before anything else.
"""

from __future__ import annotations

import gc
import importlib
import sys
from typing import TYPE_CHECKING

from proctui.files import settings
from proctui.linux.clock import Clock
from proctui.linux.grip import default_source
from proctui.sessions.session import Session, SessionError, SessionPaths, find, list_sessions
from proctui.sessions.sync_client import SyncClient
from proctui.tui.curtain import Curtain, curtain

if TYPE_CHECKING:
    import argparse

    from proctui.linux.procconn import ProcConnector


def attach(arguments: argparse.Namespace) -> int:
    """Goes to a running session, or shows what is known of one that is over."""
    name = arguments.name or arguments.session
    session = _only() if name is None else find(name, running=False)
    need_terminal("proctui ps and proctui logs show a session without one")
    if session.running:
        return screen(session.paths)
    load_app()
    from proctui.tui.app import look_back

    return look_back(session)


def _only() -> Session:
    if any(session.running for session in list_sessions()):
        return find()
    from proctui.sessions.past import reachable

    return reachable()


def need_terminal(
    instead: str = "proctui run --detach FILE starts a session without one",
) -> settings.Settings:
    """Checks what the screen needs before anything is launched for it; what a person chose.

    Raises `SessionError`, which names what to do `instead`, where there is no terminal, and
    `ConfigError` for settings that are wrong.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise SessionError(f"the screen needs a terminal; {instead}")
    return settings.load()


def screen(where: SessionPaths, heard: ProcConnector | None = None) -> int:
    """Shows a running session; returns the exit code of the program.

    What its workers do before that was `heard`, where it was just started for this.
    """
    chosen = need_terminal()
    with curtain() as drawn:
        return shown(where, drawn, chosen, heard)


def shown(
    where: SessionPaths,
    drawn: Curtain,
    chosen: settings.Settings,
    heard: ProcConnector | None = None,
) -> int:
    """Draws the list as it stands, then loads what takes longer, then shows the screen."""
    if "textual" not in sys.modules:
        _draw(where, drawn, chosen)
    load_app()
    from proctui.tui.app import run as run_screen

    return run_screen(where, drawn, heard)


def _draw(where: SessionPaths, drawn: Curtain, chosen: settings.Settings) -> None:
    from proctui.tui.first_picture import opening, picture

    with SyncClient(where.socket, "first picture") as client:
        workers, hello = client.subscribe().workers, client.hello
    if chosen.sort is not None:  # who comes first is not known before all were looked at
        drawn.draw(opening(hello.session, "Opening the screen…", drawn.size[0]))
        return
    drawn.draw(
        picture(
            hello.session,
            workers,
            hello.pid,
            drawn.size,
            chosen.columns,
            chosen.widths,
            read=default_source().read_stat,
            now=Clock(hello.boot_time)(),
            boot_time=hello.boot_time or default_source().boot_time(),
        )
    )


def load(session: str, drawn: Curtain) -> None:
    """What is done while the supervisor starts."""
    from proctui.tui.first_picture import opening

    drawn.draw(opening(session, "Starting the session…", drawn.size[0]))
    load_app()


def load_app() -> None:
    """Brings Textual in, which nothing else does.

    What is made on the way lives as long as the program: the collector needn't look at it.
    """
    gc.disable()
    try:
        importlib.import_module("proctui.tui.app")
    finally:
        gc.freeze()
        gc.enable()
