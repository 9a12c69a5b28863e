"""Worker files → `SessionSpec`: finding them, reading them, warning of who else may write them.

Every mistake is a `ConfigError`, raised before anything is launched.  Which keys a worker file
may have is in `proctui.files.tables`, what a Procfile means in `proctui.files.procfile`.
"""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import stat
from pathlib import Path
from typing import Final

import msgspec

from proctui.files import checks, tomlfile
from proctui.files.mistakes import ConfigError, Wrong, visible
from proctui.files.procfile import session_from_procfile
from proctui.files.starter import STARTER, write_starter
from proctui.files.tables import session_from_tables, worker_from_table
from proctui.files.textfile import NUL_IN_PATH, read_text, reason
from proctui.files.words import from_words
from proctui.spec import SessionSpec

__all__ = [
    "STARTER",
    "ConfigError",
    "builtin",
    "discover",
    "from_words",
    "load",
    "loads_procfile",
    "loads_toml",
    "warnings",
    "worker_from_table",
    "write_starter",
]

WORKER_FILE: Final = "proctui.toml"
PROCFILE: Final = "Procfile"
BUILTIN: Final = Path(__file__).parent.parent / "scenarios" / "builtin.toml"


def load(path: Path) -> SessionSpec:
    """The session that a worker file or Procfile describes.

    A name that ends in ``.toml`` is a worker file; ``Procfile``, ``Procfile.dev`` and
    ``web.procfile`` are Procfiles.  Raises `ConfigError` for everything that is wrong with the
    file; that a target or program doesn't exist is not found here.
    """
    text = read_text(path)
    if path.suffix.lower() == ".toml":
        return loads_toml(text, path)
    if path.name.lower().startswith("procfile") or path.suffix.lower() == ".procfile":
        return loads_procfile(text, path)
    raise ConfigError(path, "", "must be named like NAME.toml or Procfile")


def loads_toml(text: str, path: Path) -> SessionSpec:
    """The session that TOML text means which stands, or could stand, at `path`."""
    file = _absolute(path)
    return session_from_tables(tomlfile.parse(text, file), file)


def loads_procfile(text: str, path: Path) -> SessionSpec:
    """The session that a Procfile's text means which stands, or could stand, at `path`."""
    return session_from_procfile(text, _absolute(path), os.environ)


def builtin() -> SessionSpec:
    """The session shown where there is no file: a handful of workers in every state.

    It has no `source`, so it can't be reloaded.
    """
    return msgspec.structs.replace(load(BUILTIN), source=None)


def discover(folder: Path) -> Path | None:
    """The worker file of a folder: ``proctui.toml``, else ``Procfile``, else None.

    What has the name is answered even where it can't be read, so that `load` says why.
    """
    for name in (WORKER_FILE, PROCFILE):
        with contextlib.suppress(OSError):
            (folder / name).lstat()
            return folder / name
    return None


def warnings(path: Path) -> list[str]:
    """One sentence each if the file, or the folder it is in, may be written by others.

    Who may write them decides what the workers run, and so may their owner.  A folder with the
    sticky bit (inode(7)) doesn't let others replace the file; a group that holds nobody but its
    owner is no other, nor is root.
    Raises `ConfigError` for a path that `load` wouldn't take.
    """
    file = _absolute(path)
    told = []
    for place, what in ((file, "worker file"), (file.parent, "folder of the worker file")):
        with contextlib.suppress(OSError):
            status = place.stat()
            start = f"{visible(str(place))}: this {what}"
            if status.st_uid not in (os.geteuid(), 0):
                owner = visible(_user_name(status.st_uid))
                told.append(f"{start} belongs to {owner}, who decides what your workers run")
            elif who := _others_who_may_write(status):
                told.append(
                    f"{start} may be written by {who}, who then decide what your workers run"
                )
    return told


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _others_who_may_write(status: os.stat_result) -> str:
    mode = status.st_mode
    if stat.S_ISDIR(mode) and mode & stat.S_ISVTX:
        return ""
    if mode & stat.S_IWOTH:
        return "everybody"
    if mode & stat.S_IWGRP and not _is_private_group(status.st_uid, status.st_gid):
        return "others of its group"
    return ""


def _is_private_group(uid: int, gid: int) -> bool:
    """True for the group that many systems make for each user alone, and for root's own."""
    try:
        owner, group = pwd.getpwuid(uid), grp.getgrgid(gid)
    except KeyError:
        return False
    return (
        owner.pw_gid == gid
        and group.gr_name == owner.pw_name
        and not set(group.gr_mem) - {owner.pw_name}
    )


def _absolute(path: Path) -> Path:
    """`path` from the root on; links are followed in its folder, which lends the session its name.

    Raises `ConfigError` where there is no current folder, or where the path isn't UTF-8 and so
    couldn't be told to the supervisor.
    """
    try:
        file = path.parent.resolve() / path.name
        checks.whole(str(file))
    except OSError as error:
        raise ConfigError(path, "", f"can't be found: {reason(error)}") from error
    except RuntimeError as error:  # a loop of links, before Python 3.13
        raise ConfigError(path, "", "can't be found: too many links") from error
    except Wrong as wrong:
        raise ConfigError(path, "", f"has a path that {wrong}") from None
    except ValueError:
        raise ConfigError(path, "", NUL_IN_PATH) from None
    return file
