"""Where sessions live: the runtime directory (sockets) and the state directory (all else).

``PROCTUI_RUNTIME_DIR`` and ``PROCTUI_STATE_DIR`` point both elsewhere.  Otherwise the runtime
directory is ``proctui`` in XDG_RUNTIME_DIR, or ``proctui-UID`` in the directory for temporary
files where that is not set; the state directory is the one of the platform's conventions
(``~/.local/state/proctui``).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from proctui.sessions.private import NotPrivate, check_private, private_directory
from proctui.supervisor.logs import file_name

RUNTIME_VARIABLE: Final = "PROCTUI_RUNTIME_DIR"
STATE_VARIABLE: Final = "PROCTUI_STATE_DIR"
LONGEST_SOCKET: Final = 107
"""Bytes that the path of a socket may have (unix(7): sun_path holds 108 with the ending NUL)."""


def runtime_directory() -> Path:
    """Where the sockets are.  Made and checked; raises `NotPrivate`."""
    return private_directory(_runtime_path())


def state_directory() -> Path:
    """Where journals, logs and facts of sessions are.  Made and checked; raises `NotPrivate`."""
    return private_directory(_state_path())


def existing_state_directory() -> Path | None:
    """As `state_directory`, but None where it was never made."""
    path = _state_path()
    if not os.path.lexists(path):
        return None
    check_private(path)
    return path


def socket_path(name: str) -> Path:
    """Where the session called `name` listens.

    A path that would be too long gets a short name instead; raises `NotPrivate` where the
    directory alone is too long already.
    """
    directory = runtime_directory()
    import hashlib  # only who starts a session pays for it

    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
    for path in (directory / f"{file_name(name)}.sock", directory / f"{digest[:16]}.sock"):
        if len(os.fsencode(path)) <= LONGEST_SOCKET:
            return path
    raise NotPrivate(
        f"the runtime directory {directory} has too long a path for a socket "
        f"(at most {LONGEST_SOCKET} bytes in all); name a shorter one in {RUNTIME_VARIABLE}"
    )


def _runtime_path() -> Path:
    if chosen := os.environ.get(RUNTIME_VARIABLE):
        return Path(chosen).absolute()
    if base := os.environ.get("XDG_RUNTIME_DIR"):
        path = Path(base)
        if path.is_absolute() and path.is_dir():
            return path / "proctui"
    import tempfile  # not needed where the place is given

    return Path(tempfile.gettempdir()) / f"proctui-{os.geteuid()}"


def _state_path() -> Path:
    if chosen := os.environ.get(STATE_VARIABLE):
        return Path(chosen).absolute()
    import platformdirs  # not needed where the place is given

    return platformdirs.user_state_path("proctui", appauthor=False)
