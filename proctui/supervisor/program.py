"""The supervisor's program: reads what to supervise, and does until the session ends."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import sys
from pathlib import Path
from typing import NoReturn

import msgspec

from proctui.sessions.journal import Journal
from proctui.supervisor import child, host, limits
from proctui.supervisor.listening import listen
from proctui.supervisor.loop import Loop
from proctui.supervisor.server import Server
from proctui.supervisor.session import Session
from proctui.supervisor.start import (
    SupervisorAnswer,
    SupervisorStart,
    decode_start,
    encode_answer,
)

LAST_WORDS = 2.0
"""Seconds that clients have, at the end, to take what waits for them."""


def main() -> int:
    """Exit status 0 when the session has ended, 1 when it could not begin."""
    line = sys.stdin.buffer.readline()
    if not line.endswith(b"\n"):
        return 1
    try:
        start = decode_start(line)
        host.ignore_terminal_signals()
        limits.raise_descriptors()
        if start.spec.adopt:
            host.set_subreaper(True)
        journal, listener = _open(start)
    except msgspec.DecodeError as error:
        return _give_up(f"the supervisor was told what it can't understand: {error}")
    except OSError as error:
        return _give_up(f"the session can't begin: {_sentence(error)}")
    supervise(start, journal, listener)
    return 0


def _open(start: SupervisorStart) -> tuple[Journal, socket.socket]:
    journal = Journal(Path(start.journal))
    try:
        return journal, listen(start.socket)
    except BaseException:
        journal.close()
        raise


def supervise(start: SupervisorStart, journal: Journal, listener: socket.socket) -> None:
    """Runs the session to its end."""
    loop = Loop()
    session = Session(start, loop, journal, lambda: _leave(loop, server))
    server = Server(session, listener, loop)
    loop.fault = session.tell_of_fault
    _end_on(signal.SIGTERM, loop, session)
    session.begin()
    child.prepare()
    # What exists now is never collected: workers go on sharing its memory with us.
    gc.collect()
    gc.freeze()
    server.begin()
    _answer(SupervisorAnswer(ready=True))
    _leave_starter()
    loop.call_soon(session.autostart)
    loop.run()
    journal.close()


def _leave(loop: Loop, server: Server) -> None:
    """Gives the clients a moment to take what waits for them."""
    loop.call_later(LAST_WORDS, loop.stop)
    server.close(loop.stop)


def _end_on(signum: signal.Signals, loop: Loop, session: Session) -> None:
    """Has a signal end the session as a client could.

    No wake-up descriptor (signal.set_wakeup_fd): a forked child would share it, and a signal to
    that child would call this handler here.
    """

    def ask() -> None:
        session.ending.ask("stop", signum.name, lambda error, outcomes: None)

    signal.signal(signum, lambda *_: loop.call_from_signal(ask))


def _answer(answer: SupervisorAnswer) -> None:
    # Whoever started us may have gone: the session goes on without it.
    with contextlib.suppress(OSError):
        os.write(1, encode_answer(answer))


def _give_up(reason: str) -> int:
    _answer(SupervisorAnswer(error=reason))
    return 1


def _sentence(error: OSError) -> str:
    where = f" ({error.filename})" if error.filename else ""
    return f"{error.strerror or error}{where}"


def _leave_starter() -> None:
    """Stdin from nowhere, stdout to where complaints go: nobody reads the pipes any more."""
    null = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)


def run() -> NoReturn:
    """`main`, and then the end of the process."""
    status = main()
    with contextlib.suppress(OSError):  # the disk may be full
        sys.stderr.flush()
    # At a common exit multiprocessing would join what could not be ended, perhaps for ever.
    os._exit(status)
