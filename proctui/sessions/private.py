"""Directories that only this user may enter.  Standard library only.

Made without a race, and refused where they belong to somebody else, are links or are open to
others: what stands in them is trusted.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

OTHERS = stat.S_IRWXG | stat.S_IRWXO


class NotPrivate(Exception):
    """A directory can't be trusted, or not be made; the text is one clear sentence."""


def private_directory(path: Path) -> Path:
    """Makes `path` with mode 0700 where it is missing, its parents too, and checks it.

    Raises `NotPrivate`.
    """
    try:
        _make(path)
    except OSError as error:
        raise NotPrivate(f"the directory {path} can't be made: {error.strerror}") from error
    check_private(path)
    return path


def _make(path: Path) -> None:
    """Whoever comes first makes it.  (`Path.mkdir` gives parents the mode of the umask.)"""
    if not path.parent.exists():
        _make(path.parent)
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)


def check_private(path: Path) -> None:
    """Raises `NotPrivate` unless `path` is a directory of this user, no link and closed to others.

    The checked one is the one that was opened, so it can't be exchanged meanwhile (open(2):
    O_NOFOLLOW); afterwards only this user and root can.
    """
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        if path.is_symlink():
            raise NotPrivate(f"{path} is a link, which is not followed for safety") from error
        raise NotPrivate(f"the directory {path} can't be used: {error.strerror}") from error
    try:
        facts = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if facts.st_uid != os.geteuid():
        raise NotPrivate(
            f"the directory {path} belongs to user {facts.st_uid}, not to you "
            f"(user {os.geteuid()}), and is not used for safety"
        )
    if facts.st_mode & OTHERS:
        mode = stat.S_IMODE(facts.st_mode)
        raise NotPrivate(
            f"the directory {path} is open to other users (mode {mode:04o}); "
            "close it with chmod 700 or name another"
        )
