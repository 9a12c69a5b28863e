"""The socket that clients connect to, and the file that stands for it.

A file in a runtime directory may vanish while the session goes on: logind removes all of
/run/user/UID with the user's last login, a clean-up empties the folder for temporary files.  Then
the socket still listens, but nobody can find it; so it is looked after, and made anew.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Callable
from pathlib import Path

from proctui.sessions.private import NotPrivate, private_directory
from proctui.supervisor.complaints import complain
from proctui.supervisor.loop import Loop, Timer
from proctui.supervisor.spare import Spare
from proctui.supervisor.world import SUPERVISOR, Say

LOOK = 1.0
"""Seconds between two looks at whether the file is there: no event tells without inotify(7)."""
ACCEPT_PAUSE = 0.5
"""Seconds until the next try where no descriptor is left for another client."""
SPARE = 16
"""Clients that find room although workers have taken every descriptor there is."""
_BACKLOG = 128
_PER_TURN = 32


def listen(path: str) -> socket.socket:
    """A socket that only this user can connect to.  Raises OSError."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # The mode has to be right from the first moment, and workers keep the user's umask.
        umask = os.umask(0o177)
        try:
            listener.bind(path)
        finally:
            os.umask(umask)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener


class Listening:
    """Accepts clients for as long as the session runs, whatever becomes of the file."""

    def __init__(
        self,
        listener: socket.socket,
        loop: Loop,
        welcome: Callable[[socket.socket], None],
        say: Say,
    ) -> None:
        self._listener = listener
        self._path = Path(listener.getsockname())
        self._file = _identity(self._path)
        self._loop = loop
        self._welcome = welcome
        self._say = say
        self._look_due: Timer | None = None
        self._accept_due: Timer | None = None
        self._spare = Spare(SPARE)
        self._complained = False
        """Of a client that could not be accepted, and none was since."""
        self._hindered = False
        """It has been said that the file can't be made anew."""

    def begin(self) -> None:
        """From now on clients may come."""
        self._loop.add_reader(self._listener.fileno(), self._accept)
        self._look_later()

    def close(self) -> None:
        """No more clients.  The file vanishes, unless somebody has put another in its place."""
        for due in (self._look_due, self._accept_due):
            if due is not None:
                due.cancel()
        self._loop.remove_reader(self._listener.fileno())
        if self._is_there():
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()
        self._listener.close()
        self._spare.close()

    def has_room(self) -> None:
        """A client has left, and its descriptor is free again."""
        self._spare.take_back()

    # ------------------------------------------------------------ accepting

    def _accept(self) -> None:
        for _ in range(_PER_TURN):
            try:
                connected, _ = self._listener.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in (errno.ECONNABORTED, errno.EINTR):
                    continue
                if error.errno in (errno.EMFILE, errno.ENFILE) and self._spare.give():
                    continue
                self._complain_once(error)
                self._pause_accepting()
                return
            self._complained = False
            self._welcome(connected)

    def _complain_once(self, error: OSError) -> None:
        if not self._complained:
            self._complained = True
            complain(f"no client can be accepted: {error}")

    def _pause_accepting(self) -> None:
        self._loop.remove_reader(self._listener.fileno())
        self._accept_due = self._loop.call_later(ACCEPT_PAUSE, self._go_on_accepting)

    def _go_on_accepting(self) -> None:
        self._accept_due = None
        self._loop.add_reader(self._listener.fileno(), self._accept)

    # ------------------------------------------------------------ the file

    def _look_later(self) -> None:
        self._look_due = self._loop.call_later(LOOK, self._look)

    def _look(self) -> None:
        self._look_later()
        if not self._is_there():
            self._make_anew()

    def _is_there(self) -> bool:
        return self._file is not None and _identity(self._path) == self._file

    def _make_anew(self) -> None:
        """Whoever waits at the old socket is let in first: they can't come again by themselves."""
        try:
            private_directory(self._path.parent)
            listener = listen(str(self._path))
        except (OSError, NotPrivate) as error:
            self._tell_hindrance(error)
            return
        self._accept()
        former, self._listener = self._listener, listener
        self._loop.remove_reader(former.fileno())
        former.close()
        self._file = _identity(self._path)
        if self._accept_due is None:
            self._loop.add_reader(listener.fileno(), self._accept)
        self._hindered = False
        self._say(
            "note",
            f"the session's socket {self._path} had been removed; clients can connect again",
            by=SUPERVISOR,
        )

    def _tell_hindrance(self, error: OSError | NotPrivate) -> None:
        """Once, until it is there again."""
        if self._hindered:
            return
        self._hindered = True
        reason = error.strerror if isinstance(error, OSError) else str(error)
        text = f"the session's socket {self._path} was removed and can't be made anew: {reason}"
        complain(text)
        self._say("note", f"{text}; until it can, no client finds the session", by=SUPERVISOR)


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file stands at `path`; None where there is none, or it can't be looked at."""
    try:
        facts = path.lstat()
    except OSError:
        return None
    return facts.st_dev, facts.st_ino
