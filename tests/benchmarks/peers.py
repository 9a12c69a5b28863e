"""The tools people use today, as command lines that refresh once a second."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

REFRESH = 1.0
"""Seconds."""
MOST_PIDS = 20
"""That top(1) takes."""


class Peer(NamedTuple):
    """One that is installed."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    first: str
    """Stands on the screen once the list does."""

    @property
    def lists_some(self) -> bool:
        """Whether it can list certain processes alone, so that each is surely on its screen."""
        return self.name in ("htop", "top")

    def only(self, pids: Sequence[int]) -> tuple[str, ...]:
        """The command line for that."""
        return (*self.argv, "-p", ",".join(map(str, pids[:MOST_PIDS])))


_BTOP = 'update_ms = 1000\nshown_boxes = "cpu mem net proc"\nproc_tree = False\n'

INSTALL = {
    "htop": "apt install htop",
    "top": "apt install procps",
    "btop": "apt install btop",
    "glances": "pip install glances (into the environment that runs this, or any on PATH)",
}


def installed(folder: Path) -> list[Peer]:
    """Those that are here.  `folder` is where they find their settings."""
    config = folder / "config"
    (config / "btop").mkdir(parents=True, exist_ok=True)
    (config / "btop" / "btop.conf").write_text(_BTOP)
    home = {"HOME": str(folder), "XDG_CONFIG_HOME": str(config)}
    known = {
        "htop": (("-d", "10"), "PID"),
        "top": (("-d", "1"), "PID"),
        "btop": (("--utf-force",), "Pid:"),
        "glances": (("-t", "1", "--disable-check-update"), "PID"),
    }
    return [
        Peer(name, (path, *words), home, first)
        for name, (words, first) in known.items()
        if (path := _which(name)) is not None
    ]


def missing() -> list[str]:
    """How to get those that are not."""
    return [f"{name} is not installed: {how}" for name, how in INSTALL.items() if not _which(name)]


def _which(name: str) -> str | None:
    """Also beside our interpreter, whose environment need not be an active one."""
    places = [os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)]
    return shutil.which(name, path=os.pathsep.join(places))
